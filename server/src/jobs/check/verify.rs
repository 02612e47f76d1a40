//! Compares the files of a folder with a manifest.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Seek};
use std::path::{Component, Path};

use serde::Serialize;

use super::Tree;
use super::digest::{Digester, Undigested};
use super::draft::is_own;
use super::manifest::{Line, Lines};
use super::progress::Progress;
use crate::jobs::blocking::{failure, stopped};
use crate::jobs::kind::{Failure, Outcome};
use crate::jobs::tree::{Folder, Options, Step, Walk, What, from_bytes};
use crate::jobs::trouble::{Sample, Trouble};
use crate::jobs::words;

/// Of how many it is said which they are.
const MAX_NAMES: usize = 100;

/// What came of it.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Verified {
    mode: &'static str,
    /// The folder.
    path: String,
    manifest: String,
    /// How many the manifest names.
    files: u64,
    /// How many are as it says.
    ok: u64,
    /// How many are not.
    failed: u64,
    /// How many are not there.
    missing: u64,
    /// How many it does not name.
    extra: u64,
    /// How many could not be read.
    errors: u64,
    /// How many of its lines nobody can read.
    malformed: u64,
    /// How much was read.
    bytes: u64,
    failed_files: Vec<String>,
    missing_files: Vec<String>,
    extra_files: Vec<String>,
    error_samples: Vec<Sample>,
    seconds: f64,
}

/// Paths that were seen, in little memory.
struct Seen {
    state: RandomState,
    hashes: HashSet<u64>,
}

impl Seen {
    fn hash(&self, path: &Path) -> u64 {
        // Without `.` and slashes that say nothing.
        let names: Vec<&OsStr> = path.iter().filter(|name| *name != ".").collect();
        self.state.hash_one(names)
    }
}

/// Compares. Blocks.
pub(super) fn verify(tree: &Tree, mut progress: Progress<'_>) -> Result<Outcome, Failure> {
    let manifest = words::path(&tree.manifest_path());
    let unread = |error: io::Error| failure(format!("{manifest} cannot be read: {error}"));
    let folder = tree.open()?;
    let mut file = tree.manifest_folder()?.open_file(&tree.manifest.1).map_err(unread)?;
    if !file.metadata().map_err(unread)?.is_file() {
        return Err(failure(format!("{manifest} is no regular file")));
    }
    let mut found =
        Verified { mode: "verify", path: words::path(&tree.path()), ..Verified::default() };
    let mut trouble = Trouble::default();
    let mut seen = Seen { state: RandomState::new(), hashes: HashSet::new() };

    each_line(&file, &manifest, |line| {
        let Some(line) = line else {
            found.malformed += 1;
            return Ok(progress.counting()?);
        };
        let meta = locate(&folder, &line.name).and_then(|(folder, name)| folder.meta_of(&name));
        progress.count(meta.map_or(0, |meta| if meta.what == What::File { meta.bytes } else { 0 }));
        Ok(progress.counting()?)
    })?;

    file.rewind().map_err(unread)?;
    let mut digester = Digester::new();
    each_line(&file, &manifest, |line| {
        let Some(line) = line else { return Ok(progress.go_on()?) };
        let path = from_bytes(&line.name).unwrap_or_else(|| Path::new(""));
        found.files += 1;
        seen.hashes.insert(seen.hash(path));
        progress.file(path)?;
        let digest = locate(&folder, &line.name)
            .map_err(Undigested::from)
            .and_then(|(folder, name)| digester.digest(&folder, &name, &mut progress));
        match digest {
            Ok(digest) if digest == line.digest => found.ok += 1,
            Ok(_) => name(&mut found.failed, &mut found.failed_files, path),
            Err(Undigested::Stopped) => return Err(stopped()),
            Err(Undigested::Unread(error)) if error.kind() == io::ErrorKind::NotFound => {
                name(&mut found.missing, &mut found.missing_files, path);
            }
            Err(Undigested::Unread(error)) => trouble.add(path, &error),
        }
        Ok(())
    })?;
    if found.files == 0 {
        return Err(failure(format!("{manifest} has no line that names a file and its SHA-256")));
    }
    progress.report();
    extra(tree, folder, &seen, &mut found, &progress)?;
    (found.errors, found.error_samples) = (trouble.count, trouble.samples);
    (found.bytes, found.seconds) = (progress.done(), progress.seconds());
    found.manifest = manifest;
    found.outcome()
}

