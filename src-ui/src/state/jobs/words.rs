//! What is said of a job. A line never ends between a number and its unit.

use std::time::Duration;

use tidings_protocol::api::ErrorCode;
use tidings_protocol::job::{Job, JobState, Percent, REPORTED, Unit};

use crate::state::alerts::sentence;
use crate::state::format::{ago, bytes, grouped, one_decimal, rate as byte_rate};
use crate::state::request_error::RequestError;
use crate::text::{Language, counted, fill, language, text};

/// A state in a word or two.
#[must_use]
pub fn state(job: &Job) -> String {
    let words = &text().jobs;
    let word = match job.state {
        JobState::Queued | JobState::Running if job.cancel_requested => words.cancelling,
        JobState::Queued => {
            return job
                .place
                .map_or_else(|| words.queued.to_owned(), |n| fill(words.in_line, &[&nth(n)]));
        }
        JobState::Running => words.running,
        JobState::Succeeded => words.succeeded,
        JobState::Failed => words.failed,
        JobState::Cancelled => words.cancelled,
        JobState::Interrupted => words.interrupted,
        JobState::Lost => words.lost,
        JobState::Unknown => words.unknown,
    };
    word.to_owned()
}

/// `1st`, `2nd`, `11th`; `1.` in German.
#[must_use]
pub fn nth(n: u32) -> String {
    let end = match (n % 100, n % 10) {
        _ if language() == Language::German => ".",
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{n}{end}")
}

/// Why it stands as it does, where that is not plain.
#[must_use]
pub fn explain(job: &Job) -> Option<String> {
    let words = &text().jobs;
    let said = |words: &str| Some(words.to_owned());
    let told = job.error.as_deref().filter(|error| !error.is_empty()).map(sentence);
    match job.state {
        JobState::Failed => told.or_else(|| said(words.nobody_said)),
        JobState::Interrupted if job.started_at.is_none() => said(words.before_began),
        JobState::Interrupted => said(words.while_ran),
        JobState::Lost => told.or_else(|| said(words.fell_silent)),
        JobState::Unknown => said(words.newer_server),
        _ => None,
    }
}

/// Why a list did not come.
#[must_use]
pub fn why_not_listed(error: &RequestError) -> String {
    match error.code() {
        ErrorCode::Forbidden => text().jobs.forbidden.to_owned(),
        _ => error.explain_list(text().jobs.too_old),
    }
}

/// An end, as it is said to those who hear the page.
#[must_use]
pub fn end(job: &Job) -> String {
    let words = &text().jobs;
    let how = match job.state {
        JobState::Succeeded => words.end_succeeded,
        JobState::Failed => words.end_failed,
        JobState::Cancelled => words.end_cancelled,
        JobState::Interrupted => words.end_interrupted,
        JobState::Lost => words.end_lost,
        _ => words.end_other,
    };
    fill(how, &[&job.name])
}

/// What does it: the kind, or that a program elsewhere does.
#[must_use]
pub fn kind(job: &Job) -> &str {
    if job.kind == REPORTED { text().jobs.reported } else { &job.kind }
}

/// `42.3 %`; with one decimal always, so that nothing moves beside it.
#[must_use]
pub fn percent(progress: Percent) -> String {
    match progress {
        Percent::FULL => "100\u{a0}%".to_owned(),
        some => format!("{}\u{a0}%", one_decimal(some.value())),
    }
}

/// `1.2 GiB of 4.0 GiB`, `340 of 1,000 entries`, `340 entries`: how much is done; none if nobody counts.
#[must_use]
pub fn amount(job: &Job) -> Option<String> {
    let done = job.done?;
    let unit = job.unit.unwrap_or(Unit::Steps);
    let words = &text().jobs;
    let said = match (unit, job.total) {
        (Unit::Bytes, Some(total)) => {
            fill(words.amount, &[&bytes(done).to_string(), &bytes(total).to_string()])
        }
        (Unit::Bytes, None) => bytes(done).to_string(),
        (_, Some(total)) => {
            fill(words.amount_unit, &[&grouped(done), &grouped(total), &plural(unit, total)])
        }
        (_, None) => format!("{} {}", grouped(done), plural(unit, done)),
    };
    Some(said.replace(' ', "\u{a0}"))
}

/// `12 MiB/s`, `340 entries/s`; none if nobody knows.
#[must_use]
pub fn rate(job: &Job) -> Option<String> {
    let rate = job.rate.filter(|rate| rate.is_finite() && *rate >= 0.0)?;
    let text = match job.unit.unwrap_or(Unit::Steps) {
        Unit::Bytes => byte_rate(rate).to_string(),
        unit if rate < 10.0 => format!("{} {}/s", one_decimal(rate), plural(unit, 2)),
        unit => format!("{} {}/s", grouped(rate.round() as u64), plural(unit, 2)),
    };
    Some(text.replace(' ', "\u{a0}"))
}

fn plural(unit: Unit, count: u64) -> String {
    let words = &text().jobs;
    let forms = match unit {
        Unit::Bytes => words.bytes,
        Unit::Entries => words.entries,
        Unit::Rows => words.rows,
        Unit::Steps => words.steps,
    };
    counted(forms, count, &[])
}

/// How long a job that runs will take, at the server's time `now` in ms since the epoch: in steps so coarse that it is seldom
/// wrong.
#[must_use]
pub fn left(job: &Job, now: u64) -> String {
    let words = &text().jobs;
    let Some(eta) = job.eta_seconds else { return words.left_unknown.to_owned() };
    let left = eta.saturating_sub(now.saturating_sub(job.updated_at) / 1_000);
    let (forms, count) = match left {
        0..10 => (words.left_few, 0),
        10..55 => (words.left_seconds, left.div_ceil(10) * 10),
        55..3_570 => (words.left_minutes, (left + 30) / 60),
        3_570..86_400 => (words.left_hours, (left + 1_800) / 3_600),
        _ => (words.left_days, (left + 43_200) / 86_400),
    };
    fill(forms, &[&count.to_string()]).replace(' ', "\u{a0}")
}

/// `12 s`, `3 min 12 s`, `1 h 4 min`, `2 d 3 h`.
#[must_use]
pub fn span(seconds: u64) -> String {
    let text = match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3_600 % 24),
    };
    text.replace(' ', "\u{a0}")
}

