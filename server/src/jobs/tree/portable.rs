//! A folder by its path, for systems where nothing can be reached from a folder that is open. It follows no symbolic link
//! that is there when it looks.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata, OpenOptions, ReadDir};
use std::io;
use std::path::{Path, PathBuf};

use super::meta::{Meta, What};

/// A folder.
#[derive(Debug)]
pub(in crate::jobs) struct Folder(PathBuf);

/// Names in a folder, in no order, and whether each is one of a folder where the system tells that for nothing.
pub(super) struct Names(ReadDir);

impl Folder {
    /// A folder by its whole path, by way of whatever links there are.
    pub(in crate::jobs) fn at(path: &Path) -> io::Result<Self> {
        fs::metadata(path)?.is_dir().then(|| Self(path.to_owned())).ok_or_else(no_folder)
    }

    /// A folder in this one.
    pub(super) fn open(&self, name: &OsStr) -> io::Result<Self> {
        let folder = self.meta_of(name)?.is_folder();
        folder.then(|| Self(self.0.join(name))).ok_or_else(no_folder)
    }

    /// A folder in this one, to go through it.
    pub(in crate::jobs) fn pass(&self, name: &OsStr) -> io::Result<Self> {
        self.open(name)
    }

    /// The same folder.
    pub(in crate::jobs) fn again(&self) -> io::Result<Self> {
        Ok(Self(self.0.clone()))
    }

    /// The folder that this one is in.
    pub(super) fn parent(&self) -> io::Result<Self> {
        self.0.parent().map(|path| Self(path.to_owned())).ok_or_else(no_folder)
    }

    /// What is known of the folder itself.
    pub(super) fn meta(&self) -> io::Result<Meta> {
        Ok(meta(&fs::metadata(&self.0)?))
    }

    /// What is known of an entry of this name, and not of what it links to.
    pub(in crate::jobs) fn meta_of(&self, name: &OsStr) -> io::Result<Meta> {
        Ok(meta(&fs::symlink_metadata(self.0.join(name))?))
    }

    /// The names in it.
    pub(super) fn names(&self) -> io::Result<Names> {
        Ok(Names(fs::read_dir(&self.0)?))
    }

    /// Opens a regular file to be read.
    pub(in crate::jobs) fn open_file(&self, name: &OsStr) -> io::Result<File> {
        File::open(self.0.join(name))
    }

    /// Makes a file that is not there yet, to be written.
    pub(in crate::jobs) fn create_file(&self, name: &OsStr) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).open(self.0.join(name))
    }

    /// Gives a file in it another name, in the place of what has that name.
    pub(in crate::jobs) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        fs::rename(self.0.join(from), self.0.join(to))
    }

    /// Removes a file.
    pub(in crate::jobs) fn remove(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_file(self.0.join(name))
    }
}

impl Iterator for Names {
    type Item = io::Result<(OsString, Option<bool>)>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.0.next()?;
        Some(entry.map(|entry| {
            let folder = entry.file_type().ok().map(|kind| kind.is_dir());
            (entry.file_name(), folder)
        }))
    }
}

/// A path below a folder as the bytes that stand in a manifest; none if it has no such name.
pub(in crate::jobs) fn to_bytes(path: &Path) -> Option<Vec<u8>> {
    Some(path.to_str()?.replace(std::path::MAIN_SEPARATOR, "/").into_bytes())
}

/// The path that such bytes are; none if it can be no path here.
pub(in crate::jobs) fn from_bytes(bytes: &[u8]) -> Option<&Path> {
    std::str::from_utf8(bytes).ok().map(Path::new)
}

fn meta(meta: &Metadata) -> Meta {
    let kind = meta.file_type();
    let what = if kind.is_dir() {
        What::Folder
    } else if kind.is_file() {
        What::File
    } else if kind.is_symlink() {
        What::Link
    } else {
        What::Other
    };
    Meta { what, id: None, links: 1, bytes: meta.len(), disk_bytes: None }
}

fn no_folder() -> io::Error {
    io::ErrorKind::NotADirectory.into()
}
