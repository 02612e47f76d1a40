//! What stands where there are no topics: why, and how there come to be some.

use yew::prelude::*;

use crate::components::{Button, Look, Symbol, icon, skeleton};
use crate::hooks::Copy;

/// What one would copy to have a first one.
const EXAMPLE: &str = r#"tidings publish app/queue '{"depth":12,"state":"busy"}'"#;

/// Nothing was published since the page is open, or the stream `is_open` no longer; `may_read` is none while that is not known.
pub(super) fn blank(
    is_open: bool,
    may_read: Option<bool>,
    copied: Option<Copy>,
    on_copy: &Callback<String>,
) -> Html {
    if may_read == Some(false) {
        return html! {
            <div class="alerts-blank" data-testid="topics-blank" data-blank="refused">
                <span class="alerts-sign">{ icon(Symbol::Lock) }</span>
                <p class="alerts-blank-title">{ "For admins" }</p>
                <p>{ "What programs publish is shown to admins, and to tokens with a scope for it." }</p>
            </div>
        };
    }
    if !is_open {
        return skeleton(2);
    }
    let (label, symbol) = match copied {
        Some(Copy::Done) => ("Copied", Symbol::Check),
        Some(Copy::Failed) => ("Copy failed", Symbol::Alert),
        None => ("Copy the command", Symbol::Copy),
    };
    html! {
        <div class="alerts-blank" data-testid="topics-blank" data-blank="empty">
            <p class="alerts-blank-title">{ "Nothing was published since this page is open" }</p>
            <p>{ "Any JSON shows here as it comes: numbers as lines, the rest as a tree." }</p>
            <p class="job-example">
                <code>{ EXAMPLE }</code>
                <Button {label} look={Look::Bare} {symbol} testid="topic-example-copy"
                    onclick={on_copy.reform(|()| EXAMPLE.to_owned())} />
            </p>
        </div>
    }
}
