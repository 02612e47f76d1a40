//! What panels ask with: the store's parts, the clock, freshness, and `use_event_source` for a stream of
//! one's own.

mod alerts;
mod anchor;
mod charts;
mod clock;
mod copy;
mod event_source;
mod favicon;
mod freshness;
mod hidden_page;
mod job_texts;
mod jobs;
mod keys;
mod language;
mod listeners;
mod notices;
mod notifications;
mod paced;
mod parts;
mod past;
mod processes;
mod said;
mod servers;
mod settings;
mod store;
mod theme;
mod title;

pub use alerts::{AlertsHandle, Names, use_alerts, use_may_change, use_me, use_user_names};
pub use anchor::{leave_anchor, use_anchor};
pub use charts::{Charts, use_charts};
pub use clock::{use_at_each_tick, use_monotonic};
pub use copy::{Copy, use_copy};
pub use event_source::{
    EventSourceHandle, EventSourceOptions, Message, NamedEvent, Payload, StreamError,
    use_event_source,
};
pub use favicon::use_favicon;
pub use freshness::{
    use_badge, use_freshness, use_freshness_of, use_list_freshness, use_stream_freshness,
};
pub use hidden_page::use_hidden_page;
pub use job_texts::{Texts, use_job_texts};
pub use jobs::{job_result_address, use_fresh_jobs, use_people};
pub use keys::{is_behind_dialog, use_keys};
pub use language::use_language;
pub use notices::use_notice_settings;
pub use notifications::{
    use_inbox_open, use_notifications, use_server_time, use_settings, use_stale, use_toast_clock,
    use_toasts, use_unread,
};
pub use paced::{use_events, use_topics};
pub use parts::use_parts;
pub use processes::{Heard, end_process, use_processes};
pub use said::use_said;
pub use servers::{Trial, choose_server, remove_server, try_server, use_servers};
pub use store::{
    Actions, Paused, Shared, StoreProvider, use_actions, use_connection, use_jobs, use_metrics,
    use_paused, use_server_clock, use_user,
};
pub use theme::{Theme, use_scheme, use_theme};
pub use title::use_title;
