//! A manifest that is being written.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::Path;

use crate::jobs::tree::Folder;

/// How its name ends until it gets its own.
const END: &str = ".tmp";

/// A file that is gone unless it gets its name.
pub(super) struct Draft {
    folder: Folder,
    name: OsString,
    named: bool,
}

impl Draft {
    /// Begins a file that will be called `name`.
    pub(super) fn new(folder: Folder, name: &OsStr) -> io::Result<(Self, File)> {
        let mut draft = start(name);
        draft.push(format!("{:016x}{END}", rand::random::<u64>()));
        let file = folder.create_file(&draft)?;
        Ok((Self { folder, name: draft, named: false }, file))
    }

    /// Gives it its name, in the place of what has that.
    pub(super) fn keep(mut self, name: &OsStr) -> io::Result<()> {
        self.folder.rename(&self.name, name)?;
        self.named = true;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.named {
            let _ = self.folder.remove(&self.name);
        }
    }
}

/// Whether what is at `path` is the manifest or a draft of it, and be it one that a crash has left.
pub(super) fn is_own(manifest: &Path, path: &Path) -> bool {
    let (Some(manifest_name), Some(name)) = (manifest.file_name(), path.file_name()) else {
        return false;
    };
    let start = start(manifest_name);
    let draft = || {
        let [name, start] = [name, &start].map(OsStr::as_encoded_bytes);
        let rest = name.strip_prefix(start).and_then(|rest| rest.strip_suffix(END.as_bytes()));
        rest.is_some_and(|rest| rest.len() == 16 && rest.iter().all(u8::is_ascii_hexdigit))
    };
    manifest.parent() == path.parent() && (name == manifest_name || draft())
}

fn start(name: &OsStr) -> OsString {
    let mut start = OsString::from(".");
    start.push(name);
    start.push(".");
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_and_its_drafts_are_its_own_and_nothing_else() {
        let own = |path: &str| is_own(Path::new("a/SUMS"), Path::new(path));
        assert!(own("a/SUMS") && own("a/.SUMS.0123456789abcdef.tmp"));
        for path in ["SUMS", "b/SUMS", "a/.SUMS.tmp", "a/.SUMS.0123456789abcdeg.tmp", "a"] {
            assert!(!own(path), "{path}");
        }
    }
}
