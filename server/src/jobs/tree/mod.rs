//! A folder tree, walked step by step without following a symbolic link.
//!
//! The tree may change meanwhile, and may be deeper than any path or stack: each folder is opened from the one it is in,
//! only so many of them are open at once, and whoever leaves a folder makes sure to be back in the one he came from.

mod meta;
#[cfg(not(unix))]
mod portable;
mod share;
#[cfg(test)]
mod tests;
#[cfg(unix)]
mod unix;

use std::collections::HashSet;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

#[cfg(not(unix))]
use portable as system;
use share::Share;
use system::Names;
#[cfg(unix)]
use unix as system;

pub(super) use meta::{Id, Meta, What};
pub(super) use system::{Folder, from_bytes, to_bytes};

/// Most folders that a walk holds open, beside the one it began with.
const MAX_OPEN: usize = 16;

/// How a tree is to be walked.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Options {
    /// Pass over what lies on another file system.
    pub(super) one_file_system: bool,
    /// By name: of each folder its files first, then its folders.
    pub(super) sorted: bool,
}

/// What a walk has come to; where that is says [`Walk::path`].
#[derive(Debug)]
pub(super) enum Step {
    /// A folder begins.
    Enter(Meta),
    /// An entry that is no folder.
    Entry(Meta),
    /// Something that is no entry, comes later, or is passed over.
    Nothing,
    /// Something cannot be read.
    Failed(io::Error),
    /// A folder ends.
    Leave,
}

/// A walk of a tree.
pub(super) struct Walk {
    options: Options,
    /// From the folder it began with to the one it is in.
    stack: Vec<Frame>,
    /// What is in `stack`, but for what could not be opened.
    within: HashSet<Id>,
    path: PathBuf,
    /// Whether the last name of `path` goes with the next step.
    named: bool,
    begun: bool,
}

/// A folder that a walk is in.
struct Frame {
    /// None if there are too many that are open, or it cannot be.
    folder: Option<Folder>,
    meta: Meta,
    /// What is still to be read of it.
    names: Option<Names>,
    /// What is still to come, the first behind the last.
    files: Vec<OsString>,
    folders: Vec<OsString>,
    /// How many folders were in it.
    parts: usize,
    share: Share,
    failed: Option<io::Error>,
}

impl Frame {
    fn new(folder: io::Result<Folder>, meta: Meta, share: Share) -> Self {
        let opened = folder.and_then(|folder| Ok((folder.names()?, folder)));
        let (names, folder, failed) = match opened {
            Ok((names, folder)) => (Some(names), Some(folder), None),
            Err(error) => (None, None, Some(error)),
        };
        let (files, folders) = (Vec::new(), Vec::new());
        Self { folder, meta, names, files, folders, parts: 0, share, failed }
    }
}

impl Walk {
    /// A walk of `folder` and all that is in it.
    ///
    /// # Errors
    ///
    /// The folder cannot be read.
    pub(super) fn new(folder: Folder, options: Options) -> io::Result<Self> {
        let meta = folder.meta()?;
        let within = meta.id.into_iter().collect();
        let mut top = Frame::new(Ok(folder), meta, Share::ALL);
        if let Some(error) = top.failed.take() {
            return Err(error);
        }
        let (stack, path) = (vec![top], PathBuf::new());
        Ok(Self { options, stack, within, path, named: false, begun: false })
    }

    /// Where the last step was, from the folder that the walk began with.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that it is in; none if that cannot be opened.
    pub(super) fn folder(&self) -> Option<&Folder> {
        self.stack.last()?.folder.as_ref()
    }

    /// How far it is, from 0 to 1: the share of the folders that it is done with, see [`Share`].
    pub(super) fn passed(&self) -> f64 {
        let Some(frame) = self.stack.last() else { return 1.0 };
        if frame.names.is_some() || !frame.files.is_empty() {
            return frame.share.passed(1, 1);
        }
        frame.share.passed(frame.parts, frame.folders.len())
    }

    /// The next step; none at the end.
    pub(super) fn step(&mut self) -> Option<Step> {
        if std::mem::take(&mut self.named) {
            self.path.pop();
        }
        let depth = self.stack.len();
        let frame = self.stack.last_mut()?;
        if !std::mem::replace(&mut self.begun, true) {
            return Some(Step::Enter(frame.meta.clone()));
        }
        if let Some(error) = frame.failed.take() {
            return Some(Step::Failed(error));
        }
        if let Some(names) = &mut frame.names {
            return Some(match names.next() {
                Some(Ok((name, folder))) => self.found(name, folder),
                Some(Err(error)) => Step::Failed(error),
                None => self.listed(),
            });
        }
        if let Some(name) = frame.files.pop() {
            return Some(self.look(name));
        }
        if let Some(name) = frame.folders.pop() {
            return Some(self.descend(depth, name));
        }
        Some(self.leave())
    }

