//! All processes: sorted, searched, as a list or a tree, with one of them chosen.

use std::rc::Rc;

use web_sys::{Element, HtmlInputElement};
use yew::prelude::*;

use super::details::details;
use super::grid::{Rows, grid_of};
use super::question::{Question, question};
use crate::components::{Button, Symbol, empty, focus_first, remark, skeleton};
use crate::hooks::{Heard, end_process, is_behind_dialog, use_inbox_open, use_keys, use_said};
use crate::state::format::grouped;
use crate::state::processes::view::View;
use crate::state::processes::window::drawn;
use crate::state::processes::{Key, Process, why_not, why_not_listed};
use crate::state::request_error::RequestError;
use crate::text::{fill, text};
use crate::view::{html, use_effect_with};

/// What somebody does with a process.
#[derive(Clone, Default)]
struct Chosen {
    key: Option<Key>,
    /// Whether all there is to know of it is shown.
    is_open: bool,
    /// Whether it is to be ended.
    question: Option<Question>,
    /// Those that were asked to end.
    asked: Vec<(Key, Rc<str>)>,
    /// Whether that went wrong, and what the server said, if it was asked.
    failed: bool,
    refused: Option<RequestError>,
}

/// Has that change, and the panel drawn anew.
type Change = Rc<dyn Fn(&dyn Fn(&mut Chosen))>;

/// What is asked with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Choose it.
    Choose,
    /// Choose it, and show all there is to know of it.
    Open,
    /// Show that, or no longer.
    Toggle,
    /// Ask whether it is to be ended.
    End,
}

