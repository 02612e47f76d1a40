//! Jobs: work that takes its time, done here or reported from elsewhere.
//!
//! - [`kind`]: what each kind of job is to the rest; one file a kind beside it, a line each in `registry`.
//! - [`scan`], [`check`]: what goes through a folder tree, below the folders of [`roots`]; [`export`]: the
//!   history of metrics as a file; `command`: what the configuration names.
//! - [`reporter`]: how work tells how far it is; `log`: the lines it has written; `estimate`: how long it will take.
//! - `arguments`: holds what a job is started with to what its kind asks for.
//! - `live`: a job that has not ended; `board`: all of them, and whose turn it is; `runner`: does one.
//! - `end`: asks for an end, and says what it was.
//! - `report`: jobs that programs elsewhere do.
//! - `herald`: tells the hub; `keeper`: keeps what is to outlive the process, and holds on to it; `rows`, `files`,
//!   `memory`: how and where.
//! - `notices`: tells users of those that take their time.
//! - [`Jobs`]: what routes ask.
//!
//! The database has every job; memory has those that this server does or hears of, and is right where the two differ.

mod args;
mod arguments;
mod blocking;
mod board;
pub mod check;
pub(crate) mod command;
mod end;
mod error;
mod estimate;
pub mod export;
pub(crate) mod files;
mod herald;
mod keeper;
pub mod kind;
mod live;
mod log;
mod memory;
mod name;
mod notices;
mod read;
pub mod registry;
mod report;
pub mod reporter;
pub mod roots;
mod rows;
mod runner;
pub mod scan;
#[cfg(test)]
mod testing;
#[cfg(test)]
pub(crate) mod tests;
mod tree;
mod trouble;
mod words;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tidings_protocol::api::{Role, User};
use tidings_protocol::job::{FailedBecause, Job, KindInfo, ProcessRequest};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use error::JobError;
pub(crate) use read::{Asked, Fetched, Last};

use crate::auth::Secret;
use crate::config::{Config, JobsConfig};
use crate::history::History;
use crate::hub::Hub;
use crate::notifications::Notifications;
use crate::store::{JobStore, Store, StoreError};
use board::{Board, Waiting};
use end::ended;
use herald::Herald;
use kind::Prepared;
use live::{End, Live, Told};
use memory::Memory;
use name::{name, short};
use notices::Notices;
use registry::Kinds;

/// How long a server that ends may take to tell what became of its jobs.
const TOLD_WITHIN: Duration = Duration::from_secs(1);

/// How long a server that ends has for what users are still to be told of jobs.
const SAID_WITHIN: Duration = Duration::from_secs(2);

/// The jobs of a server; clones are the same.
#[derive(Clone, Debug)]
pub struct Jobs(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    kinds: Kinds,
    config: JobsConfig,
    /// Longest time of a job whose kind says nothing else.
    timeout: Duration,
    /// Name of this machine.
    host: String,
    /// Name of this server in the database, of this run alone.
    holder: String,
    hub: Hub,
    store: Arc<dyn JobStore>,
    /// Whether no other server has jobs in the same database.
    is_alone: bool,
    /// Where files lie; none in a server that keeps nothing.
    folder: Option<PathBuf>,
    board: Mutex<Board>,
    /// Held while a job is added, so that no more are than may.
    adding: tokio::sync::Mutex<()>,
    /// It may be somebody's turn.
    wake: Notify,
    herald: Herald,
    notices: Notices,
    /// Cancelled when the server ends.
    ending: CancellationToken,
}

/// What jobs need of their server.
#[derive(Debug)]
pub(crate) struct Needs {
    pub(crate) kinds: Kinds,
    pub(crate) config: JobsConfig,
    /// Name of this machine.
    pub(crate) host: String,
    pub(crate) hub: Hub,
    /// Where jobs are kept, and whether no other server keeps any there. Default: in memory.
    pub(crate) store: Option<(Arc<dyn JobStore>, bool)>,
    /// Where users are told of jobs that take their time, if anywhere.
    pub(crate) notifications: Option<Notifications>,
    /// The data folder.
    pub(crate) data_dir: Option<PathBuf>,
}

/// A job that was started, to be followed.
#[derive(Debug)]
pub(crate) struct Following {
    live: Arc<Live>,
    told: watch::Receiver<Told>,
    jobs: Jobs,
}

