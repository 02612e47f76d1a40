//! A server is added, changed or removed.

use std::sync::Arc;

use tauri::{AppHandle, Runtime};
use tidings_client::Token;
use url::Url;

use super::list::{Entry, MOST};
use super::probe::{self, Draft, Problem, Verdict};
use super::{Book, FIRST, Glance, Post, Servers, ServersError};

impl Book {
    /// The server of that id that is to be at an address, where it may; null of a new one.
    fn fit(&self, id: &str, url: &Url) -> Result<Option<Entry>, Problem> {
        let servers = self.list.get().servers;
        if servers.iter().any(|entry| entry.id != id && entry.url == *url) {
            return Err(Problem::Known);
        }
        if id.is_empty() {
            return if servers.len() < MOST { Ok(None) } else { Err(Problem::Full) };
        }
        let known = servers.into_iter().find(|entry| entry.id == id);
        known.map(Some).ok_or(Problem::NotKept)
    }
}

impl Servers {
    /// Tries a server, and keeps it where it is well and `is_kept`.
    pub(crate) async fn try_out<R: Runtime>(
        &self,
        app: &AppHandle<R>,
        draft: Draft,
        is_kept: bool,
    ) -> Verdict {
        self.try_it(app, draft, is_kept).await.unwrap_or_else(|verdict| verdict)
    }

    async fn try_it<R: Runtime>(
        &self,
        app: &AppHandle<R>,
        draft: Draft,
        is_kept: bool,
    ) -> Result<Verdict, Verdict> {
        let book = self.book.as_ref().ok_or(Problem::NotKept)?;
        let wanted = draft.wanted()?;
        let before = book.fit(&draft.id, &wanted.url)?;
        let (token, is_new) = match (draft.token()?, &before) {
            (Some(token), _) => (token, true),
            (None, None) => return Err(Problem::Token.into()),
            // Whoever could change the address alone would be sent the token.
            (None, Some(entry)) if entry.url.origin() != wanted.url.origin() => {
                return Err(Problem::OtherAddress.into());
            }
            (None, Some(entry)) => {
                let read = book.secrets.read(&entry.id, entry.token).await;
                (Token::new(&read.map_err(|error| Verdict::of(Problem::Token, error))?), false)
            }
        };
        // A key that was compared holds for the address that it was compared for.
        let known = before.as_ref().filter(|entry| entry.url.origin() == wanted.url.origin());
        let key = wanted.key.clone().or_else(|| known.and_then(|entry| entry.key.clone()));
        let client = probe::client(&wanted.url, key.clone(), token.clone())
            .map_err(|error| Verdict::of(Problem::OtherKey, error))?;
        let verdict = probe::ask(&client).await;
        let is_well = match verdict.problem {
            None => true,
            Some(Problem::Unreachable) => draft.is_kept_anyway,
            Some(_) => false,
        };
        if !is_kept || !is_well {
            return Ok(verdict);
        }
        let _turn = self.turn.lock().await;
        // The list may be another by now.
        book.fit(&draft.id, &wanted.url)?;
        let is_first = book.list.get().servers.is_empty();
        let id = before.as_ref().map_or_else(new_id, |entry| entry.id.clone());
        let not_kept = |error: &dyn std::error::Error| Verdict::of(Problem::NotKept, error);
        let place = match &before {
            Some(entry) if !is_new => entry.token,
            _ => {
                let kept = book.secrets.keep(&id, &wanted.name, draft.token.trim()).await;
                kept.map_err(|error| not_kept(&error))?
            }
        };
        let entry = Entry { id: id.clone(), name: wanted.name, url: wanted.url, key, token: place };
        let added =
            book.list.change(|kept| match kept.servers.iter_mut().find(|other| other.id == id) {
                Some(other) => *other = entry,
                None => kept.servers.push(entry),
            });
        if let Err(error) = added {
            if before.is_none()
                && let Err(error) = book.secrets.remove(&id, place).await
            {
                tracing::warn!("the token of a server that is not kept stays: {error}");
            }
            return Err(not_kept(&error));
        }
        self.forget(&id).await;
        let glance = Arc::new(Glance::new(self.news.clone()));
        let post = Post { client: Some((client, token)), glance, notifier: None };
        self.posts().insert(id.clone(), post);
        self.listen(app, &id);
        // The first has a load to show, now that there is another.
        if is_first {
            self.forget_notifier(FIRST).await;
            self.listen(app, FIRST);
        }
        if self.watched.borrow().id == id {
            self.show(&id);
            self.tell(app);
        }
        self.ring();
        Ok(verdict.kept())
    }

    /// Removes a server and its token. If the page shows it, it shows the first then, and must be loaded anew.
    ///
    /// # Errors
    ///
    /// If there is none of that id, or it cannot be removed.
    pub(crate) async fn remove<R: Runtime>(
        &self,
        app: &AppHandle<R>,
        id: &str,
    ) -> Result<(), ServersError> {
        let _turn = self.turn.lock().await;
        let book = self.book.as_ref().ok_or(ServersError::Unknown)?;
        let entry = book.list.entry(id).ok_or(ServersError::Unknown)?;
        let removed = book.secrets.remove(id, entry.token).await;
        removed.map_err(|error| ServersError::Secret(error.to_string()))?;
        book.list.change(|kept| {
            kept.servers.retain(|entry| entry.id != id);
            kept.chosen.take_if(|chosen| chosen == id);
        })?;
        if self.watched.borrow().id == id {
            self.show(FIRST);
            self.tell(app);
        }
        self.forget(id).await;
        // Nobody sees its load at a glance any more.
        if book.list.get().servers.is_empty() {
            self.forget_notifier(FIRST).await;
            self.listen(app, FIRST);
        }
        self.ring();
        Ok(())
    }
}

/// By this a token is found; it says nothing of the server.
fn new_id() -> String {
    format!("{:016x}", rand::random::<u64>())
}
