//! What stands in place of a sign-in where the token comes with the application's start.

use yew::prelude::*;

use crate::components::{Button, Look, Symbol, mark};
use crate::hooks::use_actions;

/// The card of a desktop whose token the server refuses: this window could not take another.
#[component]
pub fn Refused() -> Html {
    let actions = use_actions();
    let onclick = Callback::from(move |()| actions.retry());
    html! {
        <section class="sign-in" data-testid="refused" role="alert" aria-labelledby="refused-title">
            { mark() }
            <h2 class="sign-in-title" id="refused-title">{ "The server refuses the token" }</h2>
            <p class="sign-in-text">
                { "Set " }<code>{ "TIDINGS_TOKEN" }</code>
                { " to a valid token and start the app again." }
            </p>
            <Button look={Look::Primary} symbol={Some(Symbol::Retry)} label="Retry" testid="retry"
                {onclick} />
        </section>
    }
}
