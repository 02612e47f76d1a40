//! Secrets: made at random, kept in files only their owner may read, never shown.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use rand::Rng;

/// Longest secret that is read from a file, in bytes.
const MAX_BYTES: u64 = 4096;

/// Text that must not reach a log.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// 256 random bits as 64 hex digits.
    #[must_use]
    pub fn generate() -> Self {
        let mut bytes = [0_u8; 32];
        rand::rng().fill_bytes(&mut bytes);
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Whether [`generate`](Self::generate) could have made this text.
    #[must_use]
    pub fn may_be(text: &str) -> bool {
        text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    }

    /// The text itself; take care where it goes.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Reads the secret in `path`, or puts a new one there.
///
/// # Errors
///
/// If the file cannot be read or made, or holds nothing.
pub fn load_or_create(path: &Path) -> io::Result<Secret> {
    match fs::File::open(path) {
        Ok(file) => {
            warn_if_others_may_read(&file, path)?;
            let mut text = String::new();
            file.take(MAX_BYTES).read_to_string(&mut text)?;
            let text = text.trim();
            if text.is_empty() {
                let reason = "is empty; remove it, and the next start makes a new token";
                return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
            }
            Ok(Secret(text.to_owned()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let secret = Secret::generate();
            write_private(path, format!("{}\n", secret.expose()).as_bytes())?;
            Ok(secret)
        }
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn warn_if_others_may_read(file: &fs::File, path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        let path = path.display();
        tracing::warn!("others may read {path}: `chmod 600` it, or remove it for a new token");
    }
    Ok(())
}

#[cfg(not(unix))]
fn warn_if_others_may_read(_: &fs::File, _: &Path) -> io::Result<()> {
    Ok(())
}

/// Replaces `path` in one step by a file with mode 0600, so that nobody ever reads half of it.
///
/// # Errors
///
/// If the folder cannot be written.
pub fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("new");
    // What an earlier start left there may have another owner, another mode, or lead elsewhere.
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&temporary, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_start_makes_a_token_and_the_second_finds_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("owner-token");
        let first = load_or_create(&path).unwrap();
        assert_eq!(first.expose().len(), 64);
        assert_eq!(load_or_create(&path).unwrap().expose(), first.expose());
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_may_read_a_token_file() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("owner-token");
        load_or_create(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn what_lies_in_the_way_decides_neither_mode_nor_place() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (path, elsewhere) = (dir.path().join("owner-token"), dir.path().join("elsewhere"));
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;

        fs::write(path.with_extension("new"), "old").unwrap();
        fs::set_permissions(path.with_extension("new"), fs::Permissions::from_mode(0o644)).unwrap();
        write_private(&path, b"x").unwrap();
        assert_eq!(mode(), 0o600);

        std::os::unix::fs::symlink(&elsewhere, path.with_extension("new")).unwrap();
        write_private(&path, b"y").unwrap();
        assert!(!elsewhere.exists());
        assert_eq!(mode(), 0o600);
    }

    #[test]
    fn an_empty_token_file_is_an_error_and_not_an_open_door() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("owner-token");
        fs::write(&path, "\n").unwrap();
        assert_eq!(load_or_create(&path).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        assert_eq!(format!("{:?}", Secret::from("hunter2".to_owned())), "Secret(…)");
    }
}
