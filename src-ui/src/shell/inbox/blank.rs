//! What stands in the inbox where no notification does: why, and what can be done.

use yew::prelude::*;

use super::focus_inbox;
use crate::components::{Button, Look, Symbol, icon, skeleton};
use crate::state::notifications::Load;
use crate::state::notifications::filter::Filter;

/// The inbox is empty, or nothing in it is chosen.
pub(super) fn blank(
    load: &Load,
    has_rows: bool,
    filter: &Filter,
    on_retry: Callback<()>,
    on_filter: &Callback<Filter>,
) -> Html {
    let show_all = || {
        let show_all = on_filter.reform(|()| {
            focus_inbox();
            Filter::default()
        });
        html! { <Button label="Show all" testid="inbox-show-all" onclick={show_all} /> }
    };
    match load {
        Load::Failed(why) if !has_rows => {
            let below = html! {
                <>
                    <p role="alert">{ why }</p>
                    <Button label="Try again" look={Look::Primary} symbol={Symbol::Retry} testid="inbox-retry"
                        onclick={on_retry} />
                </>
            };
            sign("failed", "error", Symbol::Failure, "The notifications did not come", below)
        }
        Load::Never | Load::Loading { .. } if !has_rows => html! {
            <div class="inbox-loading" data-blank="loading">
                <span class="unseen">{ "Loading notifications" }</span>
                { skeleton(9) }
            </div>
        },
        _ if filter.is_open() => {
            let below = html! {
                <>
                    <p>{ "Let a script tell you when it is done:" }</p>
                    <code class="inbox-example">{ "tidings notify \"Backup done\" --level success" }</code>
                </>
            };
            sign("empty", "", Symbol::Inbox, "Nothing yet", below)
        }
        _ if *filter == (Filter { unread: true, ..Filter::default() }) => {
            sign("read", "success", Symbol::CheckAll, "All read", show_all())
        }
        _ => sign("no-match", "", Symbol::Inbox, "No notification matches", show_all()),
    }
}

fn sign(
    kind: &'static str,
    level: &'static str,
    symbol: Symbol,
    title: &'static str,
    below: Html,
) -> Html {
    html! {
        <div class="inbox-blank" data-blank={kind}>
            <span class="inbox-sign" data-level={level}>{ icon(symbol) }</span>
            <p class="inbox-blank-title">{ title }</p>
            { below }
        </div>
    }
}
