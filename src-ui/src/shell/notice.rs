//! What is wrong with the connection, why, and what can be done: floating, so that nothing moves.

use std::time::Duration;

use tidings_feed::Cause;
use yew::prelude::*;

use super::outage::use_outage;
use crate::components::{Button, Look, Symbol, icon};
use crate::hooks::{Shared, use_actions, use_badge, use_connection, use_stream_freshness};
use crate::state::connection::{Badge, Connection, explain};
use crate::state::freshness::Freshness;
use crate::text::{fill, text};
use crate::view::html;

/// A lost connection, and a server's bus, is often back within this time; until then the badge says enough.
const PATIENCE: Duration = Duration::from_millis(1_200);

/// Release of this page.
const RELEASE: &str = env!("CARGO_PKG_VERSION");

/// The notice; nothing while all is well.
#[component]
pub fn Notice() -> Html {
    let badge = use_badge();
    let connection = use_connection();
    let actions = use_actions();
    let patient = crate::hooks::use_at_each_tick(
        connection.clone(),
        |connection: &Shared<Connection>, now| {
            connection.status.failures <= 1 && connection.held_for(now) < PATIENCE
        },
    );
    let outage = use_outage();
    let stream = use_stream_freshness(true);
    let words = &text().notice;
    if let Some(error) = &connection.sign_out_error {
        let onclick = Callback::from(move |()| actions.sign_out());
        return notice(Notes {
            state: "sign-out-failed",
            symbol: Symbol::Alert,
            title: words.still_signed_in.to_owned(),
            text: &error.explain_sign_in(),
            label: text().shell.sign_out,
            testid: "sign-out-again",
            onclick,
        });
    }
    let why = connection.status.cause.as_ref().map(explain);
    let server = connection.status.server_version.as_deref();
    // The server has the page that goes with it; the app has its own.
    let reloads = !actions.is_desktop();
    let is_updated = reloads && server.is_some_and(|server| server != RELEASE);
    let key = match &connection.status.cause {
        Some(Cause::Untrusted { key: Some(key), .. }) => Some(key.clone()),
        _ => None,
    };
    let releases = fill(words.releases, &[server.unwrap_or_default(), RELEASE]);
    let (symbol, title, sentence) = match badge {
        Badge::Untrusted if key.is_some() => {
            (Symbol::Alert, words.right_server.to_owned(), then(why, words.compare_key))
        }
        Badge::Untrusted => (Symbol::Alert, words.other_server.to_owned(), why.unwrap_or_default()),
        Badge::Live if is_updated => (Symbol::Retry, releases, String::new()),
        Badge::Live | Badge::Connecting | Badge::Unauthorized => return Html::default(),
        Badge::Reconnecting { .. } | Badge::Degraded if patient => return Html::default(),
        Badge::Reconnecting { .. } => (Symbol::Retry, badge.label(), then(why, words.last_stay)),
        Badge::Degraded => (Symbol::Broken, words.degraded.to_owned(), then(outage, words.bus)),
        Badge::Stale => (
            Symbol::Clock,
            words.no_samples.to_owned(),
            if stream == Freshness::Stale { words.nothing_arrives } else { words.others_only }
                .to_owned(),
        ),
        Badge::Offline => {
            (Symbol::Unplugged, words.disconnected.to_owned(), words.you_closed.to_owned())
        }
        Badge::Incompatible => (
            Symbol::Alert,
            match &connection.status.cause {
                Some(Cause::NotAStream { .. }) if server.is_some() => releases,
                _ => words.no_server.to_owned(),
            },
            then(why, words.one_release),
        ),
    };
    let (label, testid) = match badge {
        Badge::Reconnecting { .. } => (words.retry_now, "retry"),
        Badge::Degraded | Badge::Stale => (words.connect_anew, "retry"),
        Badge::Offline => (text().shell.reconnect, "notice-reconnect"),
        Badge::Untrusted if key.is_some() => (words.trust, "trust"),
        Badge::Live | Badge::Incompatible if reloads => (words.reload, "reload"),
        _ => (text().shell.try_again, "retry"),
    };
    let onclick = Callback::from(move |()| match &key {
        Some(key) => actions.trust(key.clone()),
        None if testid == "reload" => reload(),
        None => actions.retry(),
    });
    let state = badge.name();
    notice(Notes { state, symbol, title, text: sentence.trim(), label, testid, onclick })
}

/// A sentence, if there is one, and what follows from it.
fn then(why: Option<String>, then: &str) -> String {
    fill("{0} {1}", &[&why.unwrap_or_default(), then])
}

fn reload() {
    if let Some(window) = web_sys::window() {
        let _ = window.location().reload();
    }
}

struct Notes<'a> {
    state: &'static str,
    symbol: Symbol,
    title: String,
    text: &'a str,
    label: &'static str,
    testid: &'static str,
    onclick: Callback<()>,
}

fn notice(notes: Notes<'_>) -> Html {
    let Notes { state, symbol, title, text: sentence, label, testid, onclick } = notes;
    html! {
        <aside class="notice" data-state={state} aria-label={text().notice.connection}>
            { icon(symbol) }
            <div class="notice-words">
                <p class="notice-title">{ title }</p>
                <p class="notice-text">{ sentence.to_owned() }</p>
            </div>
            <Button {label} look={Look::Primary} {onclick} {testid} />
        </aside>
    }
}
