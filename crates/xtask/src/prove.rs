//! `cargo xtask prove NAME`: the long proofs. Each is an ignored test, or fuzz targets, and a line here.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::setup::{self, Part};
use crate::shell::Step;
use crate::{bundle, fuzz, say, test};

/// Options of `cargo xtask prove`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Which one
    name: Option<String>,
}

struct Proof {
    name: &'static str,
    by: By,
    what: &'static str,
}

/// What the proof is.
enum By {
    /// An ignored test with real processes.
    Story(&'static str),
    /// An ignored test of what `cargo xtask bundle` makes, installed here.
    Installers(&'static str),
    /// An ignored test of a package.
    Test(&'static str, &'static str),
    /// The fuzz targets, side by side, for so long.
    Fuzz(Duration),
}

const PROOFS: &[Proof] = &[
    Proof {
        name: "soak",
        by: By::Story("prove_soak"),
        what: "2,000,000 events through the desktop window: all arrive, and behind a warm-up it grows by at most 20 MB",
    },
    Proof {
        name: "start",
        by: By::Story("prove_start"),
        what: "30 starts of the desktop app, and 10 returns of its window: a figure can be seen within a second",
    },
    Proof {
        name: "pixels",
        by: By::Story("prove_pixels"),
        what: "an hour of samples and publishes in Chromium and in the desktop window: seen within 100 ms, and 250 at 20 a second, 99 of 100",
    },
    Proof {
        name: "hour",
        by: By::Story("prove_hour"),
        what: "an hour of six figures, fetched and drawn 30 times: within 150 ms, in 100 KB",
    },
    Proof {
        name: "frames",
        by: By::Story("prove_frames"),
        what: "an hour of six figures and 1,000 processes: a minute in Chromium without a task over 50 ms, 16.7 for a frame, 99 of 100",
    },
    Proof {
        name: "churn",
        by: By::Story("prove_churn"),
        what: "100,000 clients that come and go in every way: nothing is left of them",
    },
    Proof {
        name: "kills",
        by: By::Story("prove_kills"),
        what: "200 kills of a durable server: what it acknowledged arrives once each, in order",
    },
    Proof {
        name: "switches",
        by: By::Story("prove_switches"),
        what: "1,000 kills of the server that is read from, of two on one Redis and Postgres: the ledger's difference is 0",
    },
    Proof {
        name: "reach",
        by: By::Story("prove_reach"),
        what: "1,000 notifications posted to one server reach a browser on another: 50 ms for 99 of 100",
    },
    Proof {
        name: "badges",
        by: By::Story("prove_badges"),
        what: "10,000 operations of three clients on an inbox: browser, desktop window and server agree on the count",
    },
    Proof {
        name: "freshness",
        by: By::Story("prove_freshness"),
        what: "each fault and each panel of the page: the right state within 2 s of its deadline; and an hour on a busy machine without a false *stale*",
    },
    Proof {
        name: "jobs",
        by: By::Story("prove_jobs"),
        what: "100 jobs that say ten times a second how far they are: a minute in Chromium without a task over 50 ms",
    },
    Proof {
        name: "rsync",
        by: By::Story("prove_rsync"),
        what: "an rsync of 500 MB by `tidings run`: the bar in Chromium stands where rsync says",
    },
    Proof {
        name: "inbox",
        by: By::Story("prove_inbox"),
        what: "10,000 changes of one inbox by 64 clients at once: three streams, the list and the rows agree",
    },
    Proof {
        name: "replay",
        by: By::Story("prove_replay"),
        what: "a million events to a client that missed them, in at most 2 MiB of memory",
    },
    Proof {
        name: "stalled",
        by: By::Story("prove_stalled"),
        what: "one stalled reader of a thousand: the others' 99th percentile stays within 5%",
    },
    Proof {
        name: "idle",
        by: By::Story("prove_idle"),
        what: "what server and desktop app cost at one sample a second",
    },
    Proof {
        name: "window",
        by: By::Story("prove_window"),
        what: "the desktop window at one sample a second beside an empty one: twice its processor time, 60 MiB more",
    },
    Proof {
        name: "hub",
        by: By::Test("tidings-server", "prove_hub"),
        what: "five million interleavings of all that can happen to a hub, or an hour of them",
    },
    Proof {
        name: "bus",
        by: By::Test("tidings-server", "prove_bus"),
        what: "a million interleavings of all that can happen to hubs on one bus, or half an hour of them",
    },
    Proof {
        name: "bundle",
        by: By::Installers("prove_bundle"),
        what: "the package for Debian, on this system (as root): installed, used, and gone without a trace; at most 12 MB",
    },
    Proof {
        name: "fuzz",
        by: By::Fuzz(Duration::from_secs(60 * 60)),
        what: "an hour of made-up input for each that reads what arrives from outside",
    },
];

/// `cargo xtask prove`.
///
/// # Errors
/// When there is no such proof, or it does not hold.
pub fn main(args: &Args) -> Result<ExitCode> {
    let Some(name) = &args.name else {
        for proof in PROOFS {
            say::info(&format!("{:<9} {}", proof.name, proof.what));
        }
        return Ok(ExitCode::SUCCESS);
    };
    let Some(proof) = PROOFS.iter().find(|proof| proof.name == name) else {
        let names: Vec<&str> = PROOFS.iter().map(|proof| proof.name).collect();
        bail!("there is no proof `{name}`; there are: {}", names.join(", "));
    };
    say::info(proof.what);
    match proof.by {
        By::Story(name) => {
            test::prepare()?;
            ignored(test::nextest(), "system-tests", name)?;
        }
        By::Installers(name) => {
            setup::ensure(&[Part::Package])?;
            bundle::build()?;
            let made = bundle::make(&[])?;
            test::prepare()?;
            let tests = test::nextest().env("TIDINGS_PACKAGES", made);
            // Where they are installed to.
            ignored(tests.env("TIDINGS_PROGRAMS", "/usr/bin"), "system-tests", name)?;
        }
        By::Test(package, name) => {
            setup::ensure(&[Part::Base, Part::Test])?;
            let tests = Step::cargo().args(["nextest", "run", "--package", package]);
            ignored(tests, package, name)?;
        }
        By::Fuzz(time) => fuzz::all_at_once(time)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs an ignored test.
fn ignored(tests: Step, package: &str, name: &str) -> Result<()> {
    let filter = format!("package({package}) and test(/(^|::){name}$/)");
    tests
        .args(["--profile", "prove", "--run-ignored", "only", "--no-capture"])
        .args(["--filterset", &filter])
        .run()
}
