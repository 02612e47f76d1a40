//! The charts' own way past the virtual DOM: rings that charts read once a frame.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use yew::prelude::*;

use crate::state::chart::Rings;
use super::store::use_actions;
use crate::state::metrics::Sample;

type Wake = Rc<dyn Fn()>;

/// The rings of all machines, and the charts that want to know when they change.
#[derive(Clone, Default)]
pub struct Charts(Rc<Inner>);

#[derive(Default)]
struct Inner {
    rings: RefCell<Rings>,
    wakes: RefCell<Vec<(u64, Wake)>>,
    next_key: Cell<u64>,
}

impl PartialEq for Charts {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Charts {
    /// Adds the values of samples and wakes the charts once.
    pub fn push<'a>(&self, samples: impl IntoIterator<Item = &'a Sample>) {
        let mut any = false;
        for sample in samples {
            self.0.rings.borrow_mut().push(sample);
            any = true;
        }
        if any {
            let wakes: Vec<Wake> =
                self.0.wakes.borrow().iter().map(|(_, wake)| wake.clone()).collect();
            wakes.iter().for_each(|wake| wake());
        }
    }

    /// Looks at the rings.
    pub fn with<T>(&self, look: impl FnOnce(&Rings) -> T) -> T {
        look(&self.0.rings.borrow())
    }

    /// Calls `wake` after each change, until the returned guard is dropped.
    #[must_use]
    pub fn on_change(&self, wake: Rc<dyn Fn()>) -> impl std::any::Any + use<> {
        let key = self.0.next_key.replace(self.0.next_key.get() + 1);
        self.0.wakes.borrow_mut().push((key, wake));
        Guard { charts: self.clone(), key }
    }
}

struct Guard {
    charts: Charts,
    key: u64,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.charts.0.wakes.borrow_mut().retain(|(key, _)| *key != self.key);
    }
}

/// The charts' rings.
#[hook]
pub fn use_charts() -> Charts {
    use_actions().charts
}
