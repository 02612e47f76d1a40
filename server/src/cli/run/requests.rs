//! What asked a program to end, and what its end means by that.

use std::time::Duration;

use tidings_protocol::job::JobState;
use tokio::time::Instant;

use super::report::Ended;
use super::system::{self, Asked, Code, Told};

/// A program that ends well so soon after Ctrl-C has ended because of it.
const WELL: Duration = Duration::from_secs(10);
/// One that does not has taken no longer than this to tidy up; the same holds of any end after SIGTERM.
const ENDING: Duration = Duration::from_secs(60);

/// What asked a program to end, as far as it did.
#[derive(Debug, Default)]
pub(super) struct Requests {
    /// What it was told, and when it was last.
    told: Vec<(Told, Instant)>,
    /// Whether somebody asked at the server.
    pub(super) cancelled: bool,
}

impl Requests {
    /// Takes what was heard.
    pub(super) fn hear(&mut self, asked: Asked) {
        let (Asked::Interrupt(told) | Asked::InterruptAlone(told) | Asked::End(told)) = asked
        else {
            return;
        };
        self.told.retain(|before| before.0 != told);
        self.told.push((told, Instant::now()));
    }

    /// What a program's end means.
    pub(super) fn explain(&self, code: Code, now: Instant) -> Ended {
        let is_well = code == Code::Exit(0);
        let is_because = |(told, at): &(Told, Instant)| {
            let within = if is_well && !system::is_for_the_end(*told) { WELL } else { ENDING };
            now.duration_since(*at) < within || system::is_by(code, *told)
        };
        let state = if self.cancelled || self.told.iter().any(is_because) {
            JobState::Cancelled
        } else if is_well {
            JobState::Succeeded
        } else {
            JobState::Failed
        };
        let error = match code {
            _ if state != JobState::Failed => None,
            Code::Exit(code) => Some(format!("it ended with exit code {code}")),
            Code::Signal(signal) => Some(format!("signal {signal} ended it")),
        };
        let exit_code = match code {
            Code::Exit(code) => Some(code),
            Code::Signal(_) => None,
        };
        Ended { state, exit_code, error }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use rustix::process::Signal;

    #[test]
    fn an_end_that_somebody_asked_for_is_no_failure() {
        let now = Instant::now();
        let (soon, late, hours) = (now, now + 2 * WELL, now + 60 * ENDING);
        let none = Requests::default;
        let told = |signal| Requests { told: vec![(signal, now)], ..Requests::default() };
        let cancelled = || Requests { cancelled: true, ..Requests::default() };
        for (requests, code, at, state) in [
            (none(), Code::Exit(0), now, JobState::Succeeded),
            (none(), Code::Exit(3), now, JobState::Failed),
            (none(), Code::Signal(9), now, JobState::Failed),
            (told(Signal::INT), Code::Exit(20), late, JobState::Cancelled),
            (told(Signal::INT), Code::Signal(2), hours, JobState::Cancelled),
            (told(Signal::INT), Code::Exit(130), hours, JobState::Cancelled),
            (told(Signal::INT), Code::Exit(0), soon, JobState::Cancelled),
            // A program that has a use of its own for Ctrl-C.
            (told(Signal::INT), Code::Exit(0), late, JobState::Succeeded),
            (told(Signal::INT), Code::Exit(1), hours, JobState::Failed),
            // One that stays when its terminal goes, or reads its files anew then.
            (told(Signal::HUP), Code::Exit(0), late, JobState::Succeeded),
            (told(Signal::HUP), Code::Exit(1), hours, JobState::Failed),
            (told(Signal::HUP), Code::Signal(1), soon, JobState::Cancelled),
            // One that tidies up.
            (told(Signal::TERM), Code::Exit(0), late, JobState::Cancelled),
            (told(Signal::TERM), Code::Exit(0), hours, JobState::Succeeded),
            (cancelled(), Code::Signal(15), soon, JobState::Cancelled),
            (cancelled(), Code::Exit(0), hours, JobState::Cancelled),
        ] {
            let ended = requests.explain(code, at);
            assert_eq!(ended.state, state, "{requests:?} {code:?} {at:?}");
            assert_eq!(ended.error.is_some(), state == JobState::Failed);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_heard_again_counts_from_then_and_what_asks_for_no_end_never() {
        let mut requests = Requests::default();
        requests.hear(Asked::Interrupt(Signal::INT));
        tokio::time::advance(2 * WELL).await;
        let state = |requests: &Requests| requests.explain(Code::Exit(0), Instant::now()).state;
        assert_eq!(state(&requests), JobState::Succeeded);
        requests.hear(Asked::Other(Signal::USR1));
        assert_eq!(state(&requests), JobState::Succeeded);
        requests.hear(Asked::InterruptAlone(Signal::INT));
        assert_eq!(state(&requests), JobState::Cancelled);
    }
}
