//! A ledger of what was published and what arrived, through whatever happens in between.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::ChildStdout;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

use crate::command::command_at;
use crate::{Server, Wire, until, wire};

/// The client's waits grow up to half a minute between two attempts; and time to catch up.
pub const RETURN_WITHIN: Duration = Duration::from_secs(60);

/// Each has a publisher of its own.
pub const TOPICS: [&str; 3] = ["app/a", "app/b", "app/c/deep"];

/// What was sent and what arrived.
#[derive(Debug, Default)]
pub struct Ledger {
    /// By topic, the numbers that were acknowledged.
    pub acknowledged: [Vec<u64>; TOPICS.len()],
    /// By topic, the numbers of which nobody knows whether they were taken.
    pub unknown: [BTreeSet<u64>; TOPICS.len()],
    /// By topic, the numbers that arrived.
    pub arrived: [Vec<u64>; TOPICS.len()],
    /// How often a publish was answered by a 503.
    pub refused: usize,
    /// Sequence number of the last that arrived, over all topics.
    last: u64,
}

/// A ledger that publishers and the reader write to.
pub type SharedLedger = Arc<Mutex<Ledger>>;

/// The ledger, for a moment.
pub fn lock(ledger: &SharedLedger) -> MutexGuard<'_, Ledger> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Ledger {
    /// Notes an event under its id.
    ///
    /// # Errors
    ///
    /// If it was never sent, or its id is none that may follow.
    pub fn arrive(&mut self, id: Option<&str>, event: &Value) -> Result<()> {
        let topic = TOPICS.iter().position(|topic| event["topic"] == *topic);
        let topic = topic.with_context(|| format!("no event that was sent: {event}"))?;
        let seq = id.and_then(|id| id.split_once('-')?.1.parse().ok());
        let seq = seq.with_context(|| format!("an id, not {id:?}: {event}"))?;
        ensure!(seq > self.last, "{seq} after {}: {event}", self.last);
        self.last = seq;
        self.arrived[topic].push(event["data"].as_u64().context("a number")?);
        Ok(())
    }

    /// How many have arrived.
    #[must_use]
    pub fn arrived(&self) -> usize {
        self.arrived.iter().map(Vec::len).sum()
    }

    /// How many were acknowledged.
    #[must_use]
    pub fn acknowledged(&self) -> usize {
        self.acknowledged.iter().map(Vec::len).sum()
    }

    /// Whether the newest of what was acknowledged has arrived.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let pairs = self.arrived.iter().zip(&self.acknowledged);
        pairs.into_iter().all(|(arrived, sent)| arrived.last() >= sent.last())
    }

    /// Acknowledged numbers have arrived once each and in order; others at most once, in their place.
    ///
    /// # Errors
    ///
    /// If it is otherwise.
    pub fn check(&self) -> Result<()> {
        for (topic, name) in TOPICS.iter().enumerate() {
            let arrived = &self.arrived[topic];
            ensure!(
                arrived.is_sorted_by(|one, next| one < next),
                "{name}: repeated or out of order"
            );
            let known: BTreeSet<u64> = self.acknowledged[topic].iter().copied().collect();
            let found: BTreeSet<u64> = arrived.iter().copied().collect();
            let lost: Vec<_> = known.difference(&found).collect();
            ensure!(lost.is_empty(), "{name}: acknowledged and lost: {lost:?}");
            let mut others = found.difference(&known);
            let invented = others.find(|number| !self.unknown[topic].contains(number));
            ensure!(invented.is_none(), "{name}: never sent: {invented:?}");
        }
        Ok(())
    }
}

/// Where a server is reached, and by which token.
#[derive(Clone, Debug)]
pub struct Door {
    /// What it listens on, or something in front of it.
    pub address: SocketAddr,
    /// A token that reads and publishes there.
    pub token: String,
}

impl Door {
    /// Of its owner.
    ///
    /// # Errors
    ///
    /// If there is no token file.
    pub fn of(server: &Server) -> Result<Self> {
        Ok(Self { address: server.address(), token: server.token()? })
    }

    /// An id behind all that was published so far.
    ///
    /// # Errors
    ///
    /// If nobody answers.
    pub async fn cursor(&self) -> Result<String> {
        let (mut first, _) =
            Wire::get(self.address, "/api/events?topic=app/*", &self.token).await?;
        first.next().await?.id.context("an id")
    }
}

/// A publisher for each topic and a reader of all, who write to a ledger.
#[derive(Debug)]
pub struct Traffic {
    ledger: SharedLedger,
    reader: JoinHandle<Result<()>>,
    publishers: JoinSet<Result<()>>,
    enough: Arc<AtomicBool>,
}

impl Traffic {
    /// Begins it, behind what there is.
    ///
    /// # Errors
    ///
    /// If the reader does not start, or the server does not answer.
    pub async fn begin(server: &Server) -> Result<Self> {
        let door = Door::of(server)?;
        let cursor = door.cursor().await?;
        let ledger = SharedLedger::default();
        let reader = follow(&door, &cursor, Arc::clone(&ledger))?;
        Ok(Self::among(&[door], Duration::ZERO, ledger, reader))
    }

