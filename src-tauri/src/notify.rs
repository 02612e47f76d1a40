//! Notifications of the system, for whoever is not looking at the window.
//!
//! ```text
//!   stream and inbox ──> Teller decides ──> Memory keeps what is told ──> System shows it ──click──> window, page
//! ```
//!
//! - [`teller`]: what comes up, with [`told`] (once), [`burst`] (not too much at once) and [`popup`] (which words).
//! - [`memory`]: what was told, kept across restarts.
//! - [`system`]: how each system shows it.
//!
//! What is to be shown is kept as told before it is shown: whoever is killed in between leaves a notification that did not come
//! up and waits in the inbox, rather than one that comes up twice.

mod burst;
mod memory;
mod popup;
mod system;
mod teller;
#[cfg(test)]
mod tests;
mod told;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Zoned;
use tauri::{AppHandle, Manager, Runtime};
use tidings_client::{
    Client, ClientError, Delivery, InboxQuery, Item, State, Subscription, Update,
};
use tidings_feed::{Backoff, NoticeSettings, TimeOfDay, Weekday};
use tidings_protocol::notification::{
    Arrival, Inbox, InboxChange, MAX_PAGE, NOTIFICATION, UNREAD, Unread, topic,
};
use tidings_protocol::topic::Selector;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::notices::{Hint, Notices, Order};
use crate::progress::Standing;
use crate::servers::{Glance, Servers};
use crate::settings::Settings;
use crate::who::{FIRST_WAIT, LONGEST_WAIT, may_pass, user};
use crate::window;
use memory::Memory;
use popup::Popup;
use system::{Click, System};
use teller::{Act, Around, Teller};

/// While something is held back the local clock is looked at so often: it may be set, and a machine may sleep.
const LOOK_AT_CLOCK: Duration = Duration::from_secs(15);

/// What the task needs to know of where it runs.
#[derive(Debug)]
pub(crate) struct Place {
    /// Identifier of the app.
    pub(crate) identifier: String,
    /// The folder where it is kept what was told, and what the server is called there; null where that lasts as long as the
    /// app.
    pub(crate) memory: Option<(PathBuf, String)>,
    /// Id of the server.
    pub(crate) id: String,
    /// What its notifications say of where they come from; null where that goes without saying.
    pub(crate) name: Option<String>,
    /// Where it is put how the server stands.
    pub(crate) glance: Arc<Glance>,
    /// Whether it is the only server, whose load nobody sees at a glance.
    pub(crate) is_alone: bool,
}

/// The task; it ends with this.
#[derive(Debug)]
pub(crate) struct Notifier {
    stop: CancellationToken,
    task: AbortOnDropHandle<()>,
}

impl Notifier {
    /// Starts it. Must be called within a tokio runtime.
    pub(crate) fn start<R: Runtime>(
        app: AppHandle<R>,
        client: Client,
        notices: Arc<Notices>,
        place: Place,
    ) -> Self {
        let stop = CancellationToken::new();
        let worker = Worker {
            settings: notices.watch_settings(),
            hints: notices.watch_hints(),
            orders: notices.watch_orders(),
            system: System::new(&place.identifier, &place.id),
            started: Instant::now(),
            app,
            client,
            notices,
            place,
        };
        let stopped = stop.clone();
        let task = AbortOnDropHandle::new(tokio::spawn(worker.run(stopped)));
        Self { stop, task }
    }

    /// Takes away what is shown, since nobody would hear a click on it, and ends the task.
    pub(crate) async fn stop(self, timeout: Duration) {
        self.stop.cancel();
        if tokio::time::timeout(timeout, self.task).await.is_err() {
            tracing::warn!("the task of notifications did not end within {timeout:?}");
        }
    }
}

struct Worker<R: Runtime> {
    app: AppHandle<R>,
    client: Client,
    notices: Arc<Notices>,
    settings: watch::Receiver<Settings>,
    hints: watch::Receiver<Option<Hint>>,
    orders: watch::Receiver<Order>,
    system: System,
    place: Place,
    started: Instant,
}

/// What the task woke up for.
enum Woken {
    Update(Update),
    Looked(Result<Inbox, ClientError>),
    Click(Click),
    Order,
    Hint,
    /// Time went by, or the settings changed.
    Tick,
}

