//! Users, tokens and sessions: in memory what the database holds, so that no request waits for it.
//!
//! Everything changes in the database first, which answers with what is different; that alone changes the memory. Where
//! others change the same database, a task looks at it twice a second, and so does at once whoever brings a token or a
//! session that is not known. While the database is away, all that was known goes on, and ends at its time.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use tidings_protocol::api::token::MOST as MOST_TOKENS;
use tidings_protocol::api::users::MOST as MOST_USERS;
use tokio::sync::{Mutex, Notify, Semaphore};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::Limits;
use super::known::Known;
use crate::clock;
use crate::store::{People, PeopleChange, PeopleStore, Refused, StoreError};

/// Most changes that wait for the database, or are with it.
const MOST_CHANGES: usize = 64;

/// Time between two looks at a database that others may change.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Time between two walks over everything for what is past its time.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// Least time between two looks for something that is not known.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// How long such a look may take; whoever asked is told to come back.
const LOOK_WITHIN: Duration = Duration::from_secs(1);

/// How long nobody looks again once that has failed.
const LOOK_PAUSE: Duration = Duration::from_secs(1);

/// After so long without a look everything is read anew, in ms of the wall clock: the database forgets what ended long ago,
/// also while this machine sleeps.
const READ_ALL_AFTER: u64 = 60 * 60 * 1_000;

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// There is nowhere to keep anything.
    #[error(
        "this server keeps nothing on disk and has no users and tokens but its own; `tidings serve` has them"
    )]
    NoStore,
    /// The database has a reason.
    #[error("{}", reason(*.0))]
    Refused(Refused),
    /// So many changes wait for the database that there is no room for another.
    #[error("too many changes wait for the database; try again")]
    Crowded,
    /// Nobody knows whether there is what was to be changed.
    #[error(transparent)]
    Unsure(#[from] Unsure),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PeopleError {
    /// There is nothing that goes by that.
    pub(super) const NO_SUCH: Self = Self::Refused(Refused::NoSuch);
}

fn reason(refused: Refused) -> String {
    match refused {
        Refused::NameTaken => "there is a user of this name".to_owned(),
        Refused::NoSuch => "there is no such thing, or not any more".to_owned(),
        Refused::TooMany => format!(
            "there are as many as there may be, {MOST_USERS} users and {MOST_TOKENS} tokens; remove what is not used"
        ),
    }
}

/// The database cannot say for now whether there is something that is not known.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the server's database does not answer, and this token or session is not known without it")]
pub struct Unsure;

/// Users, tokens and sessions; clones are the same.
#[derive(Clone, Debug)]
pub struct Directory(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    store: Option<Arc<dyn PeopleStore>>,
    limits: Limits,
    known: RwLock<Known>,
    /// Held over a change of database and memory, so that they stay equal. When the database was read last, in ms
    /// since the epoch.
    changing: Mutex<u64>,
    /// Room for changes that wait. Each goes on without its client, so clients do not bound them.
    room: Arc<Semaphore>,
    looking: Arc<Mutex<Looked>>,
    /// The memory may have missed a change.
    stale: Notify,
}

/// The last look for something that was not known.
#[derive(Debug, Default)]
struct Looked {
    began: Option<Instant>,
    has_failed: bool,
}

impl Directory {
    /// The owner and nothing else, and no place to keep more.
    #[must_use]
    pub fn in_memory(limits: Limits) -> Self {
        Self::new(None, limits)
    }

