//! `tidings publish`

mod input;
mod sender;

use std::error::Error;

use clap::Args;
use tidings_protocol::api::Published;
use tidings_protocol::event::EventType;
use tidings_protocol::topic::Topic;
use tokio::io::{AsyncBufRead, BufReader};

use super::connection::Connection;
use super::say;
use input::{InputError, body, read_all, read_line};
use sender::Sender;

/// Flags of `tidings publish`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  tidings publish app/builds '{\"branch\": \"main\", \"ok\": true}' --type build
  tidings publish app/notes 'any text'
  journalctl -f -o json | tidings publish app/log --lines

JSON arrives as it stands, any other text as {\"raw\": …}. A server that is busy is asked again for up to
five minutes; an event that it may have kept is not sent again. The exit code is 0 if the server has
acknowledged every event.")]
pub(super) struct Publish {
    /// Topic to publish to, such as app/builds
    topic: Topic,
    /// The event, JSON or any text; `-` reads one event from standard input
    #[arg(value_name = "JSON|-", default_value = "-", allow_negative_numbers = true)]
    event: String,
    /// Type of the event
    #[arg(long = "type", value_name = "TYPE", default_value = "update")]
    kind: EventType,
    /// Send text, even where it could be read as JSON
    #[arg(long)]
    text: bool,
    /// Publish each line of standard input as it comes, in order; empty lines are left out
    #[arg(long)]
    lines: bool,
    /// Print the id of each event once the server has taken it
    #[arg(short, long)]
    verbose: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Why not everything was published.
#[derive(Debug, thiserror::Error)]
enum PublishError {
    #[error("--lines reads standard input: leave the event away, or the flag")]
    LinesOfAnEvent,
    #[error("line {line} was not acknowledged; {acknowledged} events before it were")]
    Line { line: u64, acknowledged: u64, source: Box<dyn Error> },
}

impl Publish {
    pub(super) fn run(self) -> Result<(), Box<dyn Error>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let result = runtime.block_on(self.publish());
        // Standard input may still be read from, and such a read cannot be given up.
        runtime.shutdown_background();
        result
    }

    async fn publish(self) -> Result<(), Box<dyn Error>> {
        if self.lines && self.event != "-" {
            return Err(PublishError::LinesOfAnEvent.into());
        }
        let client = self.connection.client().await?;
        let mut sender = Sender::new(client, self.topic, self.kind);
        let mut input = BufReader::new(tokio::io::stdin());
        if self.lines {
            return Ok(lines(&mut sender, &mut input, self.text, self.verbose).await?);
        }
        let event = match self.event.as_str() {
            "-" => read_all(&mut input).await?,
            event => event.as_bytes().to_vec(),
        };
        if event.is_empty() {
            return Err(InputError::Empty.into());
        }
        let published = sender.send(body(event, self.text)?).await?;
        Ids(self.verbose).tell(published);
        Ok(())
    }
}

/// Publishes line by line, each acknowledged before the next is sent, and ends at the first that is not.
async fn lines(
    sender: &mut Sender,
    input: &mut (impl AsyncBufRead + Unpin),
    text: bool,
    verbose: bool,
) -> Result<(), PublishError> {
    let mut acknowledged = 0;
    let mut ids = Ids(verbose);
    for line in 1.. {
        let failed = |source| PublishError::Line { line, acknowledged, source };
        let event = match read_line(input).await {
            Ok(Some(event)) if event.is_empty() => continue,
            Ok(Some(event)) => event,
            Ok(None) => break,
            Err(error) => return Err(failed(error.into())),
        };
        let body = body(event, text).map_err(|error| failed(error.into()))?;
        let published = sender.send(body).await.map_err(|error| failed(error.into()))?;
        acknowledged += 1;
        ids.tell(published);
    }
    Ok(())
}

/// Prints ids for as long as that works: it is the acknowledgements that this command is asked for.
struct Ids(bool);

impl Ids {
    fn tell(&mut self, Published { id }: Published) {
        if !self.0 {
            return;
        }
        if let Err(error) = say::answer(format_args!("{id}\n")) {
            self.0 = false;
            say::note(format_args!("no more ids: standard output cannot be written to: {error}"));
        }
    }
}
