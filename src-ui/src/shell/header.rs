//! The header: which machine, how things stand, and what can be done.

use std::rc::Rc;

use tidings_feed::State;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::account::Account;
use super::inbox::ID as INBOX;
use super::outage::use_outage;
use super::updated::Updated;
use crate::components::{Button, Look, Symbol, bell, mark, status_badge, unread_count};
use crate::hooks::{
    Actions, use_actions, use_badge, use_connection, use_inbox_open, use_metrics, use_paused,
    use_title, use_unread,
};
use crate::state::connection::explain;
use crate::state::format::{grouped, uptime};
use crate::text::{fill, text};
use crate::view::html;

/// Properties of [`Header`].
#[derive(Properties, PartialEq)]
pub struct HeaderProps {
    /// How many notifications are unread on servers that the page does not show; empty where there are none.
    pub elsewhere: String,
    /// Called to show the desktop's servers.
    pub on_servers: Callback<()>,
    /// Called to show the settings.
    pub on_settings: Callback<()>,
    /// Called to show the help.
    pub on_help: Callback<()>,
}

/// The header.
#[component]
pub fn Header(props: &HeaderProps) -> Html {
    let shell = &text().shell;
    let words = &text().servers;
    let mut servers = words.title.to_owned();
    if !props.elsewhere.is_empty() {
        servers = [words.title, ", ", &props.elsewhere, " ", words.unread].concat();
    }
    html! {
        <header class="header">
            <div class="header-inner">
                <div class="brand">
                    { mark() }
                    <Machine />
                </div>
                <div class="header-status">
                    <Updated />
                    <Status />
                </div>
                <div class="header-actions" role="group" aria-label={shell.actions}>
                    <Controls />
                    // Not there where there are no others.
                    <Button look={Look::Bare} symbol={Symbol::Screen} label={servers} testid="servers"
                        onclick={props.on_servers.clone()}>
                        { unread_count(props.elsewhere.clone(), "servers-unread") }
                    </Button>
                    <Button look={Look::Bare} symbol={Symbol::Sliders} label={shell.settings} keys="s"
                        testid="settings" onclick={props.on_settings.clone()} />
                    <Button look={Look::Bare} symbol={Symbol::Help} label={shell.help} keys="?"
                        testid="help" onclick={props.on_help.clone()} />
                </div>
            </div>
        </header>
    }
}

#[component]
fn Status() -> Html {
    let badge = use_badge();
    let connection = use_connection();
    let metrics = use_metrics();
    let unread = use_unread();
    use_title(metrics.current().map(|sample| &*sample.host), badge, unread);
    let outage = use_outage();
    let why = match connection.status.state {
        State::Degraded => outage,
        State::Live => connection
            .status
            .server_version
            .as_ref()
            .map(|v| fill(text().shell.server_version, &[v])),
        _ => connection.status.cause.as_ref().map(explain),
    };
    status_badge(badge, why)
}

#[component]
fn Machine() -> Html {
    let metrics = use_metrics();
    let actions = use_actions();
    let Some(sample) = metrics.current() else {
        return html! { <div class="machine"><h1 class="machine-name">{ "Tidings" }</h1></div> };
    };
    let host = &sample.snapshot.host;
    let name = if host.name.is_empty() { &*sample.host } else { &host.name };
    let about = [host.os.clone(), fill(text().shell.up, &[&uptime(host.uptime)])];
    html! {
        <div class="machine">
            <h1 class="machine-name">
                if metrics.hosts().len() > 1 {
                    { choice(metrics.hosts(), &sample.host, Callback::from(move |host| actions.choose(host))) }
                } else {
                    { name }
                }
            </h1>
            <p class="machine-about" title={fill(text().shell.kernel, &[&host.kernel])}>
                { for about.iter().filter(|part| !part.is_empty()).enumerate().map(|(i, part)| html! {
                    <span key={i}>{ part.clone() }</span>
                }) }
            </p>
        </div>
    }
}

fn choice<'a>(
    hosts: impl Iterator<Item = &'a Rc<str>>,
    current: &Rc<str>,
    choose: Callback<Rc<str>>,
) -> Html {
    let onchange = Callback::from(move |event: Event| {
        if let Some(select) = event.target_dyn_into::<HtmlSelectElement>() {
            choose.emit(select.value().into());
        }
    });
    html! {
        <select class="machine-choice" aria-label={text().shell.machine} {onchange}>
            { for hosts.map(|host| html! {
                <option key={host.to_string()} value={host.to_string()} selected={host == current}>
                    { host.to_string() }
                </option>
            }) }
        </select>
    }
}

/// Hold still, one of the three that make sense in this state, and the bell wherever there is a session.
#[component]
fn Controls() -> Html {
    let paused = use_paused();
    let connection = use_connection();
    let actions = use_actions();
    let unread = use_unread();
    let open = use_inbox_open();
    let on = |act: fn(&Actions)| {
        let actions = actions.clone();
        Callback::from(move |()| act(&actions))
    };
    let shell = &text().shell;
    let (label, symbol) =
        if paused.is_on() { (shell.resume, Symbol::Play) } else { (shell.pause, Symbol::Pause) };
    let state = connection.status.state;
    html! {
        <>
            if state != State::Unauthorized {
                <Button {label} symbol={Some(symbol)} onclick={on(Actions::toggle_pause)} keys="Space"
                    testid="pause" pressed={Some(paused.is_on())}>
                    if let Some(waiting) = paused.0.filter(|waiting| *waiting > 0) {
                        <span class="count">{ format!("+{}", grouped(waiting)) }</span>
                    }
                </Button>
            }
            if matches!(state, State::Offline | State::Incompatible) {
                <Button label={shell.reconnect} symbol={Some(Symbol::Retry)} testid="reconnect"
                    onclick={on(Actions::retry)} />
            } else if state != State::Unauthorized {
                <Button label={shell.disconnect} symbol={Some(Symbol::Unplugged)} testid="disconnect"
                    onclick={on(Actions::disconnect)} />
            }
            if matches!(state, State::Live | State::Degraded | State::Stale) && !actions.is_desktop() {
                <Account />
            }
            if state != State::Unauthorized {
                { bell(unread, open, INBOX) }
            }
        </>
    }
}
