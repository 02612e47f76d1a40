//! `tidings jobs log`

use std::error::Error;
use std::time::Duration;

use clap::Args;
use tidings_client::Client;
use tidings_protocol::job::{LogLine, LogPage};
use tokio::time::sleep;

use crate::cli::connection::Connection;
use crate::cli::retry::{Again, Retry};
use crate::cli::say;

/// Time between two looks at a job that goes on.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Flags of `tidings jobs log`.
#[derive(Args, Debug)]
pub(in crate::cli) struct Log {
    /// Id of the job, as `tidings jobs list` shows it
    id: String,
    /// Go on until the job has ended
    #[arg(short, long)]
    follow: bool,
    /// Print JSON, one object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

impl Log {
    pub(super) async fn run(self) -> Result<(), Box<dyn Error>> {
        let client = self.connection.client().await?;
        let mut reader = Reader { client, id: self.id, next: 0, retry: Retry::default() };
        loop {
            // Before its lines: so that those that it wrote last are read.
            let has_ended = !self.follow || reader.has_ended().await?;
            let LogPage { lines, .. } = reader.page().await?;
            if !print(&lines, self.json)? || has_ended {
                return Ok(());
            }
            sleep(LOOK_EVERY).await;
        }
    }
}

/// Reads line by line, over whatever outage.
struct Reader {
    client: Client,
    id: String,
    next: u64,
    retry: Retry,
}

impl Reader {
    async fn has_ended(&mut self) -> Result<bool, Box<dyn Error>> {
        let Self { client, id, retry, .. } = self;
        let job = retry.until_answered(Again::Always, async || client.job(id).await).await?;
        Ok(!job.state.is_active())
    }

    async fn page(&mut self) -> Result<LogPage, Box<dyn Error>> {
        let Self { client, id, next, retry } = self;
        let asked = async || client.job_log(id, *next).await;
        let page = retry.until_answered(Again::Always, asked).await?;
        let gone = page.lines.first().map_or(page.next, |line| line.n).saturating_sub(*next);
        if gone > 0 {
            say::note(format_args!("{gone} lines are no longer kept"));
        }
        *next = page.next;
        Ok(page)
    }
}

/// Whether somebody still reads.
fn print(lines: &[LogLine], json: bool) -> Result<bool, Box<dyn Error>> {
    let mut text = String::new();
    for line in lines {
        if json {
            text += &serde_json::to_string(line)?;
        } else {
            text += &say::visible(&line.text);
            text += if line.cut { " …" } else { "" };
        }
        text.push('\n');
    }
    Ok(say::is_read(&text)?)
}
