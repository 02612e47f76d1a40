//! What is wrong with the connection, why, and what can be done: floating, so that nothing moves.

use std::time::Duration;

use tidings_feed::Cause;
use yew::prelude::*;

use super::outage::use_outage;
use crate::components::{Button, Look, Symbol, icon};
use crate::hooks::{Shared, use_actions, use_badge, use_connection, use_stream_freshness};
use crate::state::connection::{Badge, Connection, explain};
use crate::state::freshness::Freshness;

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
    if let Some(error) = &connection.sign_out_error {
        let onclick = Callback::from(move |()| actions.sign_out());
        return notice(Notes {
            state: "sign-out-failed",
            symbol: Symbol::Alert,
            title: "You are still signed in".to_owned(),
            text: error,
            label: "Sign out",
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
    let releases =
        format!("This server is of release {}, this page of {RELEASE}", server.unwrap_or_default());
    let (symbol, title, text) = match badge {
        Badge::Untrusted if key.is_some() => (
            Symbol::Alert,
            "Is this the right server?".to_owned(),
            format!(
                "{} Compare the key with what “tidings serve” prints there before you trust it.",
                why.unwrap_or_default()
            ),
        ),
        Badge::Untrusted => (
            Symbol::Alert,
            "This is not the server that was trusted".to_owned(),
            why.unwrap_or_default(),
        ),
        Badge::Live if is_updated => (Symbol::Retry, releases, String::new()),
        Badge::Live | Badge::Connecting | Badge::Unauthorized => return Html::default(),
        Badge::Reconnecting { .. } | Badge::Degraded if patient => return Html::default(),
        Badge::Reconnecting { .. } => (
            Symbol::Retry,
            badge.label(),
            format!("{} Until it returns, the last values stay.", why.unwrap_or_default()),
        ),
        Badge::Degraded => (
            Symbol::Broken,
            "The server is degraded".to_owned(),
            format!(
                "{} The last ones stay until the bus is back. If that takes long, see whether Redis runs and has room; behind a balancer, another server may be well.",
                outage.unwrap_or_default()
            ),
        ),
        Badge::Stale => (
            Symbol::Clock,
            "No new samples".to_owned(),
            if stream == Freshness::Stale {
                "The connection is open, but nothing arrives. The last values stay."
            } else {
                "Only other machines tell anything. See whether Tidings runs on this one."
            }
            .to_owned(),
        ),
        Badge::Offline => (
            Symbol::Unplugged,
            "Disconnected".to_owned(),
            "You closed the connection. The last values stay.".to_owned(),
        ),
        Badge::Incompatible => (
            Symbol::Alert,
            match &connection.status.cause {
                Some(Cause::NotAStream { .. }) if server.is_some() => releases,
                _ => "No Tidings server answers here".to_owned(),
            },
            format!("{} Bring server and page to one release.", why.unwrap_or_default()),
        ),
    };
    let (label, testid) = match badge {
        Badge::Reconnecting { .. } => ("Retry now", "retry"),
        Badge::Degraded | Badge::Stale => ("Connect anew", "retry"),
        Badge::Offline => ("Reconnect", "notice-reconnect"),
        Badge::Untrusted if key.is_some() => ("Trust this server", "trust"),
        Badge::Live | Badge::Incompatible if reloads => ("Reload", "reload"),
        _ => ("Try again", "retry"),
    };
    let onclick = Callback::from(move |()| match &key {
        Some(key) => actions.trust(key.clone()),
        None if testid == "reload" => reload(),
        None => actions.retry(),
    });
    let state = badge.name();
    notice(Notes { state, symbol, title, text: text.trim(), label, testid, onclick })
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
    let Notes { state, symbol, title, text, label, testid, onclick } = notes;
    html! {
        <aside class="notice" data-state={state} aria-label="Connection">
            { icon(symbol) }
            <div class="notice-words">
                <p class="notice-title">{ title }</p>
                <p class="notice-text">{ text.to_owned() }</p>
            </div>
            <Button {label} look={Look::Primary} {onclick} {testid} />
        </aside>
    }
}
