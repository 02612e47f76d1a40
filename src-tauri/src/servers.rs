//! The servers that the app knows: the one it began with, and remote ones that somebody added.
//!
//! ```text
//!   list (which) + secret (tokens) ──> Post, one a server: Notifier ──> Glance ──> list_servers
//!                                       └─ the chosen one ──> Watched: client and bridge, what the page shows
//! ```
//!
//! - [`list`]: the file; [`secret`]: where tokens lie; [`probe`]: a server is tried before it is kept.
//! - [`change`]: one is added, changed or removed.
//! - [`glance`]: how each stands; [`told`]: what the page is told of all.
//!
//! The page shows one server in full. It is loaded anew when another is chosen, so that nothing of the one before is left in it.

mod change;
mod glance;
mod list;
mod probe;
mod secret;
mod told;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tauri::{AppHandle, Manager, Runtime};
use tidings_client::{Client, Token};
use tidings_feed::Batch;
use tokio::sync::{Mutex as Turn, watch};

use crate::bridge::{Bridge, OtherPage};
use crate::notices::{Notices, Order};
use crate::notify::{Notifier, Place};
pub(crate) use glance::Glance;
use list::List;
pub(crate) use probe::Draft;
use secret::{Asks, SecretError, Secrets};
use told::Left;

/// Id of the server that the app began with.
const FIRST: &str = "first";

/// How long the window waits for the token of the server that it showed last; the first is shown then.
const START_PATIENCE: Duration = Duration::from_secs(2);

/// What could not be opened, for its token was not to be had, is tried again after this.
const TRY_EVERY: Duration = Duration::from_secs(30);

/// The server that the page shows.
#[derive(Debug)]
pub(crate) struct Watched {
    id: String,
    pub(crate) client: Client,
    pub(crate) bridge: Bridge,
}

/// All servers.
#[derive(Debug)]
pub struct Servers {
    watched: watch::Sender<Arc<Watched>>,
    /// Each server's, by its id.
    posts: Mutex<HashMap<String, Post>>,
    news: Arc<watch::Sender<u64>>,
    left: Mutex<Left>,
    /// Null where the app watches the one server that its environment names.
    book: Option<Book>,
    /// What the first is called where something is remembered of it; null where that lasts as long as the app.
    first: Option<String>,
    folder: Option<PathBuf>,
    /// Held by whoever changes which servers there are.
    turn: Turn<()>,
}

/// The servers that somebody added.
#[derive(Debug)]
struct Book {
    list: List,
    secrets: Secrets,
}

/// What the app has of a server.
#[derive(Debug)]
struct Post {
    /// Null while its token cannot be had.
    client: Option<(Client, Token)>,
    glance: Arc<Glance>,
    notifier: Option<Notifier>,
}

/// Why nothing was done with a server.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServersError {
    /// It is not in the list.
    #[error("this server is not in the list")]
    Unknown,
    /// Its token cannot be had.
    #[error("{0}")]
    Secret(String),
    /// Nobody opened the store where its token lies.
    #[error(
        "the system's store of secrets stays locked: choose the server again to unlock it, or change it and write its token anew"
    )]
    Locked,
    /// The list cannot be kept.
    #[error("the list of servers cannot be kept: {0}")]
    File(#[from] std::io::Error),
}

impl From<SecretError> for ServersError {
    fn from(error: SecretError) -> Self {
        if error.is_locked() { Self::Locked } else { Self::Secret(error.to_string()) }
    }
}

impl Servers {
    /// One server, which the page shows; others are not offered. Must be called within a tokio runtime.
    #[must_use]
    pub fn only(client: Client, bridge: Bridge, token: Token) -> Self {
        let news = Arc::new(watch::Sender::new(1));
        let glance = Arc::new(Glance::new(news.clone()));
        glance.show(true);
        let post = Post { client: Some((client.clone(), token)), glance, notifier: None };
        let watched = Watched { id: FIRST.to_owned(), client, bridge };
        Self {
            watched: watch::Sender::new(Arc::new(watched)),
            posts: Mutex::new(HashMap::from([(FIRST.to_owned(), post)])),
            news,
            left: Mutex::default(),
            book: None,
            first: None,
            folder: None,
            turn: Turn::default(),
        }
    }

    /// The same, which keeps what it remembers in `folder`, and there calls the first server `first`.
    pub(crate) fn kept(mut self, folder: Option<PathBuf>, first: Option<String>) -> Self {
        (self.folder, self.first) = (folder, first);
        self
    }