/// Its times, at the server's time `now`: for how long it runs and will; or when it ended, and how long it took.
#[must_use]
pub fn times(job: &Job, now: u64) -> String {
    match (job.state, job.started_at, job.ended_at) {
        (JobState::Running, _, _) => {
            let began = job.started_at.unwrap_or(job.created_at);
            format!("{} · {}", span(now.saturating_sub(began) / 1_000), left(job, now))
        }
        (JobState::Queued, _, _) => {
            fill(text().jobs.waits, &[&span(now.saturating_sub(job.created_at) / 1_000)])
        }
        (_, began, Some(ended)) => {
            let when = ago(Duration::from_millis(now.saturating_sub(ended)));
            match began {
                Some(began) => {
                    fill(text().jobs.took, &[&when, &span(ended.saturating_sub(began) / 1_000)])
                }
                None => when,
            }
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::row;
    use super::*;

    fn job(state: &str) -> Job {
        row("a", state, 1).job
    }

    #[test]
    fn places_in_line_are_told_as_people_count() {
        let cases = [
            (1, "1st"),
            (2, "2nd"),
            (3, "3rd"),
            (4, "4th"),
            (11, "11th"),
            (112, "112th"),
            (21, "21st"),
        ];
        for (n, text) in cases {
            assert_eq!(nth(n), text);
        }
        let mut queued = job("queued");
        assert_eq!(state(&queued), "Queued");
        queued.place = Some(2);
        assert_eq!(state(&queued), "2nd in line");
        queued.cancel_requested = true;
        assert_eq!(state(&queued), "Cancelling…");
    }

    #[test]
    fn amounts_and_rates_have_the_unit_of_the_job() {
        let mut job = job("running");
        assert_eq!((amount(&job), rate(&job)), (None, None));
        (job.done, job.rate) = (Some(1), Some(0.25));
        assert_eq!(amount(&job).unwrap(), "1\u{a0}step");
        assert_eq!(rate(&job).unwrap(), "0.3\u{a0}steps/s");
        (job.done, job.total, job.unit) = (Some(340), Some(1_000), Some(Unit::Entries));
        job.rate = Some(1_234.5);
        assert_eq!(amount(&job).unwrap(), "340\u{a0}of\u{a0}1,000\u{a0}entries");
        assert_eq!(rate(&job).unwrap(), "1,235\u{a0}entries/s");
        (job.done, job.total, job.unit) = (Some(1 << 30), Some(4 << 30), Some(Unit::Bytes));
        assert_eq!(amount(&job).unwrap(), "1.0\u{a0}GiB\u{a0}of\u{a0}4.0\u{a0}GiB");
        job.rate = Some(f64::NAN);
        assert_eq!(rate(&job), None);
    }

    #[test]
    fn the_time_left_goes_down_between_updates_and_is_said_to_be_unknown_where_it_is() {
        let mut job = job("running");
        assert_eq!(left(&job, 0), "time left: unknown");
        job.updated_at = 1_000_000;
        job.eta_seconds = Some(200);
        let at = |s: u64| left(&job, 1_000_000 + s * 1_000).replace('\u{a0}', " ");
        assert_eq!(at(0), "about 3 min left");
        assert_eq!(at(165), "about 40 s left");
        assert_eq!(at(191), "a few seconds left");
        assert_eq!(at(10_000), "a few seconds left");
        job.eta_seconds = Some(7_000);
        assert_eq!(left(&job, 1_000_000), "about\u{a0}2\u{a0}h\u{a0}left");
    }

    #[test]
    fn times_say_for_how_long_it_runs_and_when_it_ended() {
        let mut running = job("running");
        running.started_at = Some(1_000);
        assert_eq!(times(&running, 193_000), "3\u{a0}min\u{a0}12\u{a0}s · time left: unknown");
        let mut ended = job("failed");
        (ended.started_at, ended.ended_at) = (Some(1_000), Some(6_000));
        assert_eq!(times(&ended, 200_000), "3 min ago · took 5\u{a0}s");
        ended.started_at = None;
        assert_eq!(times(&ended, 6_500), "just now");
    }

    #[test]
    fn an_end_that_is_not_plain_is_explained() {
        let mut failed = job("failed");
        assert_eq!(explain(&failed).unwrap(), "Nobody said why.");
        failed.error = Some("no space left".to_owned());
        assert_eq!(explain(&failed).unwrap(), "No space left.");
        assert_eq!(explain(&job("interrupted")).unwrap(), "The server ended while it ran.");
        assert!(explain(&job("lost")).unwrap().contains("fell silent"));
        assert_eq!(explain(&job("succeeded")), None);
    }

    #[test]
    fn percent_keeps_its_width_until_it_is_full() {
        let texts = [0, 5, 423, 1_000].map(|tenths| percent(Percent::of_tenths(tenths)));
        assert_eq!(texts, ["0.0\u{a0}%", "0.5\u{a0}%", "42.3\u{a0}%", "100\u{a0}%"]);
    }
}
