//! All there is to know of a job.

use std::rc::Rc;

use tidings_protocol::job::ResultInfo;
use yew::prelude::*;

use super::output::Output;
use super::row::is_long;
use crate::components::{Button, JsonView, Symbol, full_time, icon};
use crate::hooks::job_result_address;
use crate::state::format::bytes;
use crate::state::jobs::{Row as Known, words as told};
use crate::text::text;
use crate::view::html;

/// Larger results are only for downloads.
const MOST_SHOWN: u64 = 256 << 10;

/// All there is to know of a job. The desktop's app saves what a browser downloads: it calls `on_save`.
pub(super) fn details(row: &Rc<Known>, on_save: Option<Callback<()>>) -> Html {
    let (job, words) = (&row.job, &text().jobs);
    let time = |at: Option<u64>| at.map(|at| full_time(at as f64));
    let facts = [
        (words.created, time(Some(job.created_at))),
        (words.began, time(job.started_at)),
        (words.ended, time(job.ended_at)),
        (words.done, told::amount(job)),
        (words.exit_code, job.exit_code.map(|code| code.to_string())),
        (words.id, Some(job.id.clone())),
    ];
    let has_result = job
        .result
        .as_ref()
        .is_some_and(|result| result.file_name.is_none() && result.bytes <= MOST_SHOWN);
    html! {
        <>
            if let Some(error) = job.error.as_ref().filter(|error| is_long(error)) {
                <p class="job-error" data-testid="job-error">{ error }</p>
            }
            if let Some(result) = &job.result {
                { download(&job.id, result, on_save) }
            }
            if has_result || job.lines > 0 {
                <Output id={AttrValue::from(job.id.clone())} goes_on={job.state.is_active()}
                    has_lines={job.lines > 0} {has_result} />
            }
            if let Some(args) = &row.args {
                <h3 class="job-heading">{ words.arguments }</h3>
                <JsonView json={args.clone()} testid="job-args" label={words.arguments} />
            }
            <dl class="alert-facts">
                { for facts.into_iter().filter_map(|(term, text)| text.map(|text| html! {
                    <div key={term}><dt>{ term }</dt><dd>{ text }</dd></div>
                })) }
            </dl>
        </>
    }
}

fn download(id: &str, result: &ResultInfo, on_save: Option<Callback<()>>) -> Html {
    let words = &text().jobs;
    let size = bytes(result.bytes);
    let (name, about) = match &result.file_name {
        Some(name) => (name.clone(), format!("{name}, {size}")),
        None => ("result.json".to_owned(), size.to_string()),
    };
    html! {
        <div class="job-heading">
            <h3>{ words.result }</h3>
            <span class="job-size">{ about }</span>
            if let Some(onclick) = on_save {
                <Button label={words.save} symbol={Some(Symbol::Download)} testid="job-download" {onclick} />
            } else {
                <a class="button" data-look="plain" data-testid="job-download" href={job_result_address(id)}
                    download={name}>{ icon(Symbol::Download) }<span class="button-label">{ words.download }</span></a>
            }
        </div>
    }
}