impl Jobs {
    /// The jobs of a server that is told `config`, on the machine called `host`.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub(crate) async fn of(
        config: &Config,
        host: &str,
        hub: &Hub,
        store: Option<&Arc<dyn Store>>,
        notifications: &Notifications,
        history: &History,
    ) -> Result<Self, StoreError> {
        let store = store.map(|store| {
            let is_alone = store.is_alone();
            (Arc::clone(store) as Arc<dyn JobStore>, is_alone)
        });
        Self::open(Needs {
            kinds: registry::kinds(&config.jobs, history),
            config: config.jobs.clone(),
            host: host.to_owned(),
            hub: hub.clone(),
            notifications: Some(notifications.clone()),
            data_dir: store.as_ref().map(|_| config.server.data_dir.clone()),
            store,
        })
        .await
    }

    /// Jobs that wait until [`run`](Self::run) does them. What a run before has left behind is told how it ended.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub(crate) async fn open(needs: Needs) -> Result<Self, StoreError> {
        let Needs { kinds, config, host, hub, store, notifications, data_dir } = needs;
        let notify_after = Duration::from_secs(config.notify_after_seconds);
        let (store, is_alone) = store.unwrap_or_else(|| (Arc::new(Memory::default()), true));
        let holder: String = Secret::generate().expose().chars().take(12).collect();
        let jobs = Self(Arc::new(Inner {
            kinds,
            timeout: Duration::from_secs(config.timeout_seconds),
            config,
            host,
            holder,
            hub,
            store,
            is_alone,
            folder: data_dir.map(|folder| folder.join(files::FOLDER)),
            board: Mutex::default(),
            adding: tokio::sync::Mutex::default(),
            wake: Notify::new(),
            herald: Herald::default(),
            notices: Notices::new(notifications, notify_after),
            ending: CancellationToken::new(),
        }));
        if is_alone {
            jobs.end_orphans(true).await?;
        }
        Ok(jobs)
    }

    /// Does jobs until `stop`; then those that are being done are interrupted, and waited for a little. That they are is told
    /// to whoever still takes it.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let work = TaskTracker::new();
        self.board().open();
        let starting = async {
            loop {
                tokio::select! {
                    // Streams end at once, however long the rest takes.
                    () = stop.cancelled() => return self.0.ending.cancel(),
                    () = self.0.wake.notified() => self.begin(&work),
                }
            }
        };
        let telling = self.0.herald.run(&self.0.hub, &stop);
        let notifying = notices::run(&self, &stop);
        tokio::join!(starting, telling, notifying, keeper::run(&self, &stop));
        // One that is just being added is among those that wait.
        let adding = self.0.adding.lock().await;
        let waiting = self.board().close();
        drop(adding);
        let held = self.board().all();
        for live in held {
            if !live.is_reported {
                live.ask_to_end(FailedBecause::Interrupted);
            }
        }
        work.close();
        let interrupting = join_all(waiting.iter().map(|live| self.interrupt(live)));
        tokio::join!(interrupting, work.wait());
        self.keep_reported().await;
        let telling = self.0.herald.tell_rest(&self.0.hub);
        let _ = tokio::time::timeout(TOLD_WITHIN, telling).await;
        // What was being said when those ended.
        let _ = tokio::time::timeout(SAID_WITHIN, self.0.notices.settle()).await;
    }

    /// Begins what may begin.
    fn begin(&self, work: &TaskTracker) {
        let next = || self.board().next(self.0.config.max_running);
        while let Some(waiting) = next() {
            work.spawn(runner::run(self.clone(), waiting));
        }
        self.number();
    }

    /// What users of this role may start.
    #[must_use]
    pub fn kinds(&self, role: Role) -> Vec<KindInfo> {
        self.0.kinds.infos(role)
    }

    /// Takes a job, which begins when it is its turn. Must be called within a tokio runtime; a caller that goes away leaves
    /// nothing half done.
    ///
    /// # Errors
    ///
    /// If there is no such kind, an argument is wrong, the user may not, too many wait, or the database fails.
    pub(crate) async fn start(
        &self,
        user: &User,
        request: ProcessRequest,
    ) -> Result<Following, JobError> {
        let (kind, info) = self.0.kinds.find(&request.kind, user.role)?;
        let args = arguments::check(&info, request.args)?;
        let named = request.name.as_deref().map(name).transpose()?;
        self.check_open()?;
        let prepared = kind.prepare(&args, user.role).await?;
        let name = named.unwrap_or_else(|| short(&prepared.name));
        let job = Job { args, ..rows::blank(&self.0.host, &user.id, &info.kind, name) };
        let this = self.clone();
        to_its_end(async move { this.add(job, prepared).await }).await
    }

    async fn add(&self, job: Job, prepared: Prepared) -> Result<Following, JobError> {
        let _adding = self.0.adding.lock().await;
        self.check_open()?;
        let limits = &self.0.config;
        let pending = self.board().pending();
        if pending >= limits.max_running + limits.max_queued {
            return Err(JobError::QueueFull(pending.saturating_sub(limits.max_running)));
        }
        let live = Live::new(job, Duration::ZERO);
        self.0.store.add_job(&rows::row(&live.job(), &live, &self.0.holder)?).await?;
        let following = self.follow(&live);
        self.board().wait(Waiting { live: Arc::clone(&live), prepared });
        if pending >= limits.max_running {
            self.number();
        }
        self.0.herald.tell(&live);
        self.0.wake.notify_one();
        Ok(following)
    }

    fn follow(&self, live: &Arc<Live>) -> Following {
        Following { live: Arc::clone(live), told: live.follow(), jobs: self.clone() }
    }

    /// Tells those that wait their places.
    fn number(&self) {
        let moved = self.board().number();
        moved.iter().for_each(|live| self.0.herald.tell(live));
    }

    fn held(&self, id: &str) -> Option<Arc<Live>> {
        self.board().find(id)
    }

    fn check_open(&self) -> Result<(), JobError> {
        let is_closed = self.0.ending.is_cancelled() || self.board().is_closed();
        if is_closed { Err(JobError::Closing) } else { Ok(()) }
    }

    /// A panic elsewhere cannot leave it half changed, so a poisoned lock is used on.
    fn board(&self) -> MutexGuard<'_, Board> {
        self.0.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs a change of database and memory on a task of its own: a request whose client hangs up is dropped wherever it
/// stands.
async fn to_its_end<T: Send + 'static>(
    change: impl Future<Output = Result<T, JobError>> + Send + 'static,
) -> Result<T, JobError> {
    // A task ends without a result only with its runtime, or by a panic.
    tokio::spawn(change).await.map_err(|_| StoreError::Closed)?
}
