//! Asks a server until it has answered, and waits where it asks for it.

use std::time::Duration;

use tidings_client::ClientError;
use tidings_protocol::api::ErrorCode;
use tokio::time::{Instant, sleep};

use super::say;

/// Longest time one request is tried for.
const PATIENCE: Duration = Duration::from_secs(300);
/// Wait where the server names none.
const WAIT: Duration = Duration::from_secs(1);
/// Bounds of the wait a server may ask for.
const SHORTEST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// Only what the server surely did not take.
    Untaken,
    /// Whatever it did with it: taken twice is as good as once.
    Always,
}

/// Asks one server, request by request.
#[derive(Debug, Default)]
pub(super) struct Retry {
    /// Whether a server was ever there.
    heard: bool,
}

impl Retry {
    /// Of a server that was there a moment ago.
    pub(super) fn of_one_heard() -> Self {
        Self { heard: true }
    }

    /// Asks until there is an answer or nothing more to be tried.
    pub(super) async fn until_answered<T>(
        &mut self,
        again: Again,
        mut ask: impl AsyncFnMut() -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        let begun = Instant::now();
        loop {
            let error = match ask().await {
                Ok(answer) => {
                    self.heard = true;
                    return Ok(answer);
                }
                Err(error) => error,
            };
            let Some(wait) = wait_after(&error, self.heard, again) else { return Err(error) };
            if begun.elapsed() + wait > PATIENCE {
                return Err(error);
            }
            self.heard = true;
            say::note(format_args!("{error}; trying again in {} s", wait.as_secs_f32()));
            sleep(wait).await;
        }
    }
}

/// How long to wait before the next attempt; null where there is none to be made.
fn wait_after(error: &ClientError, heard: bool, again: Again) -> Option<Duration> {
    match error {
        ClientError::Network(_) if again == Again::Always => Some(WAIT),
        ClientError::Status { detail: Some(detail), .. }
            if detail.code == ErrorCode::Unconfirmed && again == Again::Always =>
        {
            Some(WAIT)
        }
        // The one passes only when somebody raises the limit; after the other the event may be there twice.
        ClientError::Status { detail: Some(detail), .. }
            if matches!(detail.code, ErrorCode::TooManyTopics | ErrorCode::Unconfirmed) =>
        {
            None
        }
        ClientError::Status { status: 429 | 503, retry_after: Some(wait), .. } => {
            Some((*wait).clamp(SHORTEST_WAIT, LONGEST_WAIT))
        }
        ClientError::Status { status: 429, .. } => Some(WAIT),
        // Without a code it may be a proxy's page in the place of any 503, and `unconfirmed` has no `Retry-After`.
        ClientError::Status { status: 503, detail: Some(detail), .. }
            if matches!(detail.code, ErrorCode::Unavailable | ErrorCode::ShuttingDown) =>
        {
            Some(WAIT)
        }
        // It restarts. Where none ever answered, somebody waits for a mistyped address.
        ClientError::Unreachable(_) if heard => Some(WAIT),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_protocol::api::ErrorDetail;

    fn status(status: u16, retry_after: Option<u64>) -> ClientError {
        let retry_after = retry_after.map(Duration::from_secs);
        ClientError::Status { status, detail: None, retry_after }
    }

    #[test]
    fn only_what_was_surely_not_taken_is_sent_again() {
        let with_code = |code, seconds: Option<u64>| {
            let detail = Some(ErrorDetail { code, message: String::new() });
            let retry_after = seconds.map(Duration::from_secs);
            ClientError::Status { status: 503, detail, retry_after }
        };
        let unreachable = || ClientError::Unreachable("refused".to_owned());
        for (error, heard, wait) in [
            (status(429, Some(7)), false, Some(Duration::from_secs(7))),
            (status(429, None), false, Some(WAIT)),
            (status(503, None), true, None),
            (status(503, Some(7)), false, Some(Duration::from_secs(7))),
            (status(503, Some(0)), false, Some(SHORTEST_WAIT)),
            (status(503, Some(86_400)), false, Some(LONGEST_WAIT)),
            (status(500, Some(1)), true, None),
            (status(400, None), true, None),
            (status(413, None), true, None),
            (with_code(ErrorCode::Unavailable, Some(5)), false, Some(Duration::from_secs(5))),
            (with_code(ErrorCode::Unavailable, None), false, Some(WAIT)),
            (with_code(ErrorCode::ShuttingDown, None), false, Some(WAIT)),
            (with_code(ErrorCode::TooManyTopics, None), true, None),
            (with_code(ErrorCode::TooManyTopics, Some(5)), true, None),
            (with_code(ErrorCode::Unconfirmed, None), true, None),
            (with_code(ErrorCode::Unconfirmed, Some(5)), true, None),
            // Of a newer server.
            (with_code(ErrorCode::Unknown, None), true, None),
            (with_code(ErrorCode::Unknown, Some(5)), false, Some(Duration::from_secs(5))),
            (unreachable(), true, Some(WAIT)),
            (unreachable(), false, None),
            (ClientError::Network("reset".to_owned()), true, None),
        ] {
            assert_eq!(wait_after(&error, heard, Again::Untaken), wait, "{error}, heard: {heard}");
        }
    }
    #[test]
    fn what_is_harmless_twice_is_sent_again_where_nobody_knows() {
        let unconfirmed = || {
            let detail = ErrorDetail { code: ErrorCode::Unconfirmed, message: String::new() };
            ClientError::Status { status: 503, detail: Some(detail), retry_after: None }
        };
        for (error, wait) in [
            (unconfirmed(), Some(WAIT)),
            (ClientError::Network("reset".to_owned()), Some(WAIT)),
            (status(503, Some(7)), Some(Duration::from_secs(7))),
            (status(500, None), None),
            (status(400, None), None),
        ] {
            assert_eq!(wait_after(&error, false, Again::Always), wait, "{error}");
        }
    }
}
