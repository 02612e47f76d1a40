//! What a page asks the server's stream for.

use tidings_protocol::api::{RECENT_EVENTS, Role, User, path, query};
use tidings_protocol::event::EventId;
use tidings_protocol::topic::of_dashboard;

/// Where the stream is.
pub(super) fn address(cursor: Option<EventId>, topics: &[String]) -> String {
    let mut address = format!("{}?{}=1", path::EVENTS, query::UNNAMED);
    for topic in topics {
        address.push_str(&format!("&{}={topic}", query::TOPIC));
    }
    let (name, value) = match cursor {
        Some(id) => (query::LAST_EVENT_ID, id.to_string()),
        None => (query::RECENT, RECENT_EVENTS.to_string()),
    };
    format!("{address}&{name}={value}")
}

/// What a user's page asks for; nothing if that is what the server gives to those who ask for nothing. Admins see the jobs of all.
pub(super) fn topics(user: &User) -> Vec<String> {
    if user.role == Role::Admin { of_dashboard(&user.id) } else { Vec::new() }
}
