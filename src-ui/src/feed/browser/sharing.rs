//! What a browser's feed does with the other tabs: [`Tab`] decides.

use std::rc::Rc;

use tidings_feed::tabs::{Act, Tab};
use tidings_feed::{Feed, Input};

use super::Inner;
use crate::feed::now;
use crate::feed::tabs::Group;

impl Inner {
    /// Has a stream opened, by this tab or another.
    pub(super) fn connect(self: &Rc<Self>) {
        self.asked.replace(self.wanted());
        self.identity.replace(self.identity());
        self.join();
        if self.group.borrow().is_some() {
            self.act(|tab, feed| tab.begin(now(), feed));
        } else {
            self.open();
        }
    }

    /// Joins the tabs that show the same, and leaves those that show something else.
    fn join(self: &Rc<Self>) {
        let identity = self.identity.borrow().clone();
        if self.group.borrow().as_ref().map(|group| &group.name) == identity.as_ref() {
            return;
        }
        self.leave();
        let inner = Rc::downgrade(self);
        let on_word = move |word: String| {
            if let Some(inner) = inner.upgrade() {
                inner.on_word(&word);
            }
        };
        self.group.replace(identity.and_then(|name| Group::join(name, on_word)));
    }

    pub(super) fn leave(self: &Rc<Self>) {
        self.end(false);
        drop(self.group.take());
    }

    /// Lets go of the stream, and of what the other tabs have of it if it `is_lost`.
    pub(super) fn end(self: &Rc<Self>, is_lost: bool) {
        self.act(|tab, feed| tab.end(feed, is_lost));
        self.shut();
    }

    /// What tabs have in common that may share a stream: all that the server goes by in what it sends, and the words they use. The
    /// server itself is the same for all that can hear each other.
    pub(super) fn identity(&self) -> Option<String> {
        let user = self.user.borrow();
        let user = &user.as_ref()?.id;
        Some(
            ["tidings ", env!("CARGO_PKG_VERSION"), " ", user, " ", &self.wanted().join(" ")]
                .concat(),
        )
    }

    /// Lets the tab decide, and carries that out.
    pub(super) fn act(self: &Rc<Self>, decide: impl FnOnce(&mut Tab, &Feed) -> Vec<Act>) {
        let acts = decide(&mut self.tab.borrow_mut(), &self.feed.borrow());
        self.carry_out_all(acts);
    }

    /// Apart from [`act`](Self::act), of which the program has one for each way to decide.
    fn carry_out_all(self: &Rc<Self>, acts: Vec<Act>) {
        for act in acts {
            match act {
                Act::Queue => self.request(false),
                Act::Steal => self.request(true),
                Act::Release => self.with_group(Group::release),
                Act::Post(word) => self.with_group(|group| group.post(&word)),
                Act::Open => self.open(),
                Act::Shut => self.shut(),
                Act::Take { id, data } => drop(self.take(&data, Some(id))),
                Act::Fail(failure) => self.fail(failure),
                Act::Retry => self.input(Input::Retry),
            }
        }
        self.set_deadline();
    }

    fn with_group(&self, act: impl FnOnce(&Group)) {
        if let Some(group) = &*self.group.borrow() {
            act(group);
        }
    }

    fn request(self: &Rc<Self>, steals: bool) {
        let inner = Rc::downgrade(self);
        let on_change = move |is_granted| {
            let Some(inner) = inner.upgrade() else { return };
            inner.act(|tab, feed| match is_granted {
                true => tab.granted(now(), feed),
                false => tab.robbed(now()),
            });
        };
        self.with_group(|group| group.request(steals, on_change));
    }

    fn on_word(self: &Rc<Self>, word: &str) {
        if self.is_frozen.get() {
            return;
        }
        // Timers of a tab that nobody sees are late: what it says of its stream is to be true all the same.
        let is_late = self.feed.borrow().next_deadline(now()).is_some_and(|due| due <= now());
        if is_late {
            self.input(Input::Tick);
        }
        self.act(|tab, feed| tab.hear(now(), feed, word));
    }
}
