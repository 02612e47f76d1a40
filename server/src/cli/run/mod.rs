//! `tidings run`
//!
//! ```text
//!   program ── pass: a thread an output ──> our outputs
//!                      │ news (bounded)
//!                      └──> report ── POST, PATCH ──> server
//! ```
//!
//! The program comes first: it starts before anybody looks for a server, and nothing that a server does holds it up.

mod family;
mod news;
mod pass;
mod program;
mod report;
mod requests;
mod system;

use std::error::Error;
use std::ffi::OsString;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tidings_protocol::job::NewJob;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::connection::Connection;
use super::say;
use crate::collectors::machine_name;
use crate::output::Pattern;
use family::Family;
use news::News;
use pass::{Passing, pass_on};
use report::{LEASE_SECONDS, Notes, Reporter};
use system::{Asked, Signals};

/// How long the report of the end may take.
const LAST_REPORT: Duration = Duration::from_secs(5);

/// Flags of `tidings run`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  tidings run -- rsync -a --info=progress2 photos/ nas:photos/
  tidings run --name nightly -- sh -c 'make clean && make'
  tidings run --pattern 'step (?<done>\\d+) of (?<total>\\d+)' -- ./import.sh

The program runs in the foreground, with this command's input, and what it writes is passed on byte for byte. How far it
is, is read from what rsync, curl, wget, dd, cargo, pv and ffmpeg write, or by --pattern or --total. The server is told its
name, lines and progress, and never its arguments. Ctrl-C ends the program as always, and so does who ends the job at the
server (SIGTERM, and SIGKILL after 10 s; on Linux with all that it has started). Where no server answers, the program runs all the same; attempts go on while it
does.

The exit code is the program's: 128 and the signal's number if a signal ended it, 127 if it is not found, 126 if it cannot
be run.")]
pub(super) struct Run {
    /// What people call the job [default: the program's name]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Where in a line it says how far it is: a regular expression with the group percent, or with done and total; or
    /// the name of a program whose output is known [default: by the program's name]
    #[arg(long, value_name = "REGEX", value_parser = Pattern::parse)]
    pattern: Option<Pattern>,
    /// How many lines it will write in all, by which to tell how far it is
    #[arg(long, value_name = "LINES", conflicts_with = "pattern")]
    total: Option<u64>,
    /// Say nothing about the server
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    connection: Connection,
    /// The program and its arguments
    #[arg(value_name = "PROGRAM", required = true, trailing_var_arg = true)]
    argv: Vec<OsString>,
}

impl Run {
    pub(super) fn run(self) -> Result<ExitCode, Box<dyn Error>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let result = runtime.block_on(self.follow());
        // A name that is looked up cannot be given up.
        runtime.shutdown_background();
        result
    }

    async fn follow(self) -> Result<ExitCode, Box<dyn Error>> {
        // Whatever may fail does so before there is a program.
        let family = Family::adopt()?;
        let news = News::new(self.total);
        let pattern = match (&self.pattern, self.total) {
            (Some(pattern), _) => pattern.clone(),
            (None, Some(_)) => Pattern::nothing(),
            (None, None) => Pattern::of_program(&self.argv),
        };
        let (stdout, stdout_end) = io::pipe()?;
        let (stderr, stderr_end) = io::pipe()?;
        let outputs = [
            pass_on(stdout, io::stdout(), pattern.clone(), news.clone())?,
            pass_on(stderr, io::stderr(), pattern, news.clone())?,
        ];
        let signals = if system::LISTENS_FIRST { Some(Signals::listen()?) } else { None };
        let mut child = match program::start(&self.argv, stdout_end, stderr_end) {
            Ok(child) => child,
            Err(error) => {
                say::failure(&error);
                return Ok(ExitCode::from(error.code()));
            }
        };
        let mut signals = match signals.map_or_else(Signals::listen, Ok) {
            Ok(signals) => signals,
            Err(error) => {
                child.kill().await?;
                return Err(error.into());
            }
        };
        let (end, ended) = watch::channel(None);
        let cancel = CancellationToken::new();
        let notes = Notes::new(self.quiet);
        let report = self.report(news, ended, cancel.clone(), notes.clone());
        let (code, how) =
            program::ended(&mut child, family, &mut signals, &cancel, self.quiet).await?;
        // What it wrote last is part of it.
        tokio::select! {
            () = both(outputs) => {}
            () = asked_to_end(&mut signals) => {}
        }
        end.send_replace(Some(how));
        if let Some(report) = report {
            last_report(report, &mut signals, &notes).await;
        }
        Ok(ExitCode::from(program::exit_code(code)))
    }

    /// Begins to report, in a task of its own.
    fn report(
        &self,
        news: News,
        ended: watch::Receiver<Option<report::Ended>>,
        cancel: CancellationToken,
        notes: Notes,
    ) -> Option<JoinHandle<bool>> {
        let client = match self.connection.client_unasked() {
            Ok(client) => client,
            Err(error) => {
                notes.unreported(error);
                return None;
            }
        };
        let new = NewJob {
            name: self.name.clone().unwrap_or_else(|| program::name(&self.argv)),
            host: Some(machine_name()),
            lease_seconds: Some(LEASE_SECONDS),
            ..NewJob::default()
        };
        let reporter = Reporter { client, new, news, ended, cancel, notes };
        Some(tokio::spawn(reporter.run()))
    }
}

/// Waits until the end is told, for as long as somebody may be asked to wait for that.
async fn last_report(mut report: JoinHandle<bool>, signals: &mut Signals, notes: &Notes) {
    let is_told = tokio::select! {
        told = timeout(LAST_REPORT, &mut report) => matches!(told, Ok(Ok(true))),
        () = asked_to_end(signals) => false,
    };
    report.abort();
    if !is_told {
        notes.end_unreported();
    }
}

async fn both([one, other]: [Passing; 2]) {
    tokio::join!(one.rest(), other.rest());
}

/// Waits until somebody asks us to end who cannot mean the program any more.
async fn asked_to_end(signals: &mut Signals) {
    while let Asked::Other(_) = signals.next().await {}
}
