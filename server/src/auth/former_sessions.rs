//! Sessions of earlier releases, which lay in a file beside the database and were all the owner's.

use std::collections::HashMap;
use std::path::Path;
use std::{fs, io};

use tidings_protocol::api::users::OWNER;

use super::directory::{Directory, PeopleError};
use super::session::{LIFETIME, MOST};
use super::{Digested, millis, secret};
use crate::clock;
use crate::store::{PeopleChange, Refused, SessionRow};

/// Name of the file in the data folder.
const FILE: &str = "sessions.json";

/// Takes the sessions of the file into the directory, and the file away. One that cannot be understood, or not be taken
/// away, is not used: its browsers sign in again.
pub(super) async fn take(directory: &Directory, data_dir: &Path) -> Result<(), PeopleError> {
    let file = data_dir.join(FILE);
    let bytes = match fs::read(&file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            tracing::warn!(file = %file.display(), %error, "sessions cannot be read; browsers must sign in again");
            return Ok(());
        }
    };
    // First of all: a file that stays would bring sessions back that have ended since, at each start.
    if let Err(error) = fs::remove_file(&file) {
        tracing::warn!(file = %file.display(), %error, "sessions cannot be taken over, since their file cannot be removed; browsers must sign in again");
        return Ok(());
    }
    let taken = import(directory, &file, &bytes).await;
    if taken.is_err() {
        // The next start tries again; where that fails too, browsers sign in again.
        let _ = secret::write_private(&file, &bytes);
    }
    taken
}

async fn import(directory: &Directory, file: &Path, bytes: &[u8]) -> Result<(), PeopleError> {
    let saved: HashMap<String, u64> = serde_json::from_slice(bytes).unwrap_or_else(|error| {
        tracing::warn!(file = %file.display(), %error, "sessions are unreadable; browsers must sign in again");
        HashMap::new()
    });
    let at = clock::now_ms();
    let row = |(digest, expires_at): (String, u64)| {
        Digested::from_hex(&digest)?;
        let created_at = expires_at.saturating_sub(millis(LIFETIME));
        let user_id = OWNER.to_owned();
        (expires_at > at).then_some(SessionRow { digest, user_id, created_at, expires_at })
    };
    let sessions: Vec<_> = saved.into_iter().filter_map(row).collect();
    if !sessions.is_empty() {
        let (proven_by, in_place_of) = (None, None);
        let change = PeopleChange::AddSessions { sessions, proven_by, in_place_of, most: MOST, at };
        match directory.change(change).await {
            // All were taken over before: the file came back, as from a copy or after a crash.
            Err(PeopleError::Refused(Refused::NoSuch)) => {}
            changed => changed?,
        }
    }
    Ok(())
}
