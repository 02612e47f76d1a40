//! The desktop's notifications of the system.

use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::store::{Actions, use_actions};
use crate::feed::notices::{next_chosen, settings};

impl Actions {
    /// Waits for a notification that is chosen outside of the desktop's window, as [`next_chosen`] does.
    pub async fn next_chosen(&self, shown: &str) -> Option<String> {
        next_chosen(shown).await
    }
}

/// When notifications of the system come up: a word for each thing that is on, and the times; empty until it was asked for, by an
/// empty word. Others change what they say. Why a change was not kept is told where the inbox tells such things.
#[hook]
pub fn use_notice_settings() -> (String, Callback<String>) {
    let actions = use_actions();
    let words = use_state_eq(String::new);
    let setter = words.setter();
    let change = Callback::from(move |change: String| {
        let (actions, setter) = (actions.clone(), setter.clone());
        spawn_local(async move {
            match settings(&change).await {
                Ok(words) => setter.set(words),
                Err(error) => actions.with_reader(|reader| {
                    Rc::make_mut(&mut reader.notifications).refused = Some((None, error));
                }),
            }
        });
    });
    ((*words).clone(), change)
}
