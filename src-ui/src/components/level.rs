//! Levels of notifications: an icon each, of its own shape, so that colour is not all that tells.

use tidings_protocol::notification::Level;
use yew::prelude::*;

use super::icon::{Symbol, icon};
use crate::view::html;

/// The icon of a level.
#[must_use]
pub fn level_symbol(level: Level) -> Symbol {
    match level {
        Level::Info => Symbol::Info,
        Level::Success => Symbol::Success,
        Level::Warning => Symbol::Alert,
        Level::Error => Symbol::Failure,
    }
}

/// The icon in the level's colour.
pub fn level_icon(level: Level) -> Html {
    html! { <span class="level" data-level={level.as_str()}>{ icon(level_symbol(level)) }</span> }
}
