//! A transport in memory: it answers with what a test recorded, cut where the test says.

#![allow(dead_code, reason = "each test uses its part")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use http::{Request, Response};
use launchdarkly_sdk_transport::{ByteStream, HttpTransport, ResponseFuture};
use sync_wrapper::SyncStream;
use tidings_client::{Client, ClientConfig, Heard, Token};
use tidings_feed::Failure;

/// Answers one request after the other; those it has no answer for wait for ever.
#[derive(Clone, Default)]
pub(crate) struct Tape {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    requests: Arc<Mutex<Vec<Request<()>>>>,
}

/// One answer.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) chunks: Vec<Bytes>,
    /// Before each chunk.
    pub(crate) pause: Duration,
    /// Whether the connection stays open behind the last chunk.
    pub(crate) stays_open: bool,
}

impl Answer {
    /// An event stream that ends behind its last chunk.
    pub(crate) fn stream(chunks: impl IntoIterator<Item = Bytes>) -> Self {
        Self {
            headers: vec![("content-type", "text/event-stream".to_owned())],
            chunks: chunks.into_iter().collect(),
            ..Self::status(200)
        }
    }

    pub(crate) fn status(status: u16) -> Self {
        let (headers, chunks) = (Vec::new(), Vec::new());
        Self { status, headers, chunks, pause: Duration::ZERO, stays_open: false }
    }

    pub(crate) fn redirect(status: u16, location: &str) -> Self {
        Self { headers: vec![("location", location.to_owned())], ..Self::status(status) }
    }
}

impl Tape {
    pub(crate) fn of(answers: impl IntoIterator<Item = Answer>) -> Self {
        let tape = Self::default();
        answers.into_iter().for_each(|answer| tape.add(answer));
        tape
    }

    pub(crate) fn add(&self, answer: Answer) {
        self.answers.lock().expect("a lock").push_back(answer);
    }

    pub(crate) fn config() -> ClientConfig {
        ClientConfig::new("http://hub.test".parse().expect("a URL"), Token::new("secret"))
    }

    pub(crate) fn client(&self) -> Client {
        self.client_with(Self::config())
    }

    pub(crate) fn client_with(&self, config: ClientConfig) -> Client {
        Client::new(config).expect("a client").with_transport(self.clone())
    }

    /// How often it was asked so far.
    pub(crate) fn asked(&self) -> usize {
        self.requests.lock().expect("a lock").len()
    }

    /// What was asked so far.
    pub(crate) fn requests(&self) -> Vec<Request<()>> {
        self.requests.lock().expect("a lock").clone()
    }

    /// A header of the request of that number, if both are there.
    pub(crate) fn header(&self, request: usize, name: &str) -> Option<String> {
        let requests = self.requests.lock().expect("a lock");
        let value = requests.get(request)?.headers().get(name)?;
        Some(value.to_str().expect("text").to_owned())
    }
}

impl HttpTransport for Tape {
    fn request(&self, request: Request<Option<Bytes>>) -> ResponseFuture {
        self.requests.lock().expect("a lock").push(request.map(drop));
        let answer = self.answers.lock().expect("a lock").pop_front();
        Box::pin(async move {
            let Some(answer) = answer else { return std::future::pending().await };
            let mut response = Response::builder().status(answer.status);
            for (name, value) in answer.headers {
                response = response.header(name, value);
            }
            let pause = answer.pause;
            let chunks = stream::iter(answer.chunks).then(move |chunk| async move {
                if !pause.is_zero() {
                    tokio::time::sleep(pause).await;
                }
                Ok(chunk)
            });
            let rest =
                if answer.stays_open { stream::pending().boxed() } else { stream::empty().boxed() };
            let body: ByteStream = Box::pin(SyncStream::new(chunks.chain(rest)));
            Ok(response.body(body).expect("a response"))
        })
    }
}

/// All that one link hears of these chunks, but for mere signs of life.
pub(crate) async fn heard(tape: &Tape, client: &Client, chunks: Vec<Bytes>) -> Vec<Heard> {
    tape.add(Answer::stream(chunks));
    let mut link = client.link("/api/events", None).expect("a link");
    let mut heard = Vec::new();
    loop {
        match link.hear().await {
            Heard::Activity => {}
            Heard::Failed(Failure::Closed) => return heard,
            end @ (Heard::Failed(_) | Heard::Oversized { .. }) => {
                heard.push(end);
                return heard;
            }
            other => heard.push(other),
        }
    }
}

/// Every way to cut `bytes` in two, all of them in one piece, and each by itself.
pub(crate) fn cuts(bytes: &Bytes) -> Vec<Vec<Bytes>> {
    let in_two = (0..=bytes.len()).map(|at| vec![bytes.slice(..at), bytes.slice(at..)]);
    let bytewise = (0..bytes.len()).map(|at| bytes.slice(at..=at)).collect();
    in_two.chain([vec![bytes.clone()], bytewise]).collect()
}

/// Pieces of these sizes, over and over.
pub(crate) fn cut(mut bytes: Bytes, sizes: &[usize]) -> Vec<Bytes> {
    let mut sizes = sizes.iter().cycle();
    std::iter::from_fn(|| {
        let size = *sizes.next()?;
        (!bytes.is_empty()).then(|| bytes.split_to(size.min(bytes.len())))
    })
    .collect()
}
