//! What a browser's feed hears of the page it is in.

use std::rc::{Rc, Weak};

use tidings_feed::{Input, State};
use tidings_protocol::api::SignIn;
use wasm_bindgen_futures::spawn_local;

use super::{Inner, is_seen};
use crate::feed::Update;
use crate::feed::event_source::Listener;
use crate::feed::session::{sign_in, take_code_from_address};

impl Inner {
    /// Connects afterwards in any case: an earlier session may still hold where the code does not.
    pub(super) fn sign_in_by_code(self: &Rc<Self>, code: String) {
        let inner = self.clone();
        spawn_local(async move {
            if let Err(error) = sign_in(SignIn::Code { code }).await {
                (inner.sink)(Update::SignInFailed(error));
            }
            inner.connect_as_another();
        });
    }

    /// A machine that wakes up or comes back to the network need not wait for its turn.
    pub(super) fn listen(self: &Rc<Self>) {
        let Some(window) = web_sys::window() else { return };
        let mut listeners = self.listeners.borrow_mut();
        let inner = Rc::downgrade(self);
        listeners.push(Listener::new(&window, "online", move || Self::wake(&inner)));
        // A link opened in this tab, where the page runs already, changes the fragment only.
        let inner = Rc::downgrade(self);
        listeners.push(Listener::new(&window, "hashchange", move || {
            if let (Some(inner), Some(code)) = (inner.upgrade(), take_code_from_address()) {
                inner.sign_in_by_code(code);
            }
        }));
        if let Some(document) = window.document() {
            // A frozen page reads its stream no longer, but would answer that it leads.
            let inner = Rc::downgrade(self);
            listeners.push(Listener::new(&document, "freeze", move || Self::freeze(&inner, true)));
            let inner = Rc::downgrade(self);
            listeners.push(Listener::new(&document, "resume", move || Self::freeze(&inner, false)));
            let inner = Rc::downgrade(self);
            listeners.push(Listener::new(&document, "visibilitychange", move || {
                if is_seen() {
                    Self::wake(&inner);
                }
            }));
        }
    }

    fn wake(inner: &Weak<Self>) {
        let Some(inner) = inner.upgrade() else { return };
        if matches!(inner.state(), State::Reconnecting { .. }) {
            inner.input(Input::Retry);
        } else {
            inner.tick();
        }
    }

    /// Leaves the stream to others while the page stands still.
    fn freeze(inner: &Weak<Self>, is_frozen: bool) {
        let Some(inner) = inner.upgrade().filter(|inner| inner.group.borrow().is_some()) else {
            return;
        };
        inner.is_frozen.set(is_frozen);
        if is_frozen {
            inner.end(false);
        } else if inner.feed.borrow().wants_connection() {
            inner.input(Input::Retry);
        }
    }
}
