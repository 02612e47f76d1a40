//! `tidings tail`

mod reader;
mod render;
mod status;

use std::error::Error;
use std::io::{self, ErrorKind, IsTerminal};
use std::time::Duration;

use clap::Args;
use tidings_client::{Bounds, Client, Item, Overflow, Subscription, Update};
use tidings_protocol::event::EventId;
use tidings_protocol::topic::Selector;
use tokio::io::AsyncWriteExt;
use tokio_util::sync::CancellationToken;

use super::connection::Connection;
use super::say;
use super::signals::Signals;
use render::{Form, gap_note, render};
use status::{Ended, StatusLine};

/// Time for a write under way once it is asked to end.
const LAST_WRITE: Duration = Duration::from_secs(1);

/// Flags of `tidings tail`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  tidings tail 'app/*'
  tidings tail app/log --json | jq .data
  tidings tail app/log --since 4afa2ffa-12
  tidings tail app/log --recent 20

Each line of --json is an event {\"id\",\"type\",\"topic\",\"at\",\"data\"}, or {\"type\":\"gap\",…} where events are lost
for good. A lost connection is made again and goes on where it was; what is said of it goes to standard error.
The exit code is 0 after Ctrl-C, SIGTERM or a closed pipe, and 1 where the server refuses.")]
pub(super) struct Tail {
    /// Topics to follow, such as app/builds, or all below one: 'app/*' [default: every machine, and what
    /// is your own]
    #[arg(value_name = "TOPIC")]
    topics: Vec<Selector>,
    /// Print JSON, one object a line
    #[arg(long)]
    json: bool,
    /// Begin behind this event, with what the server still holds
    #[arg(long, value_name = "ID")]
    since: Option<EventId>,
    /// Begin with so many of the newest events the server holds, at most 1000, shared among the topics
    #[arg(long, value_name = "COUNT", conflicts_with = "since")]
    recent: Option<usize>,
    #[command(flatten)]
    connection: Connection,
}

/// Why it ended by itself.
#[derive(Debug, thiserror::Error)]
enum TailError {
    #[error(transparent)]
    Ended(#[from] Ended),
    #[error("standard output cannot be written to")]
    Output(#[source] io::Error),
}

impl Tail {
    pub(super) fn run(self) -> Result<(), Box<dyn Error>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let result = runtime.block_on(self.tail());
        // A write to a pipe that nobody empties cannot be given up, nor the wait for its reader to go.
        runtime.shutdown_background();
        result
    }

    async fn tail(self) -> Result<(), Box<dyn Error>> {
        let mut signals = Signals::listen()?;
        // Whoever reads slowly holds the stream back; the server tells what it cannot keep for so long.
        let bounds = Bounds { overflow: Overflow::Wait, ..Bounds::default() };
        let client = self.connection.client().await?.with_outbox(bounds);
        let subscription = match self.recent {
            Some(recent) => client.subscribe_with_recent(&self.topics, recent),
            None => client.subscribe_from(&self.topics, self.since),
        };
        let form = if self.json { Form::Json } else { Form::Pretty { colours: colours() } };
        let stop = CancellationToken::new();
        let mut following = std::pin::pin!(follow(&client, subscription, form, &stop));
        let followed = tokio::select! {
            followed = &mut following => followed,
            () = reader::gone() => Ok(()),
            () = signals.next() => {
                stop.cancel();
                // What is half written is written to its end, if somebody reads it.
                tokio::time::timeout(LAST_WRITE, following).await.unwrap_or(Ok(()))
            }
        };
        match followed {
            Err(TailError::Output(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            followed => Ok(followed?),
        }
    }
}

/// Prints what comes, until it is told to stop or the server will have no more of it.
async fn follow(
    client: &Client,
    mut subscription: Subscription,
    form: Form,
    stop: &CancellationToken,
) -> Result<(), TailError> {
    let mut output = Output { stdout: tokio::io::stdout(), buffer: Vec::new(), form };
    let mut status = StatusLine::new(client.server());
    loop {
        let mut update = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(()),
            update = subscription.next() => update,
        };
        // Of a connection that is open by now the news comes before what it brought, else behind.
        if let Some(line) = status.before(&update.status) {
            say::note(line);
        }
        output.print(&update).await?;
        let ended = match status.after(&update.status) {
            Ok(line) => {
                if let Some(line) = line {
                    say::note(line);
                }
                continue;
            }
            Err(ended) => ended,
        };
        while !update.deliveries.is_empty() {
            let Some(rest) = subscription.try_next() else { break };
            update = rest;
            output.print(&update).await?;
        }
        return Err(ended.into());
    }
}

struct Output {
    stdout: tokio::io::Stdout,
    buffer: Vec<u8>,
    form: Form,
}

impl Output {
    /// Prints all of an update in one go: each line at once where events are few, many with one write
    /// where they are not.
    async fn print(&mut self, update: &Update) -> Result<(), TailError> {
        for delivery in &update.deliveries {
            render(&mut self.buffer, &delivery.item, self.form);
            if let (Item::Gap(gap), Form::Pretty { .. }) = (&delivery.item, self.form) {
                // In its place among the events.
                self.write().await?;
                say::note(gap_note(&gap.gap));
            }
        }
        self.write().await
    }

    async fn write(&mut self) -> Result<(), TailError> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.stdout.write_all(&self.buffer).await.map_err(TailError::Output)?;
        self.stdout.flush().await.map_err(TailError::Output)?;
        self.buffer.clear();
        Ok(())
    }
}

/// Source: no-color.org.
fn colours() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !refused && io::stdout().is_terminal()
}
