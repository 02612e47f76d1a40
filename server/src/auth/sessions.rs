//! Browsers that are signed in. Only digests are kept, so the file is worth nothing to a thief.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{fs, io};

use super::secret::write_private;
use super::{Digested, Secret};
use crate::clock;

/// How long a browser stays signed in.
pub const LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Most sessions at once; the one that ends first gives way.
const MOST: usize = 1_000;

/// Name of the file in the data directory.
const FILE: &str = "sessions.json";

/// The sessions there are, written to a file at each change so that a restart signs nobody out.
#[derive(Debug)]
pub struct Sessions {
    file: Option<PathBuf>,
    /// When each ends, in ms since the epoch: a session outlives the process, a monotonic clock does not.
    ends: Mutex<HashMap<Digested, u64>>,
    /// Held while a change is written, so that a slow disk keeps nobody from looking.
    writing: Mutex<()>,
}

impl Sessions {
    /// Sessions that end with the process.
    #[must_use]
    pub fn in_memory() -> Self {
        Self { file: None, ends: Mutex::default(), writing: Mutex::default() }
    }

    /// Sessions kept in `data_dir`. A file that cannot be understood is dropped: its browsers sign in again.
    ///
    /// # Errors
    ///
    /// If the file is there and cannot be read.
    pub fn open(data_dir: &Path) -> io::Result<Self> {
        let file = data_dir.join(FILE);
        let saved: HashMap<String, u64> = match fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
                tracing::warn!(file = %file.display(), %error, "sessions are unreadable; browsers must sign in again");
                HashMap::new()
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => HashMap::new(),
            Err(error) => return Err(error),
        };
        let ends = saved
            .into_iter()
            .filter_map(|(hex, end)| Some((Digested::from_hex(&hex)?, end)))
            .collect();
        Ok(Self { file: Some(file), ends: Mutex::new(ends), writing: Mutex::default() })
    }

    /// Begins a session and returns what the browser's cookie holds.
    ///
    /// # Errors
    ///
    /// If the file cannot be written; the session is not begun then.
    pub fn begin(&self) -> io::Result<Secret> {
        let session = Secret::generate();
        let now = clock::now_ms();
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = self.ends().clone();
        changed.retain(|_, end| now < *end);
        if changed.len() >= MOST
            && let Some(first) = changed.iter().min_by_key(|(_, end)| **end).map(|(key, _)| *key)
        {
            changed.remove(&first);
        }
        let lifetime = u64::try_from(LIFETIME.as_millis()).unwrap_or(u64::MAX);
        changed.insert(Digested::of(session.expose()), now.saturating_add(lifetime));
        self.save(&changed)?;
        *self.ends() = changed;
        Ok(session)
    }

    /// Ends a session, if there is one.
    ///
    /// # Errors
    ///
    /// If the file cannot be written; the session goes on then.
    pub fn end(&self, session: &str) -> io::Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = self.ends().clone();
        if changed.remove(&Digested::of(session)).is_some() {
            self.save(&changed)?;
            *self.ends() = changed;
        }
        Ok(())
    }

    /// Whether the session is known and has not ended.
    #[must_use]
    pub fn is_valid(&self, session: Digested) -> bool {
        // Looked up by digest: what the time of a lookup tells of a digest does not lead to a session.
        self.ends().get(&session).is_some_and(|end| clock::now_ms() < *end)
    }

    fn ends(&self) -> MutexGuard<'_, HashMap<Digested, u64>> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn save(&self, ends: &HashMap<Digested, u64>) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let saved: HashMap<String, u64> =
            ends.iter().map(|(digest, end)| (digest.to_hex(), *end)).collect();
        write_private(file, &serde_json::to_vec(&saved)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn valid(sessions: &Sessions, session: &Secret) -> bool {
        sessions.is_valid(Digested::of(session.expose()))
    }

    #[test]
    fn a_session_outlives_a_restart_and_ends_on_sign_out() {
        let dir = tempfile::tempdir().unwrap();
        let session = Sessions::open(dir.path()).unwrap().begin().unwrap();

        let restarted = Sessions::open(dir.path()).unwrap();
        assert!(valid(&restarted, &session));

        restarted.end(session.expose()).unwrap();
        assert!(!valid(&restarted, &session));
        assert!(!valid(&Sessions::open(dir.path()).unwrap(), &session));
    }

    #[test]
    fn a_session_that_has_ended_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let session = Secret::generate();
        let ended = HashMap::from([(Digested::of(session.expose()).to_hex(), 1_u64)]);
        fs::write(dir.path().join(FILE), serde_json::to_vec(&ended).unwrap()).unwrap();
        assert!(!valid(&Sessions::open(dir.path()).unwrap(), &session));
    }

    #[test]
    fn the_file_holds_no_session() {
        let dir = tempfile::tempdir().unwrap();
        let session = Sessions::open(dir.path()).unwrap().begin().unwrap();
        let saved = fs::read_to_string(dir.path().join(FILE)).unwrap();
        assert!(!saved.contains(session.expose()));
    }

    #[test]
    fn an_unreadable_file_signs_everybody_out_and_stops_nothing() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE), "{").unwrap();
        let sessions = Sessions::open(dir.path()).unwrap();
        assert!(valid(&sessions, &sessions.begin().unwrap()));
    }

    #[test]
    fn sessions_are_bounded() {
        let sessions = Sessions::in_memory();
        for _ in 0..MOST + 5 {
            sessions.begin().unwrap();
        }
        assert_eq!(sessions.ends().len(), MOST);
    }
}
