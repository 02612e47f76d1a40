//! Who is signed in, and the way out.

use tidings_protocol::api::Role;
use yew::prelude::*;

use crate::components::{Button, Look, Symbol};
use crate::hooks::{use_actions, use_user};
use crate::text::{fill, text};
use crate::view::html;

/// Id of the menu, by which its button opens it.
const MENU: &str = "account-menu";

/// The name of whoever is signed in, over a menu with the role and the way out. Opened and closed by the browser itself: Escape
/// and a click elsewhere close it.
#[component]
pub fn Account() -> Html {
    let actions = use_actions();
    let user = use_user();
    let shell = &text().shell;
    let onclick = Callback::from(move |()| actions.sign_out());
    let Some(user) = user.as_ref() else {
        // Before the server has said who it is, there is a way out all the same.
        return html! {
            <Button look={Look::Bare} symbol={Some(Symbol::SignOut)} label={shell.sign_out}
                testid="sign-out-unnamed" {onclick} />
        };
    };
    let role = match user.role {
        Role::Viewer => shell.viewer,
        Role::Publisher => shell.publisher,
        Role::Admin => shell.admin,
    };
    html! {
        <div class="account">
            <button type="button" class="button account-name" data-look="plain" data-testid="account"
                popovertarget={MENU} title={fill(shell.signed_in, &[&user.name])}>
                <span class="button-label">{ user.name.clone() }</span>
            </button>
            <div class="account-menu" id={MENU} popover="auto">
                <p class="account-who">{ user.name.clone() }</p>
                <p class="account-role" data-testid="role">{ role }</p>
                <Button symbol={Some(Symbol::SignOut)} label={shell.sign_out} testid="sign-out" {onclick} />
            </div>
        </div>
    }
}
