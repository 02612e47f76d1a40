//! Shows what somebody chose outside of the window, as if they had come to it in the inbox.

use std::cell::Cell;
use std::rc::Rc;

use gloo_timers::future::TimeoutFuture;

use super::{close_inbox, list, open_inbox};
use crate::hooks::Actions;
use crate::state::notifications::marks::Mark;

/// Time between two looks whether it is there.
const LOOK_EVERY_MS: u32 = 50;
/// Most looks: what is not there after ten seconds was removed, or never comes.
const MOST_LOOKS: u32 = 200;

/// Waits for what is chosen until it is ended, opens the inbox for each, comes to it and marks it as read.
pub(super) async fn follow(actions: Actions, ended: Rc<Cell<bool>>) {
    let mut shown = String::new();
    while !ended.get() {
        let Some(chosen) = actions.next_chosen(&shown).await else { return };
        // Should the application answer at once for some reason, this keeps the loop from spinning.
        TimeoutFuture::new(LOOK_EVERY_MS).await;
        let Some((key, id)) = chosen.split_once(' ').filter(|_| !ended.get()) else { continue };
        shown = key.to_owned();
        // One that is open may leave it out; what it was told last it does first.
        close_inbox();
        let mut looks = 0;
        let mut was_there = false;
        while looks < MOST_LOOKS {
            TimeoutFuture::new(LOOK_EVERY_MS).await;
            if looks == 0 {
                open_inbox();
            }
            looks += 1;
            if id.is_empty() {
                break;
            }
            // The inbox takes the focus just after it has shown its rows, so that the first look is too early.
            if let Some(note) = list::note(id)
                && std::mem::replace(&mut was_there, true)
            {
                let _ = note.focus();
                actions.mark(Mark::Read(id.to_owned()));
                break;
            }
        }
    }
}