    /// A name was read.
    fn found(&mut self, name: OsString, folder: Option<bool>) -> Step {
        let Some(frame) = self.stack.last_mut() else { return Step::Nothing };
        match folder {
            Some(true) => frame.folders.push(name),
            Some(false) if self.options.sorted => frame.files.push(name),
            _ => return self.look(name),
        }
        Step::Nothing
    }

    /// The last name was read.
    fn listed(&mut self) -> Step {
        if let Some(frame) = self.stack.last_mut() {
            frame.names = None;
            frame.parts = frame.folders.len();
            if self.options.sorted {
                frame.files.sort_unstable_by(|a, b| b.cmp(a));
                frame.folders.sort_unstable_by(|a, b| b.cmp(a));
            }
        }
        Step::Nothing
    }

    /// Says what is behind a name, unless it is a folder: that comes later.
    fn look(&mut self, name: OsString) -> Step {
        let Some(frame) = self.stack.last_mut() else { return Step::Nothing };
        let Some(folder) = &frame.folder else { return Step::Nothing };
        let meta = folder.meta_of(&name);
        if meta.as_ref().is_ok_and(Meta::is_folder) {
            frame.folders.push(name);
            frame.parts = frame.parts.max(frame.folders.len());
            return Step::Nothing;
        }
        // Files can be mounted, too.
        if meta.as_ref().is_ok_and(|meta| self.is_passed_over(meta)) {
            return Step::Nothing;
        }
        self.path.push(name);
        self.named = true;
        meta.map_or_else(Step::Failed, Step::Entry)
    }

    /// Whether it lies on another file system, and that is not to be seen.
    fn is_passed_over(&self, meta: &Meta) -> bool {
        let device = |meta: &Meta| meta.id.map(|id| id.device);
        let top = self.stack.first().and_then(|top| device(&top.meta));
        self.options.one_file_system && device(meta) != top
    }

    /// Goes into a folder.
    fn descend(&mut self, depth: usize, name: OsString) -> Step {
        let Some(frame) = self.stack.last() else { return Step::Nothing };
        let Some(parent) = &frame.folder else { return Step::Nothing };
        let share = frame.share.part(frame.parts, frame.folders.len());
        let opened = parent.open(&name);
        let meta = match &opened {
            Ok(folder) => folder.meta(),
            Err(_) => parent.meta_of(&name),
        };
        self.path.push(name);
        self.named = true;
        let meta = match meta {
            Ok(meta) if meta.is_folder() => meta,
            // Something else has come into its place.
            Ok(meta) => return Step::Entry(meta),
            Err(error) => return Step::Failed(error),
        };
        if self.is_passed_over(&meta) {
            return Step::Nothing;
        }
        // A folder can be within itself by way of a mount.
        if meta.id.is_some_and(|id| !self.within.insert(id)) {
            return Step::Nothing;
        }
        self.named = false;
        self.stack.push(Frame::new(opened, meta.clone(), share));
        // The first stays open, to find the way from if all others fail.
        if depth > MAX_OPEN {
            self.stack[depth - MAX_OPEN].folder = None;
        }
        Step::Enter(meta)
    }

    /// Goes back to the folder that it came from.
    fn leave(&mut self) -> Step {
        let Some(done) = self.stack.pop() else { return Step::Nothing };
        if let Some(id) = done.meta.id {
            self.within.remove(&id);
        }
        self.named = true;
        if let Some(parent) = self.stack.last()
            && parent.folder.is_none()
        {
            let back = self.back(&done, parent);
            if let Some(parent) = self.stack.last_mut() {
                match back {
                    Ok(folder) => parent.folder = Some(folder),
                    // What it has not seen of it, it will not see.
                    Err(error) if !parent.folders.is_empty() => {
                        parent.folders.clear();
                        parent.failed = Some(error);
                    }
                    Err(_) => {}
                }
            }
        }
        Step::Leave
    }

    /// Opens the folder that `done` was in once more, if it is still that.
    fn back(&self, done: &Frame, parent: &Frame) -> io::Result<Folder> {
        let same = |folder: &Folder| folder.meta().is_ok_and(|meta| meta.id == parent.meta.id);
        let up = done.folder.as_ref().and_then(|folder| folder.parent().ok());
        if let Some(folder) = up.filter(same) {
            return Ok(folder);
        }
        let moved = || io::Error::other("it was moved while it was read");
        let mut folder = self.stack[0].folder.as_ref().ok_or_else(moved)?.again()?;
        // `path` still names what is done.
        for name in self.path.parent().into_iter().flat_map(Path::iter) {
            folder = folder.open(name)?;
        }
        same(&folder).then_some(folder).ok_or_else(moved)
    }
}
