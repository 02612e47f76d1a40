//! What is said of the jobs outside of the window. Pure.

use tidings_protocol::job::{Job, JobState, Percent};

/// Most lines of jobs; the rest is counted.
const MOST_LINES: usize = 5;

/// Longest name, in characters: Windows cuts a tooltip at 127.
const LONGEST_NAME: usize = 40;

/// How the jobs stand, in the words and the figure that are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Summary {
    /// How many are being done.
    pub(super) running: usize,
    /// How many wait for their turn.
    pub(super) queued: usize,
    /// How far those that run are, on average and in whole percent; null where nobody knows it of one, and where none runs.
    pub(super) percent: Option<u8>,
    /// A line a job, those that run first; never empty.
    pub(super) lines: Vec<String>,
}

impl Summary {
    /// While the server does not say how they stand.
    pub(super) fn unknown() -> Self {
        Self { lines: vec!["Jobs: not known".to_owned()], ..Self::default() }
    }

    /// Of these jobs, as far as they have not ended.
    pub(super) fn of<'a>(jobs: impl Iterator<Item = &'a Job>) -> Self {
        let mut jobs: Vec<_> = jobs.filter(|job| job.state.is_active()).collect();
        // Those that run before those that wait, and then by age, so that a line stays where it is.
        jobs.sort_by_key(|job| (job.state == JobState::Queued, job.created_at, &job.id));
        let running = jobs.iter().filter(|job| job.state == JobState::Running).count();
        let mut lines: Vec<_> = jobs.iter().take(MOST_LINES).map(|job| line(job)).collect();
        match jobs.len() {
            0 => lines.push("No jobs".to_owned()),
            count if count > MOST_LINES => lines.push(format!("and {} more", count - MOST_LINES)),
            _ => {}
        }
        let percent = average(jobs[..running].iter().map(|job| job.progress));
        Self { running, queued: jobs.len() - running, percent, lines }
    }

    /// What shows while the pointer is over the icon.
    pub(super) fn tooltip(&self) -> String {
        let jobs = match (self.running, self.queued) {
            (0, 0) => return "Tidings".to_owned(),
            (1, 0) => return format!("Tidings: {}", self.lines.concat()),
            (0, queued) => format!("{} waiting", count(queued)),
            (running, _) => count(running),
        };
        let percent = self.percent.map_or_else(String::new, |percent| format!(", {percent}%"));
        let waiting = match (self.running, self.queued) {
            (0, _) | (_, 0) => String::new(),
            (_, queued) => format!(", {queued} waiting"),
        };
        format!("Tidings: {jobs}{percent}{waiting}")
    }

    /// What stands beside the icon where the system has room for it; null while nothing runs.
    pub(super) fn title(&self) -> Option<String> {
        let title = || self.percent.map_or_else(|| count(self.running), |it| format!("{it}%"));
        (self.running > 0).then(title)
    }
}

/// Rounded down: only what is done is full.
fn average(all: impl ExactSizeIterator<Item = Option<Percent>>) -> Option<u8> {
    let count = u64::try_from(all.len()).ok()?;
    let tenths: u64 = all.map(|percent| Some(u64::from(percent?.tenths()))).sum::<Option<_>>()?;
    u8::try_from(tenths.checked_div(count)? / 10).ok()
}

fn count(jobs: usize) -> String {
    format!("{jobs} job{}", if jobs == 1 { "" } else { "s" })
}

/// A job in a line: `rsync 43%, about 3 min left`.
fn line(job: &Job) -> String {
    let name = short(&job.name);
    match (job.state, job.progress) {
        _ if job.cancel_requested => format!("{name}, cancelling"),
        (JobState::Queued, _) => format!("{name}, waiting"),
        (_, Some(percent)) => {
            let left = job.eta_seconds.map_or_else(String::new, |eta| format!(", {}", left(eta)));
            format!("{name} {}%{left}", percent.tenths() / 10)
        }
        (_, None) => format!("{name}, running"),
    }
}

