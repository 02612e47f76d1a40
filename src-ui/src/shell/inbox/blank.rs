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
    let show_all = on_filter.reform(|()| {
        focus_inbox();
        Filter::default()
    });
    let show_all = html! { <Button label="Show all" testid="inbox-show-all" onclick={show_all} /> };
    match load {
        Load::Failed(why) if !has_rows => html! {
            <div class="inbox-blank" data-blank="failed" role="alert">
                <span class="inbox-sign" data-level="error">{ icon(Symbol::Failure) }</span>
                <p class="inbox-blank-title">{ "The notifications did not come" }</p>
                <p>{ why }</p>
                <Button label="Try again" look={Look::Primary} symbol={Symbol::Retry} testid="inbox-retry"
                    onclick={on_retry} />
            </div>
        },
        Load::Never | Load::Loading { .. } if !has_rows => html! {
            <div class="inbox-loading" data-blank="loading">
                <span class="unseen">{ "Loading notifications" }</span>
                { skeleton(9) }
            </div>
        },
        _ if filter.is_open() => html! {
            <div class="inbox-blank" data-blank="empty">
                <span class="inbox-sign">{ icon(Symbol::Inbox) }</span>
                <p class="inbox-blank-title">{ "Nothing yet" }</p>
                <p>{ "Let a script tell you when it is done:" }</p>
                <code class="inbox-example">{ "tidings notify \"Backup done\" --level success" }</code>
            </div>
        },
        _ if *filter == (Filter { unread: true, ..Filter::default() }) => html! {
            <div class="inbox-blank" data-blank="read">
                <span class="inbox-sign" data-level="success">{ icon(Symbol::CheckAll) }</span>
                <p class="inbox-blank-title">{ "All read" }</p>
                { show_all }
            </div>
        },
        _ => html! {
            <div class="inbox-blank" data-blank="no-match">
                <span class="inbox-sign">{ icon(Symbol::Inbox) }</span>
                <p class="inbox-blank-title">{ "No notification matches" }</p>
                { show_all }
            </div>
        },
    }
}
