//! `tidings`: see `tidings --help`.

use std::process::ExitCode;

use clap::Parser;
use tidings_server::cli::Cli;

fn main() -> ExitCode {
    Cli::parse().run()
}
