//! What stands where there are no jobs: why, and what can be done.

use yew::prelude::*;

use crate::components::{Button, Look, Symbol, icon, skeleton};
use crate::hooks::Copy;
use crate::state::jobs::Load;
use crate::state::jobs::words::why_not_listed;
use crate::text::text;
use crate::view::html;

/// What one would copy to have a first one.
const EXAMPLE: &str = "tidings run -- rsync -a --info=progress2 from/ to/";

/// No list came yet, none will, or it is empty; `copied` is how the last copy went.
pub(super) fn blank(
    load: &Load,
    on_look: Callback<()>,
    copied: Option<Copy>,
    on_copy: &Callback<String>,
) -> Html {
    let (words, data) = (&text().jobs, &text().data);
    let (label, symbol) = match copied {
        Some(Copy::Done) => (data.copied, Symbol::Check),
        Some(Copy::Failed) => (data.copy_failed, Symbol::Alert),
        None => (data.copy_command, Symbol::Copy),
    };
    match load {
        Load::Waiting => html! {
            <div data-blank="loading" data-testid="jobs-blank">
                <span class="unseen">{ words.loading }</span>
                { skeleton(3) }
            </div>
        },
        Load::Failed(why) => html! {
            <div class="alerts-blank" data-blank="failed" data-testid="jobs-blank" role="alert">
                <span class="alerts-sign" data-level="error">{ icon(Symbol::Alert) }</span>
                <p class="alerts-blank-title">{ words.did_not_come }</p>
                <p>{ why_not_listed(why) }</p>
                <Button label={text().shell.try_again} look={Look::Primary} symbol={Symbol::Retry} testid="jobs-retry"
                    onclick={on_look} />
            </div>
        },
        Load::Done | Load::Missed => html! {
            <div class="alerts-blank" data-blank="empty" data-testid="jobs-blank">
                <span class="alerts-sign">{ icon(Symbol::Gauge) }</span>
                <p class="alerts-blank-title">{ words.none }</p>
                <p>{ words.how }</p>
                <p class="job-example">
                    <code>{ EXAMPLE }</code>
                    <Button {label} look={Look::Bare} {symbol} testid="job-example-copy"
                        onclick={on_copy.reform(|()| EXAMPLE.to_owned())} />
                </p>
            </div>
        },
    }
}
