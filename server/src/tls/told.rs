//! The key's fingerprint where clients on this machine look for it.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use tidings_protocol::api::FINGERPRINT_FILE;
use tidings_protocol::fingerprint::Fingerprint;

use crate::auth::secret::write_private;

/// Leaves the fingerprint in the data folder; none takes it away. A server whose folder cannot be written serves
/// all the same.
pub(crate) fn tell(folder: &Path, fingerprint: Option<Fingerprint>) {
    let path = folder.join(FINGERPRINT_FILE);
    let told = match fingerprint {
        Some(fingerprint) => write_private(&path, format!("{fingerprint}\n").as_bytes()),
        None => match fs::remove_file(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed,
        },
    };
    if let Err(error) = told {
        tracing::warn!(%error, "clients on this machine do not learn the server's key by themselves");
    }
}
