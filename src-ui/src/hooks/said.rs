//! What is said aloud of something that was just done.

use yew::prelude::*;

use crate::view::{edition, use_effect_with};

/// Words for those who hear the page; whoever did something sets them. They go with their language, in which alone they were news.
#[hook]
pub fn use_said() -> UseStateHandle<String> {
    let said = use_state_eq(String::new);
    let setter = said.setter();
    use_effect_with(edition(), move |_| setter.set(String::new()));
    said
}
