//! Who wants to hear of changes.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

type Listen = Rc<dyn Fn()>;

/// A list of listeners; each is heard until its [`Hearing`] is dropped.
#[derive(Clone, Default)]
pub(super) struct Listeners(Rc<Inner>);

#[derive(Default)]
struct Inner {
    list: RefCell<Vec<(u64, Listen)>>,
    next_key: Cell<u64>,
}

/// A listener's place in the list.
pub(super) struct Hearing {
    listeners: Listeners,
    key: u64,
}

impl Listeners {
    pub(super) fn add(&self, listen: Listen) -> Hearing {
        let key = self.0.next_key.replace(self.0.next_key.get() + 1);
        self.0.list.borrow_mut().push((key, listen));
        Hearing { listeners: self.clone(), key }
    }

    pub(super) fn call(&self) {
        // A listener may add and remove listeners.
        let list: Vec<Listen> =
            self.0.list.borrow().iter().map(|(_, listen)| listen.clone()).collect();
        for listen in list {
            listen();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.list.borrow().is_empty()
    }
}

impl Drop for Hearing {
    fn drop(&mut self) {
        self.listeners.0.list.borrow_mut().retain(|(key, _)| *key != self.key);
    }
}
