//! Browsers that are signed in.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::directory::{Directory, PeopleError};
use super::{Digested, Secret, expiry, millis};
use crate::clock;
use crate::store::{PasswordHash, PeopleChange, Refused, SessionRow};

/// How long a browser stays signed in.
pub const LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Most sessions of a user at once; the one that ends first gives way.
pub(super) const MOST: usize = 1_000;

/// What the cookie of a session is called. Cookies do not tell ports apart: it has the port that the browser knows. Behind a proxy
/// that is the proxy's, and several servers may share it, whatever each listens on.
#[must_use]
pub fn cookie_name(is_behind_proxy: bool, port: u16) -> String {
    if is_behind_proxy { "tidings".to_owned() } else { format!("tidings-{port}") }
}

/// A browser that is signed in.
#[derive(Debug)]
pub struct Session {
    pub(super) digest: Digested,
    pub(super) user_id: String,
    /// In ms since the epoch: a session outlives the process, a monotonic clock does not.
    pub(super) expires_at: u64,
    /// Cancelled when it ends before its time.
    pub(super) over: CancellationToken,
}

impl Session {
    /// None if the row holds no digest.
    pub(super) fn new(row: SessionRow) -> Option<Self> {
        let SessionRow { digest, user_id, expires_at, .. } = row;
        let digest = Digested::from_hex(&digest)?;
        Some(Self { digest, user_id, expires_at, over: CancellationToken::new() })
    }

    /// Waits for its end.
    pub(super) async fn ended(&self) {
        expiry::ended(&self.over, Some(self.expires_at)).await;
    }
}

impl Directory {
    /// Begins a session of `user_id` in the place of `old`, and returns what the browser's cookie holds. Where a
    /// password was checked, by what; if that was changed since, there is no session.
    pub(super) async fn begin_session(
        &self,
        user_id: &str,
        proven_by: Option<PasswordHash>,
        old: Option<&str>,
    ) -> Result<Secret, PeopleError> {
        let secret = Secret::generate();
        let now = clock::now_ms();
        let session = SessionRow {
            digest: Digested::of(secret.expose()).to_hex(),
            user_id: user_id.to_owned(),
            created_at: now,
            expires_at: now.saturating_add(millis(LIFETIME)),
        };
        self.change(PeopleChange::AddSessions {
            sessions: vec![session],
            proven_by,
            in_place_of: old.map(|old| Digested::of(old).to_hex()),
            most: MOST,
            at: now,
        })
        .await?;
        Ok(secret)
    }

    /// Ends a session, if there is one; its streams end with it. Anybody may ask for it, so what is no session is not
    /// written anywhere.
    ///
    /// # Errors
    ///
    /// If the database fails; the session goes on then.
    pub async fn end_session(&self, session: &str) -> Result<(), PeopleError> {
        if !Secret::may_be(session) {
            return Ok(());
        }
        let digest = Digested::of(session);
        if !self.has_session(digest) {
            self.look_again().await?;
            if !self.has_session(digest) {
                return Ok(());
            }
        }
        let digest = digest.to_hex();
        match self.change(PeopleChange::EndSession { digest, at: clock::now_ms() }).await {
            Err(PeopleError::Refused(Refused::NoSuch)) => Ok(()),
            ended => ended,
        }
    }
    fn has_session(&self, digest: Digested) -> bool {
        self.known().sessions.contains_key(&digest)
    }
}
