//! What a page asks the server's stream for.

use tidings_protocol::api::{Role, User, path, query};
use tidings_protocol::event::EventId;
use tidings_protocol::topic::{JOBS, METRICS, PERSONAL};

use super::http::{RequestError, request};

/// Where the stream is.
pub(super) fn address(cursor: Option<EventId>, topics: &[String]) -> String {
    let mut address = format!("{}?{}=1", path::EVENTS, query::UNNAMED);
    for topic in topics {
        address.push_str(&format!("&{}={topic}", query::TOPIC));
    }
    if let Some(id) = cursor {
        address.push_str(&format!("&{}={id}", query::LAST_EVENT_ID));
    }
    address
}

/// Whether the server refuses these topics to whoever is signed in; `EventSource` does not tell why it failed.
pub(super) async fn are_refused(topics: &[String]) -> bool {
    let answer = request("HEAD", &address(None, topics), None).await;
    matches!(answer, Err(RequestError::Status { status: 403, .. }))
}

/// What a user's page asks for; nothing if that is what the server gives to those who ask for nothing. Admins see the jobs of all.
pub(super) fn topics(user: &User) -> Vec<String> {
    if user.role != Role::Admin {
        return Vec::new();
    }
    let own = PERSONAL.iter().map(|kind| format!("{kind}/{}", user.id));
    [METRICS, JOBS].iter().map(|all| format!("{all}/*")).chain(own).collect()
}
