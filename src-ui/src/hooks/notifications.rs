//! The reader's notifications: what to show, and what a person can do with them.

use std::rc::Rc;
use std::time::Duration;

use gloo_timers::callback::Timeout;
use gloo_timers::future::TimeoutFuture;
use tidings_protocol::notification::{DEFAULT_PAGE, Level, MAX_PAGE, Unread};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::clock::use_at_each_tick;
use super::language::speak;
use super::settings::remembered;
use super::store::{Actions, Shared, use_actions, use_part};
use crate::feed::{inbox, now};
use crate::state::notifications::marks::{Mark, Marked};
use crate::state::notifications::{Load, Notifications};
use crate::state::reader::Reader;
use crate::state::server_clock::ServerClock;
use crate::state::settings::Settings;
use crate::state::stale::Part;
use crate::state::toasts::{Hold, Toasts};
use crate::view::use_effect_with;

/// Waits before the newest page is asked for again; after the last of them it waits for a person, or for the next
/// connection.
const RETRIES_MS: [u32; 3] = [1_000, 3_000, 9_000];

impl Actions {
    /// Asks for the newest notifications.
    pub fn load_inbox(&self) {
        if self.with_reader(|reader| Rc::make_mut(&mut reader.notifications).begin_load()) {
            let actions = self.clone();
            spawn_local(async move { actions.load_until_done().await });
        }
    }

    async fn load_until_done(&self) {
        let session = self.reader().session;
        let mut retries = RETRIES_MS.into_iter();
        loop {
            // After a loss as many are asked for as are held, so that a reader keeps their place.
            let held = self.reader().notifications.inbox().rows().len();
            let answer = inbox::page(None, held.clamp(DEFAULT_PAGE, MAX_PAGE)).await;
            if self.reader().session != session {
                return;
            }
            match answer {
                Ok(page) => self.with_reader(|reader| reader.loaded(page, now())),
                Err(error) => {
                    if error.may_pass()
                        && let Some(wait) = retries.next()
                    {
                        TimeoutFuture::new(wait).await;
                        if self.reader().session != session {
                            return;
                        }
                        continue;
                    }
                    self.with_reader(|reader| {
                        Rc::make_mut(&mut reader.notifications).load_failed(error);
                    });
                    return;
                }
            }
            if !self.reader().notifications.is_loading() {
                return;
            }
        }
    }

    /// Asks for those that come before what is held.
    pub fn load_older(&self) {
        // Whoever asks in vain, as a list does with every rendering, must not make it render again.
        if !self.reader().notifications.has_older() {
            return;
        }
        let before =
            self.with_reader(|reader| Rc::make_mut(&mut reader.notifications).begin_older());
        let Some(before) = before else { return };
        let (actions, session) = (self.clone(), self.reader().session);
        spawn_local(async move {
            let page = inbox::page(Some(&before), MAX_PAGE / 2).await;
            actions.with_reader_of(session, |reader| {
                Rc::make_mut(&mut reader.notifications).older_loaded(&before, page);
            });
        });
    }

    /// Does to the inbox what a person asked for: shown at once, and taken back if it is refused.
    pub fn mark(&self, mark: Mark) {
        if !self.with_reader(|reader| reader.begin_mark(&mark)) {
            return;
        }
        let (actions, session) = (self.clone(), self.reader().session);
        spawn_local(async move {
            let answer = ask_for(&mark).await;
            let at = actions.server_time();
            if actions.with_reader_of(session, |reader| reader.marked(&mark, answer, at)) {
                actions.recount().await;
            }
        });
    }

    /// Asks how many are unread, by a page that is as short as can be: a reader far down the list keeps their place.
    async fn recount(&self) {
        let session = self.reader().session;
        match inbox::page(None, 1).await {
            Ok(page) => self.with_reader_of(session, |reader| {
                let told = Unread { unread_count: page.unread_count, version: page.version };
                Rc::make_mut(&mut reader.notifications).recount(told);
            }),
            // That one is tried again, and says what is wrong.
            Err(_) => self.load_inbox(),
        }
    }

    /// Marks all that are there as read.
    pub fn mark_all_read(&self) {
        if let Some(mark) = self.reader().notifications.mark_of_all() {
            self.mark(mark);
        }
    }

