//! How far a check is.

use std::path::Path;

use tidings_protocol::job::Unit;
use tokio_util::sync::CancellationToken;

use crate::jobs::blocking::{Pace, stopped};
use crate::jobs::kind::Failure;
use crate::jobs::reporter::Reporter;
use crate::jobs::words;

/// How far a check is: by the bytes it has read, of those that its files had when it began.
pub(super) struct Progress<'a> {
    reporter: &'a Reporter,
    stop: &'a CancellationToken,
    pace: Pace,
    /// How much there is to do.
    bytes: u64,
    files: u64,
    /// How much is done.
    done: u64,
    file: u64,
    /// What is being read.
    path: String,
}

/// Nobody wants it any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stopped;

impl From<Stopped> for Failure {
    fn from(Stopped: Stopped) -> Self {
        stopped()
    }
}

impl<'a> Progress<'a> {
    /// Begins to count what there is to do.
    pub(super) fn new(reporter: &'a Reporter, stop: &'a CancellationToken) -> Self {
        let (pace, path) = (Pace::new(), String::new());
        Self { reporter, stop, pace, bytes: 0, files: 0, done: 0, file: 0, path }
    }

    /// There is a file more to be read.
    pub(super) fn count(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Something was looked at to count what there is.
    pub(super) fn counting(&mut self) -> Result<(), Stopped> {
        self.go_on()?;
        if self.pace.due() {
            let files = words::count(self.files, "file", "files");
            self.reporter.message(format!("Found {files}, {}", words::size(self.bytes)));
        }
        Ok(())
    }

    /// Begins with a file.
    pub(super) fn file(&mut self, path: &Path) -> Result<(), Stopped> {
        self.file += 1;
        self.path = words::path(path);
        self.read(0)
    }

    /// So many bytes more of it were read.
    pub(super) fn read(&mut self, bytes: u64) -> Result<(), Stopped> {
        self.go_on()?;
        self.done = self.done.saturating_add(bytes);
        if self.pace.due() {
            self.report();
        }
        Ok(())
    }

    /// Says how far it is.
    pub(super) fn report(&self) {
        self.reporter.amount(self.done, Some(self.bytes.max(self.done)), Unit::Bytes);
        let files = words::count(self.files.max(self.file), "file", "files");
        self.reporter.message(format!(
            "File {} of {files}: {}",
            words::number(self.file),
            self.path
        ));
    }

    /// Whether it is to end.
    pub(super) fn go_on(&self) -> Result<(), Stopped> {
        if self.stop.is_cancelled() { Err(Stopped) } else { Ok(()) }
    }

    /// How many bytes were read.
    pub(super) fn done(&self) -> u64 {
        self.done
    }

    /// Seconds since it began.
    pub(super) fn seconds(&self) -> f64 {
        self.pace.seconds()
    }
}