/// All processes, while they are `shown`; other panels show the machine `elsewhere`. No component of its own: each weighs two thousand bytes.
#[hook]
pub(super) fn use_all(shown: bool, heard: &Heard, elsewhere: Option<&str>) -> Html {
    let view = use_state_eq(View::default);
    let kept = use_mut_ref(Chosen::default);
    let said = use_said();
    let update = use_force_update();
    let place = use_node_ref();
    let inbox = use_inbox_open();
    {
        let place = place.clone();
        use_keys(move |key| {
            let is_mine = key == "/" && shown && !inbox && !is_behind_dialog();
            if is_mine {
                focus_first(&place, "input");
            }
            is_mine
        });
    }
    let change: Change = {
        let kept = kept.clone();
        Rc::new(move |change| {
            change(&mut kept.borrow_mut());
            update.force_update();
        })
    };
    {
        let (change, kept, said) = (change.clone(), kept.clone(), said.setter());
        use_effect_with(heard.table.clone(), move |table| {
            let waits = !kept.borrow().asked.is_empty();
            let Some(table) = table.as_ref().filter(|_| waits) else { return };
            change(&|next| {
                let is_there = |(key, _): &(Key, Rc<str>)| table.find(*key).is_some();
                if let Some((_, name)) = next.asked.iter().find(|asked| !is_there(asked)) {
                    said.set(fill(text().processes.has_ended, &[name]));
                }
                next.asked.retain(is_there);
            });
        });
    }
    let lines = use_memo((heard.table.clone(), (*view).clone()), |(table, view)| {
        table.as_ref().map(|table| view.lines(table)).unwrap_or_default()
    });
    let (grid, window) = (use_node_ref(), use_state_eq(|| drawn(0, 0)));
    {
        let (grid, window) = (grid.clone(), window.clone());
        // A list may have become shorter, or be there for the first time.
        use_effect_with((shown, lines.len()), move |(_, count)| {
            window.set(drawn(grid.cast::<Element>().map_or(0, |grid| grid.scroll_top()), *count));
        });
    }
    let chosen = kept.borrow().clone();
    let Some(table) = heard.table.as_ref().filter(|_| shown) else {
        return match &heard.why {
            Some(why) => remark(
                Some(if heard.is_forbidden { "warning" } else { "error" }),
                if heard.is_forbidden { Symbol::Lock } else { Symbol::Alert },
                "processes-why",
                why_not_listed(why).into(),
            ),
            None => skeleton(12),
        };
    };
    let refusal = || match &chosen.refused {
        Some(why) => Some(why.explain()),
        None => why_not(table.may_end).map(str::to_owned),
    };
    let failed = chosen.failed.then(refusal).flatten();
    let on_view = {
        let view = view.setter();
        Callback::from(move |next: View| view.set(next))
    };
    let oninput = {
        let (view, on_view, grid) = (view.clone(), on_view.clone(), grid.clone());
        Callback::from(move |event: InputEvent| {
            // What is found stands above, wherever one was before.
            if let Some(grid) = grid.cast::<Element>() {
                grid.set_scroll_top(0);
            }
            let field: HtmlInputElement = event.target_unchecked_into();
            on_view.emit(View { text: field.value(), ..(*view).clone() });
        })
    };
    let on_tree = {
        let (view, on_view) = (view.clone(), on_view.clone());
        Callback::from(move |()| on_view.emit(View { is_tree: !view.is_tree, ..(*view).clone() }))
    };
    let on_act = {
        let (change, table) = (change.clone(), table.clone());
        Callback::from(move |(act, key): (Act, Key)| {
            change(&|next| {
                (next.key, next.failed, next.refused) = (Some(key), false, None);
                match (act, table.find(key)) {
                    (Act::Choose, _) => {}
                    (Act::Open, _) => next.is_open = true,
                    (Act::Toggle, _) => next.is_open = !next.is_open,
                    (Act::End, Some(_)) if why_not(table.may_end).is_some() => next.failed = true,
                    (Act::End, Some(process)) => {
                        let force = next.asked.iter().any(|(other, _)| *other == key);
                        next.question = Some(Question { process: process.clone(), force });
                    }
                    (Act::End, None) => {}
                }
            });
        })
    };
    let on_close = {
        let (change, place) = (change.clone(), place.clone());
        Callback::from(move |()| {
            change(&|next| next.is_open = false);
            focus_first(&place, "[data-testid=process-grid]");
        })
    };
    let on_leave = {
        let change = change.clone();
        Callback::from(move |()| change(&|next| next.question = None))
    };
    let say = said.setter();
    let on_sure = Callback::from(move |Question { process, force }: Question| {
        let (name, key): (Rc<str>, _) = (called(&process).into(), process.key());
        change(&|next| {
            (next.question, next.failed, next.refused) = (None, false, None);
            if !force {
                next.asked.push((key, name.clone()));
                say.set(fill(text().processes.was_asked, &[&name]));
            }
        });
        let (change, say) = (change.clone(), say.clone());
        let done = move |why: Option<RequestError>| {
            change(&|next| {
                if let Some(why) = &why {
                    next.asked.retain(|(other, _)| force || *other != key);
                    (next.failed, next.refused) = (true, Some(why.clone()));
                    say.set(String::new());
                }
            });
        };
        end_process(key, force, Callback::from(done));
    });
    let rows = grid_of(&Rows {
        place: &grid,
        window: &window,
        table,
        lines: &lines,
        view: &view,
        chosen: chosen.key,
        on_view: &on_view,
        on_act: &on_act,
    });
    let words = &text().processes;
    let is_found = lines.len() != table.rows.len();
    html! {
        <div class="proc" ref={place}>
            <p class="unseen" role="status" data-testid="processes-said">{ (*said).clone() }</p>
            <div class="proc-tools">
                <input class="inbox-search" type="search" placeholder={words.find}
                    aria-label={words.find_label} aria-keyshortcuts="/" data-testid="processes-find" autocomplete="off"
                    spellcheck="false" value={view.text.clone()} {oninput} />
                if is_found && !view.text.is_empty() {
                    <span data-testid="processes-found">{ fill(words.found, &[&grouped(lines.len() as u64)]) }</span>
                }
                <Button label={words.tree} pressed={view.is_tree} testid="processes-tree" onclick={on_tree} />
            </div>
            if let Some(why) = &heard.why {
                { remark(Some("warning"), Symbol::Clock, "processes-why", why_not_listed(why).into()) }
            }
            if let Some(why) = failed {
                { remark(Some("error"), Symbol::Alert, "processes-failed", why.into()) }
            }
            if elsewhere.is_some_and(|host| *host != *table.host) {
                { remark(None, Symbol::Info, "processes-host",
                    fill(words.of_server, &[&table.host]).into()) }
            }
            if table.count > table.rows.len() as u64 {
                { remark(None, Symbol::Info, "processes-most",
                    fill(words.most, &[&grouped(table.rows.len() as u64)]).into()) }
            }
            if lines.is_empty() {
                { empty(words.no_match) }
            } else {
                { rows }
            }
            if let (true, Some(key)) = (chosen.is_open, chosen.key) {
                { details(table, key, chosen.asked.iter().any(|(other, _)| *other == key), &on_act, &on_close) }
            }
            if let Some(asked) = &chosen.question {
                { question(asked, table.find(asked.process.key()).is_some(), &on_sure, &on_leave) }
            }
        </div>
    }
}

/// A process as people call it.
pub(super) fn called(process: &Process) -> String {
    fill(text().processes.called, &[&process.name, &process.pid.to_string()])
}
