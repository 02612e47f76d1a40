//! Writes a manifest of the files of a folder.

use std::ffi::OsStr;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde::Serialize;

use super::Tree;
use super::digest::{Digester, Undigested};
use super::draft::{Draft, is_own};
use super::manifest::{self, Lines};
use super::progress::Progress;
use crate::jobs::blocking::{failure, stopped};
use crate::jobs::kind::{Failure, Outcome};
use crate::jobs::tree::{Folder, Options, Step, Walk, What, to_bytes};
use crate::jobs::trouble::{Sample, Trouble};
use crate::jobs::words;

/// What came of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    mode: &'static str,
    /// The folder.
    path: String,
    manifest: String,
    /// Whether it was put in its place.
    written: bool,
    /// How many files it names.
    files: u64,
    /// How many links, pipes, sockets and devices it does not.
    skipped: u64,
    /// How much could not be read.
    errors: u64,
    /// How much was read.
    bytes: u64,
    error_samples: Vec<Sample>,
    seconds: f64,
}

/// Writes. Blocks.
pub(super) fn write(tree: &Tree, mut progress: Progress<'_>) -> Result<Outcome, Failure> {
    let manifest = words::path(&tree.manifest_path());
    let unwritten = |error: io::Error| failure(format!("{manifest} cannot be written: {error}"));
    let target = tree.manifest_folder()?;
    let name = &tree.manifest.1;
    let before = replaceable(&target, name).map_err(|why| failure(format!("{manifest} {why}")))?;
    // Whether it can be written shows before the hours of reading.
    let (draft, file) = Draft::new(target, name).map_err(unwritten)?;
    let own = tree.manifest_within();
    let is_own = |path: &Path| own.as_deref().is_some_and(|own| is_own(own, path));

    let mut walk = Walk::new(tree.open()?, Options::default())?;
    while let Some(step) = walk.step() {
        if let Step::Entry(meta) = step
            && meta.what == What::File
            && !is_own(walk.path())
        {
            progress.count(meta.bytes);
        }
        progress.counting()?;
    }

    let mut out = BufWriter::new(file);
    let mut digester = Digester::new();
    let (mut files, mut skipped) = (0, 0);
    let mut trouble = Trouble::default();
    let mut walk = Walk::new(tree.open()?, Options { sorted: true, ..Options::default() })?;
    while let Some(step) = walk.step() {
        progress.go_on()?;
        let path = walk.path();
        let meta = match step {
            Step::Entry(meta) if !is_own(path) => meta,
            Step::Failed(error) => {
                trouble.add(path, &error);
                continue;
            }
            _ => continue,
        };
        if meta.what != What::File {
            skipped += 1;
            continue;
        }
        progress.file(path)?;
        match line(&walk, &mut digester, &mut progress) {
            Ok(line) => {
                out.write_all(&line).map_err(unwritten)?;
                files += 1;
            }
            Err(Undigested::Stopped) => return Err(stopped()),
            Err(Undigested::Unread(error)) => trouble.add(path, &error),
        }
    }
    progress.report();
    let file = out.into_inner().map_err(|error| unwritten(error.into_error()))?;
    file.sync_all().map_err(unwritten)?;
    progress.go_on()?;
    // One that lacks files must not come into the place of one that has them.
    let written = trouble.count == 0 || !before;
    if written {
        draft.keep(name).map_err(unwritten)?;
    }
    let written = Written {
        mode: "write",
        path: words::path(&tree.path()),
        manifest,
        written,
        files,
        skipped,
        errors: trouble.count,
        bytes: progress.done(),
        error_samples: trouble.samples,
        seconds: progress.seconds(),
    };
    written.outcome()
}

/// The line for the file that the walk is at.
fn line(
    walk: &Walk,
    digester: &mut Digester,
    progress: &mut Progress<'_>,
) -> Result<Vec<u8>, Undigested> {
    let no_name = || io::Error::other("its name cannot stand in a manifest");
    let name = to_bytes(walk.path()).ok_or_else(no_name)?;
    let (folder, last) = walk.folder().zip(walk.path().file_name()).ok_or_else(no_name)?;
    Ok(manifest::format(&digester.digest(folder, last, progress)?, &name))
}

/// Whether there is a manifest, which may be replaced.
///
/// # Errors
///
/// There is something else. The text goes on from its path.
pub(super) fn replaceable(folder: &Folder, name: &OsStr) -> Result<bool, String> {
    let unread = |error: io::Error| format!("cannot be read: {error}");
    match folder.meta_of(name) {
        Ok(meta) if meta.what == What::File => {}
        Ok(_) => return Err("is there, and is no file".to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(unread(error)),
    }
    let mut lines = Lines::new(folder.open_file(name).map_err(unread)?);
    loop {
        match lines.next().map_err(unread)? {
            // Comments alone are somebody's text.
            Some(Ok(None)) => {}
            Some(Ok(Some(_))) | None => return Ok(true),
            Some(Err(_)) => {
                return Err("is there, and is no manifest: it is not replaced".to_owned());
            }
        }
    }
}

impl Written {
    fn outcome(self) -> Result<Outcome, Failure> {
        let failed = self.errors > 0;
        let message = self.sentence();
        let result = serde_json::to_value(self).map_err(|error| failure(error.to_string()))?;
        Ok(Outcome { message, result, failed, ..Outcome::default() })
    }

    fn sentence(&self) -> String {
        let files = words::count(self.files, "file", "files");
        let size = words::size(self.bytes);
        let errors = words::number(self.errors);
        match (self.errors, self.written) {
            (0, _) => format!("{files}, {size}: written to {}", self.manifest),
            (_, true) => {
                format!("{errors} could not be read; {} names the other {files}", self.manifest)
            }
            (_, false) => format!(
                "{errors} could not be read, so {} stays as it was; remove it for one without these",
                self.manifest
            ),
        }
    }
}
