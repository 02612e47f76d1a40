//! A process that a test answers, and all that it tells.

#![allow(dead_code, reason = "each test uses its part")]

use bytes::Bytes;
use tidings_client::{Client, Process, ProcessError, ProcessEvent, ProcessOptions};
use tidings_protocol::job::{ArgValue, Percent, ProcessRequest, Update};

use super::script::patiently;
use super::tape::{Answer, Tape};

pub(crate) const ID: &str = "owner~0199c0de";

/// The head of a process's stream whose end is the end of the connection.
pub(crate) const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nlocation: /api/jobs/owner~0199c0de\r\n\r\n";

pub(crate) const FIRST: &str =
    "data: {\"id\":\"owner~0199c0de\",\"progress\":0,\"message\":\"waits\",\"place\":2}\n\n";
pub(crate) const LATER: &str = "data: {\"progress\":null,\"message\":\"größer\"}\n\n";
pub(crate) const COMPLETE: &str =
    "event: complete\ndata: {\"success\":true,\ndata: \"result\":{\"bytes\":7}}\n\n";
pub(crate) const FAILED: &str =
    "event: error\ndata: {\"error\":\"no\",\"code\":\"timed_out\",\"exitCode\":3}\n\n";

pub(crate) fn request() -> ProcessRequest {
    let args = [("path".to_owned(), ArgValue::Text("/usr".to_owned()))].into();
    ProcessRequest { kind: "scan".to_owned(), args, name: None }
}

pub(crate) fn first() -> ProcessEvent {
    ProcessEvent::Progress(Update {
        id: Some(ID.to_owned()),
        progress: Some(Percent::ZERO),
        message: "waits".to_owned(),
        place: Some(2),
    })
}

pub(crate) fn later() -> ProcessEvent {
    let message = "größer".to_owned();
    ProcessEvent::Progress(Update { id: None, progress: None, message, place: None })
}

/// An answer that ends behind these chunks.
pub(crate) fn answer(chunks: impl IntoIterator<Item = Bytes>) -> Answer {
    let mut answer = Answer::stream(chunks);
    answer.headers.push(("location", format!("/api/jobs/{ID}")));
    answer
}

pub(crate) fn whole(text: &str) -> Answer {
    answer([Bytes::copy_from_slice(text.as_bytes())])
}

/// All that a process tells, and how it ended where that was no event.
pub(crate) async fn all(process: &mut Process) -> (Vec<ProcessEvent>, Option<ProcessError>) {
    let mut told = Vec::new();
    while let Some(event) = patiently(process.next()).await {
        match event {
            Ok(event) => told.push(event),
            Err(error) => {
                assert!(process.next().await.is_none(), "nothing follows an error");
                return (told, Some(error));
            }
        }
    }
    (told, None)
}

pub(crate) async fn run(answer: Answer) -> (Vec<ProcessEvent>, Option<ProcessError>) {
    run_with(answer, ProcessOptions::default()).await
}

pub(crate) async fn run_with(
    answer: Answer,
    options: ProcessOptions,
) -> (Vec<ProcessEvent>, Option<ProcessError>) {
    let tape = Tape::default();
    run_by(&tape, &tape.client(), answer, options).await
}

/// As [`run_with`], by a client that is there: making one takes its time.
pub(crate) async fn run_by(
    tape: &Tape,
    client: &Client,
    answer: Answer,
    options: ProcessOptions,
) -> (Vec<ProcessEvent>, Option<ProcessError>) {
    tape.add(answer);
    match patiently(client.process(&request(), options)).await {
        Ok(mut process) => all(&mut process).await,
        Err(error) => (Vec::new(), Some(error)),
    }
}

pub(crate) async fn start(
    client: &Client,
    options: ProcessOptions,
) -> Result<Process, ProcessError> {
    patiently(client.process(&request(), options)).await
}

pub(crate) fn whole_bytes(bytes: &[u8]) -> Answer {
    answer([Bytes::copy_from_slice(bytes)])
}
