//! Files that are whole or as they were before, whenever the app or the machine goes down.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use serde::de::DeserializeOwned;

/// Puts `content` in the place of what the file held.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    replace_by(path, content, |new| File::create(new))
}

/// As [`replace`], of a file that nobody else can read at any moment.
pub(crate) fn replace_private(path: &Path, content: &[u8]) -> io::Result<()> {
    replace_by(path, content, |new| {
        // One that was left halfway may be another's to read.
        match fs::remove_file(new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        options.open(new)
    })
}

/// What a file of JSON holds; nothing where there is none.
pub(crate) fn read_private<T: DeserializeOwned + Default>(path: &Path) -> io::Result<T> {
    match fs::read(path) {
        // Its words could hold some of the content.
        Ok(text) => serde_json::from_slice(&text)
            .map_err(|_| io::Error::other(format!("{} is not what was written", path.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(T::default()),
        Err(error) => Err(error),
    }
}

fn replace_by(
    path: &Path,
    content: &[u8],
    create: impl FnOnce(&Path) -> io::Result<File>,
) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let new = path.with_extension("new");
    let mut file = create(&new)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    if let Err(error) = written.and_then(|()| fs::rename(&new, path)) {
        // What it holds may be a secret.
        let _ = fs::remove_file(&new);
        return Err(error);
    }
    // On other systems a folder cannot be opened, and the new name is kept without it.
    #[cfg(unix)]
    if let Err(error) = File::open(folder).and_then(|folder| folder.sync_all()) {
        // It is in its place already: whoever is told that it is not goes by what is no more.
        tracing::warn!("{} may be as before once the machine goes down: {error}", path.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_put_in_its_place_is_left_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.json");
        fs::create_dir(&path).unwrap();
        assert!(replace_private(&path, b"secret").is_err());
        assert!(!path.with_extension("new").exists());
    }

    #[test]
    fn what_was_left_halfway_is_never_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("below").join("a.json");
        replace(&path, b"one").unwrap();
        fs::write(path.with_extension("new"), "ha").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one");
        replace(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }
}
