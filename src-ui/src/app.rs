//! The page.

use tidings_feed::{Cause, State};
use tidings_protocol::api::SignIn;
use yew::prelude::*;

use crate::components::SignInCard;
use crate::hooks::{
    StoreProvider, is_behind_dialog, use_actions, use_connection, use_inbox_open, use_keys,
    use_metrics, use_theme,
};
use crate::panels::PANELS;
use crate::shell::{
    Header, Help, Inbox, Notice, NotificationsListener, Ranges, Refused, Toasts, toggle_inbox,
};
use crate::state::connection::explain_sign_in;

/// The page with its store.
#[component]
pub fn App() -> Html {
    html! { <StoreProvider><Page /></StoreProvider> }
}

#[component]
fn Page() -> Html {
    let actions = use_actions();
    let (theme, next_theme) = use_theme();
    let help = use_state_eq(|| false);
    let inbox = use_inbox_open();
    let connection = use_connection();
    let has_session = connection.status.state != State::Unauthorized;
    {
        let (help, next_theme) = (help.clone(), next_theme.clone());
        use_keys(move |key| {
            match key {
                "?" if *help => help.set(false),
                // Of the help, or one of a panel.
                _ if is_behind_dialog() => return false,
                "?" => help.set(true),
                // In the inbox it scrolls.
                " " if !inbox => actions.toggle_pause(),
                "t" => next_theme.emit(()),
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
    html! {
        <>
            <a class="skip" href="#main">{ "Skip to the panels" }</a>
            <Header {theme} on_theme={next_theme} {on_help} />
            <Main />
            if has_session {
                <Inbox />
                <Toasts />
            }
            <NotificationsListener />
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
    let error = connection.sign_in_error.clone().map(AttrValue::from);
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
                <div class="grid">
                    { for PANELS.iter().map(|panel| html! {
                        <div class="cell" data-cell={panel.id} key={panel.id}>{ (panel.view)() }</div>
                    }) }
                </div>
            }
            <Notice />
        </main>
    }
}
