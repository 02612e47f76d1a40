//! Jobs as lines for people.

use tidings_protocol::job::{Job, JobState, Unit};

use crate::cli::say::visible;

/// A line for each job, below a heading.
pub(super) fn table(jobs: &[Job], now: u64) -> String {
    let width = |heading: &str, column: &dyn Fn(&Job) -> String| {
        let longest = jobs.iter().map(|job| column(job).chars().count()).max();
        longest.unwrap_or_default().max(heading.len())
    };
    let id_width = width("ID", &|job| job.id.clone());
    let name_width = width("NAME", &|job| job.name.clone()).min(40);
    let mut text = format!(
        "{:id_width$}  {:11}  {:>6}  {:10}  {:name_width$}  MESSAGE\n",
        "ID", "STATE", "DONE", "ASKED FOR", "NAME"
    );
    for job in jobs {
        let Job { id, name, .. } = job;
        let (state, done) = (job.state.as_str(), percent(job));
        let age = ago(now.saturating_sub(job.created_at));
        let message = job.error.as_deref().unwrap_or(&job.message);
        let line = format!(
            "{id:id_width$}  {state:11}  {done:>6}  {age:10}  {name:name_width$}  {message}"
        );
        text += visible(line.trim_end()).as_ref();
        text.push('\n');
    }
    text
}

/// All that people may want to know of a job, a line each.
pub(super) fn details(job: &Job) -> String {
    let mut lines = vec![
        ("id", job.id.clone()),
        ("name", job.name.clone()),
        ("kind", job.kind.clone()),
        ("machine", job.host.clone()),
        ("state", state(job)),
    ];
    let mut add = |name, text: Option<String>| {
        lines.extend(text.filter(|text| !text.is_empty()).map(|text| (name, text)));
    };
    add("place", job.place.map(|place| format!("{place} of those that wait")));
    add("progress", Some(percent(job)));
    add("amount", amount(job));
    add("rate", job.rate.map(|rate| format!("{} a second", counted(rate as u64, job.unit))));
    add("left", job.eta_seconds.map(seconds));
    add("message", Some(job.message.clone()));
    add("error", job.error.clone());
    add("exit code", job.exit_code.map(|code| code.to_string()));
    add("began", job.started_at.map(at));
    add("ended", job.ended_at.map(at));
    add("lines", Some(job.lines.to_string()));
    add(
        "result",
        job.result.as_ref().map(|result| {
            let name = result.file_name.as_deref().unwrap_or(&result.content_type);
            format!("{name}, {}", bytes(result.bytes))
        }),
    );
    let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let line = |(name, text): &(&str, String)| format!("{name:width$}  {}\n", visible(text));
    lines.iter().map(line).collect()
}

fn state(job: &Job) -> String {
    let is_ending = job.cancel_requested && job.state.is_active();
    format!("{}{}", job.state, if is_ending { ", its end was asked for" } else { "" })
}

/// How far it is, `?` where nobody knows, nothing where it has not begun.
pub(in crate::cli) fn percent(job: &Job) -> String {
    match (job.progress, job.state) {
        (Some(percent), _) => percent.to_string(),
        (None, JobState::Running) => "?".to_owned(),
        (None, _) => String::new(),
    }
}

fn amount(job: &Job) -> Option<String> {
    let done = counted(job.done?, job.unit);
    Some(match job.total {
        Some(total) if job.unit == Some(Unit::Bytes) => format!("{done} of {}", bytes(total)),
        Some(total) => format!("{} of {}", job.done?, counted(total, job.unit)),
        None => done,
    })
}

fn counted(number: u64, unit: Option<Unit>) -> String {
    match unit {
        Some(Unit::Bytes) => bytes(number),
        Some(Unit::Entries) => format!("{number} entries"),
        Some(Unit::Rows) => format!("{number} rows"),
        Some(Unit::Steps) | None => number.to_string(),
    }
}

/// In the largest unit of which there is one.
fn bytes(number: u64) -> String {
    let mut amount = number as f64;
    let mut unit = "B";
    for larger in ["KiB", "MiB", "GiB", "TiB", "PiB"] {
        if amount < 1_024.0 {
            break;
        }
        (amount, unit) = (amount / 1_024.0, larger);
    }
    if unit == "B" { format!("{number} B") } else { format!("{amount:.1} {unit}") }
}

fn seconds(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

fn ago(ms: u64) -> String {
    let seconds = ms / 1_000;
    match seconds {
        0..60 => format!("{seconds}s ago"),
        60..3_600 => format!("{}m ago", seconds / 60),
        3_600..86_400 => format!("{}h ago", seconds / 3_600),
        _ => format!("{}d ago", seconds / 86_400),
    }
}

fn at(ms: u64) -> String {
    let at = i64::try_from(ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    at.map_or_else(String::new, |at| {
        at.to_zoned(jiff::tz::TimeZone::system()).strftime("%F %T").to_string()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_protocol::job::{Args, Percent, REPORTED, ResultInfo};

    fn job(state: JobState, progress: Option<u16>) -> Job {
        Job {
            id: "owner~01".to_owned(),
            user_id: "owner".to_owned(),
            kind: REPORTED.to_owned(),
            name: "rsync".to_owned(),
            host: "den".to_owned(),
            args: Args::new(),
            state,
            version: 1,
            place: None,
            progress: progress.map(Percent::of_tenths),
            message: "photos/1.jpg".to_owned(),
            done: None,
            total: None,
            unit: None,
            rate: None,
            eta_seconds: None,
            cancel_requested: false,
            error: None,
            exit_code: None,
            result: None,
            lines: 7,
            created_at: 1_000,
            started_at: None,
            updated_at: 1_000,
            ended_at: None,
        }
    }

    #[test]
    fn a_list_has_a_line_for_each_job() {
        let failed = Job {
            error: Some("it ended with\nexit code 3".to_owned()),
            name: "größer".to_owned(),
            ..job(JobState::Failed, None)
        };
        let jobs = [job(JobState::Running, Some(405)), job(JobState::Running, None), failed];
        assert_eq!(
            table(&jobs, 91_000),
            "ID        STATE          DONE  ASKED FOR   NAME    MESSAGE\n\
             owner~01  running       40.5%  1m ago      rsync   photos/1.jpg\n\
             owner~01  running           ?  1m ago      rsync   photos/1.jpg\n\
             owner~01  failed               1m ago      größer  it ended with\\u000aexit code 3\n"
        );
    }

    #[test]
    fn what_is_not_known_of_a_job_has_no_line() {
        let shown = details(&Job {
            cancel_requested: true,
            done: Some(3 << 20),
            total: Some(10 << 30),
            unit: Some(Unit::Bytes),
            rate: Some(2_048.0),
            eta_seconds: Some(3_700),
            result: Some(ResultInfo {
                content_type: "text/csv".to_owned(),
                bytes: 12,
                file_name: Some("cpu.csv".to_owned()),
            }),
            ..job(JobState::Running, Some(1))
        });
        for line in [
            "state     running, its end was asked for\n",
            "progress  0.1%\n",
            "amount    3.0 MiB of 10.0 GiB\n",
            "rate      2.0 KiB a second\n",
            "left      1 h 1 min\n",
            "result    cpu.csv, 12 B\n",
        ] {
            assert!(shown.contains(line), "{line:?} in {shown}");
        }
        for name in ["place", "error", "exit code", "began", "ended"] {
            assert!(!shown.contains(&format!("\n{name} ")), "{name} in {shown}");
        }
    }
}
