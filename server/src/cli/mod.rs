//! The command line: one file a subcommand.

mod bench;
mod connection;
mod jobs;
mod notify;
mod process;
mod publish;
mod result_file;
mod retry;
mod run;
mod say;
mod serve;
mod signals;
mod tail;
mod token;
mod trust;
mod user;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

/// Shows what your machines and long jobs are doing right now.
#[derive(Debug, Parser)]
#[command(name = "tidings", version, about, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Watch this machine and serve the dashboard and its event stream.
    Serve(serve::Serve),
    /// Publish an event, or each line of standard input as one.
    Publish(publish::Publish),
    /// Tell a user something, and keep it until it is read.
    Notify(notify::Notify),
    /// Print events as they come.
    Tail(tail::Tail),
    /// Run a program, and report how far it is.
    Run(run::Run),
    /// Start a job at the server, and follow it to its end.
    Process(process::Process),
    /// List jobs, look at them, end them.
    #[command(subcommand)]
    Jobs(jobs::Jobs),
    /// Put load on a server of event streams and say what that costs it.
    Bench(bench::Bench),
    /// Make, list and revoke tokens of limited scope.
    #[command(subcommand)]
    Token(token::Token),
    /// Add, list, change and remove users.
    #[command(subcommand)]
    User(user::User),
}

impl Cli {
    /// Runs the command. Failures are told on standard error, with what to do next.
    pub fn run(self) -> ExitCode {
        let result = match self.command {
            Command::Serve(serve) => serve.run(),
            Command::Publish(publish) => publish.run(),
            Command::Notify(notify) => notify.run(),
            Command::Bench(bench) => bench.run(),
            Command::Token(token) => token.run(),
            Command::User(user) => user.run(),
            Command::Tail(tail) => tail.run(),
            Command::Process(process) => process.run(),
            Command::Jobs(jobs) => jobs.run(),
            Command::Run(run) => return ended(run.run()),
        };
        ended(result.map(|()| ExitCode::SUCCESS))
    }
}

/// The exit code of a command that has one of its own.
fn ended(result: Result<ExitCode, Box<dyn Error>>) -> ExitCode {
    result.unwrap_or_else(|error| {
        say::failure(error.as_ref());
        ExitCode::FAILURE
    })
}

/// Reads `500ms`, `10s`, `5m`, `2h` or `30d`.
fn duration(text: &str) -> Result<Duration, String> {
    let invalid = || format!("{text:?} is no time; write it as in 500ms, 10s, 5m, 2h or 30d");
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(invalid)?;
    let number: u64 = text[..digits].parse().map_err(|_| invalid())?;
    let millis = match &text[digits..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(invalid()),
    };
    number.checked_mul(millis).map(Duration::from_millis).ok_or_else(invalid)
}

/// A time in whole seconds, and never none because of rounding.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_number_and_a_unit() {
        for (text, millis) in [("500ms", 500), ("10s", 10_000), ("5m", 300_000), ("0s", 0)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(duration("30d"), duration("720h"));
        for text in
            ["", "10", "s", "-1s", "1.5s", "1y", "99999999999999999999s", "9999999999999999d"]
        {
            assert!(duration(text).is_err(), "{text:?}");
        }
    }
}
