//! What a folder tree takes, counted as `du` counts it.

use std::collections::HashSet;
use std::path::PathBuf;

use serde::Serialize;
use tidings_protocol::job::{Percent, Unit};
use tokio_util::sync::CancellationToken;

use super::largest::{Largest, Sized};
use crate::jobs::blocking::{Pace, stopped};
use crate::jobs::kind::Failure;
use crate::jobs::reporter::Reporter;
use crate::jobs::tree::{Folder, Id, Meta, Options, Step, Walk, What};
use crate::jobs::trouble::{Sample, Trouble};
use crate::jobs::words;

/// What a folder tree takes.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Usage {
    /// The folder.
    path: String,
    /// How long everything is, folders and links included: what `du -sb` says up to coreutils 9.1.
    pub(super) bytes: u64,
    /// How much of `bytes` are the folders themselves, which `du -sb` leaves out from coreutils 9.2 on.
    pub(super) folder_bytes: u64,
    /// How much of the disk it takes; null where the system does not tell.
    pub(super) disk_bytes: Option<u64>,
    /// Names in the tree, with that of the folder itself.
    pub(super) entries: u64,
    /// How many of these are no folders.
    pub(super) files: u64,
    /// How many are.
    pub(super) folders: u64,
    /// What could not be read.
    pub(super) errors: u64,
    pub(super) error_samples: Vec<Sample>,
    pub(super) largest_files: Vec<Sized>,
    /// With all that is in them.
    pub(super) largest_folders: Vec<Sized>,
    seconds: f64,
}

/// Counts.
pub(super) struct Counter {
    path: PathBuf,
    pace: Pace,
    bytes: u64,
    folder_bytes: u64,
    disk_bytes: Option<u64>,
    files: u64,
    folders: u64,
    trouble: Trouble,
    /// What has several names and was counted by one of them.
    linked: HashSet<Id>,
    /// How much the folders that it is in hold so far.
    holding: Vec<u64>,
    largest_files: Largest,
    largest_folders: Largest,
}

impl Counter {
    /// Counts what is at `path`, and keeps the largest `top`.
    pub(super) fn new(path: PathBuf, top: usize) -> Self {
        Self {
            path,
            pace: Pace::new(),
            bytes: 0,
            folder_bytes: 0,
            disk_bytes: Some(0),
            files: 0,
            folders: 0,
            trouble: Trouble::default(),
            linked: HashSet::new(),
            holding: Vec::new(),
            largest_files: Largest::new(top),
            largest_folders: Largest::new(top),
        }
    }

    /// Counts all that is in a folder. Blocks.
    pub(super) fn count(
        mut self,
        folder: Folder,
        one_file_system: bool,
        reporter: &Reporter,
        stop: &CancellationToken,
    ) -> Result<Usage, Failure> {
        let mut walk = Walk::new(folder, Options { one_file_system, sorted: false })?;
        while let Some(step) = walk.step() {
            if stop.is_cancelled() {
                return Err(stopped());
            }
            match step {
                Step::Enter(meta) => self.enter(&meta),
                Step::Entry(meta) => self.entry(&meta, &walk),
                Step::Leave => self.leave(&walk),
                Step::Failed(error) => self.trouble.add(&self.path.join(walk.path()), &error),
                Step::Nothing => {}
            }
            if self.pace.due() {
                self.report(&walk, reporter);
            }
        }
        Ok(self.usage())
    }

    fn enter(&mut self, meta: &Meta) {
        self.folders += 1;
        self.folder_bytes += meta.bytes;
        self.holding.push(0);
        self.add(meta);
    }

    fn entry(&mut self, meta: &Meta, walk: &Walk) {
        self.files += 1;
        if meta.links > 1 && meta.id.is_some_and(|id| !self.linked.insert(id)) {
            return;
        }
        self.add(meta);
        if meta.what == What::File {
            self.largest_files.offer(meta.bytes, || words::path(&self.path.join(walk.path())));
        }
    }

    fn add(&mut self, meta: &Meta) {
        self.bytes = self.bytes.saturating_add(meta.bytes);
        self.disk_bytes = self.disk_bytes.zip(meta.disk_bytes).map(|(a, b)| a.saturating_add(b));
        if let Some(holding) = self.holding.last_mut() {
            *holding = holding.saturating_add(meta.bytes);
        }
    }

    fn leave(&mut self, walk: &Walk) {
        let Some(held) = self.holding.pop() else { return };
        // The one that was asked for is no news.
        if let Some(holding) = self.holding.last_mut() {
            *holding = holding.saturating_add(held);
            self.largest_folders.offer(held, || words::path(&self.path.join(walk.path())));
        }
    }

    fn entries(&self) -> u64 {
        self.files + self.folders
    }

    fn report(&self, walk: &Walk, reporter: &Reporter) {
        // What is not even listed cannot be divided.
        let passed = Some(walk.passed()).filter(|passed| *passed > 0.0);
        let progress = passed.map(|passed| Percent::of_tenths((passed * 1_000.0) as u16));
        reporter.estimate(self.entries(), Unit::Entries, progress);
        let entries = words::count(self.entries(), "file or folder", "files and folders");
        let place = words::path(&self.path.join(walk.path()));
        reporter.message(format!("{entries}, {}; now in {place}", words::size(self.bytes)));
    }

    fn usage(self) -> Usage {
        Usage {
            path: words::path(&self.path),
            bytes: self.bytes,
            folder_bytes: self.folder_bytes,
            disk_bytes: self.disk_bytes,
            entries: self.entries(),
            files: self.files,
            folders: self.folders,
            errors: self.trouble.count,
            error_samples: self.trouble.samples,
            largest_files: self.largest_files.into_sorted(),
            largest_folders: self.largest_folders.into_sorted(),
            seconds: self.pace.seconds(),
        }
    }
}

impl Usage {
    /// What came of it, in a sentence.
    pub(super) fn sentence(&self) -> String {
        let entries = words::count(self.entries, "file or folder", "files and folders");
        let mut sentence = format!("{entries}, {}", words::size(self.bytes));
        if let Some(disk) = self.disk_bytes {
            sentence.push_str(&format!(" ({} on disk)", words::size(disk)));
        }
        if self.errors > 0 {
            sentence.push_str(&format!("; {} could not be read", words::number(self.errors)));
        }
        sentence
    }
}
