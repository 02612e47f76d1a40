//! Users, tokens and sessions in memory.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tidings_protocol::api::Role;
use tidings_protocol::api::users::OWNER;

use super::member::Member;
use super::session::Session;
use super::tokens::Grant;
use super::{Digested, Limits};
use crate::clock;
use crate::store::{People, SessionRow, TokenRow, UserRow};

/// What is known, up to a number of the database's.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) version: u64,
    pub(super) users: HashMap<String, Arc<Member>>,
    /// Found by digest, like sessions: what the time of a lookup tells of a digest does not lead to a secret.
    pub(super) tokens: HashMap<Digested, Arc<Grant>>,
    pub(super) sessions: HashMap<Digested, Arc<Session>>,
}

impl Known {
    /// The owner alone, whom every server has.
    pub(super) fn new(limits: Limits) -> Self {
        let owner = UserRow {
            id: OWNER.to_owned(),
            name: OWNER.to_owned(),
            folded: OWNER.to_owned(),
            role: Role::Admin,
            password: None,
            created_at: 0,
        };
        let users = HashMap::from([(OWNER.to_owned(), Arc::new(Member::new(owner, limits.user)))]);
        Self { version: 0, users, tokens: HashMap::new(), sessions: HashMap::new() }
    }

    /// Takes over what the database told; whatever is gone ends at once. The same may be told twice.
    pub(super) fn apply(&mut self, people: People, limits: Limits) {
        if people.is_whole {
            self.drop_all_but(&people);
        }
        self.version = people.version;
        for user in people.users {
            let known = self.users.get(&user.id);
            let id = user.id.clone();
            let member = match known {
                Some(known) => known.changed(user),
                None => Member::new(user, limits.user),
            };
            self.users.insert(id, Arc::new(member));
        }
        for token in &people.tokens {
            self.add_token(token, limits);
        }
        for session in people.sessions {
            self.add_session(session);
        }
        for session in people.ended.iter().filter_map(|digest| Digested::from_hex(digest)) {
            self.end_session(session);
        }
        for token in people.revoked.iter().filter_map(|digest| Digested::from_hex(digest)) {
            if let Some(grant) = self.tokens.remove(&token) {
                grant.revoked.cancel();
            }
        }
        for user in people.removed.iter().filter(|id| *id != OWNER) {
            self.remove_user(user);
        }
    }

    /// Forgets what is past its time. A walk over all there is, while every request waits: not for each change.
    pub(super) fn sweep(&mut self) {
        let now = clock::now_ms();
        self.tokens.retain(|_, grant| !grant.is_expired());
        self.sessions.retain(|_, session| session.expires_at > now);
    }

    fn drop_all_but(&mut self, people: &People) {
        let digests = |of: Vec<&String>| -> HashSet<Digested> {
            of.into_iter().filter_map(|digest| Digested::from_hex(digest)).collect()
        };
        let tokens = digests(people.tokens.iter().map(|token| &token.digest).collect());
        self.tokens.retain(|digest, grant| {
            let stays = tokens.contains(digest);
            if !stays {
                grant.revoked.cancel();
            }
            stays
        });
        let sessions = digests(people.sessions.iter().map(|session| &session.digest).collect());
        self.sessions.retain(|digest, session| {
            let stays = sessions.contains(digest);
            if !stays {
                session.over.cancel();
            }
            stays
        });
        let users: HashSet<&str> = people.users.iter().map(|user| user.id.as_str()).collect();
        self.users.retain(|id, member| {
            let stays = id == OWNER || users.contains(id.as_str());
            if !stays {
                member.remove();
            }
            stays
        });
    }

    fn add_token(&mut self, row: &TokenRow, limits: Limits) {
        let Some((digest, grant)) = Grant::new(row, limits.token) else {
            tracing::warn!(
                token = row.id,
                "a token in the database cannot be read; it is left out"
            );
            return;
        };
        // One that is known goes on with what it has used up.
        self.tokens.entry(digest).or_insert(grant);
    }

    fn add_session(&mut self, row: SessionRow) {
        if let Some(session) = Session::new(row) {
            self.sessions.entry(session.digest).or_insert_with(|| Arc::new(session));
        }
    }

    fn end_session(&mut self, session: Digested) {
        if let Some(session) = self.sessions.remove(&session) {
            session.over.cancel();
        }
    }

    fn remove_user(&mut self, id: &str) {
        if let Some(member) = self.users.remove(id) {
            member.remove();
        }
    }

    /// The user who goes by that name, in the form it is compared by.
    pub(super) fn by_name(&self, folded: &str) -> Option<Arc<Member>> {
        self.users.values().find(|member| member.folded == folded).cloned()
    }

    /// What a server that keeps nothing on disk makes of new sessions.
    pub(super) fn sessions_in_memory(
        &self,
        new: &[SessionRow],
        in_place_of: Option<&String>,
        most: usize,
    ) -> People {
        let mut ended: Vec<String> = in_place_of.into_iter().cloned().collect();
        let mut there: Vec<_> = self.sessions.values().collect();
        there.sort_by_key(|session| std::cmp::Reverse(session.expires_at));
        let beyond = there.into_iter().skip(most.saturating_sub(new.len()));
        ended.extend(beyond.map(|session| session.digest.to_hex()));
        let (version, sessions) = (self.version + 1, new.to_vec());
        People { version, sessions, ended, ..People::default() }
    }
}
