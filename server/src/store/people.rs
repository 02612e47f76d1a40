//! What users, their tokens and their sessions need of a database.
//!
//! Every change takes the next number of one counter, in its own transaction, and marks with it what it touches. Whoever
//! has read up to a number asks for what came behind it: so a server keeps all of it in memory, and two that
//! share a database hear of each other's changes.

use futures_util::future::BoxFuture;
use tidings_protocol::api::Role;

use super::{PasswordHash, SessionRow, StoreError, TokenRow, UserRow};

/// Whether the user of that id may keep a token of these scopes in a lower role.
pub type MayKeep = fn(id: &str, role: Role, scopes: &[&str]) -> bool;

/// What is to change.
#[derive(Clone, Debug)]
pub enum PeopleChange {
    /// A new user.
    AddUser {
        /// The user.
        user: UserRow,
        /// Most users at once.
        most: usize,
    },
    /// Something about a user.
    ChangeUser {
        /// Which one.
        id: String,
        /// A new name, and the form it is compared by.
        name: Option<(String, String)>,
        /// A new role. Where it is a lower one, tokens that may not be kept in it are revoked.
        role: Option<Role>,
        /// Which tokens may be.
        may_keep: MayKeep,
        /// A new password. All sessions of the user end with the old one, but for that of `keep`.
        password: Option<PasswordHash>,
        /// Digest of the session that goes on.
        keep: Option<String>,
        /// When, in ms since the epoch.
        at: u64,
    },
    /// The same password, hashed anew; where it was changed meanwhile, nothing.
    Rehash {
        /// Whose.
        id: String,
        /// The hash so far.
        old: PasswordHash,
        /// The hash from now on.
        new: PasswordHash,
    },
    /// A user goes, with tokens and sessions.
    RemoveUser {
        /// Which one.
        id: String,
        /// When, in ms since the epoch.
        at: u64,
    },
    /// A new token.
    AddToken {
        /// The token.
        token: TokenRow,
        /// Most tokens of the user at once.
        most_of_user: usize,
        /// Most tokens of all users at once.
        most: usize,
        /// Tokens that were revoked or expired before are forgotten, in ms since the epoch.
        forget: u64,
    },
    /// A token goes.
    RevokeToken {
        /// Which one.
        id: String,
        /// When, in ms since the epoch.
        at: u64,
    },
    /// New sessions, all of existing users; those of others are left out, and those that are or were there.
    AddSessions {
        /// The sessions.
        sessions: Vec<SessionRow>,
        /// What the user's password was checked by, if it was; where it was changed meanwhile, there is no session.
        proven_by: Option<PasswordHash>,
        /// Digest of a session that ends with it: whoever signs in anew leaves none behind that nobody holds.
        in_place_of: Option<String>,
        /// Most sessions of a user; the one that ends first gives way.
        most: usize,
        /// When, in ms since the epoch.
        at: u64,
    },
    /// A session goes.
    EndSession {
        /// Digest of the session.
        digest: String,
        /// When, in ms since the epoch.
        at: u64,
    },
}

/// Why nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is another user of that name.
    NameTaken,
    /// There is no such user, token or session, or not any more.
    NoSuch,
    /// There are as many as there may be.
    TooMany,
}

/// Users, tokens and sessions up to a number, or what came behind another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct People {
    /// The counter, when this was read; there may be more in it, which comes again later.
    pub version: u64,
    /// Whether this is all there is, so that nothing else exists.
    pub is_whole: bool,
    /// Users, the oldest first.
    pub users: Vec<UserRow>,
    /// Ids of users that were removed.
    pub removed: Vec<String>,
    /// Tokens, the oldest first.
    pub tokens: Vec<TokenRow>,
    /// Digests of tokens that were revoked.
    pub revoked: Vec<String>,
    /// Sessions, the oldest first.
    pub sessions: Vec<SessionRow>,
    /// Digests of sessions that ended before their time.
    pub ended: Vec<String>,
}

/// Users, tokens and sessions.
pub trait PeopleStore: std::fmt::Debug + Send + Sync + 'static {
    /// Whether other processes may change them.
    fn is_shared(&self) -> bool;

    /// What changed behind the number `since`; everything without one, and where the database knows no such number. What
    /// is past its time may be among it.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn people(&self, since: Option<u64>) -> BoxFuture<'_, Result<People, StoreError>>;

    /// Changes something as a whole or not at all, and returns what is different since the number `since`, this
    /// change included. Returns once it is on the disk.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn change_people<'a>(
        &'a self,
        change: &'a PeopleChange,
        since: u64,
    ) -> BoxFuture<'a, Result<Result<People, Refused>, StoreError>>;
}
