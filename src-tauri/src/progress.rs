//! How things stand, for whoever is not looking at the window: the connection, what is unread, how far the user's jobs are.
//!
//! ```text
//!   stream and list ──> Known, by versions ──> Summary, in words ──┬─at most twice a second──> Tray, Taskbar
//!   state, unread, quiet hours ──────────────> Face ───────────────┘
//! ```
//!
//! - [`known`]: which jobs go on; [`summary`]: what is said of them; [`standing`]: what is said of all else.
//! - [`badge`]: the icon's marks; [`tray`] and [`taskbar`]: how each system shows it; [`host`]: whether somebody sees the tray.

mod badge;
pub(crate) mod host;
mod known;
mod standing;
mod summary;
mod taskbar;
mod tray;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tauri::{AppHandle, Manager, Runtime};
use tidings_client::{Client, ClientError, Item, JobsQuery, State, Subscription, Update};
use tidings_feed::Backoff;
use tidings_protocol::job::{JOB, Job, MAX_PAGE};
use tidings_protocol::topic::{JOBS, Selector};
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::notices::{Notices, Order};
use crate::servers::Watched;
use crate::settings::Settings;
use crate::who::{FIRST_WAIT, LONGEST_WAIT, may_pass, user};
use crate::window::Keeper;
use known::Known;
use standing::Face;
pub(crate) use standing::Standing;
use summary::Summary;
use taskbar::Taskbar;
use tray::Tray;

/// Least time between two changes of what is shown.
const PACE: Duration = Duration::from_millis(500);

/// Most pages of a list. An admin's has everybody's jobs, the newest first.
const MOST_PAGES: usize = 10;

/// The task; it ends with this.
pub(crate) struct Progress<R: Runtime> {
    stop: CancellationToken,
    task: AbortOnDropHandle<Option<Tray<R>>>,
}

impl<R: Runtime> Progress<R> {
    /// Starts it. Must be called within a tokio runtime.
    pub(crate) fn start(
        app: AppHandle<R>,
        watched: watch::Receiver<Arc<Watched>>,
        notices: &Notices,
    ) -> Self {
        let stop = CancellationToken::new();
        let client = watched.borrow().client.clone();
        let worker = Worker {
            app,
            client,
            watched,
            orders: notices.watch_orders(),
            unread: notices.watch_unread(),
            settings: notices.watch_settings(),
            taskbar: Taskbar::default(),
            tray: None,
        };
        let stopped = stop.clone();
        Self { stop, task: AbortOnDropHandle::new(tokio::spawn(worker.run(stopped))) }
    }

    /// Takes away what is shown, and ends the task. To be called on the main thread, where the tray must end.
    pub(crate) async fn stop(self, timeout: Duration) {
        self.stop.cancel();
        match tokio::time::timeout(timeout, self.task).await {
            Ok(tray) => drop(tray),
            Err(_) => tracing::warn!("the task of progress did not end within {timeout:?}"),
        }
    }
}

struct Worker<R: Runtime> {
    app: AppHandle<R>,
    client: Client,
    /// The server that the window shows: it is that one's things.
    watched: watch::Receiver<Arc<Watched>>,
    orders: watch::Receiver<Order>,
    unread: watch::Receiver<Option<u64>>,
    settings: watch::Receiver<Settings>,
    taskbar: Taskbar,
    tray: Option<Tray<R>>,
}

/// A list that is under way.
type Look = Pin<Box<dyn Future<Output = Result<Vec<Job>, ClientError>> + Send>>;

/// What the task woke up for.
enum Woken {
    Update(Update),
    Listed(Result<Vec<Job>, ClientError>),
    Order,
    /// What is unread, or was chosen.
    Told,
    /// It is time to show what is new.
    Show,
}

