//! Where in its output a program says how far it is.

use std::ffi::OsStr;
use std::path::Path;

use regex::bytes::{Captures, Regex, RegexBuilder};
use tidings_protocol::job::{Percent, Unit};

use super::programs::Program;

/// Longest pattern, in bytes.
pub const MAX_PATTERN_BYTES: usize = 1_000;

/// Most bytes that a pattern may be compiled to.
const MAX_COMPILED_BYTES: usize = 1 << 20;

/// How much of a line is searched: what tells progress is short.
const MAX_SEARCHED_BYTES: usize = 4 << 10;

/// Programs that run another one, which is the one that tells.
const RUNNERS: [&str; 12] = [
    "caffeinate",
    "chrt",
    "doas",
    "env",
    "ionice",
    "nice",
    "nohup",
    "setsid",
    "stdbuf",
    "sudo",
    "time",
    "timeout",
];

/// How far a program says that it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Of all; none if nobody knows.
    pub percent: Option<Percent>,
    /// How much is done, if it says so.
    pub done: Option<u64>,
    /// How much there is to do, if it says so.
    pub total: Option<u64>,
    /// What the two are counted in; there where `done` is.
    pub unit: Option<Unit>,
}

impl Seen {
    pub(super) fn amount(done: u64, total: Option<u64>, unit: Unit) -> Self {
        let percent = total.and_then(|total| Percent::of(done, total));
        Self { percent, done: Some(done), total, unit: Some(unit) }
    }

    pub(super) fn bytes(done: u64) -> Self {
        Self::amount(done, None, Unit::Bytes)
    }
}

/// Where in its output a program says how far it is, and what it wrote so far that matters later.
#[derive(Clone, Debug, Default)]
pub struct Pattern(Inner);

#[derive(Clone, Debug, Default)]
enum Inner {
    #[default]
    Nothing,
    Known(Program),
    Given(Regex),
}

/// What is no pattern.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidPattern {
    /// It is not a regular expression, or too large a one.
    #[error("the pattern cannot be read: {0}")]
    Syntax(String),
    /// It is longer than [`MAX_PATTERN_BYTES`].
    #[error("a pattern has at most {MAX_PATTERN_BYTES} bytes")]
    TooLong,
    /// No group says what is progress.
    #[error(
        "the pattern does not say which part is the progress: write (?<percent>\\d+)% for a percentage, or \
         (?<done>\\d+)/(?<total>\\d+) for an amount, or the name of a program that is known (rsync, curl, wget, dd, \
         cargo, pv, ffmpeg)"
    )]
    NoGroup,
}

impl Pattern {
    /// Of a program that says nothing that can be read.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// What is known of the program that `argv` runs, by its file name; [`nothing`](Self::nothing) if it is unknown.
    /// Behind `nice`, `sudo` and their like it is the first argument that is a known program.
    #[must_use]
    pub fn of_program<S: AsRef<OsStr>>(argv: &[S]) -> Self {
        let args: Vec<String> =
            argv.iter().map(|arg| arg.as_ref().to_string_lossy().into_owned()).collect();
        let is_runner = args.first().is_some_and(|first| RUNNERS.contains(&name(first)));
        let tried = if is_runner { args.len() } else { 1 };
        let known = (0..args.len().min(tried))
            .find_map(|at| Program::of(name(&args[at]), args.get(at + 1..).unwrap_or_default()));
        Self(known.map_or(Inner::Nothing, Inner::Known))
    }

    /// What a user says: a regular expression with the group `percent`, or with `done` and `total`, or with one that
    /// has no name and is a percentage; or the name of a program that is known. It is searched for in each line, and the
    /// last place where it fits counts.
    ///
    /// # Errors
    ///
    /// If it is no regular expression, has no such group, or is too large.
    pub fn parse(text: &str) -> Result<Self, InvalidPattern> {
        if text.len() > MAX_PATTERN_BYTES {
            return Err(InvalidPattern::TooLong);
        }
        if let Some(program) = Program::of(text, &[]) {
            return Ok(Self(Inner::Known(program)));
        }
        let regex = RegexBuilder::new(text)
            .size_limit(MAX_COMPILED_BYTES)
            .dfa_size_limit(MAX_COMPILED_BYTES)
            .build()
            .map_err(|error| InvalidPattern::Syntax(error.to_string()))?;
        let has = |name| regex.capture_names().flatten().any(|group| group == name);
        let has_unnamed = regex.capture_names().skip(1).any(|name| name.is_none());
        if has("percent") || has_unnamed || has("done") && has("total") {
            return Ok(Self(Inner::Given(regex)));
        }
        Err(InvalidPattern::NoGroup)
    }

    /// Reads a line, without what is for a terminal alone.
    pub(super) fn see(&mut self, line: &[u8]) -> Option<Seen> {
        let line = &line[..line.len().min(MAX_SEARCHED_BYTES)];
        match &mut self.0 {
            Inner::Nothing => None,
            Inner::Known(program) => program.see(&String::from_utf8_lossy(line)),
            Inner::Given(regex) => regex.captures_iter(line).last().as_ref().and_then(given),
        }
    }
}

/// What a user's pattern found.
fn given(found: &Captures<'_>) -> Option<Seen> {
    let number =
        |text: &[u8]| std::str::from_utf8(text).ok()?.replace(',', ".").parse::<f64>().ok();
    let named = |name| found.name(name).and_then(|group| number(group.as_bytes()));
    let unnamed = || {
        let has_name = ["percent", "done", "total"].iter().any(|name| found.name(name).is_some());
        let group = found.iter().skip(1).flatten().next().filter(|_| !has_name)?;
        number(group.as_bytes())
    };
    if let (Some(done), Some(total)) = (named("done"), named("total")) {
        let fits = done >= 0.0 && total > 0.0;
        return fits.then(|| Seen::amount(done as u64, Some(total as u64), Unit::Steps));
    }
    let percent = named("percent").or_else(unnamed)?;
    Some(Seen { percent: Some(percent.try_into().ok()?), ..Seen::default() })
}

/// File name of a program.
fn name(program: &str) -> &str {
    let name = Path::new(program).file_name().and_then(OsStr::to_str).unwrap_or_default();
    name.strip_suffix(".exe").unwrap_or(name)
}
