//! Jobs: how they stand, what may be started, and what a person does with one. Bodies and answers are JSON text, as the server's
//! are.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tauri::{AppHandle, Manager, Runtime, State};
use tempfile::{NamedTempFile, PersistError};
use tidings_client::{JobsQuery, ProcessOptions};

use crate::error::CommandError;
use crate::servers::Servers;

/// Largest result that the page shows, in bytes; what is more it has the app save.
const MOST_SHOWN: usize = 1 << 20;

/// Longest name of a file that is saved, in bytes; systems take 255, and a number may follow.
const LONGEST_NAME: usize = 200;

/// Most files of one name that are told apart by a number.
const MOST_ALIKE: u32 = 1_000;

/// A page of jobs, those that go on (`active`) or those that have `ended`; those that follow `before` if it is there.
#[tauri::command]
pub(crate) async fn list_jobs(
    servers: State<'_, Arc<Servers>>,
    state: Option<String>,
    before: Option<String>,
    limit: Option<usize>,
) -> Result<String, CommandError> {
    let active = state.map(|state| state == "active");
    let asked = JobsQuery { active, before, limit };
    Ok(serde_json::to_string(&servers.client().jobs(&asked).await?)?)
}

/// The kinds of jobs that may be started.
#[tauri::command]
pub(crate) async fn job_kinds(servers: State<'_, Arc<Servers>>) -> Result<String, CommandError> {
    Ok(serde_json::to_string(&servers.client().kinds().await?)?)
}

/// Starts a job, which goes on by itself, and returns its id.
#[tauri::command]
pub(crate) async fn start_job(
    servers: State<'_, Arc<Servers>>,
    request: String,
) -> Result<String, CommandError> {
    let request = serde_json::from_str(&request)?;
    let process = servers.client().process(&request, ProcessOptions::default()).await?;
    Ok(process.id().to_owned())
}

/// Asks for the end of a job.
#[tauri::command]
pub(crate) async fn cancel_job(
    servers: State<'_, Arc<Servers>>,
    id: String,
) -> Result<String, CommandError> {
    Ok(serde_json::to_string(&servers.client().cancel_job(&id).await?)?)
}

/// A job.
#[tauri::command]
pub(crate) async fn show_job(
    servers: State<'_, Arc<Servers>>,
    id: String,
) -> Result<String, CommandError> {
    Ok(serde_json::to_string(&servers.client().job(&id).await?)?)
}

/// Removes a job that has ended.
#[tauri::command]
pub(crate) async fn remove_job(
    servers: State<'_, Arc<Servers>>,
    id: String,
) -> Result<(), CommandError> {
    Ok(servers.client().remove_job(&id).await?)
}

/// The lines that a job has written, from number `after` on.
#[tauri::command]
pub(crate) async fn job_log(
    servers: State<'_, Arc<Servers>>,
    id: String,
    after: u64,
) -> Result<String, CommandError> {
    Ok(serde_json::to_string(&servers.client().job_log(&id, after).await?)?)
}

/// What came of a job, where that is JSON.
#[tauri::command]
pub(crate) async fn job_result(
    servers: State<'_, Arc<Servers>>,
    id: String,
) -> Result<String, CommandError> {
    let result = servers.client().job_result(&id, MOST_SHOWN).await?;
    // Through JSON: a file that is none is not for the page to show.
    let result: serde_json::Value = serde_json::from_slice(&result)?;
    Ok(result.to_string())
}

/// Saves what came of a job in the folder of downloads, under a name that is free there, and returns where it lies.
#[tauri::command]
pub(crate) async fn save_job_result<R: Runtime>(
    app: AppHandle<R>,
    servers: State<'_, Arc<Servers>>,
    id: String,
) -> Result<String, CommandError> {
    let folder = app.path().download_dir().or_else(|_| app.path().home_dir())?;
    // Another server may be shown by the time the job is known.
    let client = servers.client();
    let job = client.job(&id).await?;
    let name = job.result.and_then(|result| result.file_name);
    let name = name.unwrap_or_else(|| format!("{}.json", job.kind));
    tokio::fs::create_dir_all(&folder).await?;
    // Half a result looks like a whole one: it has another name, and goes with this call.
    let part = part_in(&folder)?;
    let file = tokio::fs::File::from_std(part.reopen()?);
    client.job_result_to(&id, &mut tokio::io::BufWriter::new(file)).await?;
    Ok(keep(part, &folder, &plain(&name))?.display().to_string())
}

/// A file for what is to be kept in a folder once it is whole, with the permissions that new files have.
pub(super) fn part_in(folder: &Path) -> std::io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".tidings-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// A name as it can stand in a folder of any system, whatever the server says.
pub(super) fn plain(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_control() || r#"/\:*?"<>|"#.contains(c) { '-' } else { c })
        .collect();
    let plain = plain.trim_matches([' ', '.', '-']);
    let plain = &plain[..plain.floor_char_boundary(LONGEST_NAME)];
    if plain.is_empty() { "result".to_owned() } else { plain.to_owned() }
}

/// Gives a whole file this name, or this name and a number, and returns where it lies.
pub(super) fn keep(mut part: NamedTempFile, folder: &Path, name: &str) -> std::io::Result<PathBuf> {
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (stem, format!(".{extension}")),
        _ => (name, String::new()),
    };
    let mut number = 0;
    loop {
        let path = folder.join(match number {
            0 => format!("{stem}{extension}"),
            number => format!("{stem} ({number}){extension}"),
        });
        let Err(PersistError { error, file }) = part.persist_noclobber(&path) else {
            return Ok(path);
        };
        if error.kind() != std::io::ErrorKind::AlreadyExists || number >= MOST_ALIKE {
            return Err(error);
        }
        (part, number) = (file, number + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_else() {
        for (name, expected) in [
            ("metrics-box.csv", "metrics-box.csv"),
            ("../../.bashrc", "bashrc"),
            ("C:\\x", "C--x"),
            ("a\nb", "a-b"),
            ("..", "result"),
            ("", "result"),
        ] {
            assert_eq!(plain(name), expected, "{name:?}");
        }
        assert_eq!(plain(&"é".repeat(200)).len(), LONGEST_NAME);
    }

    #[test]
    fn what_is_there_already_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        for expected in ["a.csv", "a (1).csv", "a (2).csv"] {
            let part = part_in(folder.path()).unwrap();
            std::fs::write(part.path(), expected).unwrap();
            let path = keep(part, folder.path(), "a.csv").unwrap();
            assert_eq!(path, folder.path().join(expected));
        }
        for expected in ["a.csv", "a (1).csv", "a (2).csv"] {
            let text = std::fs::read_to_string(folder.path().join(expected)).unwrap();
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn half_a_result_has_another_name_and_goes() {
        let folder = tempfile::tempdir().unwrap();
        let part = part_in(folder.path()).unwrap();
        let name = part.path().file_name().unwrap().to_string_lossy().into_owned();
        assert!(name.starts_with(".tidings-") && name.ends_with(".part"), "{name}");
        drop(part);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
