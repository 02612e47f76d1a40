//! Jobs in the configuration.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tidings_protocol::api::Role;

use super::{ConfigError, nearest};
use crate::output::Pattern;

/// Longest name of a command, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// Longest time that a job may take, in seconds: a month.
const MAX_TIMEOUT_SECONDS: u64 = 31 * 24 * 60 * 60;

/// What jobs may do, and how many there may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JobsConfig {
    /// Folders that jobs may read. Default: the home folder.
    pub roots: Vec<PathBuf>,
    /// Most jobs that the server does at once. Default 4.
    pub max_running: usize,
    /// Most jobs that wait for their turn. Default 100.
    pub max_queued: usize,
    /// Longest time that a job may take once it has begun, in seconds. Default: a day.
    pub timeout_seconds: u64,
    /// Most jobs at once that programs elsewhere report. Default 1,000.
    pub max_reported: usize,
    /// Most of these of one user. Default 100.
    pub max_reported_per_user: usize,
    /// Most jobs that have ended and are kept. Default 1,000.
    pub keep: u64,
    /// Greatest age of these, in days. Default 30.
    pub keep_days: u64,
    /// How long a job must have taken for its user to be notified of its end, in seconds. Default 10.
    pub notify_after_seconds: u64,
    /// Commands that may be run, by name. Default: none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub commands: BTreeMap<String, CommandConfig>,
}

/// A command that may be run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandConfig {
    /// Its program and what that is started with; no shell sees it.
    pub argv: Vec<String>,
    /// How a line of its output tells how far it is. Default: by the patterns of programs that are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// The folder it runs in. Default: the home folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<PathBuf>,
    /// Longest time it may take, in seconds. Default: that of all jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
    /// Least role of those who may run it: `admin` or `publisher`. Default `admin`.
    #[serde(default = "admin")]
    pub role: Role,
    /// What it does, in a sentence. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

fn admin() -> Role {
    Role::Admin
}

impl Default for JobsConfig {
    fn default() -> Self {
        Self {
            roots: dirs::home_dir().into_iter().collect(),
            max_running: 4,
            max_queued: 100,
            timeout_seconds: 24 * 60 * 60,
            max_reported: 1_000,
            max_reported_per_user: 100,
            keep: 1_000,
            keep_days: 30,
            notify_after_seconds: 10,
            commands: BTreeMap::new(),
        }
    }
}

impl CommandConfig {
    /// A command with every key, so that each can be found.
    fn full() -> Self {
        Self {
            argv: Vec::new(),
            pattern: Some(String::new()),
            cwd: Some(PathBuf::new()),
            timeout_seconds: Some(0),
            role: Role::Admin,
            description: Some(String::new()),
        }
    }

    fn check(&self, name: &str, most: u64) -> Result<(), String> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || name.len() > MAX_NAME_BYTES || !name.chars().all(is_name) {
            return Err(format!(
                "a name has 1 to {MAX_NAME_BYTES} letters, digits and - _ ., and no others"
            ));
        }
        if self.argv.first().is_none_or(String::is_empty) {
            return Err("`argv` begins with a program, as in [\"rsync\", \"-a\", …]".to_owned());
        }
        // A path from nowhere in particular: the folder it would be looked for in is not the one it runs in.
        let program = Path::new(self.argv.first().map_or("", String::as_str));
        if program.components().count() > 1 && !program.is_absolute() {
            return Err(
                "`argv` begins with a program by its name or by its whole path, as in \"/usr/bin/rsync\"".to_owned(),
            );
        }
        if let Some(Err(error)) = self.pattern.as_deref().map(Pattern::parse) {
            return Err(format!("`pattern`: {error}"));
        }
        if self.argv.iter().any(|word| word.contains('\0')) {
            return Err("no word of `argv` may have a NUL character".to_owned());
        }
        if self.cwd.as_ref().is_some_and(|cwd| !cwd.is_absolute()) {
            return Err("`cwd` is a folder by its whole path, as in \"/srv/data\"".to_owned());
        }
        if self.timeout_seconds.is_some_and(|seconds| !(1..=most).contains(&seconds)) {
            return Err(format!("`timeout_seconds` is 1 to {most}"));
        }
        if self.role == Role::Viewer {
            return Err("`role` is \"admin\" or \"publisher\": viewers run nothing".to_owned());
        }
        Ok(())
    }
}

/// An example with every key but those of a command.
pub(super) fn full() -> JobsConfig {
    let commands = BTreeMap::from([(String::new(), CommandConfig::full())]);
    JobsConfig { commands, ..JobsConfig::default() }
}

/// The first key of a command that nobody knows, and the known one most like it.
pub(super) fn unknown_key(table: &toml::Table) -> Option<(String, String)> {
    let commands = table.get("jobs")?.get("commands")?.as_table()?;
    let known: Vec<_> = toml::Table::try_from(CommandConfig::full()).ok()?.into_iter().collect();
    let known: Vec<String> = known.into_iter().map(|(key, _)| key).collect();
    let tables = commands.iter().filter_map(|(name, value)| Some((name, value.as_table()?)));
    for (name, command) in tables {
        if let Some(key) = command.keys().find(|key| !known.contains(key)) {
            let full = |key: &str| format!("jobs.commands.{name}.{key}");
            return Some((full(key), full(&nearest(key, &known))));
        }
    }
    None
}

/// Checks what no type can.
pub(super) fn check(jobs: &JobsConfig) -> Result<(), ConfigError> {
    let range = |key, value: u64, least, most, expected| {
        let fits = (least..=most).contains(&value);
        let error = || ConfigError::OutOfRange { key, value: value.to_string(), expected };
        fits.then_some(()).ok_or_else(error)
    };
    range("jobs.max_running", jobs.max_running as u64, 1, 256, "1 to 256")?;
    range("jobs.max_queued", jobs.max_queued as u64, 0, 10_000, "0 to 10,000")?;
    let timeout = jobs.timeout_seconds;
    range("jobs.timeout_seconds", timeout, 1, MAX_TIMEOUT_SECONDS, "1 second to 31 days")?;
    range("jobs.max_reported", jobs.max_reported as u64, 0, 100_000, "0 to 100,000")?;
    let per_user = jobs.max_reported_per_user as u64;
    range("jobs.max_reported_per_user", per_user, 0, 100_000, "0 to 100,000")?;
    range("jobs.keep", jobs.keep, 1, 100_000, "1 to 100,000")?;
    range("jobs.keep_days", jobs.keep_days, 1, 3_650, "1 to 3,650 days")?;
    let notify = jobs.notify_after_seconds;
    range("jobs.notify_after_seconds", notify, 0, 86_400, "0 seconds to one day")?;
    if let Some(root) = jobs.roots.iter().find(|root| !root.is_absolute()) {
        return Err(ConfigError::OutOfRange {
            key: "jobs.roots",
            value: format!("{root:?}"),
            expected: "folders by their whole paths, as in [\"/home/me\"]",
        });
    }
    for (name, command) in &jobs.commands {
        let wrong = |reason| ConfigError::Command { name: name.clone(), reason };
        command.check(name, MAX_TIMEOUT_SECONDS).map_err(wrong)?;
    }
    Ok(())
}
