//! `GET /api/events`: the stream.

use std::convert::Infallible;

use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::routing::get;
use tidings_protocol::PROTOCOL_VERSION;
use tidings_protocol::api::{ErrorCode, path, query};
use tidings_protocol::event::Connected;
use tidings_protocol::topic::Selector;

use crate::auth::{Caller, grants};
use crate::clock;
use crate::error::ApiError;
use crate::hub::Start;
use crate::sse::EventStream;
use crate::sse::frame::Form;
use crate::state::AppState;

/// Most events that a stream begins with, where there are no more topics than that.
const MAX_RECENT: usize = 1_000;

/// Most selectors of one stream.
const MAX_SELECTORS: usize = 100;

pub(super) fn router() -> Router<AppState> {
    Router::new().route(path::EVENTS, get(stream))
}

async fn stream(
    caller: Caller,
    State(state): State<AppState>,
    request: StreamRequest,
) -> Result<Box<EventStream>, ApiError> {
    let selectors = request.selectors(&caller)?;
    open(&caller, &state, selectors, request.start, request.form)
}

/// A stream of what the caller may read.
pub(super) fn open(
    caller: &Caller,
    state: &AppState,
    selectors: Vec<Selector>,
    start: Start,
    form: Form,
) -> Result<Box<EventStream>, ApiError> {
    let slot = caller.take_stream(&state.streams)?;
    let ended = caller.ended(&selectors);
    let connected = connected(state, &selectors);
    let subscription = state.hub.subscribe_in(state.lane(), selectors, start);
    let stream = EventStream::new(&connected, subscription, form, state.pace, slot);
    Ok(stream.until(ended))
}

/// The first message of a stream that was granted these.
pub(super) fn connected(state: &AppState, selectors: &[Selector]) -> Connected {
    Connected {
        protocol: PROTOCOL_VERSION,
        server_version: env!("CARGO_PKG_VERSION").to_owned(),
        heartbeat_seconds: state.pace.heartbeat.as_secs(),
        topics: selectors.iter().map(ToString::to_string).collect(),
        at: clock::now_ms(),
    }
}

/// What a client asked for, not yet judged.
#[derive(Debug)]
pub(super) struct StreamRequest {
    topics: Vec<String>,
    pub(super) start: Start,
    pub(super) form: Form,
}

/// Reads the headers where they are: a copy of them costs more than what is read.
impl<S: Sync> FromRequestParts<S> for StreamRequest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::read(parts.uri.query().unwrap_or_default(), &parts.headers))
    }
}

impl StreamRequest {
    /// The header wins over the query: a browser that reconnects by itself repeats the old query and
    /// sends the newer cursor in the header.
    fn read(query: &str, headers: &HeaderMap) -> Self {
        let mut topics: Vec<String> = Vec::new();
        let mut cursor = None;
        let mut recent = 0;
        let mut form = Form::Named;
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                query::TOPIC if topics.iter().any(|known| *known == value) => {}
                query::TOPIC => topics.push(value.into_owned()),
                query::LAST_EVENT_ID => cursor = Some(value.into_owned().into_bytes()),
                query::RECENT => recent = value.parse().unwrap_or(recent),
                query::UNNAMED if value == "1" => form = Form::Unnamed,
                _ => {}
            }
        }
        if let Some(value) = headers.get("last-event-id") {
            cursor = Some(value.as_bytes().to_owned());
        }
        let start = match cursor.as_deref() {
            // An empty id is what a client sends that was told to forget its own.
            None | Some([]) if recent == 0 => Start::Fresh,
            None | Some([]) => Start::Recent(recent.min(MAX_RECENT)),
            Some(id) => std::str::from_utf8(id)
                .ok()
                .and_then(|id| id.parse().ok())
                .map_or(Start::Malformed, Start::After),
        };
        Self { topics, start, form }
    }

    /// Where the client left off.
    pub(super) fn start(&self) -> Start {
        self.start
    }

    fn selectors(&self, caller: &Caller) -> Result<Vec<Selector>, ApiError> {
        if self.topics.is_empty() {
            return Ok(grants::default_selectors(caller));
        }
        if self.topics.len() > MAX_SELECTORS {
            let message = format!("a stream has at most {MAX_SELECTORS} topics");
            return Err(ApiError::new(ErrorCode::BadRequest, message));
        }
        self.topics.iter().map(|topic| granted(topic, caller)).collect()
    }
}

fn granted(topic: &str, caller: &Caller) -> Result<Selector, ApiError> {
    let selector: Selector = topic.parse().map_err(|error| {
        ApiError::new(ErrorCode::InvalidTopic, format!("topic {topic:?}: {error}"))
    })?;
    if !grants::may_read(caller, &selector) {
        let message = format!("you may not read the topic {selector}");
        return Err(ApiError::new(ErrorCode::Forbidden, message));
    }
    Ok(selector)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use tidings_protocol::event::EventId;

    fn headers(id: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(
            axum::http::HeaderName::from_static("last-event-id"),
            HeaderValue::from_static(id),
        )])
    }

    #[test]
    fn the_cursor_in_the_header_wins_over_the_query() {
        let request = StreamRequest::read("last_event_id=0000002a-1", &headers("0000002a-2"));
        assert_eq!(request.start, Start::After(EventId { epoch: 42, seq: 2 }));
    }

    #[test]
    fn what_is_no_cursor_is_told_and_what_is_none_is_fresh() {
        let none = HeaderMap::new();
        for (query, start) in [
            ("", Start::Fresh),
            ("last_event_id=", Start::Fresh),
            ("last_event_id=17", Start::Malformed),
            ("last_event_id=0000002A-1", Start::Malformed),
            ("last_event_id=%FF", Start::Malformed),
        ] {
            assert_eq!(StreamRequest::read(query, &none).start, start, "{query}");
        }
    }

    #[test]
    fn what_was_published_before_comes_only_where_there_is_no_cursor() {
        let none = HeaderMap::new();
        for (query, start) in [
            ("recent=7", Start::Recent(7)),
            ("recent=7&last_event_id=", Start::Recent(7)),
            ("recent=7000000", Start::Recent(MAX_RECENT)),
            ("recent=0", Start::Fresh),
            ("recent=many", Start::Fresh),
            ("recent=7&last_event_id=0000002a-1", after(1)),
        ] {
            assert_eq!(StreamRequest::read(query, &none).start, start, "{query}");
        }
        // A browser that reconnects by itself repeats its query.
        assert_eq!(StreamRequest::read("recent=7", &headers("0000002a-2")).start, after(2));
    }

    fn after(seq: u64) -> Start {
        Start::After(EventId { epoch: 42, seq })
    }

    #[test]
    fn topics_are_decoded_and_each_counts_once() {
        let request =
            StreamRequest::read("topic=a%2Fb&topic=c/*&topic=a/b&unnamed=1", &HeaderMap::new());
        assert_eq!(request.topics, ["a/b", "c/*"]);
        assert_eq!(request.form, Form::Unnamed);
    }
}
