//! The servers that the desktop knows.

use std::cell::Cell;
use std::rc::Rc;

use gloo_timers::future::TimeoutFuture;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::alerts::is_seen;
use super::said::use_said;
use crate::feed::servers as desktop;
use crate::state::format::at_corner;
use crate::state::servers::{Draft, Servers, Verdict, servers, verdict};
use crate::text::text;
use crate::view::{edition, use_effect_with};

/// Between two answers.
const PACE_MS: u32 = 1_000;

/// How a trial went: what the desktop found, or why it did not look.
pub type Trial = Result<Verdict, String>;

/// Every server, and what is to be said of how another than the one in sight stands now; none in a browser, and where the desktop
/// offers no others. `on_unread` hears how many notifications are unread on others, empty where there are none, and `on_left` what a
/// token is called that could not be taken away.
#[hook]
pub fn use_servers(
    on_unread: &Callback<String>,
    on_left: Callback<String>,
) -> (Option<Rc<Servers>>, String) {
    let known = use_state_eq(|| None::<Rc<Servers>>);
    let said = use_said();
    let (setter, say) = (known.setter(), said.setter());
    let hear = [on_unread.clone(), on_left];
    // All are asked for anew with another language: the one that has no name of its own is called in it.
    use_effect_with(edition(), move |_| {
        let is_wanted = Rc::new(Cell::new(true));
        let is_still = is_wanted.clone();
        spawn_local(async move { follow(&is_still, &setter, &say, &hear).await });
        move || is_wanted.set(false)
    });
    ((*known).clone(), (*said).clone())
}

async fn follow(
    is_wanted: &Cell<bool>,
    known: &UseStateSetter<Option<Rc<Servers>>>,
    said: &UseStateSetter<String>,
    [on_unread, on_left]: &[Callback<String>; 2],
) {
    let mut before = Rc::new(Servers::default());
    while is_wanted.get() {
        if is_seen() {
            let Some(answer) = desktop::list(before.version).await else { return };
            if !is_wanted.get() {
                return;
            }
            match answer {
                // There are no others, and never will be.
                Ok(answer) if answer.is_empty() => return,
                Ok(answer) => {
                    if let Some(servers) = servers(&answer) {
                        if let Some(news) = servers.news(&before) {
                            said.set(news);
                        }
                        on_unread.emit(at_corner(servers.unread()));
                        if !servers.left.is_empty() {
                            on_left.emit(servers.left.clone());
                        }
                        before = Rc::new(servers);
                        known.set(Some(before.clone()));
                    }
                }
                // That the desktop does not answer its feed says.
                Err(_) => {}
            }
        }
        TimeoutFuture::new(PACE_MS).await;
    }
}

/// Tries a server, keeps it if that is wanted, and tells how that went. Where the page shows it, it is loaded anew.
pub fn try_server(draft: Draft, keep: bool, anyway: bool, is_shown: bool, done: Callback<Trial>) {
    spawn_local(async move {
        let answer = desktop::try_out(&draft.json(anyway), keep, is_shown).await;
        let trial = match answer {
            Ok(answer) => verdict(&answer).ok_or_else(|| text().servers.other_release.to_owned()),
            Err(error) => Err(error.explain()),
        };
        if keep && is_shown {
            let is_kept = trial.as_ref().is_ok_and(|verdict| verdict.problem.is_none());
            if is_kept { desktop::reload() } else { desktop::stay() }
        }
        done.emit(trial);
    });
}

/// Removes a server, and tells why not. Where the page shows it, it is loaded anew.
pub fn remove_server(id: String, is_shown: bool, done: Callback<Option<String>>) {
    spawn_local(async move {
        let removed = desktop::remove(&id, is_shown).await;
        if is_shown && removed.is_ok() {
            desktop::reload();
        }
        done.emit(removed.err().map(|error| error.explain()));
    });
}

/// Shows another server, and tells why not.
pub fn choose_server(id: String, failed: Callback<String>) {
    spawn_local(async move {
        if let Err(error) = desktop::choose(&id).await {
            failed.emit(error.explain());
        }
    });
}
