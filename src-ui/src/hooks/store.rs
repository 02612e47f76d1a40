//! The store, each part under a context of its own, so that news of one does not render the others.

use std::ops::Deref;
use std::rc::Rc;

use yew::prelude::*;

use crate::feed::{self, FeedHandle, Update, now};
use crate::state::connection::Connection;
use crate::state::events::EventLog;
use crate::state::metrics::Metrics;
use crate::state::store::{Action, Arrival, Store, read};

use super::charts::Charts;

/// Part of the store; equal only to itself, which is quick to tell and enough.
pub struct Shared<T>(Rc<T>);

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

/// Metrics as they arrive, also while what is shown is held still.
#[derive(Clone, PartialEq)]
pub(super) struct LiveMetrics(pub(super) Shared<Metrics>);

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

/// What a person can do.
#[derive(Clone, PartialEq)]
pub struct Actions {
    dispatch: UseReducerDispatcher<Reducer>,
    feed: Option<FeedHandle>,
    pub(super) charts: Charts,
}

impl Actions {
    /// Connects now instead of waiting any longer.
    pub fn retry(&self) {
        self.with_feed(FeedHandle::retry);
    }

    /// Closes the connection.
    pub fn disconnect(&self) {
        self.with_feed(FeedHandle::disconnect);
    }

    /// Closes what is open and connects anew.
    pub fn reconnect(&self) {
        self.with_feed(FeedHandle::reconnect);
    }

    /// Trades a token for a session.
    pub fn sign_in(&self, token: String) {
        self.with_feed(|feed| feed.sign_in(token));
    }

    /// Ends the session.
    pub fn sign_out(&self) {
        self.with_feed(FeedHandle::sign_out);
    }

    /// Whether the desktop application holds the connection.
    #[must_use]
    pub fn is_desktop(&self) -> bool {
        self.feed.as_ref().is_some_and(FeedHandle::is_desktop)
    }

    /// Holds the page still, or lets it go on.
    pub fn toggle_pause(&self) {
        self.dispatch.dispatch(Action::TogglePause);
    }

    /// Shows another machine.
    pub fn choose(&self, host: Rc<str>) {
        self.dispatch.dispatch(Action::Choose(host));
    }

    fn with_feed(&self, act: impl FnOnce(&FeedHandle)) {
        if let Some(feed) = &self.feed {
            act(feed);
        }
    }
}

/// Gives the pure store to Yew.
#[derive(Clone)]
pub(super) struct Reducer(Store);

impl Reducible for Reducer {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        Rc::new(Self(self.0.after(action)))
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
    let store = use_reducer(|| Reducer(Store::new(now())));
    let charts = use_memo((), |()| Charts::default());
    let feed = use_state(|| None);
    {
        let (dispatch, charts, feed) = (store.dispatcher(), charts.clone(), feed.setter());
        use_effect_with((), move |()| {
            let sink = move |update| take(update, &dispatch, &charts);
            let handle = feed::start(Rc::new(sink));
            feed.set(Some(handle.clone()));
            move || drop(handle)
        });
    }
    let actions = Actions { dispatch: store.dispatcher(), feed: (*feed).clone(), charts: (*charts).clone() };
    let Reducer(state) = &*store;
    html! {
        <ContextProvider<Actions> context={actions}>
        <ContextProvider<Shared<Connection>> context={Shared(state.connection.clone())}>
        <ContextProvider<Shared<Metrics>> context={Shared(state.shown_metrics().clone())}>
        <ContextProvider<LiveMetrics> context={LiveMetrics(Shared(state.live_metrics().clone()))}>
        <ContextProvider<Shared<EventLog>> context={Shared(state.shown_events().clone())}>
        <ContextProvider<Paused> context={Paused(state.waiting())}>
            { props.children.clone() }
        </ContextProvider<Paused>>
        </ContextProvider<Shared<EventLog>>>
        </ContextProvider<LiveMetrics>>
        </ContextProvider<Shared<Metrics>>>
        </ContextProvider<Shared<Connection>>>
        </ContextProvider<Actions>>
    }
}

fn take(update: Update, dispatch: &UseReducerDispatcher<Reducer>, charts: &Charts) {
    match update {
        Update::News { status, deliveries, dropped } => {
            let now = now();
            let arrivals: Vec<_> = deliveries.into_iter().map(|d| read(d, now)).collect();
            charts.push(arrivals.iter().filter_map(|arrival| match arrival {
                Arrival::Event(_, sample) => sample.as_ref(),
                Arrival::Gap(_) => None,
            }));
            dispatch.dispatch(Action::Feed { status, arrivals, dropped, now });
        }
        Update::SignInFailed(error) => dispatch.dispatch(Action::SignInFailed(error.explain())),
    }
}

#[expect(clippy::expect_used, reason = "a component outside the provider is a bug of this page")]
#[hook]
fn use_part<T: Clone + PartialEq + 'static>() -> T {
    use_context::<T>().expect("the store's provider is above every component")
}

/// What a person can do.
#[hook]
pub fn use_actions() -> Actions {
    use_part()
}

/// The connection.
#[hook]
pub fn use_connection() -> Shared<Connection> {
    use_part()
}

/// Metrics to show.
#[hook]
pub fn use_metrics() -> Shared<Metrics> {
    use_part()
}

/// Metrics as they arrive.
#[hook]
pub(super) fn use_live_metrics() -> Shared<Metrics> {
    use_part::<LiveMetrics>().0
}

/// Events to show.
#[hook]
pub fn use_events() -> Shared<EventLog> {
    use_part()
}

/// Whether the page is held still.
#[hook]
pub fn use_paused() -> Paused {
    use_part()
}