    /// Begins to publish at these doors, with a wait behind each event; who finds one closed goes to the next. `reader` is to
    /// note what arrives, and to end only with an error.
    #[must_use]
    pub fn among(
        doors: &[Door],
        wait: Duration,
        ledger: SharedLedger,
        reader: JoinHandle<Result<()>>,
    ) -> Self {
        let enough = Arc::new(AtomicBool::new(false));
        let mut publishers = JoinSet::new();
        for topic in 0..TOPICS.len() {
            let (ledger, enough) = (Arc::clone(&ledger), Arc::clone(&enough));
            publishers.spawn(publish_numbers(topic, doors.to_vec(), wait, ledger, enough));
        }
        Self { ledger, reader, publishers, enough }
    }

    /// What has been noted so far.
    #[must_use]
    pub fn ledger(&self) -> SharedLedger {
        Arc::clone(&self.ledger)
    }

    /// Goes on while `story` does, then ends once all that was acknowledged has arrived.
    ///
    /// # Errors
    ///
    /// If the story fails, a publish is refused for good, or the reader ends or does not get everything.
    pub async fn through(mut self, story: impl Future<Output = Result<()>>) -> Result<()> {
        let going = async {
            story.await?;
            self.enough.store(true, Ordering::Relaxed);
            while let Some(publisher) = self.publishers.join_next().await {
                publisher??;
            }
            until("all that was acknowledged has arrived", RETURN_WITHIN, || async {
                let ledger = lock(&self.ledger);
                ensure!(ledger.is_settled(), "{} of {}", ledger.arrived(), ledger.acknowledged());
                Ok(Some(()))
            })
            .await
        };
        tokio::select! {
            gone = going => gone,
            ended = &mut self.reader => ended?.context("the reader ended"),
        }
    }
}

/// Publishes the numbers from 1 on, one after the other. One that surely was not taken is sent again; one
/// that may have been is noted as such and left.
async fn publish_numbers(
    topic: usize,
    doors: Vec<Door>,
    wait: Duration,
    ledger: SharedLedger,
    enough: Arc<AtomicBool>,
) -> Result<()> {
    let mut kept = None;
    let (mut number, mut at) = (1, topic);
    while !enough.load(Ordering::Relaxed) {
        let door = &doors[at % doors.len()];
        let mut wire = match kept.take() {
            Some(wire) => {
                sleep(wait).await;
                wire
            }
            None => match Wire::connect(door.address).await {
                Ok(wire) => wire,
                Err(_) => {
                    sleep(Duration::from_millis(5)).await;
                    at += 1;
                    continue;
                }
            },
        };
        let request = wire::publish(TOPICS[topic], &door.token, &number.to_string());
        let answer = async {
            wire.send(request).await?;
            let status = wire.head().await?.status;
            anyhow::Ok((status, wire.body().await?))
        };
        match answer.await {
            Ok((200, _)) => lock(&ledger).acknowledged[topic].push(number),
            Ok((503, body)) if !body.contains("unconfirmed") => {
                lock(&ledger).refused += 1;
                kept = Some(wire);
                continue;
            }
            Ok((status, body)) if !matches!(status, 502..=504) => bail!("{status}: {body}"),
            // No answer, or one that does not say what became of it; a proxy may have it from nobody.
            unknown => {
                let mut ledger = lock(&ledger);
                ledger.refused += usize::from(unknown.is_ok());
                ledger.unknown[topic].insert(number);
                drop(ledger);
                number += 1;
                at += 1;
                continue;
            }
        }
        kept = Some(wire);
        number += 1;
    }
    Ok(())
}

/// Starts `tidings tail` behind an event, and notes what arrives. The task ends with an error, for tail is not to end: of what
/// was not sent, or came out of order, or because tail ended.
///
/// # Errors
///
/// If it does not start.
pub fn follow(door: &Door, cursor: &str, ledger: SharedLedger) -> Result<JoinHandle<Result<()>>> {
    let url = format!("http://{}", door.address);
    let mut tail = command_at(&url, &door.token, &["tail", "app/*", "--json", "--since", cursor])?;
    let mut tail = tail.stderr(Stdio::null()).spawn()?;
    let stdout = tail.stdout.take().context("standard output is piped")?;
    Ok(tokio::spawn(async move {
        // Killed with the task.
        let _tail = tail;
        follow_lines(stdout, ledger).await
    }))
}

async fn follow_lines(stdout: ChildStdout, ledger: SharedLedger) -> Result<()> {
    let mut lines = BufReader::new(stdout).lines();
    while let Some(line) = lines.next_line().await? {
        let event: Value = serde_json::from_str(&line).with_context(|| line.clone())?;
        lock(&ledger).arrive(event["id"].as_str(), &event)?;
    }
    bail!("tail ended")
}
