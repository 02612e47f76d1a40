//! Files that are results: a folder for each job, below the data folder.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Name of the folder below the data folder.
pub(crate) const FOLDER: &str = "jobs";

/// Name of a result in its folder, whatever its job called it.
const RESULT: &str = "result";

/// Longest name of a file, in bytes.
const MAX_NAME_BYTES: usize = 200;

/// An empty folder for a job; none in a server that keeps nothing.
pub(super) async fn make(all: Option<&Path>, id: &str) -> io::Result<Option<PathBuf>> {
    let Some(all) = all else { return Ok(None) };
    let folder = all.join(id);
    let mut builder = tokio::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    builder.mode(0o700);
    builder.create(&folder).await?;
    Ok(Some(folder))
}

/// Puts a result where it is found again. How many bytes it has.
pub(super) async fn keep(folder: &Path, file: &Path) -> io::Result<u64> {
    let kept = folder.join(RESULT);
    if file != kept {
        tokio::fs::rename(file, &kept).await?;
    }
    Ok(tokio::fs::metadata(kept).await?.len())
}

/// Where the result of a job lies.
pub(super) fn result(all: &Path, id: &str) -> PathBuf {
    all.join(id).join(RESULT)
}

/// Removes what there is of a job.
pub(super) async fn remove(all: Option<&Path>, id: &str) {
    let Some(all) = all else { return };
    match tokio::fs::remove_dir_all(all.join(id)).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%error, id, "the files of a job cannot be removed");
        }
        _ => {}
    }
}

/// A result that is kept; the oldest first.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kept {
    written: SystemTime,
    pub(super) id: String,
    pub(super) bytes: u64,
}

/// The results that lie here, in no order.
pub(super) async fn results(all: &Path) -> io::Result<Vec<Kept>> {
    let mut found = Vec::new();
    for id in ids(all).await? {
        // What is still being written has another name.
        let Ok(meta) = tokio::fs::metadata(result(all, &id)).await else { continue };
        let written = meta.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        found.push(Kept { written, id, bytes: meta.len() });
    }
    Ok(found)
}

/// Ids of the jobs that there are files of.
pub(super) async fn ids(all: &Path) -> io::Result<Vec<String>> {
    let mut ids = Vec::new();
    let mut entries = match tokio::fs::read_dir(all).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(ids),
        entries => entries?,
    };
    while let Some(entry) = entries.next_entry().await? {
        ids.extend(entry.file_name().into_string().ok());
    }
    Ok(ids)
}

/// A name that can stand in a header and be a file on any system.
pub(super) fn safe_name(name: &str) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ');
    let name: String = name.chars().map(|c| if is_safe(c) { c } else { '-' }).collect();
    let name = name.trim_matches(['.', ' ']);
    let name = &name[..name.floor_char_boundary(MAX_NAME_BYTES)];
    if name.is_empty() { RESULT.to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_a_file_is_one_everywhere() {
        for (name, safe) in [
            ("cpu.total 1h.csv", "cpu.total 1h.csv"),
            ("../../etc/passwd", "-..-etc-passwd"),
            ("a\"b\r\nX: 1", "a-b--X- 1"),
            ("...", "result"),
            ("", "result"),
        ] {
            assert_eq!(safe_name(name), safe);
        }
        assert_eq!(safe_name(&"x".repeat(999)).len(), MAX_NAME_BYTES);
    }
}