    /// What `store` holds.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn load(store: Arc<dyn PeopleStore>, limits: Limits) -> Result<Self, StoreError> {
        let people = store.people(None).await?;
        let directory = Self::new(Some(store), limits);
        directory.apply(people);
        Ok(directory)
    }

    fn new(store: Option<Arc<dyn PeopleStore>>, limits: Limits) -> Self {
        Self(Arc::new(Shared {
            store,
            limits,
            known: RwLock::new(Known::new(limits)),
            changing: Mutex::new(clock::now_ms()),
            room: Arc::new(Semaphore::new(MOST_CHANGES)),
            looking: Arc::default(),
            stale: Notify::new(),
        }))
    }

    /// What tokens and users may use up.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.0.limits
    }

    pub(super) fn has_store(&self) -> bool {
        self.0.store.is_some()
    }

    pub(super) fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.0.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn apply(&self, people: People) {
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        known.apply(people, self.0.limits);
    }

    /// Changes database and memory, on a task of its own: a request whose client hangs up is dropped wherever it stands,
    /// and that is between the two often enough. Must be called within a tokio runtime.
    pub(super) async fn change(&self, change: PeopleChange) -> Result<(), PeopleError> {
        let room = Arc::clone(&self.0.room).try_acquire_owned();
        let room = room.map_err(|_| PeopleError::Crowded)?;
        let directory = self.clone();
        let changing = tokio::spawn(async move {
            let _room = room;
            directory.change_now(&change).await
        });
        // A task ends without a result only with its runtime, or by a panic.
        changing.await.map_err(|_| StoreError::Closed)?
    }

    async fn change_now(&self, change: &PeopleChange) -> Result<(), PeopleError> {
        let _changing = self.0.changing.lock().await;
        let Some(store) = &self.0.store else { return self.change_memory(change) };
        let since = self.known().version;
        match store.change_people(change, since).await {
            Ok(Ok(people)) => {
                self.apply(people);
                Ok(())
            }
            Ok(Err(refused)) => Err(PeopleError::Refused(refused)),
            Err(error) => {
                // It may have been carried out all the same.
                self.0.stale.notify_one();
                Err(error.into())
            }
        }
    }

    /// Without a database there are sessions of the owner, and nothing else.
    fn change_memory(&self, change: &PeopleChange) -> Result<(), PeopleError> {
        let people = match change {
            PeopleChange::AddSessions { sessions, in_place_of, most, .. } => {
                self.known().sessions_in_memory(sessions, in_place_of.as_ref(), *most)
            }
            PeopleChange::EndSession { digest, .. } => {
                let version = self.known().version + 1;
                People { version, ended: vec![digest.clone()], ..People::default() }
            }
            _ => return Err(PeopleError::NoStore),
        };
        self.apply(people);
        Ok(())
    }

    /// Reads what changed since.
    async fn refresh(&self) -> Result<(), StoreError> {
        let Some(store) = &self.0.store else { return Ok(()) };
        let mut read_at = self.0.changing.lock().await;
        let began = clock::now_ms();
        // A clock that was set back tells nothing.
        let is_recent = (*read_at..read_at.saturating_add(READ_ALL_AFTER)).contains(&began);
        let since = Some(self.known().version).filter(|_| is_recent);
        let people = store.people(since).await?;
        if people.is_whole || Some(people.version) != since {
            self.apply(people);
        }
        *read_at = began;
        Ok(())
    }

    /// Whether others may have made what is not known here.
    pub(super) fn is_shared(&self) -> bool {
        self.0.store.as_ref().is_some_and(|store| store.is_shared())
    }

    /// Looks whether others have changed something, for whoever brings what is not known. Those who ask at once share one
    /// look, and there are at most twenty a second.
    ///
    /// # Errors
    ///
    /// If the database does not answer in a second.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn look_again(&self) -> Result<(), Unsure> {
        if !self.is_shared() {
            return Ok(());
        }
        let asked = Instant::now();
        let mut looked = Arc::clone(&self.0.looking).lock_owned().await;
        if let Some(began) = looked.began {
            let is_ours = began > asked || (looked.has_failed && began.elapsed() < LOOK_PAUSE);
            if is_ours {
                return if looked.has_failed { Err(Unsure) } else { Ok(()) };
            }
            tokio::time::sleep_until(began + LOOK_AGAIN_AFTER).await;
        }
        // On a task of its own, of which there is one at a time: a look that is dropped with the request of a client that
        // hangs up would be none, and whoever comes next would have to take it for one that failed.
        let directory = self.clone();
        let looking = tokio::spawn(async move {
            looked.began = Some(Instant::now());
            // Unless it comes to its end.
            looked.has_failed = true;
            let refreshed = tokio::time::timeout(LOOK_WITHIN, directory.refresh()).await;
            looked.has_failed = !matches!(refreshed, Ok(Ok(())));
            if looked.has_failed { Err(Unsure) } else { Ok(()) }
        });
        // A task ends without a result only with its runtime, or by a panic.
        looking.await.unwrap_or(Err(Unsure))
    }

    async fn sweep(&self) {
        let mut ticks = tokio::time::interval(SWEEP_EVERY);
        loop {
            ticks.tick().await;
            self.0.known.write().unwrap_or_else(PoisonError::into_inner).sweep();
        }
    }

    /// Keeps the memory equal to the database until `stop`, and forgets what is past its time.
    pub(crate) async fn follow(self, stop: CancellationToken) {
        let following = async {
            let mut ticks = tokio::time::interval(LOOK_EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut has_failed = false;
            loop {
                if self.is_shared() || has_failed {
                    tokio::select! {
                        _ = ticks.tick() => {}
                        () = self.0.stale.notified() => {}
                    }
                } else {
                    self.0.stale.notified().await;
                }
                let refreshed = self.refresh().await;
                match &refreshed {
                    Err(StoreError::Closed) => return,
                    Err(error) if !has_failed => {
                        tracing::warn!(%error, "users, tokens and sessions are as they were known last");
                    }
                    Ok(()) if has_failed => {
                        tracing::info!("users, tokens and sessions are up to date again");
                    }
                    _ => {}
                }
                has_failed = refreshed.is_err();
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = following => {}
            () = self.sweep() => {}
        }
    }
}
