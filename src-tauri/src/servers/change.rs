//! A server is added, changed or removed.

use std::sync::Arc;

use tauri::{AppHandle, Runtime};
use tidings_client::Token;
use url::Url;

use super::list::{Entry, MOST};
use super::probe::{self, Draft, Problem, Verdict};
use super::secret::{Asks, Place as Kept, SecretError};
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

    /// Puts a server into the list, in the place of what it was `before`; null of a new one.
    fn put(&self, before: Option<&Entry>, entry: &Entry) -> Result<(), (Problem, String)> {
        let id = before.map_or("", |before| before.id.as_str());
        // The list may be another by now.
        let now = self.fit(id, &entry.url).map_err(|problem| (problem, String::new()))?;
        if now.as_ref() != before {
            return Err((Problem::NotKept, "it was changed meanwhile".to_owned()));
        }
        let put = self.list.change(|kept| {
            match kept.servers.iter_mut().find(|other| other.id == entry.id) {
                Some(other) => *other = entry.clone(),
                None => kept.servers.push(entry.clone()),
            }
        });
        put.map_err(|error| (Problem::NotKept, error.to_string()))
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
        let (secret, is_new) = match (draft.token()?, &before) {
            (Some(_), _) => (draft.token.trim().to_owned(), true),
            (None, None) => return Err(Problem::Token.into()),
            // Whoever could change the address alone would be sent the token.
            (None, Some(entry)) if entry.url.origin() != wanted.url.origin() => {
                return Err(Problem::OtherAddress.into());
            }
            (None, Some(entry)) => {
                let read = book.secrets.read(entry.token_id(), entry.token, Asks::Person).await;
                let secret = read.map_err(|error| not_had(Problem::Token, &error))?;
                // It is found there by the name.
                (secret, entry.token == Kept::Store && entry.name != wanted.name)
            }
        };
        let token = Token::new(&secret);
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
        // A token that is new lies beside the one before until the list goes by it: whatever fails, list and token belong together.
        // Others need not wait for whoever is asked to open the store.
        let (token_id, place) = match &before {
            Some(entry) if !is_new => (entry.token_id().to_owned(), entry.token),
            _ => {
                let token_id = new_id();
                // Where all else is well, it is the store that is passed over.
                let is_store_asked = !draft.is_kept_anyway || verdict.problem.is_some();
                let asks = if is_store_asked { Asks::Person } else { Asks::Nobody };
                let mut kept = book.secrets.keep(&token_id, &wanted.name, &secret, asks).await;
                if draft.is_kept_anyway && kept.as_ref().is_err_and(SecretError::is_locked) {
                    let nobody = Asks::Nobody;
                    kept = book.secrets.keep(&token_id, &wanted.name, &secret, nobody).await;
                }
                (token_id, kept.map_err(|error| not_had(Problem::NotKept, &error))?)
            }
        };
        let turn = self.turn.lock().await;
        let id = before.as_ref().map_or_else(|| token_id.clone(), |entry| entry.id.clone());
        let is_first = book.list.get().servers.is_empty();
        let entry = Entry {
            id: id.clone(),
            name: wanted.name,
            url: wanted.url,
            key,
            token: place,
            token_id: Some(token_id).filter(|token_id| *token_id != id),
        };
        if let Err((problem, detail)) = book.put(before.as_ref(), &entry) {
            drop(turn);
            if is_new {
                self.let_go(book, &entry, Asks::Nobody).await;
            }
            return Err(Verdict::of(problem, detail));
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
        drop(turn);
        if let Some(before) = before.filter(|_| is_new) {
            self.let_go(book, &before, Asks::Nobody).await;
        }
        Ok(verdict.kept())
    }

    /// Has the token of a server read, so that it can be shown at once.
    ///
    /// # Errors
    ///
    /// As [`choose`](Self::choose).
    pub(crate) async fn prepare(&self, id: &str) -> Result<(), ServersError> {
        self.open(id, Asks::Person).await
    }

    /// Removes a server and its token. If the page shows it, it shows the first then, and must be loaded anew. A token that does not
    /// go keeps nothing back: the page is told of it.
    ///
    /// # Errors
    ///
    /// If there is none of that id, or the list cannot be kept.
    pub(crate) async fn remove<R: Runtime>(
        self: &Arc<Self>,
        app: &AppHandle<R>,
        id: &str,
    ) -> Result<(), ServersError> {
        let turn = self.turn.lock().await;
        let book = self.book.as_ref().ok_or(ServersError::Unknown)?;
        let entry = book.list.entry(id).ok_or(ServersError::Unknown)?;
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
        drop(turn);
        let removed = book.secrets.remove(entry.token_id(), entry.token, Asks::Nobody).await;
        if removed.is_err() {
            // The server is gone, and nobody need wait until somebody has opened the store for its token.
            let this = Arc::clone(self);
            tauri::async_runtime::spawn(async move {
                if let Some(book) = &this.book {
                    this.let_go(book, &entry, Asks::Person).await;
                }
            });
        }
        Ok(())
    }

    /// Removes the token of a server as it was. One that does not go is told of.
    async fn let_go(&self, book: &Book, entry: &Entry, asks: Asks) {
        let Err(error) = book.secrets.remove(entry.token_id(), entry.token, asks).await else {
            return;
        };
        tracing::warn!("a token that is no longer needed may be left behind: {error}");
        let called = book.secrets.called(entry.token_id(), &entry.name, entry.token).await;
        self.left().add(called);
        self.ring();
    }
}

/// Why a token cannot be had or kept, `problem` where it is not for want of somebody who opens the store.
fn not_had(problem: Problem, error: &SecretError) -> Verdict {
    if error.is_locked() { Problem::Locked.into() } else { Verdict::of(problem, error) }
}

/// By this a server or a token is found; it says nothing of the server.
fn new_id() -> String {
    format!("{:016x}", rand::random::<u64>())
}
