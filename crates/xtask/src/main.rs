//! `cargo xtask`: see `cargo xtask --help`.

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use xtask::{bench, build, bundle, dev, fuzz, icons, lint, prove, run, say, setup, test, tidy};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "The tasks of the Tidings repository"
)]
enum Task {
    /// Install whatever this repository needs and this machine lacks
    Setup(setup::Args),
    /// Build the UI, the server `tidings` and the desktop app
    Build(build::Args),
    /// Set up, build and start: the desktop app where there is a display, else the server
    Run(run::Args),
    /// The desktop app with hot reload of the UI
    Dev(dev::Args),
    /// Formatting, clippy, documentation, import rules, licences, unused dependencies
    Lint,
    /// Every test, the browser's and the desktop window's included
    Test(test::Args),
    /// What CI runs: `lint`, then `test`
    Ci,
    /// Check who imports whom, and the other rules of the house
    Tidy,
    /// Measure the server beside nchan, better-sse and plain sockets
    Bench(bench::Args),
    /// Build installers
    Bundle(bundle::Args),
    /// Draw the icon set anew from icons/icon.svg
    Icons,
    /// Feed made-up input to what reads the outside
    Fuzz(fuzz::Args),
    /// Run one of the long proofs; without a name, list them
    Prove(prove::Args),
}

fn main() -> ExitCode {
    let started = Instant::now();
    let done = match Task::parse() {
        Task::Setup(args) => setup::main(&args),
        Task::Build(args) => build::main(&args),
        Task::Run(args) => run::main(&args, started),
        Task::Dev(args) => dev::main(&args),
        Task::Lint => lint::main(),
        Task::Test(args) => test::main(&args),
        Task::Ci => lint::main().and_then(|_| test::main(&test::Args::default())),
        Task::Tidy => tidy::main(),
        Task::Bench(args) => bench::main(&args),
        Task::Bundle(args) => bundle::main(&args),
        Task::Icons => icons::main(),
        Task::Fuzz(args) => fuzz::main(&args),
        Task::Prove(args) => prove::main(&args),
    };
    say::end(done, started.elapsed())
}
