//! A job that a request started, followed by the stream that answers the request.
//!
//! The answer goes through the same [`Link`] as every other stream. Nothing makes it again when it breaks: the job goes on, and
//! [`Client::job`] says how it ended.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, Method, Request, Response};
use launchdarkly_sdk_transport::{ByteStream, TransportError};
use serde_json::Value;
use tidings_feed::Failure;
use tidings_protocol::api::{path, query};
use tidings_protocol::job::{COMPLETE, Complete, Failed, ProcessRequest, Update, owner};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::client::{Client, MAX_ANSWER_BYTES, REQUEST_TIMEOUT};
use crate::error::{ClientError, redirect, refused};
use crate::lines::Limits;
use crate::link::{Frame, Heard, Link};
use crate::transport::{Answered, root_cause};

/// Name of the event that says a job has not succeeded.
const ERROR: &str = "error";
/// Name of an event that has none.
const MESSAGE: &str = "message";

/// How a process is started and followed.
#[derive(Clone, Debug)]
pub struct ProcessOptions {
    /// Whether the server ends the job when the connection ends before it. Default: it stays.
    pub cancel_on_disconnect: bool,
    /// Longest silence that the server has configured between two messages; after three of these the connection counts as dead.
    /// Default 15 s, which is the server's.
    pub heartbeat: Duration,
    /// What may come.
    pub limits: ProcessLimits,
    /// Ends the wait and the connection when it is cancelled. Default: one that nobody cancels.
    pub stop: CancellationToken,
}

impl Default for ProcessOptions {
    fn default() -> Self {
        Self {
            cancel_on_disconnect: false,
            heartbeat: Duration::from_secs(15),
            limits: ProcessLimits::default(),
            stop: CancellationToken::new(),
        }
    }
}

/// How much of a stream is taken; what is beyond ends it.
#[derive(Clone, Copy, Debug)]
pub struct ProcessLimits {
    /// Longest line, in bytes. Default 16 MiB.
    pub line: usize,
    /// Longest event, in bytes. Default 16 MiB.
    pub event: usize,
    /// Longest result, as JSON with what is around it, in bytes. Default 16 MiB.
    pub result: usize,
}

impl Default for ProcessLimits {
    fn default() -> Self {
        Self { line: 16 << 20, event: 16 << 20, result: 16 << 20 }
    }
}

/// What a process tells.
#[derive(Clone, Debug, PartialEq)]
pub enum ProcessEvent {
    /// How far it is.
    Progress(Update),
    /// It has succeeded, and this came of it. Nothing follows.
    Complete(Value),
    /// It has not succeeded. Nothing follows.
    Failed(Failed),
}

/// Why a process could not be started, or nothing more is heard of it. Once it was started, its job may still run.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It was not started, unless the error is one of those after which nobody knows.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Whoever waited for it wanted no more.
    #[error("nobody waits for it any more")]
    Stopped,
    /// Nothing came for three heartbeats.
    #[error("nothing was heard of it for {} s", .0.as_secs())]
    Silent(Duration),
    /// The stream ended before the job did, with the cause where there is one.
    #[error("the server said no more before it said how the job ended{}", cause(.0))]
    Interrupted(Option<String>),
    /// A line, an event or the result is over its limit.
    #[error("the server said more than this client takes")]
    TooLarge,
    /// What came is of no protocol that this client knows.
    #[error("what the server said of the job cannot be read: {0}")]
    Unexpected(String),
}

fn cause(cause: &Option<String>) -> String {
    cause.as_ref().map(|cause| format!(": {cause}")).unwrap_or_default()
}

/// A job that was started, as its stream tells of it. Dropping it ends the request; the job stays unless
/// [`cancel_on_disconnect`](ProcessOptions::cancel_on_disconnect) was asked for.
#[derive(Debug)]
pub struct Process {
    id: String,
    /// Null once nothing more is to be heard.
    link: Option<Link>,
    /// What was heard to know the id, before anybody asked.
    first: Option<Update>,
    heard: Instant,
    silence: Duration,
    max_result: usize,
    stop: CancellationToken,
}

impl Client {
    /// Starts a job, and returns once it has an id. Nothing is tried twice.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses, by its code, or what it answers is no stream of a job.
    pub async fn process(
        &self,
        request: &ProcessRequest,
        options: ProcessOptions,
    ) -> Result<Process, ProcessError> {
        let stop = options.stop.clone();
        tokio::select! {
            biased;
            () = stop.cancelled() => Err(ProcessError::Stopped),
            process = self.start_process(request, options) => process,
        }
    }

    async fn start_process(
        &self,
        request: &ProcessRequest,
        options: ProcessOptions,
    ) -> Result<Process, ProcessError> {
        let ProcessOptions { cancel_on_disconnect, heartbeat, limits, stop } = options;
        let request = self.process_request(request, cancel_on_disconnect)?;
        let exchange = timeout(REQUEST_TIMEOUT, self.streams().exchange(request)).await;
        let late = |_| ClientError::Network("no answer in time".to_owned());
        let answer = exchange.map_err(late)?.map_err(|error| unreached(&error))?;
        let status = answer.status();
        if !status.is_success() {
            if let Some(redirect) = redirect(status, answer.headers()) {
                return Err(redirect.into());
            }
            let (head, body) = answer.into_parts();
            let body = timeout(REQUEST_TIMEOUT, read(body)).await.unwrap_or_default();
            return Err(refused(status, &head.headers, &body).into());
        }
        let told = id_in(answer.headers());
        let mut process = Process {
            id: String::new(),
            link: Some(link(answer, limits)?),
            first: None,
            heard: Instant::now(),
            silence: heartbeat * 3,
            max_result: limits.result,
            stop,
        };
        process.id = match told {
            Some(id) => id,
            None => process.first_id().await?,
        };
        Ok(process)
    }

