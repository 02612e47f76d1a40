//! The store. A component that looks at one part of it renders when that part changes, and not else.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::rc::Rc;
use std::time::Duration;

use tidings_protocol::api::{SignIn, User};
use yew::prelude::*;

use super::alerts::is_seen;
use super::charts::Charts;
use super::listeners::Listeners;
use super::past::SELDOM;
use crate::feed::{self, FeedHandle, Update, now};
use crate::state::connection::Connection;
use crate::state::jobs::Jobs;
use crate::state::metrics::Metrics;
use crate::state::reader::Reader;
use crate::state::server_clock::ServerClock;
use crate::state::stale::Part;
use crate::state::store::{Action, Arrival, Meaning, Store, read};
use crate::state::topics::Topics;
use crate::view::use_effect_with;

/// Part of the store; equal only to itself, which is quick to tell and enough.
pub struct Shared<T>(pub(super) Rc<T>);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Events that wait behind a pause; null while there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paused(pub Option<u64>);

impl Paused {
    /// Whether the page is held still.
    #[must_use]
    pub fn is_on(self) -> bool {
        self.0.is_some()
    }
}

/// The store, the feed that fills it, and what a person can do.
#[derive(Clone)]
pub struct Actions(Rc<Inner>);

struct Inner {
    store: RefCell<Store>,
    listeners: Listeners,
    charts: Charts,
    /// When the past was asked for last.
    past_asked: Cell<Duration>,
    feed: RefCell<Option<FeedHandle>>,
}

impl PartialEq for Actions {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Actions {
    fn new() -> Self {
        Self(Rc::new(Inner {
            store: RefCell::new(Store::new(now())),
            listeners: Listeners::default(),
            charts: Charts::default(),
            past_asked: Cell::default(),
            feed: RefCell::new(None),
        }))
    }

    /// Closes what is open and connects now.
    pub fn retry(&self) {
        self.with_feed(FeedHandle::retry);
    }

    /// Closes the connection.
    pub fn disconnect(&self) {
        self.with_feed(FeedHandle::disconnect);
    }

    /// Trades what proves who somebody is for a session.
    pub fn sign_in(&self, proof: SignIn) {
        self.with_feed(|feed| feed.sign_in(proof));
    }

    /// Ends the session.
    pub fn sign_out(&self) {
        self.with_feed(FeedHandle::sign_out);
    }

    /// Trusts the server whose key has this fingerprint.
    pub fn trust(&self, key: String) {
        self.with_feed(|feed| feed.trust(key));
    }

    /// Whether the desktop application holds the connection.
    #[must_use]
    pub fn is_desktop(&self) -> bool {
        self.0.feed.borrow().as_ref().is_some_and(FeedHandle::is_desktop)
    }

    /// Holds the page still, or lets it go on.
    pub fn toggle_pause(&self) {
        let hold = self.0.store.borrow().waiting().is_none();
        self.0.charts.change(|board| board.hold(hold));
        self.dispatch(Action::TogglePause);
    }

    /// Shows another machine.
    pub fn choose(&self, host: Rc<str>) {
        self.dispatch(Action::Choose(host));
    }

    /// What the charts show.
    #[must_use]
    pub fn charts(&self) -> &Charts {
        &self.0.charts
    }

    /// What programs publish, as it is to be shown now.
    #[must_use]
    pub fn topics(&self) -> Rc<Topics> {
        self.look(|store| store.shown_topics().clone())
    }

    /// Looks at the store.
    pub(super) fn look<T>(&self, look: impl FnOnce(&Store) -> T) -> T {
        look(&self.0.store.borrow())
    }

    /// Calls `wake` after each change of the store, until what it returns is dropped.
    #[must_use]
    pub fn on_change(&self, wake: Rc<dyn Fn()>) -> Box<dyn Any> {
        Box::new(self.0.listeners.add(wake))
    }

    /// Has all look again, after a change that the store does not hold.
    pub fn wake(&self) {
        self.0.listeners.call();
    }

    fn start(&self) {
        self.0.charts.change(|board| board.choose(self.reader().settings.span));
        // The feed must not keep alive what keeps it alive.
        let inner = Rc::downgrade(&self.0);
        let handle = feed::start(Rc::new(move |update| {
            if let Some(inner) = inner.upgrade() {
                Self(inner).take(update);
            }
        }));
        self.0.feed.replace(Some(handle));
    }

    fn stop(&self) {
        self.0.feed.take();
    }

    fn take(&self, update: Update) {
        match update {
            Update::News { status, deliveries, dropped } => {
                let now = now();
                let arrivals: Vec<_> = deliveries.into_iter().map(|d| read(d, now)).collect();
                let is_torn =
                    self.0.charts.push(arrivals.iter().filter_map(|arrival| match arrival {
                        Arrival::Event { meaning: Some(Meaning::Sample(sample)), .. } => {
                            Some(sample)
                        }
                        _ => None,
                    }));
                self.dispatch(Action::Feed { status, arrivals, dropped, now });
                // Nobody sees the hole before they see the page.
                if is_torn && is_seen() && now.saturating_sub(self.0.past_asked.get()) > SELDOM {
                    self.load_past();
                }
            }
            Update::SignInFailed(error) => self.dispatch(Action::SignInFailed(error)),
            Update::SignedIn(user) => {
                if self.0.store.borrow().is_of_another(&user) {
                    self.0.charts.clear();
                }
                self.dispatch(Action::SignedIn(user));
            }
            Update::SignedOut => {
                self.0.charts.clear();
                self.dispatch(Action::SignedOut);
            }
            Update::SignOutFailed(error) => self.dispatch(Action::SignOutFailed(error)),
        }
    }

