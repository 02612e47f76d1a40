//! What a job has written, with its end in sight, and what came of it.

use tidings_protocol::job::LogLine;
use web_sys::Element;
use yew::prelude::*;

use crate::components::{JsonView, Symbol, clock_time, remark, skeleton};
use crate::hooks::use_job_texts;
use crate::state::format::grouped;
use crate::state::jobs::tail::Tail;
use crate::text::{counted, fill, text};
use crate::view::{html, use_effect_with};

/// So near to its end a list counts as being there, in pixels.
const NEAR: i32 = 8;

/// Properties of [`Output`].
#[derive(Properties, PartialEq)]
pub(super) struct OutputProps {
    /// Id of the job.
    pub id: AttrValue,
    /// Whether it may write more.
    pub goes_on: bool,
    /// Whether it has written anything.
    pub has_lines: bool,
    /// Whether what came of it is to be shown.
    pub has_result: bool,
}

/// The result, and the last lines. These stay at their end, unless somebody has gone up to read.
#[component]
pub(super) fn Output(props: &OutputProps) -> Html {
    let texts = use_job_texts(props.id.clone(), props.goes_on, props.has_result);
    let texts = texts.borrow();
    let place = use_node_ref();
    let follows = use_mut_ref(|| true);
    let next = texts.written.next();
    {
        let (place, follows) = (place.clone(), follows.clone());
        use_effect_with(next, move |_| {
            if *follows.borrow()
                && let Some(place) = place.cast::<Element>()
            {
                place.set_scroll_top(place.scroll_height());
            }
        });
    }
    let onscroll = {
        let place = place.clone();
        Callback::from(move |_: Event| {
            if let Some(place) = place.cast::<Element>() {
                let left = place.scroll_height() - place.scroll_top() - place.client_height();
                follows.replace(left <= NEAR);
            }
        })
    };
    let words = &text().jobs;
    html! {
        <>
            if props.has_result {
                { match &texts.result {
                    None => skeleton(3),
                    Some(Ok(json)) => html! { <JsonView json={json.clone()} testid="job-result" label={words.result} /> },
                    Some(Err(why)) => missing(fill(words.no_result, &[&why.explain()])),
                } }
            }
            if props.has_lines {
                <h3 class="job-heading">{ words.output }</h3>
                { match &texts.written.tail {
                    None if texts.written.why.is_none() => skeleton(3),
                    None => Html::default(),
                    Some(tail) => html! {
                        <div class="job-log" ref={place} {onscroll} tabindex="0" role="region" aria-label={words.output}
                            data-testid="job-log">
                            { for tail.lines().iter().enumerate().map(|(at, line)| one(tail, at, line)) }
                        </div>
                    },
                } }
                if let Some(why) = &texts.written.why {
                    { missing(fill(words.no_output, &[&why.explain()])) }
                }
            }
        </>
    }
}

fn missing(text: String) -> Html {
    remark(Some("warning"), Symbol::Alert, "job-no-text", text.into())
}

fn one(tail: &Tail, at: usize, line: &LogLine) -> Html {
    let (gone, words) = (tail.gone_before(at), &text().jobs);
    html! {
        <div class="job-output" key={line.n}>
            if gone > 0 {
                <p class="job-gone">{ counted(words.lines_gone, gone, &[&grouped(gone)]) }</p>
            }
            <time class="job-when">{ clock_time(line.at as f64) }</time>
            <span class="job-text">
                { &line.text }
                if line.cut {
                    <span class="job-mark" title={words.cut_why}>{ words.cut }</span>
                }
                if line.lossy {
                    <span class="job-mark" title={words.lossy_why}>{ words.lossy }</span>
                }
            </span>
        </div>
    }
}