    fn process_request(
        &self,
        request: &ProcessRequest,
        cancel_on_disconnect: bool,
    ) -> Result<Request<Option<Bytes>>, ClientError> {
        let mut url = self.route(path::PROCESS);
        if cancel_on_disconnect {
            url.query_pairs_mut().append_pair(query::CANCEL_ON_DISCONNECT, "true");
        }
        let body = serde_json::to_vec(request)
            .map_err(|error| ClientError::Unexpected(error.to_string()))?;
        Request::builder()
            .method(Method::POST)
            .uri(url.as_str())
            .header(AUTHORIZATION, self.bearer()?)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "text/event-stream")
            .body(Some(body.into()))
            .map_err(|_| ClientError::Address(url))
    }
}

impl Process {
    /// Id of the job.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Waits for what it tells next: null behind the last, which is how it ended, or an error. Nothing is lost if the wait is
    /// given up.
    ///
    /// # Errors
    ///
    /// If nothing more is to be heard and it was not told how the job ended.
    pub async fn next(&mut self) -> Option<Result<ProcessEvent, ProcessError>> {
        if let Some(first) = self.first.take() {
            return Some(Ok(ProcessEvent::Progress(first)));
        }
        let link = self.link.as_mut()?;
        loop {
            let heard = tokio::select! {
                biased;
                () = self.stop.cancelled() => return self.end(Err(ProcessError::Stopped)),
                heard = timeout_at(self.heard + self.silence, link.hear()) => heard,
            };
            let Ok(heard) = heard else { return self.end(Err(ProcessError::Silent(self.silence))) };
            self.heard = Instant::now();
            let event = match heard {
                Heard::Activity | Heard::RetryAfter(_) => continue,
                Heard::Frame(frame) => match event(&frame, self.max_result) {
                    Ok(None) => continue,
                    Ok(Some(event)) => event,
                    Err(error) => return self.end(Err(error)),
                },
                Heard::Oversized { .. } => return self.end(Err(ProcessError::TooLarge)),
                Heard::Failed(failure) => return self.end(Err(broken(failure))),
            };
            return match event {
                ProcessEvent::Progress(_) => Some(Ok(event)),
                last => self.end(Ok(last)),
            };
        }
    }

    /// What comes last; the connection is closed.
    fn end(
        &mut self,
        last: Result<ProcessEvent, ProcessError>,
    ) -> Option<Result<ProcessEvent, ProcessError>> {
        self.link = None;
        Some(last)
    }

    /// The id in the first message, of a server whose head a proxy has changed.
    async fn first_id(&mut self) -> Result<String, ProcessError> {
        let none = || ProcessError::Unexpected("it has no id".to_owned());
        let ProcessEvent::Progress(first) = self.next().await.ok_or_else(none)?? else {
            return Err(none());
        };
        let id = first.id.clone().ok_or_else(none)?;
        self.first = Some(first);
        Ok(id)
    }
}

/// What a frame says; null if nothing that this client knows.
fn event(frame: &Frame, max_result: usize) -> Result<Option<ProcessEvent>, ProcessError> {
    let unreadable = |error: serde_json::Error| ProcessError::Unexpected(error.to_string());
    Ok(match frame.event.as_str() {
        MESSAGE => {
            Some(ProcessEvent::Progress(serde_json::from_str(&frame.data).map_err(unreadable)?))
        }
        COMPLETE if frame.data.len() > max_result => return Err(ProcessError::TooLarge),
        COMPLETE => {
            let Complete { success, result } =
                serde_json::from_str(&frame.data).map_err(unreadable)?;
            if !success {
                let contradiction = "it is complete and no success".to_owned();
                return Err(ProcessError::Unexpected(contradiction));
            }
            Some(ProcessEvent::Complete(result))
        }
        ERROR => Some(ProcessEvent::Failed(serde_json::from_str(&frame.data).map_err(unreadable)?)),
        _ => None,
    })
}

fn link(answer: Response<ByteStream>, limits: ProcessLimits) -> Result<Link, ClientError> {
    let limits = Limits { line: limits.line, event: limits.event };
    let unexpected = |what: String| ClientError::Unexpected(what);
    let answer = Answered::new(answer, limits).map_err(|error| unexpected(error.to_string()))?;
    Link::over(answer).map_err(|_| unexpected("its stream cannot be read".to_owned()))
}

fn broken(failure: Failure) -> ProcessError {
    match failure {
        Failure::Network(cause) => ProcessError::Interrupted(Some(cause)),
        Failure::TooLarge => ProcessError::TooLarge,
        _ => ProcessError::Interrupted(None),
    }
}

fn unreached(error: &TransportError) -> ClientError {
    match error.inner().downcast_ref::<reqwest::Error>() {
        Some(error) => ClientError::from(error),
        None => ClientError::Network(root_cause(error)),
    }
}

/// The job's id, where `Location` names one.
fn id_in(headers: &HeaderMap) -> Option<String> {
    let location = headers.get(LOCATION)?.to_str().ok()?;
    let (_, id) = location.rsplit_once('/')?;
    // An id has no character that a URL would escape.
    let is_plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"~-_.".contains(&byte));
    (is_plain && owner(id).is_some()).then(|| id.to_owned())
}

/// The beginning of an error's body.
async fn read(mut body: ByteStream) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(Ok(chunk)) = body.next().await {
        if all.len() + chunk.len() > MAX_ANSWER_BYTES {
            break;
        }
        all.extend_from_slice(&chunk);
    }
    all
}
