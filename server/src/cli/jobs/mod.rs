//! `tidings jobs`

mod log;
mod show;

use std::error::Error;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use tidings_client::JobsQuery;
use tidings_protocol::job::{Job, MAX_PAGE};

use super::connection::Connection;
use super::{result_file, say};
use crate::clock;
use log::Log;
use show::{details, table};

/// What `tidings jobs` does.
#[derive(Debug, Subcommand)]
pub(super) enum Jobs {
    /// List jobs, the newest first.
    List(List),
    /// Say how a job stands.
    Show(Show),
    /// Print what a job has written, as far as it is kept.
    Log(Log),
    /// Ask for a job's end.
    Cancel(One),
    /// Remove a job that has ended, with its lines and its result.
    Remove(One),
    /// Fetch what came of a job: JSON, or a file.
    Result(Fetch),
}

/// Flags of `tidings jobs list`.
#[derive(Args, Debug)]
pub(super) struct List {
    /// Only those that have not ended
    #[arg(long, conflicts_with = "ended")]
    active: bool,
    /// Only those that have ended, the last to end first
    #[arg(long)]
    ended: bool,
    /// How many at most
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Flags of `tidings jobs show`.
#[derive(Args, Debug)]
pub(super) struct Show {
    /// Id of the job, as `tidings jobs list` shows it
    id: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Flags of `tidings jobs cancel` and `remove`.
#[derive(Args, Debug)]
pub(super) struct One {
    /// Id of the job, as `tidings jobs list` shows it
    id: String,
    #[command(flatten)]
    connection: Connection,
}

/// Flags of `tidings jobs result`.
#[derive(Args, Debug)]
pub(super) struct Fetch {
    /// Id of the job, as `tidings jobs list` shows it
    id: String,
    /// File to write it to; it must not be there yet [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    connection: Connection,
}

impl Jobs {
    pub(super) fn run(self) -> Result<(), Box<dyn Error>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let result = runtime.block_on(async {
            match self {
                Self::List(list) => list.run().await,
                Self::Show(show) => show.run().await,
                Self::Log(log) => log.run().await,
                Self::Cancel(one) => one.cancel().await,
                Self::Remove(one) => one.remove().await,
                Self::Result(fetch) => fetch.run().await,
            }
        });
        // A write to a pipe that nobody empties cannot be given up.
        runtime.shutdown_background();
        result
    }
}

impl List {
    async fn run(self) -> Result<(), Box<dyn Error>> {
        let client = self.connection.client().await?;
        let active = (self.active || self.ended).then_some(self.active);
        let limit = usize::try_from(self.limit)?;
        let mut jobs: Vec<Job> = Vec::new();
        let mut before = None;
        while jobs.len() < limit {
            let most = (limit - jobs.len()).min(MAX_PAGE);
            let asked = JobsQuery { active, before, limit: Some(most) };
            let page = client.jobs(&asked).await?;
            // One that is empty and names another would go on for ever.
            let is_empty = page.jobs.is_empty();
            jobs.extend(page.jobs);
            before = page.next;
            if before.is_none() || is_empty {
                break;
            }
        }
        if self.json {
            say::answer(serde_json::to_string(&jobs)? + "\n")?;
        } else if jobs.is_empty() {
            say::note(
                "there are no jobs; `tidings run` reports one, and `tidings process` starts one",
            );
        } else {
            say::answer(table(&jobs, clock::now_ms()))?;
        }
        Ok(())
    }
}

impl Show {
    async fn run(self) -> Result<(), Box<dyn Error>> {
        let job = self.connection.client().await?.job(&self.id).await?;
        if self.json {
            say::answer(serde_json::to_string(&job)? + "\n")?;
        } else {
            say::answer(details(&job))?;
        }
        Ok(())
    }
}

impl One {
    async fn cancel(self) -> Result<(), Box<dyn Error>> {
        let job = self.connection.client().await?.cancel_job(&self.id).await?;
        say::note(format_args!("asked for the end of {} ({})", job.id, job.name));
        Ok(())
    }

    async fn remove(self) -> Result<(), Box<dyn Error>> {
        self.connection.client().await?.remove_job(&self.id).await?;
        say::note(format_args!("removed the job {}", self.id));
        Ok(())
    }
}

impl Fetch {
    async fn run(self) -> Result<(), Box<dyn Error>> {
        let client = self.connection.client().await?;
        result_file::fetch(&client, &self.id, self.output.as_deref()).await
    }
}
