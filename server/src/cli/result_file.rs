//! Where the result of a job goes.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::path::Path;

use tempfile::NamedTempFile;
use tidings_client::{Client, ResultError};

use super::say;
use super::signals::Signals;

/// Why a result is not in its file.
#[derive(Debug, thiserror::Error)]
enum FileError {
    #[error("{0} is there already; name another file, or remove it")]
    Exists(String),
    #[error("{0} cannot be written")]
    Unwritable(String, #[source] io::Error),
    #[error("{file} is not written; `tidings jobs result {id} -o {file}` fetches it anew")]
    GivenUp { id: String, file: String },
}

/// Writes what came of a job to a new file, or to standard output. A file has its name only once it is whole; Ctrl-C leaves none.
pub(super) async fn fetch(
    client: &Client,
    id: &str,
    file: Option<&Path>,
) -> Result<(), Box<dyn Error>> {
    let Some(path) = file else {
        let mut stdout = tokio::io::stdout();
        return match client.job_result_to(id, &mut stdout).await {
            // Who closed the pipe wants no more of it.
            Err(ResultError::Write(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            fetched => Ok(fetched.map(drop)?),
        };
    };
    let name = || path.display().to_string();
    // Half a result looks like a whole one.
    let mut signals = Signals::listen()?;
    let part = create(path).map_err(|error| FileError::Unwritable(name(), error))?;
    if path.symlink_metadata().is_ok() {
        return Err(FileError::Exists(name()).into());
    }
    let mut opened = tokio::fs::File::from_std(part.reopen()?);
    let bytes = tokio::select! {
        bytes = client.job_result_to(id, &mut opened) => bytes?,
        () = signals.next() => {
            return Err(FileError::GivenUp { id: id.to_owned(), file: name() }.into());
        }
    };
    drop(opened);
    part.persist_noclobber(path).map_err(|error| match error.error.kind() {
        ErrorKind::AlreadyExists => FileError::Exists(name()),
        _ => FileError::Unwritable(name(), error.error),
    })?;
    say::note(format_args!("wrote {bytes} bytes to {}", path.display()));
    Ok(())
}

/// A file beside the one it is to become, with the permissions that new files have.
fn create(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    builder.prefix(".tidings-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder.unwrap_or(Path::new(".")))
}
