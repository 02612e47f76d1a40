//! How far back all charts reach, and what can be done with what they show.

use yew::prelude::*;

use crate::components::{Button, Choice, Symbol, choice, icon};
use crate::hooks::{Actions, is_behind_dialog, use_actions, use_charts, use_keys, use_said};
use crate::state::chart::Span;
use crate::text::text;
use crate::view::html;

/// The keys of the ranges.
const KEYS: [&str; 5] = ["1", "2", "3", "4", "5"];

/// How far back all charts reach: one choice for all, remembered.
#[component]
pub fn Ranges() -> Html {
    let actions = use_actions();
    let state = use_charts();
    let saved = use_said();
    let whole = {
        let charts = actions.charts().clone();
        Callback::from(move |()| charts.change(|board| board.zoom(None)))
    };
    {
        let (actions, whole, is_zoomed) = (actions.clone(), whole.clone(), state.is_zoomed);
        use_keys(move |key| {
            let span = Span::ALL.into_iter().zip(KEYS).find(|(_, own)| *own == key);
            match span {
                _ if is_behind_dialog() => return false,
                Some((span, _)) => actions.choose_span(span),
                None if key == "Escape" && is_zoomed => whole.emit(()),
                None => return false,
            }
            true
        });
    }
    let again = {
        let actions = actions.clone();
        Callback::from(move |()| actions.load_past())
    };
    html! {
        <div class="ranges" data-testid="ranges">
            { span_choice("range", state.span, &actions) }
            if state.is_zoomed {
                <Button label={text().times.whole_range} keys="Escape" testid="zoom-reset" onclick={whole} />
            }
            if state.trouble.is_some() {
                <Button label={text().times.load_again} symbol={Symbol::Retry} testid="past-again" onclick={again} />
            }
            <p class="range-said" role="status">{ (*saved).clone() }</p>
            { sheet(actions.is_desktop(), actions.sheet_address(), {
                let (actions, saved) = (actions.clone(), saved.setter());
                Callback::from(move |()| {
                    let saved = saved.clone();
                    actions.save_sheet(Callback::from(move |words| saved.set(words)));
                })
            }) }
        </div>
    }
}

/// How far back charts reach, to be chosen; `name` tells one such choice on the page from another.
pub(super) fn span_choice(name: &'static str, span: Span, actions: &Actions) -> Html {
    let actions = actions.clone();
    let on_choice = Callback::from(move |place: usize| actions.choose_span(Span::ALL[place]));
    let options = Span::ALL.into_iter().zip(KEYS);
    let options = options.map(|(of, key)| Choice {
        value: of.name(),
        label: of.label(),
        key: Some(key),
        is_on: of == span,
    });
    choice(name, text().times.reach, options, &on_choice)
}

/// The desktop's app saves what a browser downloads.
fn sheet(is_desktop: bool, address: Option<String>, on_save: Callback<()>) -> Html {
    if is_desktop {
        return html! {
            <Button label={text().times.save_csv} symbol={Symbol::Download} testid="sheet" onclick={on_save} />
        };
    }
    let label = text().times.download_csv;
    html! {
        <a class="button" data-look="plain" data-testid="sheet" href={address} download="" title={label}
            aria-label={label}>
            { icon(Symbol::Download) }<span class="button-label">{ "CSV" }</span>
        </a>
    }
}