    /// The same, with the servers that somebody added; the one that was chosen last is shown, if its token can be had.
    pub(crate) async fn with_list(mut self) -> Self {
        let Some(folder) = &self.folder else { return self };
        let list = List::read(folder.join("servers.json"));
        let secrets = Secrets::new(folder.join("server-tokens.json"));
        let kept = list.get();
        for entry in &kept.servers {
            let glance = Arc::new(Glance::new(self.news.clone()));
            let post = Post { client: None, glance, notifier: None };
            self.posts().insert(entry.id.clone(), post);
        }
        self.book = Some(Book { list, secrets });
        if let Some(id) = kept.chosen
            && let Ok(Ok(())) =
                tokio::time::timeout(START_PATIENCE, self.open(&id, Asks::Nobody)).await
        {
            self.show(&id);
        }
        self
    }

    /// What the page shows.
    pub(crate) fn watched(&self) -> Arc<Watched> {
        self.watched.borrow().clone()
    }

    /// What is new for a page that has batch `since`. One that is not of the server that is shown now is told nothing, whether that
    /// was another before it asked or became another while it waited. `seen` as in [`Bridge::poll`].
    pub(crate) async fn poll(
        &self,
        since: u64,
        seen: impl Future<Output = ()>,
    ) -> Result<Batch, OtherPage> {
        let watched = self.watched();
        let batch = watched.bridge.poll(since, seen).await?;
        if Arc::ptr_eq(&watched, &self.watched()) { Ok(batch) } else { Err(OtherPage) }
    }

    /// Hears which server the page shows.
    pub(crate) fn watch(&self) -> watch::Receiver<Arc<Watched>> {
        self.watched.subscribe()
    }

    /// Asks the server that the page shows.
    pub(crate) fn client(&self) -> Client {
        self.watched.borrow().client.clone()
    }

    /// Whether the page shows the server that the app began with.
    pub(crate) fn shows_first(&self) -> bool {
        self.watched.borrow().id == FIRST
    }

    /// Every token there is, which nothing may show.
    pub(crate) fn tokens(&self) -> Vec<Token> {
        let posts = self.posts();
        posts.values().filter_map(|post| Some(post.client.as_ref()?.1.clone())).collect()
    }

    /// Listens to every server, and opens those whose tokens could not be had; goes on until it is dropped.
    pub(crate) async fn work<R: Runtime>(self: Arc<Self>, app: AppHandle<R>) {
        loop {
            let ids: Vec<_> = self.posts().keys().cloned().collect();
            for id in ids {
                // Nobody waits for a store that does not answer. How that went its glance says.
                if self.open(&id, Asks::Nobody).await.is_ok() {
                    let _turn = self.turn.lock().await;
                    self.listen(&app, &id);
                }
            }
            tokio::time::sleep(TRY_EVERY).await;
        }
    }

    /// Ends all that listens.
    pub(crate) async fn stop(&self, timeout: Duration) {
        // Whoever waits for a store of secrets does not keep the app.
        let _turn = tokio::time::timeout(timeout, self.turn.lock()).await;
        let notifiers: Vec<_> =
            self.posts().values_mut().filter_map(|post| post.notifier.take()).collect();
        let ends = notifiers.into_iter().map(|notifier| tokio::spawn(notifier.stop(timeout)));
        for end in ends.collect::<Vec<_>>() {
            drop(end.await);
        }
    }

    /// Has the page show another server from now on; it must be loaded anew then.
    ///
    /// # Errors
    ///
    /// If there is none of that id, or its token cannot be had.
    pub(crate) async fn choose<R: Runtime>(
        &self,
        app: &AppHandle<R>,
        id: &str,
    ) -> Result<(), ServersError> {
        // Others need not wait for whoever is asked to open the store.
        self.open(id, Asks::Person).await?;
        let _turn = self.turn.lock().await;
        if self.posts().get(id).is_none_or(|post| post.client.is_none()) {
            return Err(ServersError::Unknown);
        }
        self.listen(app, id);
        if let Some(book) = &self.book {
            let chosen = (id != FIRST).then(|| id.to_owned());
            // It is shown all the same, until the app ends.
            if let Err(error) = book.list.change(|kept| kept.chosen = chosen) {
                tracing::warn!("which server was chosen cannot be kept: {error}");
            }
        }
        self.show(id);
        self.tell(app);
        Ok(())
    }

