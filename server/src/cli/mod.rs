//! The command line: one file a subcommand.

mod serve;

use std::process::ExitCode;

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
}

impl Cli {
    /// Runs the command. Failures are told on standard error, with what to do next.
    pub fn run(self) -> ExitCode {
        let result = match self.command {
            Command::Serve(serve) => serve.run(),
        };
        match result {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                report(error.as_ref());
                ExitCode::FAILURE
            }
        }
    }
}

#[expect(clippy::print_stderr, reason = "the one place where a command tells its failure")]
fn report(error: &dyn std::error::Error) {
    eprint!("tidings: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        eprint!(": {cause}");
        source = cause.source();
    }
    eprintln!();
}
