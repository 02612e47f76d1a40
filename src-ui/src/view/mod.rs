//! How views become Yew's nodes: `html!` of our own in the place of Yew's.
//!
//! Yew's macro writes code for each element and attribute, and that made the page heavy. Ours has the same syntax, and writes
//! what never changes as a text (`template`) and the rest as calls that fill it (`slots`); `build` makes of both the
//! nodes that Yew's would. The macro is `crates/view`.
//!
//! - `child`: what can stand in braces.
//! - `mount`: components, which are one to Yew, and what has all of them drawn anew; `effect`: effects, likewise.

mod build;
mod child;
mod effect;
mod mount;
mod slots;
mod template;

pub use child::Child;
pub use effect::use_effect_with;
pub use mount::{edition, renew};
pub use slots::Slots;
pub use tidings_view::html;
