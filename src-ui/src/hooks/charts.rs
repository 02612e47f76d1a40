//! The charts' own way past the virtual DOM: points that charts read once a frame.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::listeners::Listeners;
use super::store::use_actions;
use crate::feed::history::Asking;
use crate::state::chart::{Board, Past, Span};
use crate::state::metrics::Sample;
use crate::state::request_error::RequestError;
use crate::view::use_effect_with;
use yew::prelude::*;

/// What charts show, and those that want to know when it changes.
#[derive(Clone, Default)]
pub struct Charts(Rc<Inner>);

#[derive(Default)]
struct Inner {
    board: RefCell<Board>,
    listeners: Listeners,
    /// The request for the past that is under way; given up when another takes its place.
    asking: RefCell<Option<Asking>>,
    /// Counts those requests.
    asked: Cell<u32>,
    trouble: RefCell<Option<RequestError>>,
}

impl PartialEq for Charts {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// What of the charts the page shows besides.
#[derive(Clone, Debug, PartialEq)]
pub struct ChartsState {
    /// How far back they reach.
    pub span: Span,
    /// Whether they show a part of that.
    pub is_zoomed: bool,
    /// Why the past is not there.
    pub trouble: Option<RequestError>,
    /// Grows with each change but a sample.
    pub revision: u32,
}

impl Charts {
    /// Adds the values of samples and wakes the charts once; true if the past should be asked for anew.
    pub(super) fn push<'a>(&self, samples: impl IntoIterator<Item = &'a Sample>) -> bool {
        let (mut any, mut is_torn) = (false, false);
        for sample in samples {
            is_torn |= self.0.board.borrow_mut().push(sample);
            any = true;
        }
        // Charts that are held still would draw the same again.
        if any && !self.0.board.borrow().is_held() {
            self.0.listeners.call();
        }
        is_torn
    }

    /// Changes what is shown, and wakes the charts.
    pub fn change<T>(&self, change: impl FnOnce(&mut Board) -> T) -> T {
        let result = change(&mut self.0.board.borrow_mut());
        self.0.listeners.call();
        result
    }

    /// Forgets everything but how far back to look.
    pub(super) fn clear(&self) {
        self.0.asking.take();
        self.0.asked.set(self.0.asked.get() + 1);
        self.0.trouble.take();
        self.change(|board| {
            let span = board.span();
            *board = Board::default();
            board.choose(span);
        });
    }

    /// Looks at what is shown.
    pub fn with<T>(&self, look: impl FnOnce(&Board) -> T) -> T {
        look(&self.0.board.borrow())
    }

    /// A request for the past begins, which takes the place of the one before. Returns its number.
    pub(super) fn begin(&self, asking: Asking) -> u32 {
        self.0.asking.replace(Some(asking));
        self.0.asked.set(self.0.asked.get() + 1);
        self.0.asked.get()
    }

    /// The last request is made once more.
    pub(super) fn ask_again(&self, asking: Asking) {
        self.0.asking.replace(Some(asking));
    }

    /// Whether the request of this number is the last one.
    pub(super) fn is_asking(&self, number: u32) -> bool {
        self.0.asked.get() == number
    }

    /// The past was answered, or why not: what is shown stays then.
    pub(super) fn answered(&self, answer: Result<Past, RequestError>) {
        self.0.trouble.replace(answer.as_ref().err().cloned());
        self.change(|board| answer.into_iter().for_each(|past| board.backfill(past)));
    }

    /// Calls `wake` after each change, until what it returns is dropped.
    #[must_use]
    pub fn on_change(&self, wake: Rc<dyn Fn()>) -> Box<dyn Any> {
        Box::new(self.0.listeners.add(wake))
    }

    fn state(&self) -> ChartsState {
        let trouble = self.0.trouble.borrow().clone();
        self.with(|board| ChartsState {
            span: board.span(),
            is_zoomed: board.is_zoomed(),
            trouble,
            revision: board.revision(),
        })
    }
}

/// What of the charts the page shows besides; the component renders again when that changes, and not with samples.
#[hook]
pub fn use_charts() -> ChartsState {
    let charts = use_actions().charts().clone();
    let update = use_force_update();
    let state = charts.state();
    let shown = use_mut_ref(|| state.clone());
    shown.replace(state.clone());
    use_effect_with((), move |()| {
        let of = charts.clone();
        let hearing = charts.on_change(Rc::new(move || {
            if of.state() != *shown.borrow() {
                update.force_update();
            }
        }));
        move || drop(hearing)
    });
    state
}
