//! Sessions of earlier releases, which lay in a file beside the database and were all the owner's.

use std::collections::HashMap;
use std::path::Path;
use std::{fs, io};

use tidings_protocol::api::users::OWNER;

use super::directory::{Directory, PeopleError};
use super::session::{LIFETIME, MOST};
use super::{Digested, millis};
use crate::clock;
use crate::store::{PeopleChange, SessionRow};

/// Name of the file in the data folder.
const FILE: &str = "sessions.json";

/// Takes the sessions of the file into the directory, and the file away. One that cannot be understood is dropped:
/// its browsers sign in again.
pub(super) async fn take(directory: &Directory, data_dir: &Path) -> Result<(), PeopleError> {
    let file = data_dir.join(FILE);
    let saved: HashMap<String, u64> = match fs::read(&file) {
        Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
            tracing::warn!(file = %file.display(), %error, "sessions are unreadable; browsers must sign in again");
            HashMap::new()
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            tracing::warn!(file = %file.display(), %error, "sessions cannot be read; browsers must sign in again");
            return Ok(());
        }
    };
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
        directory.change(change).await?;
    }
    if let Err(error) = fs::remove_file(&file) {
        tracing::warn!(file = %file.display(), %error, "a file of sessions is of no more use, and cannot be removed");
    }
    Ok(())
}
