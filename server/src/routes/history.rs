//! `/api/metrics/history`: columns for charts, for everybody who may read the machine.

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tidings_protocol::api::{ErrorCode, path, query};
use tidings_protocol::history::{History, Range};
use tidings_protocol::topic::{Selector, Topic};

use super::packed::{listed, packed, takes_gzip};
use crate::assets::accepts;
use crate::auth::{Caller, grants};
use crate::error::ApiError;
use crate::history::{HistoryError, Question, Wanted, csv};
use crate::state::AppState;

/// Most `metric` parameters of a request; each may stand for several.
const MAX_METRICS: usize = 100;

/// What is wanted, and in which form.
struct Asked {
    question: Question,
    is_csv: bool,
    digits: Option<u8>,
}

pub(super) fn router() -> Router<AppState> {
    Router::new().route(path::METRICS_HISTORY, get(read))
}

async fn read(
    caller: Caller,
    State(state): State<AppState>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let takes_csv =
        listed(&headers, header::ACCEPT).is_some_and(|types| accepts(types, "text/csv"));
    let Asked { question, is_csv, digits } =
        asked(query.as_deref().unwrap_or_default(), takes_csv)?;
    let host = question.host.as_deref().unwrap_or(state.history.host());
    let machine = Topic::metrics(host);
    if machine.as_str().strip_prefix("metrics/") != Some(host) {
        // No machine is called so.
        return Err(HistoryError::NoSuchMachine.into());
    }
    if !grants::may_read(&caller, &Selector::Exact(machine)) {
        return Err(ApiError::new(ErrorCode::Forbidden, "you may not read this machine"));
    }
    let mut history = state.history.read(&question).await?;
    let packs = takes_gzip(&headers);
    // Up to a million numbers: not on a thread that has connections to serve.
    let written = tokio::task::spawn_blocking(move || {
        digits.into_iter().for_each(|digits| history.round(digits));
        let name = is_csv.then(|| csv::file_name(&history.host, history.from, "csv"));
        written(&history, is_csv, packs).map(|(body, is_packed)| (name, body, is_packed))
    });
    let written = written.await.map_err(|error| ApiError::internal(&error))?;
    let (name, body, is_packed) = written.map_err(|error| ApiError::internal(&error))?;
    let mut headers = HeaderMap::new();
    let mut put = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    put(header::CONTENT_TYPE, if is_csv { csv::TYPE } else { "application/json" });
    put(header::CACHE_CONTROL, "no-store");
    put(header::VARY, "accept, accept-encoding");
    if is_packed {
        put(header::CONTENT_ENCODING, "gzip");
    }
    if let Some(name) = name {
        // What a topic may be called stands within quotes.
        let value = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
        let value = value.unwrap_or_else(|_| HeaderValue::from_static("attachment"));
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok((headers, body).into_response())
}

/// The text of an answer, and whether it is packed: of numbers a third is left, in few milliseconds.
fn written(history: &History, is_csv: bool, packs: bool) -> std::io::Result<(Vec<u8>, bool)> {
    let text = if is_csv { csv::sheet(history).into_bytes() } else { serde_json::to_vec(history)? };
    packed(text, packs)
}

/// A parameter that is none is refused: who misspells `range` would get another chart without a word.
fn asked(query: &str, mut is_csv: bool) -> Result<Asked, ApiError> {
    let (mut metrics, mut host, mut range, mut digits) = (Vec::new(), None, Range::HOUR, None);
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*key {
            query::METRIC if metrics.len() >= MAX_METRICS => {
                return Err(bad(format!("there are at most {MAX_METRICS} `metric`")));
            }
            query::METRIC => metrics.push(Wanted::new(&value)?),
            query::RANGE => {
                range = value.parse().map_err(|error| bad(format!("`range`: {error}")))?;
            }
            query::HOST => host = Some(value.into_owned()),
            query::FORMAT => {
                is_csv = match &*value {
                    "csv" => true,
                    "json" => false,
                    _ => return Err(bad("`format` is json or csv")),
                };
            }
            query::DIGITS => {
                let count = value.parse().ok().filter(|count| (1..=7).contains(count));
                digits = Some(count.ok_or_else(|| bad("`digits` is a number from 1 to 7"))?);
            }
            key => {
                let message = format!(
                    "there is no parameter {key:?}; there are `metric`, `range`, `host`, `format` and `digits`"
                );
                return Err(bad(message));
            }
        }
    }
    if metrics.is_empty() {
        return Err(bad("name a metric: `?metric=cpu.total`"));
    }
    Ok(Asked { question: Question { host, metrics, range }, is_csv, digits })
}

fn bad(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::BadRequest, message)
}
