//! A wall clock that a test sets, of one process; its monotonic clock and the machine's go on as they are.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use tokio::process::Command;

use crate::ServerOptions;

/// Between two steps of one that hurries.
const STEP: Duration = Duration::from_millis(10);

/// A wall clock for a server.
#[derive(Debug)]
pub struct WallClock {
    folder: TempDir,
    ahead: File,
}

impl WallClock {
    /// One that goes right, so far.
    ///
    /// # Errors
    ///
    /// If there is no C compiler.
    pub async fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/harness/wall_clock.c");
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(folder.path().join("wall_clock.so"))
            .arg(source)
            .status()
            .await
            .context("cannot start cc; `cargo xtask setup` installs it")?;
        ensure!(compiled.success(), "{source} cannot be compiled: {compiled}");
        let ahead = folder.path().join("ahead");
        let ahead = File::options().read(true).write(true).create_new(true).open(ahead)?;
        let clock = Self { folder, ahead };
        clock.set(0)?;
        Ok(clock)
    }

    /// Sets it: so many seconds ahead of the machine's.
    ///
    /// # Errors
    ///
    /// If the file cannot be written by which its process knows.
    pub fn set(&self, ahead: i64) -> Result<()> {
        self.set_ns(ahead * 1_000_000_000)
    }

    /// Lets it go this many times as fast as the machine's, for so long by the machine's, and then leaves it ahead. It moves in small steps, as a
    /// clock does that goes fast.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub async fn hurry(&self, times: f64, time: Duration) -> Result<()> {
        let begun = Instant::now();
        let mut ahead = [0; 8];
        self.ahead.read_exact_at(&mut ahead, 0)?;
        let before = i64::from_ne_bytes(ahead);
        while begun.elapsed() < time {
            tokio::time::sleep(STEP).await;
            let gained = begun.elapsed().mul_f64(times - 1.0);
            self.set_ns(before + i64::try_from(gained.as_nanos())?)?;
        }
        Ok(())
    }

    fn set_ns(&self, ahead: i64) -> Result<()> {
        // In its place: whoever has mapped a file that is cut to nothing ends.
        Ok(self.ahead.write_all_at(&ahead.to_ne_bytes(), 0)?)
    }

    /// These options, for a server that goes by it.
    #[must_use]
    pub fn given_to(&self, options: ServerOptions) -> ServerOptions {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        options
            .with_env("LD_PRELOAD", path("wall_clock.so"))
            .with_env("WALL_CLOCK_AHEAD", path("ahead"))
    }
}