    fn dispatch(&self, action: Action) {
        let next = self.0.store.borrow().after(action);
        let stale = next.stale.of(Part::Charts);
        let host = next.shown_metrics().current().map(|sample| sample.host.clone());
        let before = self.0.store.replace(next);
        self.0.listeners.call();
        let is_other = self.0.charts.with(|board| board.host() != host.as_ref())
            && self.0.charts.change(|board| board.look(host));
        if is_other || stale != before.stale.of(Part::Charts) {
            self.load_past();
        }
    }

    /// Lets the reader of notifications change, and tells all who look.
    pub(super) fn with_reader<T>(&self, change: impl FnOnce(&mut Reader) -> T) -> T {
        let result = change(&mut self.0.store.borrow_mut().reader);
        self.0.listeners.call();
        result
    }

    /// Lets the jobs change by what somebody asked for in `session`, and tells all who look; nothing if that is over.
    pub(super) fn with_jobs<T: Default>(
        &self,
        session: u64,
        change: impl FnOnce(&mut Jobs) -> T,
    ) -> T {
        if self.reader().session != session {
            return T::default();
        }
        let result = change(self.0.store.borrow_mut().jobs_mut());
        self.0.listeners.call();
        result
    }

    /// As [`with_jobs`](Self::with_jobs), where a person waits to see it, behind a pause as well.
    pub(super) fn with_shown_jobs(&self, session: u64, change: impl FnOnce(&mut Jobs)) {
        if self.reader().session == session {
            change(self.0.store.borrow_mut().jobs_mut());
            self.0.store.borrow_mut().show_jobs();
            self.0.listeners.call();
        }
    }

    /// Leaves nothing to be said aloud.
    pub(super) fn hush(&self) {
        self.0.store.borrow_mut().hush();
    }

    /// What the reader of notifications has before them.
    pub(super) fn reader(&self) -> Reader {
        self.0.store.borrow().reader.clone()
    }

    /// The server's time in ms since the epoch, or this machine's while the server's is not known.
    pub(super) fn server_time(&self) -> u64 {
        let clock = self.0.store.borrow().server_clock;
        clock.map_or_else(|| js_sys::Date::now() as u64, |clock| clock.time(now()))
    }

    pub(super) fn past_asked(&self, now: Duration) {
        self.0.past_asked.set(now);
    }

    fn with_feed(&self, act: impl FnOnce(&FeedHandle)) {
        // Acting may bring an update at once, so nothing stays borrowed.
        let feed = self.0.feed.borrow().clone();
        if let Some(feed) = feed {
            act(&feed);
        }
    }
}

/// Properties of [`StoreProvider`].
#[derive(Properties, PartialEq)]
pub struct StoreProviderProps {
    /// What may use the store.
    pub children: Html,
}

/// Starts the feed and holds the store.
#[component]
pub fn StoreProvider(props: &StoreProviderProps) -> Html {
    let actions = use_memo((), |()| {
        // Before anything is drawn: what is hidden must not show for a moment, and a link to it has to be told apart.
        let actions = Actions::new();
        actions.recall_settings();
        actions
    });
    {
        let actions = actions.clone();
        use_effect_with((), move |()| {
            actions.start();
            move || actions.stop()
        });
    }
    html! {
        <ContextProvider<Actions> context={(*actions).clone()}>
            { props.children.clone() }
        </ContextProvider<Actions>>
    }
}

/// What a person can do.
#[expect(clippy::expect_used, reason = "a component outside the provider is a bug of this page")]
#[hook]
pub fn use_actions() -> Actions {
    use_context::<Actions>().expect("the store's provider is above every component")
}

/// One part of the store; the component renders again when that part changes.
#[hook]
pub(super) fn use_part<T: Clone + PartialEq + 'static>(part: fn(&Store) -> T) -> T {
    let actions = use_actions();
    let value = part(&actions.0.store.borrow());
    let shown = use_mut_ref(|| value.clone());
    shown.replace(value.clone());
    let store = actions.clone();
    use_update_when(actions, Rc::new(move || part(&store.0.store.borrow()) != *shown.borrow()));
    value
}

/// Renders the component again after each change of the store that its first `is_other` says yes to. One for parts of all
/// types: for each type another would be as large again in the program.
#[hook]
fn use_update_when(actions: Actions, is_other: Rc<dyn Fn() -> bool>) {
    let update = use_force_update();
    use_effect_with((), move |()| {
        let check = move || {
            if is_other() {
                update.force_update();
            }
        };
        // What changed between the first look and now would be missed otherwise.
        check();
        let hearing = actions.0.listeners.add(Rc::new(check));
        move || drop(hearing)
    });
}

/// The connection.
#[hook]
pub fn use_connection() -> Shared<Connection> {
    use_part(|store| Shared(store.connection.clone()))
}

/// Who is signed in; none until the server has said so.
#[hook]
pub fn use_user() -> Option<Rc<User>> {
    use_part(|store| store.user.clone())
}

/// Metrics to show.
#[hook]
pub fn use_metrics() -> Shared<Metrics> {
    use_part(|store| Shared(store.shown_metrics().clone()))
}

/// Metrics as they arrive, also while what is shown is held still.
#[hook]
pub(super) fn use_live_metrics() -> Shared<Metrics> {
    use_part(|store| Shared(store.live_metrics().clone()))
}

/// Jobs to show.
#[hook]
pub fn use_jobs() -> Shared<Jobs> {
    use_part(|store| Shared(store.shown_jobs().clone()))
}

/// The server's clock; none before the first event.
#[hook]
pub fn use_server_clock() -> Option<ServerClock> {
    use_part(|store| store.server_clock)
}

/// Whether the page is held still.
#[hook]
pub fn use_paused() -> Paused {
    use_part(|store| Paused(store.waiting()))
}
