//! `cargo xtask prove NAME`: the long proofs. Each is an ignored test and a line here.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::setup::{self, Part};
use crate::shell::Step;
use crate::{say, test};

/// Options of `cargo xtask prove`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Which one
    name: Option<String>,
}

struct Proof {
    name: &'static str,
    package: &'static str,
    /// The ignored test that is the proof.
    test: &'static str,
    what: &'static str,
}

/// The tests with real processes.
const STORIES: &str = "system-tests";

const PROOFS: &[Proof] = &[
    Proof {
        name: "soak",
        package: STORIES,
        test: "prove_soak",
        what: "200,000 events through the desktop window: all arrive, in at most 40 MiB more memory",
    },
    Proof {
        name: "churn",
        package: STORIES,
        test: "prove_churn",
        what: "100,000 clients that come and go in every way: nothing is left of them",
    },
    Proof {
        name: "replay",
        package: STORIES,
        test: "prove_replay",
        what: "a million events to a client that missed them, in at most 2 MiB of memory",
    },
    Proof {
        name: "idle",
        package: STORIES,
        test: "prove_idle",
        what: "what server and desktop app cost at one sample a second, and a cold start",
    },
    Proof {
        name: "hub",
        package: "tidings-server",
        test: "prove_hub",
        what: "five million interleavings of all that can happen to a hub, or an hour of them",
    },
];

/// `cargo xtask prove`.
///
/// # Errors
/// When there is no such proof, or it does not hold.
pub fn main(args: &Args) -> Result<ExitCode> {
    let Some(name) = &args.name else {
        for proof in PROOFS {
            say::info(&format!("{:<8} {}", proof.name, proof.what));
        }
        return Ok(ExitCode::SUCCESS);
    };
    let Some(proof) = PROOFS.iter().find(|proof| proof.name == name) else {
        let names: Vec<&str> = PROOFS.iter().map(|proof| proof.name).collect();
        bail!("there is no proof `{name}`; there are: {}", names.join(", "));
    };
    say::info(proof.what);
    let tests = if proof.package == STORIES {
        test::prepare()?;
        test::nextest()
    } else {
        setup::ensure(&[Part::Base, Part::Test])?;
        Step::cargo().args(["nextest", "run", "--package", proof.package])
    };
    let filter = format!("package({}) and test(/(^|::){}$/)", proof.package, proof.test);
    tests
        .args([
            "--profile",
            "prove",
            "--run-ignored",
            "only",
            "--no-capture",
            "--filterset",
            &filter,
        ])
        .run()?;
    Ok(ExitCode::SUCCESS)
}
