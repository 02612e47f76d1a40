//! What is said of the connection.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tidings_client::{Cause, State, Status};
use url::Url;

/// Why nothing more will come.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Ended {
    #[error("{0} does not know the token; name the right one with --token-file or TIDINGS_TOKEN")]
    Token(Url),
    #[error("{0} does not let you read all of these topics")]
    Forbidden(Url),
    #[error("{0}")]
    Untrusted(String),
    #[error("what answers at {server} is no Tidings server of this kind: {why}")]
    Incompatible {
        /// Who was asked.
        server: Url,
        /// What it said instead.
        why: String,
    },
}

/// Follows the connection and says what changes, once.
#[derive(Debug)]
pub(super) struct StatusLine {
    server: Url,
    told: Option<(State, u32)>,
}

impl StatusLine {
    pub(super) fn new(server: &Url) -> Self {
        Self { server: server.clone(), told: None }
    }

    /// What to say before the events that came with a status.
    pub(super) fn before(&mut self, status: &Status) -> Option<String> {
        let told = self.told.map(|(state, _)| state);
        match (status.state, told) {
            (State::Live, Some(State::Live))
            | (State::Degraded, Some(State::Live | State::Degraded)) => return None,
            (State::Live | State::Degraded, _) => self.told = Some((State::Live, 0)),
            _ => return None,
        }
        if told == Some(State::Degraded) {
            return Some("the server can use its message bus again".to_owned());
        }
        let version = status.server_version.as_deref().unwrap_or("of unknown version");
        Some(format!("connected to {} (Tidings {version})", self.server))
    }

    /// What to say behind them.
    pub(super) fn after(&mut self, status: &Status) -> Result<Option<String>, Ended> {
        let why = status.cause.as_ref().map_or("the connection is lost".to_owned(), cause);
        let server = self.server.clone();
        match (status.state, &status.cause) {
            (State::Unauthorized, Some(Cause::Status { code: 403 })) => {
                Err(Ended::Forbidden(server))
            }
            (State::Unauthorized, _) => Err(Ended::Token(server)),
            (State::Incompatible, Some(Cause::Untrusted { detail, .. })) => {
                Err(Ended::Untrusted(detail.clone()))
            }
            (State::Incompatible, _) => Err(Ended::Incompatible { server, why }),
            (State::Reconnecting { retry_in_ms }, _) => {
                let told = State::Reconnecting { retry_in_ms: 0 };
                let seconds = retry_in_ms.div_ceil(1000);
                let line = format!("{why}; trying again in {seconds} s");
                Ok(self.is_new(told, status.failures).then_some(line))
            }
            (State::Stale, _) => {
                let line = "nothing is heard from the server; waiting".to_owned();
                Ok(self.is_new(State::Stale, 0).then_some(line))
            }
            (State::Degraded, _) => {
                let since = time_of_day(status.for_ms, Timestamp::now(), TimeZone::system());
                let line = format!(
                    "the server has been unable to use its message bus since {since}; events pause until it can"
                );
                Ok(self.is_new(State::Degraded, 0).then_some(line))
            }
            (State::Connecting | State::Live | State::Offline, _) => Ok(None),
        }
    }

    fn is_new(&mut self, state: State, failures: u32) -> bool {
        self.told.replace((state, failures)) != Some((state, failures))
    }
}

/// What the clock said so many ms before `now`.
fn time_of_day(ago_ms: u64, now: Timestamp, zone: TimeZone) -> String {
    let ago = SignedDuration::from_millis(i64::try_from(ago_ms).unwrap_or(i64::MAX));
    let then = now.saturating_sub(ago).unwrap_or(Timestamp::MIN);
    then.to_zoned(zone).strftime("%H:%M:%S").to_string()
}

