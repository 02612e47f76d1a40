//! `tidings`: see `tidings --help`.

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;
use tidings_server::cli::Cli;

/// A connection is a few dozen small allocations, made on one thread and given back on another.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    Cli::parse().run()
}