/// In the steps and words that the page has for it.
fn left(seconds: u64) -> String {
    match seconds {
        0..10 => "a few seconds left".to_owned(),
        10..55 => format!("about {} s left", seconds.div_ceil(10) * 10),
        55..3_570 => format!("about {} min left", (seconds + 30) / 60),
        3_570..86_400 => format!("about {} h left", (seconds + 1_800) / 3_600),
        _ => format!("about {} d left", seconds.saturating_add(43_200) / 86_400),
    }
}

/// A name in one line of bounded length.
fn short(name: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut short: String = name.chars().take(LONGEST_NAME).map(plain).collect();
    if name.chars().nth(LONGEST_NAME).is_some() {
        short.pop();
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::known::tests::job;

    fn running(name: &str, percent: Option<f64>, eta_seconds: Option<u64>) -> Job {
        let progress = percent.map(|percent| Percent::try_from(percent).unwrap());
        Job { name: name.to_owned(), progress, eta_seconds, ..job(name, 1, JobState::Running) }
    }

    #[test]
    fn one_job_is_told_by_name_and_many_by_their_number() {
        let rsync = running("rsync", Some(43.9), Some(170));
        let one = Summary::of([&rsync].into_iter());
        assert_eq!(one.lines, ["rsync 43%, about 3 min left"]);
        assert_eq!(one.tooltip(), "Tidings: rsync 43%, about 3 min left");
        assert_eq!(one.title().as_deref(), Some("43%"));

        let (dd, scan) = (running("dd", Some(20.0), None), job("scan", 1, JobState::Queued));
        let many = Summary::of([&scan, &rsync, &dd].into_iter());
        assert_eq!(many.lines, ["dd 20%", "rsync 43%, about 3 min left", "scan, waiting"]);
        assert_eq!(many.tooltip(), "Tidings: 2 jobs, 31%, 1 waiting");
        assert_eq!(many.title().as_deref(), Some("31%"));
    }

    #[test]
    fn with_one_job_of_unknown_progress_the_whole_is_unknown() {
        let (known, unknown) = (running("dd", Some(50.0), None), running("tar", None, None));
        let summary = Summary::of([&known, &unknown].into_iter());
        assert_eq!(summary.percent, None);
        assert_eq!(summary.title().as_deref(), Some("2 jobs"));
        assert_eq!(summary.lines, ["dd 50%", "tar, running"]);
    }

    #[test]
    fn what_only_waits_has_lines_and_neither_bar_nor_title() {
        let queued = job("scan", 1, JobState::Queued);
        let summary = Summary::of([&queued].into_iter());
        assert_eq!((summary.running, summary.queued, summary.percent), (0, 1, None));
        assert_eq!(summary.title(), None);
        assert_eq!(summary.tooltip(), "Tidings: 1 job waiting");
    }

    #[test]
    fn what_has_ended_is_not_told() {
        let ended = job("scan", 2, JobState::Succeeded);
        let summary = Summary::of([&ended].into_iter());
        assert_eq!(summary.lines, ["No jobs"]);
        assert_eq!((summary.tooltip().as_str(), summary.title()), ("Tidings", None));
    }

    #[test]
    fn more_than_five_jobs_are_counted() {
        let jobs: Vec<_> = (0..9).map(|n| job(&n.to_string(), 1, JobState::Queued)).collect();
        let lines = Summary::of(jobs.iter()).lines;
        assert_eq!(lines.len(), 6);
        assert_eq!(lines[5], "and 4 more");
    }

    #[test]
    fn a_job_that_is_nearly_done_is_not_told_as_done() {
        let jobs = [running("a", Some(100.0), None), running("b", Some(99.9), None)];
        assert_eq!(Summary::of(jobs.iter()).percent, Some(99));
    }

    #[test]
    fn a_long_name_of_several_lines_is_one_short_line() {
        let name = format!("a\nb{}", "é".repeat(100));
        let line = line(&running(&name, None, None));
        assert_eq!(line, format!("a b{}…, running", "é".repeat(LONGEST_NAME - 4)));
    }
}
