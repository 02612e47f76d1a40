//! A folder that is held open. What is in it is reached from its descriptor and by one name at a time, so that nobody who
//! puts a symbolic link in the place of a folder leads the way elsewhere.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};

use super::meta::{Id, Meta, What};

/// A folder that is open.
#[derive(Debug)]
pub(in crate::jobs) struct Folder(OwnedFd);

/// Names in a folder, in no order, and whether each is one of a folder where the system tells that for nothing.
pub(super) struct Names(Dir);

/// How a folder is opened to be read.
fn to_read() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOCTTY
}

/// How a folder is opened to be gone through, for which nobody needs to be allowed to read it.
fn to_pass() -> OFlags {
    #[cfg(target_os = "linux")]
    return OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    #[cfg(not(target_os = "linux"))]
    to_read()
}

impl Folder {
    /// Opens a folder by its whole path, by way of whatever links there are.
    pub(in crate::jobs) fn at(path: &Path) -> io::Result<Self> {
        Ok(Self(rustix::fs::open(path, to_pass(), Mode::empty())?))
    }

    /// Opens a folder in this one to be read.
    pub(super) fn open(&self, name: &OsStr) -> io::Result<Self> {
        let fd = rustix::fs::openat(&self.0, name, to_read() | OFlags::NOFOLLOW, Mode::empty())?;
        Ok(Self(fd))
    }

    /// Opens a folder in this one to go through it.
    pub(in crate::jobs) fn pass(&self, name: &OsStr) -> io::Result<Self> {
        let fd = rustix::fs::openat(&self.0, name, to_pass() | OFlags::NOFOLLOW, Mode::empty())?;
        Ok(Self(fd))
    }

    /// Opens the same folder once more, to be read.
    pub(in crate::jobs) fn again(&self) -> io::Result<Self> {
        self.open(OsStr::new("."))
    }

    /// Opens the folder that this one is in.
    pub(super) fn parent(&self) -> io::Result<Self> {
        self.open(OsStr::new(".."))
    }

    /// What is known of the folder itself.
    pub(super) fn meta(&self) -> io::Result<Meta> {
        Ok(meta(&rustix::fs::fstat(&self.0)?))
    }

    /// What is known of an entry of this name, and not of what it links to.
    pub(in crate::jobs) fn meta_of(&self, name: &OsStr) -> io::Result<Meta> {
        Ok(meta(&rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?))
    }

    /// The names in it; once for each time it is opened.
    pub(super) fn names(&self) -> io::Result<Names> {
        Ok(Names(Dir::new(rustix::io::fcntl_dupfd_cloexec(&self.0, 0)?)?))
    }

    /// Opens a regular file to be read. Does not wait for whoever writes to a pipe.
    pub(in crate::jobs) fn open_file(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY;
        let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        Ok(File::from(rustix::fs::openat(&self.0, name, flags, Mode::empty())?))
    }

    /// Makes a file that is not there yet, to be written.
    pub(in crate::jobs) fn create_file(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(0o666);
        Ok(File::from(rustix::fs::openat(&self.0, name, flags, mode)?))
    }

    /// Gives a file in it another name, in the place of what has that name.
    pub(in crate::jobs) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        rustix::fs::renameat(&self.0, from, &self.0, to)?;
        // The name is to be there after a crash too; not every file system can be asked for that.
        if let Ok(folder) = self.again() {
            let _ = rustix::fs::fsync(&folder.0);
        }
        Ok(())
    }

    /// Removes a file.
    pub(in crate::jobs) fn remove(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }
}

impl Iterator for Names {
    type Item = io::Result<(OsString, Option<bool>)>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let entry = match self.0.next()? {
                Ok(entry) => entry,
                Err(error) => return Some(Err(error.into())),
            };
            let name = entry.file_name().to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            let folder = match entry.file_type() {
                FileType::Unknown => None,
                kind => Some(kind == FileType::Directory),
            };
            return Some(Ok((OsString::from_vec(name.to_vec()), folder)));
        }
    }
}

/// A path below a folder as the bytes that stand in a manifest.
pub(in crate::jobs) fn to_bytes(path: &Path) -> Option<Vec<u8>> {
    Some(path.as_os_str().as_bytes().to_vec())
}

/// The path that such bytes are.
pub(in crate::jobs) fn from_bytes(bytes: &[u8]) -> Option<&Path> {
    Some(Path::new(OsStr::from_bytes(bytes)))
}

fn meta(stat: &Stat) -> Meta {
    // The types of these fields differ between systems.
    fn number(field: impl TryInto<u64>) -> u64 {
        field.try_into().unwrap_or_default()
    }
    let what = match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => What::Folder,
        FileType::RegularFile => What::File,
        FileType::Symlink => What::Link,
        _ => What::Other,
    };
    Meta {
        what,
        id: Some(Id { device: number(stat.st_dev), inode: number(stat.st_ino) }),
        links: number(stat.st_nlink),
        bytes: number(stat.st_size),
        disk_bytes: Some(number(stat.st_blocks).saturating_mul(512)),
    }
}
