//! A session as the hub has it: what fails in it, and what that says.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tidings_protocol::event::EventId;
use tidings_protocol::topic::Topic;

use super::RedisSession;
use crate::bus::connect::RedisError;
use crate::hub::{
    Batch, BusError, JournalError, Outgoing, Page, PageRequest, PublishError, Refusal, Session,
};

/// What Redis says when it did not do what it was asked, and will not for now.
const REFUSALS: [&str; 8] =
    ["OOM", "MISCONF", "NOREPLICAS", "LOADING", "BUSY", "NOAUTH", "NOPERM", "MASTERDOWN"];

/// What an error says about an event.
pub(super) fn refusal(error: &redis::RedisError) -> Refusal {
    let within =
        |code: &&str| error.detail().is_some_and(|text| text.contains(&format!("-{code} ")));
    let code = match error.code() {
        // Before Redis 7 that is how it tells what went wrong in a script.
        Some("ERR") => REFUSALS.into_iter().chain(["READONLY"]).find(within).or(Some("ERR")),
        code => code,
    };
    match code {
        // Another one writes now.
        Some("READONLY" | "MOVED" | "ASK" | "CLUSTERDOWN") => Refusal::Ended,
        Some(code) if REFUSALS.contains(&code) => Refusal::Refused(PublishError::Unavailable),
        Some(_) => Refusal::Refused(PublishError::Unconfirmed),
        None => Refusal::Unclear,
    }
}

impl Session for RedisSession {
    fn publish(self: Arc<Self>, event: Outgoing) -> BoxFuture<'static, Result<EventId, Refusal>> {
        async move { self.add(event).await }.boxed()
    }

    fn read(
        self: Arc<Self>,
        after: u64,
        is_look: bool,
    ) -> BoxFuture<'static, Result<Batch, BusError>> {
        async move { self.next(after, is_look).await.map_err(|error| self.told(&error)) }.boxed()
    }

    fn page(self: Arc<Self>, ask: PageRequest) -> BoxFuture<'static, Result<Page, JournalError>> {
        async move {
            self.read_back(&ask).await.map_err(|error| match error {
                // Slow is not gone, and publishers need not hear of it.
                RedisError::Redis(error) if error.is_timeout() || error.code().is_some() => {
                    tracing::debug!(error = &error as &dyn std::error::Error, "a page failed");
                    JournalError::Failed
                }
                error => {
                    self.told(&error);
                    JournalError::Unreachable
                }
            })
        }
        .boxed()
    }

    fn trim(self: Arc<Self>) -> BoxFuture<'static, Result<bool, BusError>> {
        async move {
            match self.keep_to_bounds().await {
                // It does answer, and reads may go on: the next attempt may do better.
                Err(RedisError::Redis(error)) if error.code().is_some() => {
                    self.inner.tell_untrimmed(&error);
                }
                done => done.map_err(|error| self.told(&error))?,
            }
            self.takes_events().await.map_err(|error| self.told(&error))
        }
        .boxed()
    }

    fn forget(self: Arc<Self>, topic: Topic) -> BoxFuture<'static, ()> {
        async move {
            if let Err(error) = self.drop_latest(&topic).await {
                let error = &error as &dyn std::error::Error;
                tracing::debug!(error, %topic, "a topic stays until it is old");
            }
        }
        .boxed()
    }

    fn close(self: Arc<Self>) -> BoxFuture<'static, ()> {
        async move {
            // It expires by itself.
            let _ = self.end().await;
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_within_a_script_is_told_from_a_failure_by_old_redis_and_new() {
        for (code, detail, expected) in [
            ("OOM", "command not allowed when used memory > 'maxmemory'.", "Refused(Unavailable)"),
            (
                "ERR",
                "Error running script (call to f_1): @user_script:9: -OOM command not allowed",
                "Refused(Unavailable)",
            ),
            (
                "ERR",
                "Error running script (call to f_1): @user_script:9: -READONLY You can't write",
                "Ended",
            ),
            (
                "ERR",
                "Error running script (call to f_1): @user_script:9: nothing",
                "Refused(Unconfirmed)",
            ),
            ("READONLY", "You can't write against a read only replica.", "Ended"),
        ] {
            let error = redis::make_extension_error(code.to_owned(), Some(detail.to_owned()));
            assert_eq!(format!("{:?}", refusal(&error)), expected, "{code} {detail}");
        }
    }
}
