//! What programs publish: each topic with its numbers as lines, and the rest of its newest event as a tree.
//!
//! - [`topic`]: one topic; [`chart`]: the chart of one of its numbers.
//! - [`blank`]: what stands where there are none.

mod blank;
mod chart;
mod topic;

use std::rc::Rc;

use tidings_protocol::api::Role;
use yew::prelude::*;

use crate::components::{Button, Card, Symbol};
use crate::hooks::{use_connection, use_copy, use_me, use_stream_freshness, use_topics};
use crate::state::format::grouped;
use crate::state::topics::Topics;
use crate::text::{counted, fill, text};
use crate::view::html;
use blank::blank;
use topic::TopicItem;

/// How many are drawn at first: each has lines and a tree.
const SHOWN: usize = 12;

/// A number that has a chart: its topic and path.
pub(super) type Opened = (Rc<str>, Rc<str>);

/// All topics that are none of the server's own.
#[component]
pub(super) fn TopicsPanel() -> Html {
    let topics = use_topics();
    let me = use_me();
    let freshness = use_stream_freshness(!topics.list().is_empty());
    let is_open = use_connection().is_open();
    let opened = use_state_eq(|| None::<Opened>);
    let all = use_state_eq(|| false);
    let (copied, on_copy) = use_copy();
    let on_open = {
        let opened = opened.clone();
        use_callback(opened, |next: Opened, opened| {
            opened.set((opened.as_ref() != Some(&next)).then_some(next));
        })
    };
    let list = topics.list();
    let shown = if *all { list.len() } else { SHOWN };
    let on_all = {
        let all = all.setter();
        Callback::from(move |()| all.set(true))
    };
    let aside = html! { <span data-testid="topics-count">{ summary(&topics) }</span> };
    html! {
        <Card panel="topics" title={text().panels.topics} symbol={Symbol::Branch} {freshness} {aside}>
            if list.is_empty() {
                { blank(is_open, me.map(|me| me.role == Role::Admin), copied, &on_copy) }
            } else {
                <ul class="topics" aria-label={text().panels.topics}>
                    { for list.iter().take(shown).map(|topic| {
                        let path = opened.as_ref().filter(|(name, _)| **name == *topic.name());
                        html! {
                            <TopicItem key={topic.name()} topic={topic.clone()}
                                opened={path.map(|(_, path)| path.clone())} on_open={on_open.clone()} />
                        }
                    }) }
                </ul>
                if list.len() > shown {
                    <div class="topics-more">
                        <Button label={fill(text().data.show_more, &[&(list.len() - shown).to_string()])} testid="topics-more" onclick={on_all} />
                    </div>
                }
            }
        </Card>
    }
}

fn summary(topics: &Topics) -> String {
    let words = &text().data;
    let count = match topics.list().len() {
        0 => return String::new(),
        count => counted(words.topics, count as u64, &[&count.to_string()]),
    };
    match topics.gone() {
        0 => count,
        gone => fill(words.left_out, &[&count, &grouped(gone)]),
    }
}
