//! The charts' own way past the virtual DOM: rings that charts read once a frame.

use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;

use super::listeners::Listeners;
use crate::state::chart::Rings;
use crate::state::metrics::Sample;

/// The rings of all machines, and the charts that want to know when they change.
#[derive(Clone, Default)]
pub struct Charts {
    rings: Rc<RefCell<Rings>>,
    listeners: Listeners,
}

impl PartialEq for Charts {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.rings, &other.rings)
    }
}

impl Charts {
    /// Adds the values of samples and wakes the charts once.
    pub fn push<'a>(&self, samples: impl IntoIterator<Item = &'a Sample>) {
        let mut any = false;
        for sample in samples {
            self.rings.borrow_mut().push(sample);
            any = true;
        }
        // Charts that are held still would draw the same again.
        if any && !self.rings.borrow().is_held() {
            self.listeners.call();
        }
    }

    /// Holds what the charts show, or lets them go on.
    pub fn hold(&self, hold: bool) {
        self.rings.borrow_mut().hold(hold);
        self.listeners.call();
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.rings.take();
        self.listeners.call();
    }

    /// Looks at the rings.
    pub fn with<T>(&self, look: impl FnOnce(&Rings) -> T) -> T {
        look(&self.rings.borrow())
    }

    /// Calls `wake` after each change, until what it returns is dropped.
    #[must_use]
    pub fn on_change(&self, wake: Rc<dyn Fn()>) -> Box<dyn Any> {
        Box::new(self.listeners.add(wake))
    }
}