    /// Makes the client of a server that has none.
    async fn open(&self, id: &str, asks: Asks) -> Result<(), ServersError> {
        match self.posts().get(id) {
            None => return Err(ServersError::Unknown),
            Some(post) if post.client.is_some() => return Ok(()),
            Some(_) => {}
        }
        let book = self.book.as_ref().ok_or(ServersError::Unknown)?;
        let entry = book.list.entry(id).ok_or(ServersError::Unknown)?;
        let read = book.secrets.read(entry.token_id(), entry.token, asks).await;
        let made = read.map_err(ServersError::from).and_then(|secret| {
            let token = Token::new(&secret);
            let client = probe::client(&entry.url, entry.key, token.clone());
            Ok((client.map_err(|error| ServersError::Secret(error.to_string()))?, token))
        });
        let mut posts = self.posts();
        let post = posts.get_mut(id).ok_or(ServersError::Unknown)?;
        // It may have been changed meanwhile.
        if post.client.is_some() {
            return Ok(());
        }
        match made {
            Ok(made) => {
                post.client = Some(made);
                Ok(())
            }
            Err(why) => {
                if !post.glance.get().is_locked {
                    tracing::warn!("a server cannot be asked: {why}");
                }
                post.glance.lock();
                Err(why)
            }
        }
    }

    /// Listens to a server that is open.
    fn listen<R: Runtime>(&self, app: &AppHandle<R>, id: &str) {
        let kept = self.book.as_ref().map(|book| book.list.get()).unwrap_or_default();
        let entry = kept.servers.iter().find(|entry| entry.id == id);
        let is_alone = kept.servers.is_empty();
        let mut posts = self.posts();
        let Some(post) = posts.get_mut(id) else { return };
        let Some((client, _)) = post.client.clone().filter(|_| post.notifier.is_none()) else {
            return;
        };
        let called = match entry {
            Some(entry) => Some(entry.url.to_string()),
            None => self.first.clone(),
        };
        let memory = self.folder.as_ref().map(|folder| folder.join("told")).zip(called);
        let place = Place {
            identifier: app.config().identifier.clone(),
            memory,
            id: id.to_owned(),
            name: entry.map(|entry| entry.name.clone()),
            glance: post.glance.clone(),
            is_alone,
        };
        let notices = Arc::clone(&app.state::<Arc<Notices>>());
        post.notifier = Some(Notifier::start(app.clone(), client, notices, place));
    }

    /// Lets go of a server.
    async fn forget(&self, id: &str) {
        self.forget_notifier(id).await;
        self.posts().remove(id);
    }

    async fn forget_notifier(&self, id: &str) {
        let notifier = self.posts().get_mut(id).and_then(|post| post.notifier.take());
        if let Some(notifier) = notifier {
            notifier.stop(crate::QUIT_TIMEOUT).await;
        }
    }

    /// Has the page show a server that is open; of the one before it hears nothing more.
    fn show(&self, id: &str) {
        let posts = self.posts();
        let Some((client, _)) = posts.get(id).and_then(|post| post.client.clone()) else { return };
        let bridge = Bridge::new(client.subscribe_as_dashboard())
            .with_client(client.clone())
            .after(&self.watched.borrow().bridge);
        for (other, post) in &*posts {
            post.glance.show(other == id);
        }
        drop(posts);
        let watched = Arc::new(Watched { id: id.to_owned(), client, bridge });
        self.watched.send_replace(watched).bridge.close();
        self.ring();
    }

    /// Says outside of the window what there is of the server that it shows now.
    fn tell<R: Runtime>(&self, app: &AppHandle<R>) {
        let notices = app.state::<Arc<Notices>>();
        let id = self.watched.borrow().id.clone();
        let unread = self.posts().get(&id).and_then(|post| post.glance.get().unread);
        notices.turn_to(unread);
        notices.order(Order::Connect);
    }

    fn ring(&self) {
        self.news.send_modify(|version| *version += 1);
    }

    fn left(&self) -> MutexGuard<'_, Left> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody panics while holding it, and if somebody did, it is still whole.
    fn posts(&self) -> MutexGuard<'_, HashMap<String, Post>> {
        self.posts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::ready;
    use tidings_client::ClientConfig;

    #[tokio::test(start_paused = true)]
    async fn a_page_of_the_server_before_is_told_nothing_of_the_one_that_is_shown_now() {
        // Nobody is there; how that stands is told all the same.
        let config = ClientConfig::new("http://127.0.0.1:9".parse().unwrap(), Token::new("t"));
        let client = Client::new(config).unwrap();
        let bridge = Bridge::new(client.subscribe_as_dashboard());
        let servers = Servers::only(client, bridge, Token::new("t"));
        let before = servers.poll(0, ready(())).await.unwrap().seq;
        // It waits at first, since no answer comes right behind another.
        let (late, ()) =
            tokio::join!(servers.poll(before, ready(())), async { servers.show(FIRST) });
        assert!(late.is_err(), "it came of the server before");
        assert!(
            servers.poll(before, ready(())).await.is_err(),
            "it asks for what comes after that"
        );
        let now = servers.poll(0, ready(())).await.unwrap().seq;
        assert!(
            servers.poll(now, ready(())).await.is_ok(),
            "the page that was loaded anew goes on"
        );
    }
}
