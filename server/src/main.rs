//! `tidings`: see `tidings --help`.

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;
use tidings_server::cli::Cli;
use tidings_server::guard;

/// A connection is a few dozen small allocations, made on one thread and given back on another.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    if let Some(code) = guard::entry(std::env::args_os()) {
        return code;
    }
    Cli::parse().run()
}
