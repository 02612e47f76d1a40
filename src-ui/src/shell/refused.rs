//! What stands in place of a sign-in where the token comes with the application's start.

use yew::prelude::*;

use crate::components::{Button, Look, Symbol, mark, with_code};
use crate::hooks::use_actions;
use crate::text::text;
use crate::view::html;

/// The card of a desktop whose token the server refuses: this window could not take another.
#[component]
pub fn Refused() -> Html {
    let actions = use_actions();
    let onclick = Callback::from(move |()| actions.retry());
    html! {
        <section class="sign-in" data-testid="refused" role="alert" aria-labelledby="refused-title">
            { mark() }
            <h2 class="sign-in-title" id="refused-title">{ text().shell.refused_title }</h2>
            // One of the two, by whether the app has a list of servers.
            <p class="sign-in-text refused-listed">{ text().shell.refused_listed }</p>
            <p class="sign-in-text refused-named">
                { with_code(text().shell.refused, "TIDINGS_TOKEN") }
            </p>
            <Button look={Look::Primary} symbol={Some(Symbol::Retry)} label={text().shell.retry} testid="retry"
                {onclick} />
        </section>
    }
}
