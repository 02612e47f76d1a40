//! What stands in the inbox where no notification does: why, and what can be done.

use yew::prelude::*;

use super::focus_inbox;
use crate::components::{Button, Look, Symbol, icon, skeleton};
use crate::state::notifications::filter::Filter;
use crate::state::notifications::{Load, Notifications};
use crate::text::text;
use crate::view::html;

/// The inbox is empty, or nothing in it is chosen.
pub(super) fn blank(
    load: &Load,
    has_rows: bool,
    filter: &Filter,
    on_retry: Callback<()>,
    on_filter: &Callback<Filter>,
) -> Html {
    let words = &text().inbox;
    let show_all = || {
        let show_all = on_filter.reform(|()| {
            focus_inbox();
            Filter::default()
        });
        html! { <Button label={text().shell.show_all} testid="inbox-show-all" onclick={show_all} /> }
    };
    match load {
        Load::Failed(why) if !has_rows => {
            let below = html! {
                <>
                    <p role="alert">{ Notifications::explain_load(why) }</p>
                    <Button label={text().shell.try_again} look={Look::Primary} symbol={Symbol::Retry} testid="inbox-retry"
                        onclick={on_retry} />
                </>
            };
            sign("failed", "error", Symbol::Failure, words.did_not_come, below)
        }
        Load::Never | Load::Loading { .. } if !has_rows => html! {
            <div class="inbox-loading" data-blank="loading">
                <span class="unseen">{ words.loading }</span>
                { skeleton(9) }
            </div>
        },
        _ if filter.is_open() => {
            let below = html! {
                <>
                    <p>{ words.let_script }</p>
                    <code class="inbox-example">{ "tidings notify \"Backup done\" --level success" }</code>
                </>
            };
            sign("empty", "", Symbol::Inbox, words.nothing, below)
        }
        _ if *filter == (Filter { unread: true, ..Filter::default() }) => {
            sign("read", "success", Symbol::CheckAll, words.all_read, show_all())
        }
        _ => sign("no-match", "", Symbol::Inbox, words.no_match, show_all()),
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
