//! What panels ask with: the store's parts, the clock, freshness, and `use_event_source` for a stream of
//! one's own.

mod charts;
mod clock;
mod copy;
mod event_source;
mod freshness;
mod keys;
mod listeners;
mod store;
mod theme;
mod title;

pub use charts::Charts;
pub use clock::use_at_each_tick;
pub use copy::{Copy, use_copy};
pub use event_source::{
    EventSourceHandle, EventSourceOptions, Message, NamedEvent, Payload, StreamError,
    use_event_source,
};
pub use freshness::{use_badge, use_freshness};
pub use keys::use_keys;
pub use store::{
    Actions, Paused, Shared, StoreProvider, use_actions, use_connection, use_events, use_metrics,
    use_paused, use_user,
};
pub use theme::{Theme, use_scheme, use_theme};
pub use title::use_title;