    /// The inbox was opened or closed.
    pub fn inbox_opened(&self, is_open: bool) {
        if self.reader().is_open != is_open {
            self.with_reader(|reader| reader.open(is_open));
        }
        let notifications = self.reader().notifications;
        let has_failed = is_open && matches!(notifications.load, Load::Failed(_));
        if has_failed || notifications.inbox().is_torn() {
            self.load_inbox();
        }
    }

    /// Takes a toast away.
    pub fn dismiss_toast(&self, key: u64) {
        self.with_toasts(|toasts| toasts.dismiss(key, now()));
    }

    /// Time stands still for toasts, or goes on.
    pub fn hold_toasts(&self, hold: Hold, on: bool) {
        self.with_toasts(|toasts| toasts.hold(hold, on, now()));
    }

    /// Takes away toasts that have run out.
    pub fn tick_toasts(&self) {
        self.with_toasts(|toasts| toasts.tick(now()));
    }

    /// Whether notifications of a level become toasts, from now on the other way.
    pub fn toggle_toasts_of(&self, level: Level) {
        self.set(|settings| *settings = settings.with_toasts_toggled(level));
    }

    /// Takes up what was remembered.
    pub(super) fn recall_settings(&self) {
        let settings = remembered();
        speak(settings.language);
        self.with_reader(|reader| reader.settings = Rc::new(settings));
    }

    /// Takes what was asked for in `session`; nothing of it if that is over.
    pub(super) fn with_reader_of<T: Default>(
        &self,
        session: u64,
        change: impl FnOnce(&mut Reader) -> T,
    ) -> T {
        if self.reader().session == session { self.with_reader(change) } else { T::default() }
    }

    fn with_toasts(&self, change: impl FnOnce(&mut Toasts)) {
        self.with_reader(|reader| change(Rc::make_mut(&mut reader.toasts)));
    }
}

async fn ask_for(mark: &Mark) -> Marked {
    let answer = match mark {
        Mark::Read(id) => inbox::mark_read(id).await.map(|()| Marked::Done),
        Mark::Remove(id) => inbox::remove(id).await.map(|()| Marked::Done),
        Mark::ReadAll(version) => inbox::mark_all_read(*version).await.map(Marked::Counted),
    };
    answer.unwrap_or_else(
        |error| {
            if error.is_not_found() { Marked::Gone } else { Marked::Failed(error) }
        },
    )
}

/// The notifications.
#[hook]
pub fn use_notifications() -> Shared<Notifications> {
    use_part(|store| Shared(store.reader.notifications.clone()))
}

/// How many notifications are unread.
#[hook]
pub fn use_unread() -> u64 {
    use_part(|store| store.reader.notifications.unread())
}

/// The toasts.
#[hook]
pub fn use_toasts() -> Shared<Toasts> {
    use_part(|store| Shared(store.reader.toasts.clone()))
}

/// Lets toasts run out.
#[hook]
pub fn use_toast_clock() {
    /// A timer may fire a little early by another clock than its own.
    const LATE_MS: u32 = 10;
    let actions = use_actions();
    let toasts = use_toasts();
    use_effect_with(toasts, move |toasts| {
        let timer = toasts.next_due().map(|due| {
            let wait = u32::try_from(due.saturating_sub(now()).as_millis()).unwrap_or(u32::MAX);
            Timeout::new(wait.saturating_add(LATE_MS), move || actions.tick_toasts())
        });
        move || drop(timer)
    });
}

/// Whether the inbox is open.
#[hook]
pub fn use_inbox_open() -> bool {
    use_part(|store| store.reader.is_open)
}

/// What the reader chose.
#[hook]
pub fn use_settings() -> Shared<Settings> {
    use_part(|store| Shared(store.reader.settings.clone()))
}

/// How often a part of the page became stale: whoever shows it asks anew when that grows.
#[hook]
pub fn use_stale(part: Part) -> u64 {
    let stale = use_part(|store| store.stale);
    stale.of(part)
}

/// The server's time in ms since the epoch, anew every ten seconds: for ages in a list.
#[hook]
pub fn use_server_time() -> u64 {
    let clock = use_part(|store| store.server_clock);
    let coarse = use_at_each_tick(clock, |clock: &Option<ServerClock>, now: Duration| {
        clock.map(|clock| clock.time(now) / 10_000)
    });
    let actions = use_actions();
    coarse.map_or_else(|| actions.server_time(), |tens| (tens + 1) * 10_000)
}