impl<R: Runtime> Worker<R> {
    async fn run(mut self, stop: CancellationToken) -> Option<Tray<R>> {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.work() => {}
        }
        self.taskbar.clear(&self.app).await;
        self.tray
    }

    async fn work(&mut self) {
        let app = self.app.clone();
        self.tray = on_main(&self.app, move || Tray::new(&app)).await.flatten();
        self.app.state::<Arc<Keeper>>().set_icon(self.tray.is_some());
        let mut watched = self.watched.clone();
        loop {
            self.client = watched.borrow_and_update().client.clone();
            tokio::select! {
                changed = watched.changed() => if changed.is_err() { return },
                () = self.attend() => {}
            }
        }
    }

    /// Follows one server for as long as it says whose things these are.
    async fn attend(&mut self) {
        self.watch().await;
        // The app ends, or nothing is to be heard until another server is shown.
        std::future::pending::<()>().await;
    }

    async fn watch(&mut self) {
        let Some(user) = self.user().await else { return };
        let Ok(selector) = format!("{JOBS}/{user}~*").parse::<Selector>() else { return };
        let mut subscription = self.client.subscribe(&[selector]);
        self.follow(&mut subscription, user).await;
    }

    /// The user, once the server says it; until then the tray says why it does not.
    async fn user(&mut self) -> Option<String> {
        let (said, mut standing) = watch::channel(Standing::Connecting);
        let (client, mut orders) = (self.client.clone(), self.orders.clone());
        let asked = user(
            &client,
            &mut orders,
            |order| order == Order::Connect,
            // It is the server in the window that is asked here.
            || true,
            |error| {
                said.send_replace(Standing::from(error));
            },
        );
        tokio::pin!(asked);
        loop {
            let face = self.face(*standing.borrow_and_update(), Summary::unknown());
            self.show(&face).await;
            tokio::select! {
                user = &mut asked => return user,
                Ok(()) = standing.changed() => {}
                () = told(&mut self.unread, &mut self.settings) => {}
            }
        }
    }

    /// All that the tray shows, as it is now.
    fn face(&mut self, standing: Standing, jobs: Summary) -> Face {
        let unread = *self.unread.borrow_and_update();
        let notices = self.settings.borrow_and_update().notices.clone();
        Face { standing, unread, notices, jobs }
    }

    async fn follow(&mut self, subscription: &mut Subscription, user: String) {
        let mut known = Known::new(user);
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT, rand::random());
        let mut is_open = false;
        let mut look: Option<Look> = None;
        let mut standing = Standing::Connecting;
        let mut shown = Face::default();
        let mut shown_at = Instant::now();
        let mut is_new = false;
        loop {
            let show_at = is_new.then(|| shown_at + PACE);
            match self.wake(subscription, look.as_mut(), show_at).await {
                Woken::Update(update) => {
                    is_new = true;
                    standing = standing.then(update.status.state);
                    let was_open = std::mem::replace(&mut is_open, open(&update));
                    let mut must_look = is_open && !was_open || update.dropped > 0;
                    for delivery in update.deliveries {
                        match delivery.item {
                            Item::Event(event) if &*event.kind == JOB => {
                                if let Ok(job) = serde_json::from_str(event.data.get()) {
                                    known.hear(job);
                                }
                            }
                            Item::Event(_) => {}
                            Item::Gap(_) => must_look = true,
                        }
                    }
                    if !is_open {
                        known.forget();
                        look = None;
                    } else if must_look {
                        known.ask();
                        look = Some(self.look(Instant::now()));
                    }
                }
                Woken::Listed(Ok(jobs)) => {
                    backoff.reset();
                    known.list(jobs);
                    (look, is_new) = (None, true);
                }
                Woken::Listed(Err(error)) if may_pass(&error) => {
                    known.ask();
                    look = Some(self.look(Instant::now() + backoff.next_wait()));
                }
                Woken::Listed(Err(error)) => {
                    tracing::debug!("jobs cannot be listed: {error}");
                    look = None;
                }
                Woken::Order => match *self.orders.borrow_and_update() {
                    Order::Connect => subscription.handle().retry(),
                    Order::Disconnect => subscription.handle().disconnect(),
                },
                Woken::Told => is_new = true,
                Woken::Show => {
                    is_new = false;
                    let face = self.face(standing, known.summary());
                    if face != shown {
                        self.show(&face).await;
                        (shown, shown_at) = (face, Instant::now());
                    }
                }
            }
        }
    }

    async fn wake(
        &mut self,
        subscription: &mut Subscription,
        look: Option<&mut Look>,
        show_at: Option<Instant>,
    ) -> Woken {
        let listed = async {
            match look {
                Some(look) => look.await,
                None => std::future::pending().await,
            }
        };
        let show = async {
            match show_at {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Ok(()) = self.orders.changed() => Woken::Order,
            () = show => Woken::Show,
            () = told(&mut self.unread, &mut self.settings) => Woken::Told,
            update = subscription.next() => Woken::Update(update),
            jobs = listed => Woken::Listed(jobs),
        }
    }

    /// All jobs that go on, asked for from `at` on.
    fn look(&self, at: Instant) -> Look {
        let client = self.client.clone();
        Box::pin(async move {
            sleep_until(at).await;
            let mut jobs = Vec::new();
            let mut before = None;
            for _ in 0..MOST_PAGES {
                let asked = JobsQuery { active: Some(true), before, limit: Some(MAX_PAGE) };
                let page = client.jobs(&asked).await?;
                jobs.extend(page.jobs);
                before = page.next;
                if before.is_none() {
                    break;
                }
            }
            Ok(jobs)
        })
    }

    async fn show(&mut self, face: &Face) {
        if let Some(mut tray) = self.tray.take() {
            let said = face.clone();
            let show = move || {
                tray.show(&said);
                tray
            };
            self.tray = on_main(&self.app, show).await;
        }
        self.taskbar.show(&self.app, &face.jobs).await;
    }
}

/// Does it on the main thread and waits for it, so that a busy one is not sent more and more; null if the app ends.
async fn on_main<R: Runtime, T: Send + 'static>(
    app: &AppHandle<R>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (done, answer) = oneshot::channel();
    let sent = app.run_on_main_thread(move || drop(done.send(work())));
    sent.ok()?;
    answer.await.ok()
}

/// Waits until there is something new of either; as long as the app runs there may be.
async fn told(unread: &mut watch::Receiver<Option<u64>>, settings: &mut watch::Receiver<Settings>) {
    tokio::select! {
        Ok(()) = unread.changed() => {}
        Ok(()) = settings.changed() => {}
        else => std::future::pending().await,
    }
}

fn open(update: &Update) -> bool {
    matches!(update.status.state, State::Live | State::Degraded | State::Stale)
}
