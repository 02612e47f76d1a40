//! `tidings bench`: load for any server of event streams, and what it costs that server.
//!
//! - [`load`]: one run from connecting to the last delivery.
//! - [`subscribers`]: the streams, on one thread; [`publisher`]: the events, on another.
//! - [`target`], [`response`]: as much HTTP as that takes.
//! - [`stamp`], [`tally`], [`histogram`], [`usage`]: what is counted, and how.
//! - [`report`]: the answer.

mod histogram;
mod load;
mod publisher;
mod report;
mod response;
mod stamp;
mod subscribers;
mod tally;
mod target;
mod usage;

use std::error::Error;
use std::io;
use std::time::Duration;

use clap::Args;
use tidings_client::{Credentials, CredentialsError, Token};
use tidings_protocol::api::path;

use super::connection::Connection;
use super::{duration, say};
use crate::descriptors;
use load::{Load, Mode};
use target::Target;

/// Longest time a part of a run may take.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Descriptors that are not for streams.
const RESERVED: usize = 64;

/// Flags of `tidings bench`.
#[derive(Debug, Args)]
pub(super) struct Bench {
    /// What to measure
    #[arg(long, value_enum, default_value = "fan-out")]
    mode: Mode,
    /// How many streams to open, spread evenly over the topics
    #[arg(long, default_value = "1000")]
    streams: usize,
    /// How many topics to publish to
    #[arg(long, default_value = "1")]
    topics: u32,
    /// Events a second on each topic
    #[arg(long, default_value = "50")]
    rate: f64,
    /// Bytes of an event's JSON
    #[arg(long, default_value = "110")]
    size: usize,
    /// How long to publish, or to look at idle streams, such as 10s or 500ms
    #[arg(long, default_value = "10s", value_parser = duration)]
    duration: Duration,
    /// How long to publish before that, without counting
    #[arg(long, default_value = "1s", value_parser = duration)]
    warm_up: Duration,
    /// How long to leave the open streams alone before their memory is looked at
    #[arg(long, default_value = "1s", value_parser = duration)]
    settle: Duration,
    /// How long to wait for what has not arrived when publishing ends
    #[arg(long, default_value = "10s", value_parser = duration)]
    drain: Duration,
    /// Most connections that are being made at once
    #[arg(long, default_value = "256")]
    connecting: usize,
    /// Where a topic is subscribed to; `{topic}` stands for its number [default: a Tidings server here]
    #[arg(long, value_name = "URL", requires = "publish_url", conflicts_with = "server")]
    subscribe_url: Option<String>,
    /// Where a topic is published to; `{topic}` stands for its number [default: a Tidings server here]
    #[arg(long, value_name = "URL", requires = "subscribe_url")]
    publish_url: Option<String>,
    /// A header to send with every request, such as 'Accept-Language: en'; may be repeated
    #[arg(long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    #[command(flatten)]
    connection: Connection,
    /// A process whose processor time and memory to measure, with all its children; may be repeated (Linux)
    #[arg(long = "server-pid", value_name = "PID")]
    pids: Vec<u32>,
    /// Answer with JSON
    #[arg(long)]
    json: bool,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
enum BenchError {
    #[error("cannot use the URL {url}: {why}")]
    Url { url: String, why: &'static str },
    #[error("a --header is `Name: value`, on one line")]
    Header,
    #[error("the token holds characters that no header may")]
    Token,
    #[error("{0}")]
    Range(String),
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    #[error("cannot wait for sockets")]
    Poll(#[source] io::Error),
    #[error("cannot open a connection")]
    Connect(#[source] io::Error),
    #[error(
        "this machine has no local port left for another stream: open fewer, or widen its range \
         (on Linux net.ipv4.ip_local_port_range)"
    )]
    Ports(#[source] io::Error),
    #[error("no stream could be opened; the server says: {0}")]
    NoStream(String),
    #[error("no event was taken; the server says: {0}")]
    NoEvent(String),
    #[error("the publishing thread has failed")]
    Publisher,
}

impl Bench {
    pub(super) fn run(self) -> Result<(), Box<dyn Error>> {
        let json = self.json;
        let report = self.into_load()?.run()?;
        if json {
            say::answer(serde_json::to_string(&report)? + "\n")?;
        } else {
            say::answer(report)?;
        }
        Ok(())
    }

    fn into_load(self) -> Result<Load, BenchError> {
        let most = descriptors::raise_limit().saturating_sub(RESERVED);
        range("--streams", self.streams, 1, most)?;
        range("--topics", self.topics as usize, 1, self.streams)?;
        range("--size", self.size, stamp::LEAST_BODY, 16 << 20)?;
        range("--connecting", self.connecting, 1, most)?;
        for (flag, time) in [
            ("--duration", self.duration),
            ("--warm-up", self.warm_up),
            ("--settle", self.settle),
            ("--drain", self.drain),
        ] {
            if time > LONGEST {
                return Err(BenchError::Range(format!("{flag} is longer than a day")));
            }
        }
        if !(self.rate >= 0.001 && self.rate <= 100_000.0) {
            return Err(BenchError::Range("--rate must be 0.001 to 100,000".to_owned()));
        }
        let (subscribe, publish, token) = self.urls()?;
        let mut headers = self.headers;
        if let Some(token) = token {
            let bearer = token.bearer();
            let bearer = bearer.as_ref().and_then(|value| value.to_str().ok());
            headers.push(format!("Authorization: {}", bearer.ok_or(BenchError::Token)?));
        }
        let subscribe = Target::new(&subscribe, &headers)?;
        let publish = Target::new(&publish, &headers)?;
        if self.topics > 1 && !(subscribe.names_topic() && publish.names_topic()) {
            let why = "for more than one topic, both URLs need {topic} in them".to_owned();
            return Err(BenchError::Range(why));
        }
        Ok(Load {
            mode: self.mode,
            subscribe,
            publish,
            pids: self.pids,
            streams: self.streams,
            topics: self.topics,
            rate: self.rate,
            size: self.size,
            duration: self.duration,
            warm_up: self.warm_up,
            settle: self.settle,
            drain: self.drain,
            connecting: self.connecting,
        })
    }

    /// Where to subscribe and to publish, and the token to send, if any.
    fn urls(&self) -> Result<(String, String, Option<Token>), BenchError> {
        if let (Some(subscribe), Some(publish)) = (&self.subscribe_url, &self.publish_url) {
            return Ok((subscribe.clone(), publish.clone(), self.connection.named_token()?));
        }
        let Credentials { server, token, .. } = self.connection.credentials()?;
        let server = server.as_str().trim_end_matches('/');
        let subscribe = format!("{server}{}?topic=bench/{{topic}}", path::EVENTS);
        let publish = format!("{server}{}/bench/{{topic}}", path::PUBLISH);
        Ok((subscribe, publish, Some(token)))
    }
}

fn range(flag: &str, value: usize, least: usize, most: usize) -> Result<(), BenchError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(BenchError::Range(format!("{flag} is {value}; here it must be {least} to {most}")))
}
