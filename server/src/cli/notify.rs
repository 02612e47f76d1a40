//! `tidings notify`

use std::error::Error;
use std::time::Duration;

use clap::Args;
use tidings_protocol::notification::{Level, NewNotification};
use tokio::io::AsyncReadExt as _;

use super::connection::Connection;
use super::retry::{Again, Retry};
use super::{duration, say, whole_seconds};

/// Most bytes that are read as a message: a server takes much less.
const MOST_INPUT: u64 = 1 << 20;

/// Flags of `tidings notify`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  tidings notify 'Backup done' --user ada --level success
  tidings notify --title 'Disk full' --level error --key disk:/ --link /
  make 2>&1 | tail -n 20 | tidings notify - --title 'make ended' --expires 2h

A server that is busy is asked again for up to five minutes; one that may have kept the notification is asked again
only with --key, by which it is not there twice. The exit code is 0 if the server has kept it.")]
pub(super) struct Notify {
    /// What there is to say; `-` reads it from standard input
    #[arg(value_name = "MESSAGE|-", required_unless_present = "title")]
    message: Option<String>,
    /// What happened, in a line [default: the name of the token, or of the server's machine]
    #[arg(long, value_name = "TITLE")]
    title: Option<String>,
    /// Name of the user it is for [default: the one the token belongs to]
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// How much it matters: info, success, warning or error
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    level: Level,
    /// Where to read on: an http or https URL, or a path of the server
    #[arg(long, value_name = "URL")]
    link: Option<String>,
    /// What it comes from
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Makes it the user's only one of this key: it takes the place of the one before
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Only change the one of this key, without a word to anybody; what was read stays read
    #[arg(long, requires = "key")]
    update: bool,
    /// Time until it goes by itself, as in 2h or 30d [default: never]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    expires: Option<Duration>,
    /// Print the notification as JSON once the server has kept it
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

impl Notify {
    pub(super) fn run(self) -> Result<(), Box<dyn Error>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let result = runtime.block_on(self.notify());
        // Standard input may still be read from, and such a read cannot be given up.
        runtime.shutdown_background();
        result
    }

    async fn notify(self) -> Result<(), Box<dyn Error>> {
        let client = self.connection.client().await?;
        let message = match self.message.as_deref() {
            Some("-") => Some(input().await?),
            message => message.map(str::to_owned),
        };
        let new = NewNotification {
            user_id: None,
            user: self.user,
            title: self.title,
            message,
            level: Some(self.level),
            link: self.link,
            source: self.source,
            dedupe_key: self.key,
            expires_in_seconds: self.expires.map(whole_seconds),
            update: self.update,
        };
        new.check()?;
        let again = if new.dedupe_key.is_some() { Again::Always } else { Again::Untaken };
        let mut retry = Retry::default();
        let row = retry.until_answered(again, async || client.notify(&new).await).await?;
        if self.json {
            say::answer(serde_json::to_string(&row)? + "\n")?;
        }
        Ok(())
    }
}

/// Standard input without the line ends that it ends with.
async fn input() -> Result<String, Box<dyn Error>> {
    let mut input = Vec::new();
    tokio::io::stdin().take(MOST_INPUT).read_to_end(&mut input).await?;
    let text = String::from_utf8(input).map_err(|_| "standard input is not UTF-8")?;
    if text.trim().is_empty() {
        return Err("there is nothing to say: standard input is empty".into());
    }
    Ok(text.trim_end().replace("\r\n", "\n"))
}
