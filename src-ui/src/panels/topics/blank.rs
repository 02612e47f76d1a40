//! What stands where there are no topics: why, and how there come to be some.

use yew::prelude::*;

use crate::components::{Button, Look, Symbol, icon, skeleton};
use crate::hooks::Copy;
use crate::text::text;
use crate::view::html;

/// What one would copy to have a first one.
const EXAMPLE: &str = r#"tidings publish app/queue '{"depth":12,"state":"busy"}'"#;

/// Nothing that is kept was published, or the stream `is_open` no longer; `may_read` is none while that is not known.
pub(super) fn blank(
    is_open: bool,
    may_read: Option<bool>,
    copied: Option<Copy>,
    on_copy: &Callback<String>,
) -> Html {
    let words = &text().data;
    if may_read == Some(false) {
        return html! {
            <div class="alerts-blank" data-testid="topics-blank" data-blank="refused">
                <span class="alerts-sign">{ icon(Symbol::Lock) }</span>
                <p class="alerts-blank-title">{ words.for_admins }</p>
                <p>{ words.admins_only }</p>
            </div>
        };
    }
    if !is_open {
        return skeleton(2);
    }
    let (label, symbol) = match copied {
        Some(Copy::Done) => (words.copied, Symbol::Check),
        Some(Copy::Failed) => (words.copy_failed, Symbol::Alert),
        None => (words.copy_command, Symbol::Copy),
    };
    html! {
        <div class="alerts-blank" data-testid="topics-blank" data-blank="empty">
            <p class="alerts-blank-title">{ words.nothing_published }</p>
            <p>{ words.any_json }</p>
            <p class="job-example">
                <code>{ EXAMPLE }</code>
                <Button {label} look={Look::Bare} {symbol} testid="topic-example-copy"
                    onclick={on_copy.reform(|()| EXAMPLE.to_owned())} />
            </p>
        </div>
    }
}
