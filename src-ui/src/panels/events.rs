//! The events themselves: a list, and the JSON of one of them.

use std::rc::Rc;

use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::components::{
    Button, Card, JsonView, Look, Symbol, clock_time, empty, full_time, skeleton,
};
use crate::hooks::{Copy, use_copy, use_events, use_stream_freshness};
use crate::state::events::{Entry, EventLog};
use crate::state::format::grouped;
use crate::state::freshness::Freshness;
use crate::state::json::Json;
use crate::text::{fill, text};
use crate::view::html;

/// Longest list that is drawn; all that are kept would be too many to draw several times a second.
const SHOWN: usize = 50;

/// The newest event, or one that a person chose.
#[component]
pub(super) fn EventsPanel() -> Html {
    let texts = &text().data;
    let events = use_events();
    let freshness = use_stream_freshness(events.total() > 0);
    let chosen = use_state(|| None::<Rc<Entry>>);
    let words = use_state_eq(String::new);
    // A chosen entry that was pushed out of the list stays as long as it is looked at.
    let shown = match &*chosen {
        Some(entry) => Some(events.find(entry).unwrap_or(entry).clone()),
        None => events.newest_with(&words).cloned(),
    };
    let oninput = {
        let (words, chosen) = (words.setter(), chosen.setter());
        Callback::from(move |event: InputEvent| {
            if let Some(field) = event.target_dyn_into::<HtmlInputElement>() {
                words.set(field.value());
                chosen.set(None);
            }
        })
    };
    let has_any = events.total() > 0;
    let json = use_memo(shown.clone(), |shown| {
        shown.as_ref().map(|entry| Rc::new(Json::read(&entry.body)))
    });
    let (copied, copy) = use_copy();
    let (copy_label, copy_symbol) = match copied {
        Some(Copy::Done) => (texts.copied, Symbol::Check),
        Some(Copy::Failed) => (texts.copy_failed, Symbol::Alert),
        None => (texts.copy_json, Symbol::Copy),
    };
    let on_copy = {
        let json = json.clone();
        Callback::from(move |()| {
            if let Some(json) = &*json {
                copy.emit(json.pretty());
            }
        })
    };
    let choose = {
        let chosen = chosen.clone();
        Callback::from(move |entry: Option<Rc<Entry>>| chosen.set(entry))
    };
    let follow = choose.reform(|()| None);
    let received = fill(texts.received, &[&grouped(events.total())]);
    let aside = html! { <span data-testid="events-received">{ received }</span> };
    html! {
        <Card panel="events" title={text().panels.events} symbol={Symbol::Braces} {freshness} {aside}>
            if has_any {
                <input class="inbox-search event-search" type="search" placeholder={texts.filter}
                    aria-label={texts.filter_label} data-testid="events-filter" autocomplete="off" spellcheck="false"
                    value={(*words).clone()} {oninput} />
            }
            if let (Some(entry), Some(json)) = (&shown, &*json) {
                <div class="events">
                    { list(&events, &words, entry, &choose) }
                    <div class="event">
                        <div class="event-head">
                            <div class="event-about">
                                <span class="event-topic">
                                    { if entry.topic.is_empty() { texts.this_page } else { &entry.topic } }
                                </span>
                                <span class="event-kind">{ &entry.kind }</span>
                                <span class="event-id">{ entry.id.map(|id| id.to_string()) }</span>
                            </div>
                            if chosen.is_some() {
                                <Button label={texts.follow} onclick={follow} />
                            }
                            <Button label={copy_label} look={Look::Bare} symbol={copy_symbol}
                                onclick={on_copy} />
                        </div>
                        <JsonView json={json.clone()} />
                    </div>
                </div>
            } else if has_any {
                { empty(texts.no_match) }
            } else if matches!(freshness, Freshness::Waiting) {
                { skeleton(6) }
            } else {
                { empty(texts.nothing) }
            }
        </Card>
    }
}

fn list(
    events: &EventLog,
    words: &str,
    shown: &Rc<Entry>,
    choose: &Callback<Option<Rc<Entry>>>,
) -> Html {
    let has = |entry: &&Rc<Entry>| words.is_empty() || entry.has(words);
    let entries = events.latest().filter(has);
    let entries = entries.map(|entry| (entry, format!("latest {}", entry.topic)));
    let others = events.log().filter(has).take(SHOWN).map(|entry| (entry, entry.key.to_string()));
    html! {
        <ul class="event-list" aria-label={text().data.list}>
            { for entries.chain(others).map(|(entry, key)| {
                let onclick = {
                    let entry = entry.clone();
                    choose.reform(move |_: MouseEvent| Some(entry.clone()))
                };
                html! { <li key={key}>{ line(entry, Rc::ptr_eq(entry, shown), onclick) }</li> }
            }) }
        </ul>
    }
}

fn line(entry: &Entry, is_shown: bool, onclick: Callback<MouseEvent>) -> Html {
    html! {
        <button type="button" class="event-line" data-gap={entry.is_gap().then_some("true")} {onclick}
            aria-current={is_shown.then_some("true")}>
            <span class="event-topic">{ if entry.is_gap() { text().data.lost } else { &entry.topic } }</span>
            if entry.count > 1 {
                <span class="event-count">{ format!("×{}", grouped(entry.count)) }</span>
            } else {
                <span class="event-kind">{ &entry.kind }</span>
            }
            if let Some(at) = entry.at {
                <time class="event-time" title={full_time(at as f64)}>{ clock_time(at as f64) }</time>
            }
        </button>
    }
}