fn cause(cause: &Cause) -> String {
    match cause {
        Cause::Network { detail } => format!("the server cannot be reached: {detail}"),
        Cause::Closed => "the server ended the stream".to_owned(),
        Cause::Status { code } => format!("the server answered {code}"),
        Cause::NotAStream { detail } => detail.clone(),
        Cause::Untrusted { detail, .. } => detail.clone(),
        Cause::TooLarge => "an event is larger than this program takes".to_owned(),
        Cause::Silence => "nothing was heard from the server".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(state: State, failures: u32, cause: Option<Cause>) -> Status {
        Status { state, for_ms: 0, failures, cause, server_version: Some("0.1.0".to_owned()) }
    }

    fn line() -> StatusLine {
        StatusLine::new(&"http://a.example".parse().unwrap())
    }

    #[test]
    fn each_change_is_told_once() {
        let mut line = line();
        let live = status(State::Live, 0, None);
        assert_eq!(line.before(&live).unwrap(), "connected to http://a.example/ (Tidings 0.1.0)");
        assert_eq!((line.before(&live), line.after(&live)), (None, Ok(None)));

        let waiting = |failures, retry_in_ms| {
            status(State::Reconnecting { retry_in_ms }, failures, Some(Cause::Closed))
        };
        assert_eq!(line.before(&waiting(1, 700)), None);
        let told = line.after(&waiting(1, 700)).unwrap().unwrap();
        assert_eq!(told, "the server ended the stream; trying again in 1 s");
        assert_eq!(line.after(&waiting(1, 400)), Ok(None), "time alone passed");
        assert!(line.after(&waiting(2, 1_400)).unwrap().unwrap().ends_with("in 2 s"));
        assert_eq!(line.after(&status(State::Connecting, 2, None)), Ok(None));
        assert!(line.before(&live).is_some(), "connected again");
        assert!(line.after(&status(State::Stale, 0, None)).unwrap().is_some());
        assert!(line.before(&live).is_some(), "heard again");
    }

    #[test]
    fn an_outage_of_the_bus_is_told_once_and_so_is_its_end() {
        let mut line = line();
        let live = status(State::Live, 0, None);
        let degraded = status(State::Degraded, 0, None);
        line.before(&live);
        assert_eq!(line.before(&degraded), None);
        let told = line.after(&degraded).unwrap().unwrap();
        assert!(told.starts_with("the server has been unable to use its message bus since "));
        assert_eq!((line.before(&degraded), line.after(&degraded)), (None, Ok(None)));
        assert_eq!(line.before(&live).unwrap(), "the server can use its message bus again");
        assert_eq!((line.before(&live), line.after(&live)), (None, Ok(None)));
        assert!(line.after(&degraded).unwrap().is_some(), "another one");
    }

    #[test]
    fn a_server_that_is_degraded_from_the_start_is_connected_to_all_the_same() {
        let mut line = line();
        let degraded = status(State::Degraded, 0, None);
        assert!(line.before(&degraded).unwrap().starts_with("connected to"));
        assert!(line.after(&degraded).unwrap().is_some());
        line.after(&status(State::Reconnecting { retry_in_ms: 1 }, 1, None)).unwrap();
        assert!(line.before(&degraded).unwrap().starts_with("connected to"));
        assert!(line.after(&degraded).unwrap().is_some(), "the new connection told it");
    }

    #[test]
    fn an_outage_is_told_by_the_clock_of_this_machine() {
        let now: Timestamp = "2026-03-01T12:03:20.9Z".parse().unwrap();
        assert_eq!(time_of_day(10_000, now, TimeZone::UTC), "12:03:10");
        assert_eq!(time_of_day(u64::MAX, now, TimeZone::UTC).len(), 8, "a server may say anything");
    }

    #[test]
    fn what_will_not_change_ends_it() {
        let code = |code| Some(Cause::Status { code });
        let waiting = State::Reconnecting { retry_in_ms: 1 };
        let ended = |state, cause| line().after(&status(state, 1, cause)).unwrap_err().to_string();
        assert!(ended(State::Unauthorized, code(401)).contains("--token-file"));
        assert!(ended(State::Unauthorized, code(403)).contains("topics"));
        assert!(ended(State::Incompatible, code(404)).contains("404"));
        assert!(line().after(&status(waiting, 1, code(503))).is_ok());
    }
}
