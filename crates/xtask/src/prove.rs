//! `cargo xtask prove NAME`: the long proofs. Each is an ignored test in `tests/` and a line here.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::{say, test};

/// Options of `cargo xtask prove`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Which one
    name: Option<String>,
}

struct Proof {
    name: &'static str,
    /// The ignored test that is the proof.
    test: &'static str,
    what: &'static str,
}

const PROOFS: &[Proof] = &[
    Proof {
        name: "soak",
        test: "prove_soak",
        what: "200,000 events through the desktop window: all arrive, in at most 40 MiB more memory",
    },
    Proof {
        name: "churn",
        test: "prove_churn",
        what: "100,000 clients that come and go in every way: nothing is left of them",
    },
    Proof {
        name: "replay",
        test: "prove_replay",
        what: "a million events to a client that missed them, in at most 2 MiB of memory",
    },
    Proof {
        name: "idle",
        test: "prove_idle",
        what: "what server and desktop app cost at one sample a second, and a cold start",
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
    test::prepare()?;
    let filter = format!("package(system-tests) and test(/(^|::){}$/)", proof.test);
    test::nextest()
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
