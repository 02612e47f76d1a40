//! The rules of the server: asked for, kept fresh, changed.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use gloo_timers::callback::{Interval, Timeout};
use tidings_protocol::api::{Role, User};
use wasm_bindgen_futures::spawn_local;
use web_sys::VisibilityState;
use yew::prelude::*;

use super::notifications::use_stale;
use super::store::{use_actions, use_connection, use_paused, use_user};
use crate::feed::{alerts as server, now};
use crate::state::alerts::{Action, Alerts, Load, wire};
use crate::state::request_error::RequestError;
use crate::state::stale::Part;
use crate::view::use_effect_with;

/// Between two looks at the rules. Other servers of the same database hear of a change as late.
const LOOK_MS: u32 = 5_000;

/// After a change, until the next sample was judged by it.
const JUDGED_MS: u32 = 1_300;

/// Before a list that did not come is asked for again.
const MISSED_MS: u32 = 1_000;

/// For how long the list keeps its order behind the last movement over it: longer, and a pointer that somebody left there would
/// hide what is wrong.
const HELD: Duration = Duration::from_secs(10);

/// Called with how a change went.
pub(super) type Done = Callback<Result<(), RequestError>>;

/// The rules, and what can be done to them.
#[derive(Clone)]
pub struct AlertsHandle(Rc<Inner>);

struct Inner {
    alerts: RefCell<Alerts>,
    update: UseForceUpdateHandle,
    /// When somebody was last at the list.
    touched: Cell<Option<Duration>>,
    /// A list is under way.
    asking: Cell<bool>,
    /// Another is wanted behind it.
    again: Cell<bool>,
    soon: RefCell<Option<Timeout>>,
}

/// One handle is kept for as long as its component lives; what is in it is told by [`AlertsHandle::alerts`].
impl PartialEq for AlertsHandle {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl AlertsHandle {
    /// The rules as they are now.
    #[must_use]
    pub fn alerts(&self) -> Alerts {
        self.0.alerts.borrow().clone()
    }

    /// Asks for the list.
    pub fn look(&self) {
        if self.0.asking.replace(true) {
            self.0.again.set(true);
            return;
        }
        let changes = self.0.alerts.borrow().changes();
        let this = self.clone();
        spawn_local(async move {
            let answer = server::list().await;
            let answer =
                answer.and_then(|text| wire::list(&text).ok_or_else(RequestError::unreadable));
            this.0.asking.set(false);
            let is_held = this.0.touched.get().is_some_and(|at| now().saturating_sub(at) < HELD);
            this.take(Action::Hold(is_held));
            this.take(Action::Listed(changes, answer));
            if this.0.again.replace(false) {
                this.look();
            } else if this.0.alerts.borrow().load == Load::Missed {
                this.look_after(MISSED_MS);
            }
        });
    }

    fn look_after(&self, ms: u32) {
        let this = self.clone();
        let soon = Timeout::new(ms, move || this.look());
        drop(self.0.soon.replace(Some(soon)));
    }

    /// Somebody moves the pointer over the list or the focus within: for a while it is not put in another order.
    pub fn touch(&self) {
        self.0.touched.set(Some(now()));
    }

    /// Makes a rule, or changes the one with this id. What goes wrong stands at the rule, and `done` is told as well.
    pub fn save(&self, id: Option<String>, body: String, done: Done) {
        let this = self.clone();
        if let Some(id) = &id {
            self.take(Action::Asked(id.clone()));
        }
        spawn_local(async move {
            let answer = match &id {
                Some(id) => server::change(id, body).await,
                None => server::create(body).await,
            };
            let alert =
                answer.and_then(|text| wire::one(&text).ok_or_else(RequestError::unreadable));
            this.settle(alert.map(Action::Changed), id, &done);
        });
    }

    /// Removes the rule with this id.
    pub fn remove(&self, id: String) {
        let this = self.clone();
        self.take(Action::Asked(id.clone()));
        spawn_local(async move {
            let answer = server::remove(&id).await;
            this.settle(answer.map(|_| Action::Removed(id.clone())), Some(id), &Callback::noop());
        });
    }

    fn settle(&self, answer: Result<Action, RequestError>, id: Option<String>, done: &Done) {
        match answer {
            Ok(action) => {
                self.take(action);
                done.emit(Ok(()));
                self.look_after(JUDGED_MS);
            }
            Err(error) => {
                if let Some(id) = id {
                    self.take(Action::Refused(id, error.clone()));
                }
                done.emit(Err(error));
                // Whoever is refused may have looked at something old.
                self.look();
            }
        }
    }

    fn take(&self, action: Action) {
        let next = self.0.alerts.borrow().after(action);
        let is_news = *self.0.alerts.borrow() != next;
        self.0.alerts.replace(next);
        if is_news {
            self.0.update.force_update();
        }
    }
}

/// The rules of the server, for as long as the component lives: anew when the connection comes back, when a notification tells of
/// one, every few seconds while somebody can see them, and not while the page is held still.
#[hook]
pub fn use_alerts() -> AlertsHandle {
    let update = use_force_update();
    let handle = (*use_memo((), |()| {
        AlertsHandle(Rc::new(Inner {
            alerts: RefCell::default(),
            update,
            touched: Cell::new(None),
            asking: Cell::new(false),
            again: Cell::new(false),
            soon: RefCell::new(None),
        }))
    }))
    .clone();
    let connection = use_connection();
    let is_open = connection.is_open();
    let paused = use_paused().is_on();
    {
        let handle = handle.clone();
        use_effect_with((is_open, paused), move |(is_open, paused)| {
            let timer = (*is_open && !*paused).then(|| {
                handle.look();
                Interval::new(LOOK_MS, move || {
                    if is_seen() {
                        handle.look();
                    }
                })
            });
            move || drop(timer)
        });
    }
    {
        let handle = handle.clone();
        let stale = use_stale(Part::Alerts);
        use_effect_with(stale, move |times| {
            if *times > 0 && !paused {
                handle.look();
            }
        });
    }
    handle
}

/// Who looks at the page; none while that is not known. A browser's feed says it, the desktop's app is asked.
#[hook]
pub fn use_me() -> Option<Rc<User>> {
    let user = use_user();
    let of_app = use_state_eq(|| None::<Rc<User>>);
    let connection = use_connection();
    let desktop = use_actions().is_desktop();
    let is_open = connection.is_open();
    {
        let of_app = of_app.setter();
        use_effect_with(desktop && is_open, move |asks| {
            if *asks {
                spawn_local(async move {
                    of_app.set(server::who_the_app_is().await.map(Rc::new));
                });
            }
        });
    }
    user.or_else(|| (*of_app).clone())
}

/// Whether whoever looks at the page may change rules; none while that is not known.
#[hook]
pub fn use_may_change() -> Option<bool> {
    use_me().map(|user| user.role == Role::Admin)
}

/// What is known of the names of users: nothing yet, all of them, or why not.
pub type Names = Option<Result<Vec<String>, RequestError>>;

/// Names of all users, asked for once.
#[hook]
pub fn use_user_names() -> Rc<Names> {
    let names = use_state(Rc::<Names>::default);
    {
        let names = names.setter();
        use_effect_with((), move |()| {
            spawn_local(async move {
                let answer = server::users().await;
                let answer = answer
                    .and_then(|text| wire::user_names(&text).ok_or_else(RequestError::unreadable));
                names.set(Rc::new(Some(answer)));
            });
        });
    }
    (*names).clone()
}

pub(super) fn is_seen() -> bool {
    let document = web_sys::window().and_then(|window| window.document());
    document.is_some_and(|document| document.visibility_state() == VisibilityState::Visible)
}