/// Calls `line` with each line that says something, and with none for one that nobody can read.
fn each_line(
    file: &File,
    manifest: &str,
    mut line: impl FnMut(Option<Line>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut lines = Lines::new(file);
    loop {
        match lines.next() {
            Ok(None) => return Ok(()),
            Ok(Some(Ok(None))) => {}
            Ok(Some(Ok(read))) => line(read)?,
            Ok(Some(Err(_))) => line(None)?,
            Err(error) => return Err(failure(format!("{manifest} cannot be read: {error}"))),
        }
    }
}

/// The folder that a name of a manifest is in, and its last part. Goes through no link, and nowhere but down.
fn locate(top: &Folder, name: &[u8]) -> io::Result<(Folder, OsString)> {
    let no_path = || io::Error::other("it has no name that a file can have here");
    let mut folder = top.again()?;
    let mut last: Option<&OsStr> = None;
    for part in from_bytes(name).ok_or_else(no_path)?.components() {
        match part {
            Component::Normal(name) => {
                if let Some(last) = last.replace(name) {
                    folder = folder.pass(last)?;
                }
            }
            Component::CurDir => {}
            _ => return Err(io::Error::other("it is not in the folder that is checked")),
        }
    }
    Ok((folder, last.ok_or_else(no_path)?.to_owned()))
}

/// Counts what the manifest does not name. What cannot be listed cannot be counted either, and is no error: the manifest
/// has not asked for it.
fn extra(
    tree: &Tree,
    folder: Folder,
    seen: &Seen,
    found: &mut Verified,
    progress: &Progress<'_>,
) -> Result<(), Failure> {
    let mut walk = Walk::new(folder, Options { sorted: true, ..Options::default() })?;
    let own = tree.manifest_within();
    while let Some(step) = walk.step() {
        progress.go_on()?;
        let path = walk.path();
        if let Step::Entry(meta) = step
            && meta.what == What::File
            && !own.as_deref().is_some_and(|own| is_own(own, path))
            && !seen.hashes.contains(&seen.hash(path))
        {
            name(&mut found.extra, &mut found.extra_files, path);
        }
    }
    Ok(())
}

fn name(count: &mut u64, names: &mut Vec<String>, path: &Path) {
    *count += 1;
    if names.len() < MAX_NAMES {
        names.push(words::path(path));
    }
}

impl Verified {
    fn outcome(self) -> Result<Outcome, Failure> {
        let failed = self.ok < self.files;
        let message = self.sentence();
        let result = serde_json::to_value(self).map_err(|error| failure(error.to_string()))?;
        Ok(Outcome { message, result, failed, ..Outcome::default() })
    }

    fn sentence(&self) -> String {
        let files = words::count(self.files, "file", "files");
        let mut parts = Vec::new();
        let mut part = |n: u64, one: &str, many: &str| {
            if n > 0 {
                parts.push(format!("{} {}", words::number(n), if n == 1 { one } else { many }));
            }
        };
        part(self.failed, "differs", "differ");
        part(self.missing, "is missing", "are missing");
        part(self.errors, "cannot be read", "cannot be read");
        let mut sentence = match parts.join(", ") {
            none if none.is_empty() => {
                format!("{files}, {}: all as the manifest says", words::size(self.bytes))
            }
            parts => format!("Of {files} {parts}"),
        };
        if self.extra > 0 {
            let extra = words::count(self.extra, "file is", "files are");
            sentence.push_str(&format!("; {extra} not in the manifest"));
        }
        if self.malformed > 0 {
            let lines = words::count(self.malformed, "line of it is", "lines of it are");
            sentence.push_str(&format!("; {lines} no checksum"));
        }
        sentence
    }
}
