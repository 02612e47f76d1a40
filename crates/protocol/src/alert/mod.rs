//! Alerts: what a figure may not do, and how it stands.
//!
//! - [`AlertRule`]: a rule as somebody writes it, and [`check`](AlertRule::check), which says whether it is one.
//! - [`AlertChange`]: what of a rule is to be another.
//! - [`Alert`]: a rule with its state, as the server tells it.

mod change;
mod rule;
mod state;

pub use change::AlertChange;
pub use rule::{
    AlertRule, InvalidAlert, MAX_HOLD_SECONDS, MAX_NAME_BYTES, MAX_QUIET, MAX_RULES, MAX_SERIES,
    MAX_USERS, Side, quiet_windows,
};
pub use state::{Alert, AlertSeries, AlertSource, AlertState};
