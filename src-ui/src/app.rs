//! The page.

use tidings_feed::{Cause, State};
use tidings_protocol::api::SignIn;
use yew::prelude::*;

use crate::components::SignInCard;
use crate::hooks::{
    StoreProvider, is_behind_dialog, use_actions, use_anchor, use_connection, use_inbox_open,
    use_keys, use_language, use_metrics, use_said, use_settings, use_theme,
};
use crate::panels::{PANELS, Panel, ids};
use crate::shell::{
    Header, Help, Inbox, Notice, NotificationsListener, Ranges, Refused, Servers, Settings, Toasts,
    toggle_inbox,
};
use crate::state::connection::explain_sign_in;
use crate::state::layout::Change;
use crate::text::{fill, text};
use crate::view::{html, use_effect_with};

/// Keys that go to a panel.
const PANEL_KEYS: &[(&str, &str)] = &[("a", "alerts"), ("j", "jobs")];

/// The page with its store.
#[component]
pub fn App() -> Html {
    html! { <StoreProvider><Page /></StoreProvider> }
}

#[component]
fn Page() -> Html {
    let actions = use_actions();
    let (theme, on_theme) = use_theme();
    let help = use_state_eq(|| false);
    let settings = use_state_eq(|| false);
    let servers = use_state_eq(|| false);
    let elsewhere = use_state_eq(String::new);
    let inbox = use_inbox_open();
    let connection = use_connection();
    // With another one all below is drawn anew, and stays what it is.
    use_language();
    let has_session = connection.status.state != State::Unauthorized;
    {
        let (help, settings, on_theme) = (help.clone(), settings.clone(), on_theme.clone());
        use_keys(move |key| {
            match key {
                "?" if *help => help.set(false),
                // Of the help, or one of a panel.
                _ if is_behind_dialog() => return false,
                "?" => help.set(true),
                // In the inbox it scrolls.
                " " if !inbox => actions.toggle_pause(),
                "s" => settings.set(true),
                "t" => on_theme.emit(theme.next()),
                "n" if has_session => toggle_inbox(),
                _ => return false,
            }
            true
        });
    }
    let on_help = {
        let help = help.setter();
        Callback::from(move |()| help.set(true))
    };
    let on_close = {
        let help = help.setter();
        Callback::from(move |()| help.set(false))
    };
    let show_settings = |show: bool| {
        let settings = settings.setter();
        Callback::from(move |()| settings.set(show))
    };
    let show_servers = |show: bool| {
        let servers = servers.setter();
        Callback::from(move |()| servers.set(show))
    };
    let on_unread = {
        let elsewhere = elsewhere.setter();
        Callback::from(move |unread| elsewhere.set(unread))
    };
    let on_keys = {
        let (close, help) = (show_settings(false), on_help.clone());
        Callback::from(move |()| {
            close.emit(());
            help.emit(());
        })
    };
    html! {
        <>
            <a class="skip" href="#main">{ text().shell.skip }</a>
            <Header elsewhere={(*elsewhere).clone()} on_servers={show_servers(true)} on_settings={show_settings(true)} {on_help} />
            <Servers open={*servers} on_close={show_servers(false)} {on_unread} />
            <Main />
            if has_session {
                <Inbox />
                <Toasts />
            }
            <NotificationsListener />
            if *settings {
                <Settings {theme} {on_theme} on_help={on_keys} on_close={show_settings(false)} />
            }
            <Help open={*help} {on_close} />
        </>
    }
}

#[component]
fn Main() -> Html {
    let connection = use_connection();
    let metrics = use_metrics();
    let actions = use_actions();
    let unauthorized = connection.status.state == State::Unauthorized;
    let desktop = actions.is_desktop();
    let has_data = metrics.current().is_some();
    // A session may be there, and who refused it, a proxy say, may have thought better of it.
    let is_forbidden = connection.status.cause == Some(Cause::Status { code: 403 });
    let on_again = is_forbidden.then(|| {
        let actions = actions.clone();
        Callback::from(move |()| actions.retry())
    });
    let on_token = {
        let actions = actions.clone();
        Callback::from(move |token| actions.sign_in(SignIn::Token { token }))
    };
    let on_password = Callback::from(move |(username, password): (String, String)| {
        actions.sign_in(SignIn::Password { username, password: password.into() });
    });
    let error = connection.sign_in_error.as_ref();
    let error = error.map(|error| AttrValue::from(error.explain_sign_in()));
    let why = explain_sign_in(connection.status.cause.as_ref(), has_data);
    html! {
        <main class="main" id="main" tabindex="-1">
            if unauthorized {
                <div class="sign-in-place">
                    if desktop { <Refused /> } else { <SignInCard {why} {on_again} {error} {on_password} {on_token} /> }
                </div>
            }
            // Without a session and without data there is nothing that panels could show.
            if has_data || !unauthorized {
                <Ranges />
                <Panels />
            }
            <Notice />
        </main>
    }
}

/// The panels that are to be shown. A link that leads into a hidden one, or a key, shows that again.
#[component]
fn Panels() -> Html {
    let actions = use_actions();
    let settings = use_settings();
    let inbox = use_inbox_open();
    let said = use_said();
    let (anchor, times) = use_anchor("#");
    let linked = anchor.unwrap_or_default();
    let linked = linked.split('/').next().unwrap_or_default().to_owned();
    let show = {
        let (settings, said) = (settings.clone(), said.setter());
        move |id: &str| {
            let shown = settings
                .layout
                .hides(id)
                .then(|| settings.layout.changed(&ids(), id, Change::Hide));
            let Some(shown) = shown.flatten() else { return false };
            actions.arrange(shown);
            let title =
                PANELS.iter().find(|panel| panel.id == id).map(|panel| (panel.title)(text()));
            said.set(fill(text().shell.panel_shown, &[title.unwrap_or(id)]));
            true
        }
    };
    {
        let show = show.clone();
        use_effect_with((linked, times), move |(linked, _)| {
            show(linked);
        });
    }
    use_keys(move |key| {
        let panel = PANEL_KEYS.iter().find(|(own, _)| *own == key).map(|(_, panel)| *panel);
        let is_shown = panel.is_some_and(|id| !inbox && !is_behind_dialog() && show(id));
        if let (Some(panel), true, Some(window)) = (panel, is_shown, web_sys::window()) {
            // As a link leads there.
            let _ = window.location().set_hash(panel);
        }
        is_shown
    });
    let places = settings.layout.arranged(&ids());
    let shown = places.iter().filter(|place| !place.hidden);
    let shown: Vec<&Panel> =
        shown.filter_map(|place| PANELS.iter().find(|panel| panel.id == place.id)).collect();
    html! {
        <>
            <p class="unseen" role="status">{ (*said).clone() }</p>
            <div class="grid">
                { for shown.iter().map(|panel| html! {
                    <div class="cell" data-cell={panel.id} key={panel.id}>{ (panel.view)() }</div>
                }) }
                if shown.is_empty() {
                    <p class="empty" data-testid="panels-none">
                        { text().shell.no_panels }
                    </p>
                }
            </div>
        </>
    }
}
