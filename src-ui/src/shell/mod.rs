//! What stands around the panels: the header, notices, notifications, sign-in, help.

mod account;
mod header;
mod help;
mod inbox;
mod notice;
mod notifications_listener;
mod outage;
mod ranges;
mod refused;
mod servers;
mod settings;
mod toasts;
mod updated;

pub use header::Header;
pub use help::Help;
pub use inbox::{Inbox, toggle_inbox};
pub use notice::Notice;
pub use notifications_listener::NotificationsListener;
pub use ranges::Ranges;
pub use refused::Refused;
pub use servers::Servers;
pub use settings::Settings;
pub use toasts::Toasts;
pub use updated::Updated;