impl<R: Runtime> Worker<R> {
    async fn run(mut self, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.work() => {}
        }
        self.system.close_all().await;
    }

    async fn work(&mut self) {
        let Some(user) = self.user().await else { return };
        let Some(topic) = topic(&user) else { return };
        let memory =
            self.place.memory.as_ref().map(|(folder, server)| Memory::new(folder, server, &user));
        let mut subscription = if self.place.is_alone {
            self.client.subscribe(&[Selector::Exact(topic)])
        } else {
            // The figures as well, and whatever a token of limited scope may read.
            self.client.subscribe(&[])
        };
        self.follow(&mut subscription, memory).await;
    }

    async fn user(&mut self) -> Option<String> {
        loop {
            tokio::select! {
                // Orders are of the server in the window.
                user = user(&self.client, &mut self.orders, |order| {
                    order == Order::Connect || !self.place.glance.is_shown()
                }, || self.place.glance.is_shown(), |error| {
                    self.place.glance.stand(|_| Standing::from(error));
                }) => return user,
                Ok(()) = self.hints.changed() => self.hint().await,
            }
        }
    }

    /// Shows what the app itself has to say.
    async fn hint(&mut self) {
        let hint = self.hints.borrow_and_update().clone();
        if let Some(hint) = hint.filter(|_| self.place.glance.is_shown()) {
            self.system.show(&Popup::hint(&hint.title, hint.body)).await;
        }
    }

    async fn follow(&mut self, subscription: &mut Subscription, memory: Option<Memory>) {
        let mut kept = memory.as_ref().and_then(Memory::read);
        let mut teller = Teller::new(kept);
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT, rand::random());
        let mut is_open = false;
        let mut look_at = Instant::now();
        // Version of the inbox whose number of unread is the newest known.
        let mut counted = 0;
        loop {
            let woken = self.wake(subscription, &teller, is_open.then_some(look_at)).await;
            let settings = self.settings.borrow_and_update().notices.clone();
            let around = Around {
                now: self.started.elapsed(),
                is_quiet: is_quiet(&settings),
                // What the window does not show nobody sees there.
                is_attended: self.notices.is_attended() && self.place.glance.is_shown(),
                settings: &settings,
            };
            let mut acts = Vec::new();
            match woken {
                Woken::Update(update) => {
                    let was_open = std::mem::replace(&mut is_open, open(&update));
                    if is_open && !was_open || update.dropped > 0 {
                        teller.miss();
                        look_at = Instant::now();
                        // It may be another inbox, of a database that was restored.
                        counted = 0;
                    }
                    self.place.glance.stand(|before| before.then(update.status.state));
                    for delivery in update.deliveries {
                        self.place.glance.hear(&delivery);
                        if let Some((version, unread)) = unread(&delivery) {
                            self.count(&mut counted, version, unread);
                        }
                        acts.append(&mut take(&mut teller, &delivery, around));
                    }
                }
                Woken::Looked(Ok(page)) => {
                    backoff.reset();
                    self.count(&mut counted, page.version, page.unread_count);
                    acts = teller.looked(&page, around);
                }
                Woken::Looked(Err(error)) if may_pass(&error) => {
                    look_at = Instant::now() + backoff.next_wait();
                }
                Woken::Looked(Err(error)) => {
                    tracing::debug!("the inbox cannot be read: {error}");
                    acts = teller.look_failed(around);
                }
                Woken::Click(click) => self.open(click),
                Woken::Order => {
                    let order = *self.orders.borrow_and_update();
                    let is_shown = self.place.glance.is_shown();
                    let is_offline = subscription.status().state == State::Offline;
                    match order {
                        Order::Connect if is_shown || is_offline => subscription.handle().retry(),
                        Order::Disconnect if is_shown => subscription.handle().disconnect(),
                        _ => {}
                    }
                }
                Woken::Hint => self.hint().await,
                Woken::Tick => acts = teller.tick(around),
            }
            let mark = teller.mark();
            if mark != kept
                && let (Some(memory), Some(mark)) = (&memory, mark)
                // What cannot be kept is told all the same, and may be told again after a restart.
                && let Err(error) = tokio::task::block_in_place(|| memory.write(mark))
            {
                tracing::warn!("what was told cannot be kept: {error}");
            }
            kept = mark;
            for act in acts {
                match act {
                    Act::Show(popup) => {
                        let popup = popup.from(self.place.name.as_deref());
                        self.system.show(&popup).await;
                    }
                    Act::Close(slot) => self.system.close(&slot).await,
                }
            }
        }
    }

    /// Notes how many are unread, unless something newer was noted.
    fn count(&self, counted: &mut u64, version: u64, unread: u64) {
        if version >= *counted {
            *counted = version;
            self.place.glance.count(unread);
            if self.place.glance.is_shown() {
                self.notices.note_unread(unread);
            }
        }
    }

    /// Brings the window to what was clicked, on the server that it came from.
    fn open(&self, click: Click) {
        let notices = self.notices.clone();
        if self.place.glance.is_shown() {
            notices.choose(click.opens);
            window::raise(&self.app, click.token);
            return;
        }
        let (app, id) = (self.app.clone(), self.place.id.clone());
        // This task may be ended by it.
        tauri::async_runtime::spawn(async move {
            let servers = Arc::clone(&app.state::<Arc<Servers>>());
            if let Err(error) = servers.choose(&app, &id).await {
                tracing::warn!("what was clicked cannot be shown: {error}");
            } else {
                notices.choose(click.opens);
                if let Err(error) = window::reload(&app) {
                    tracing::warn!("the page cannot be loaded anew: {error}");
                }
            }
            window::raise(&app, click.token);
        });
    }

    /// Waits for something to act on; `look_at` is when the inbox may be looked at, if that is of use.
    async fn wake(
        &mut self,
        subscription: &mut Subscription,
        teller: &Teller,
        look_at: Option<Instant>,
    ) -> Woken {
        let look = async {
            match look_at.filter(|_| teller.must_look()) {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
            let asked = InboxQuery { unread: Some(true), before: None, limit: Some(MAX_PAGE) };
            self.client.notifications(&asked).await
        };
        let tick = async {
            let clock = teller.holds_back().then(|| Instant::now() + LOOK_AT_CLOCK);
            let due = teller.due().map(|due| self.started + due);
            match due.into_iter().chain(clock).min() {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            click = self.system.clicked() => Woken::Click(click),
            Ok(()) = self.orders.changed() => Woken::Order,
            Ok(()) = self.settings.changed() => Woken::Tick,
            Ok(()) = self.hints.changed() => Woken::Hint,
            () = tick => Woken::Tick,
            update = subscription.next() => Woken::Update(update),
            page = look => Woken::Looked(page),
        }
    }
}

fn open(update: &Update) -> bool {
    matches!(update.status.state, State::Live | State::Stale)
}

/// Version of the inbox and how many are unread, of an event that says so.
fn unread(delivery: &Delivery) -> Option<(u64, u64)> {
    let Item::Event(event) = &delivery.item else { return None };
    let data = event.data.get();
    match &*event.kind {
        NOTIFICATION => serde_json::from_str::<Arrival>(data)
            .ok()
            .map(|it| (it.notification.version, it.unread_count)),
        UNREAD => serde_json::from_str::<Unread>(data).ok().map(|it| (it.version, it.unread_count)),
        _ => None,
    }
}

fn take(teller: &mut Teller, delivery: &Delivery, around: Around<'_>) -> Vec<Act> {
    let Item::Event(event) = &delivery.item else {
        teller.miss();
        return Vec::new();
    };
    match &*event.kind {
        NOTIFICATION => match serde_json::from_str::<Arrival>(event.data.get()) {
            Ok(arrival) => teller.arrive(arrival.notification, around),
            Err(_) => Vec::new(),
        },
        UNREAD => match serde_json::from_str::<InboxChange>(event.data.get()) {
            Ok(change) => teller.change(&change),
            Err(_) => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn is_quiet(settings: &NoticeSettings) -> bool {
    let now = Zoned::now();
    let day = now.weekday().to_monday_zero_offset();
    let day = usize::try_from(day).ok().and_then(|day| Weekday::ALL.get(day));
    let hour = u8::try_from(now.hour()).ok();
    let time = hour.zip(u8::try_from(now.minute()).ok());
    let time = time.and_then(|(hour, minute)| TimeOfDay::new(hour, minute));
    match (day, time) {
        (Some(day), Some(time)) => settings.quiet.hold_at(*day, time),
        _ => false,
    }
}
