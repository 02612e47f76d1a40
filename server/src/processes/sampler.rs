//! Readings of all processes, and what became of each since the one before.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tidings_protocol::processes::{MAX_COMMAND_BYTES, MAX_NAME_BYTES, MAX_ROWS, ProcessRows};

use super::Reading;
use super::names::Names;
use crate::clock;
use crate::collectors::{ProcessReading, ProcessesSource, cut};

/// A command line and a user are asked for again after this: few programs change theirs.
const DETAILS_LAST: Duration = Duration::from_secs(30);

/// The same where there is no command line: a program that begins has its name a moment earlier.
const NONE_LASTS: Duration = Duration::from_secs(2);

/// Takes readings, and remembers of each what the next one needs.
pub(super) struct Sampler {
    source: ProcessesSource,
    names: Names,
    readings: Vec<ProcessReading>,
    taken: Option<Instant>,
    known: HashMap<u32, Known>,
    newest: Option<Arc<Reading>>,
}

/// What is known of a process, which its beginning tells from another one of the same id.
struct Known {
    started: u64,
    cpu_ms: u64,
    details: Option<Details>,
}

struct Details {
    /// As the system has it: another one means another program.
    short: String,
    name: String,
    command: String,
    user: Option<String>,
    asked: Instant,
}

impl Default for Sampler {
    fn default() -> Self {
        Self {
            source: ProcessesSource::new(),
            names: Names::default(),
            readings: Vec::new(),
            taken: None,
            known: HashMap::new(),
            newest: None,
        }
    }
}

impl fmt::Debug for Sampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sampler").field("taken", &self.taken).finish_non_exhaustive()
    }
}

impl Sampler {
    /// The newest reading, if it is younger than this.
    pub(super) fn newest(&self, within: Duration) -> Option<Arc<Reading>> {
        self.newest.clone().filter(|reading| reading.taken.elapsed() < within)
    }

    /// Whether there is a reading to compare with.
    pub(super) fn is_ready(&self, within: Duration) -> bool {
        self.taken.is_some_and(|taken| taken.elapsed() < within)
    }

    /// How long to wait until the last reading is so old.
    pub(super) fn wait(&self, least: Duration) -> Duration {
        self.taken.map_or(Duration::ZERO, |taken| least.saturating_sub(taken.elapsed()))
    }

    /// Takes the first of the two readings that a share needs.
    pub(super) fn begin(&mut self) {
        self.newest = None;
        self.known.clear();
        self.source.read(&mut self.readings);
        self.taken = Some(Instant::now());
        let known = self.readings.iter().map(|reading| {
            let (started, cpu_ms) = (reading.started, reading.cpu_ms);
            (reading.pid, Known { started, cpu_ms, details: None })
        });
        self.known.extend(known);
    }

    /// Takes a reading, and compares it with the one before.
    pub(super) fn take(&mut self) -> Arc<Reading> {
        self.source.read(&mut self.readings);
        let taken = Instant::now();
        let elapsed = self.taken.map_or(Duration::ZERO, |before| taken - before);
        let mut readings = std::mem::take(&mut self.readings);
        let mut before = std::mem::take(&mut self.known);
        let mut shares = HashMap::with_capacity(readings.len());
        for reading in &readings {
            // One that was not there before began since, so all its CPU time counts.
            let known = before.remove(&reading.pid).filter(|one| one.started == reading.started);
            let spent = known.as_ref().map_or(0, |known| known.cpu_ms);
            shares.insert(reading.pid, share(spent, reading.cpu_ms, elapsed));
            let details = known.and_then(|known| known.details);
            let known = Known { started: reading.started, cpu_ms: reading.cpu_ms, details };
            self.known.insert(reading.pid, known);
        }
        let count = readings.len() as u64;
        let share_of = |pid: u32| shares.get(&pid).copied().unwrap_or_default();
        bound(&mut readings, share_of);
        let mut rows = Rows::with_capacity(readings.len());
        for reading in readings.drain(..) {
            let cpu = share_of(reading.pid);
            self.row(&mut rows, reading, cpu, taken);
        }
        self.readings = readings;
        self.taken = Some(taken);
        let (at, boot_at) = (clock::now_ms(), self.source.boot_at());
        let reading = Arc::new(Reading { at, taken, boot_at, count, rows: rows.done() });
        self.newest = Some(Arc::clone(&reading));
        reading
    }

    fn row(&mut self, rows: &mut Rows, reading: ProcessReading, cpu: f32, now: Instant) {
        let start = self.source.start_ms(reading.started);
        let Some(known) = self.known.get_mut(&reading.pid) else { return };
        let is_known = known.details.as_ref().is_some_and(|details| {
            let is_whole = reading.is_kernel || !details.command.is_empty();
            let lasts = if is_whole { DETAILS_LAST } else { NONE_LASTS };
            details.short == reading.name && now - details.asked < lasts
        });
        if !is_known {
            let details = self.source.details(reading.pid);
            let name = self.source.full_name(reading.pid, reading.name.clone());
            known.details = Some(Details {
                short: reading.name.clone(),
                name: cut(name, MAX_NAME_BYTES),
                command: cut(details.command, MAX_COMMAND_BYTES),
                user: details.user,
                asked: now,
            });
        }
        if let Some(details) = &known.details {
            let user = details.user.as_deref().map(|id| self.names.of(id, now));
            rows.push(&reading, start, cpu, details, user.unwrap_or_default());
        }
    }
}

/// In percent of one core, to a tenth. A count that went back is no use of CPU.
fn share(before: u64, now: u64, elapsed: Duration) -> f32 {
    let ms = now.saturating_sub(before) as f64;
    let elapsed = elapsed.as_secs_f64().max(0.001);
    ((ms / elapsed).round() / 10.0) as f32
}

/// Leaves as many as a table may have, those with most CPU and then with most memory, by id.
fn bound(readings: &mut Vec<ProcessReading>, share_of: impl Fn(u32) -> f32) {
    if readings.len() > MAX_ROWS {
        let most = |a: &ProcessReading, b: &ProcessReading| -> Ordering {
            let cpu = share_of(b.pid).total_cmp(&share_of(a.pid));
            cpu.then(b.memory.cmp(&a.memory)).then(a.pid.cmp(&b.pid))
        };
        readings.select_nth_unstable_by(MAX_ROWS, most);
        readings.truncate(MAX_ROWS);
    }
    readings.sort_unstable_by_key(|reading| reading.pid);
}

/// The columns as they grow.
struct Rows {
    rows: ProcessRows,
    users: HashMap<String, u32>,
}

impl Rows {
    fn with_capacity(count: usize) -> Self {
        let rows = ProcessRows {
            pid: Vec::with_capacity(count),
            parent: Vec::with_capacity(count),
            start: Vec::with_capacity(count),
            name: Vec::with_capacity(count),
            command: Vec::with_capacity(count),
            user: Vec::with_capacity(count),
            users: Vec::new(),
            cpu: Vec::with_capacity(count),
            memory: Vec::with_capacity(count),
            threads: Vec::with_capacity(count),
            state: String::with_capacity(count),
        };
        Self { rows, users: HashMap::new() }
    }

    fn push(&mut self, reading: &ProcessReading, start: u64, cpu: f32, of: &Details, user: String) {
        let rows = &mut self.rows;
        let next = u32::try_from(self.users.len()).unwrap_or(u32::MAX);
        let user = *self.users.entry(user).or_insert_with_key(|name| {
            rows.users.push(name.clone());
            next
        });
        rows.pid.push(reading.pid);
        rows.parent.push(reading.parent);
        rows.start.push(start);
        rows.name.push(of.name.clone());
        rows.command.push(of.command.clone());
        rows.user.push(user);
        rows.cpu.push(cpu);
        rows.memory.push(reading.memory);
        rows.threads.push(reading.threads);
        rows.state.push(if reading.state.is_ascii_alphabetic() { reading.state } else { '?' });
    }

    fn done(self) -> ProcessRows {
        self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(pid: u32, memory: u64) -> ProcessReading {
        let (name, parent, state, threads, is_kernel) = (format!("p{pid}"), 1, 'S', 1, false);
        let (started, cpu_ms) = (1, 0);
        ProcessReading { pid, started, cpu_ms, memory, name, parent, state, threads, is_kernel }
    }

    #[test]
    fn cpu_is_percent_of_one_core_to_a_tenth_over_the_time_that_passed() {
        let two = Duration::from_secs(2);
        assert_eq!(share(1_000, 2_000, two), 50.0);
        assert_eq!(share(0, 4_000, two), 200.0);
        assert_eq!(share(0, 1, Duration::from_secs(3)), 0.0);
        assert_eq!(share(0, 7, two), 0.4);
        assert_eq!(share(9, 3, two), 0.0);
        assert!(share(0, 10, Duration::ZERO).is_finite());
    }

    #[test]
    fn of_too_many_those_with_most_cpu_and_then_most_memory_stay_by_id() {
        let mut readings: Vec<_> = (1..=3_000).rev().map(|n| reading(n, n.into())).collect();
        bound(&mut readings, |pid| if pid <= 5 { 1.0 } else { 0.0 });
        let pids: Vec<_> = readings.iter().map(|reading| reading.pid).collect();
        let expected: Vec<_> = (1..=5).chain(1_006..=3_000).collect();
        assert_eq!(pids, expected);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_that_works_is_seen_to_with_what_it_was_started_with() {
        let mut child = std::process::Command::new("sh")
            .args(["-c", "while :; do :; done", "tidings test"])
            .spawn()
            .unwrap();
        let mut sampler = Sampler::default();
        sampler.begin();
        let (pid, begun) = (child.id(), Instant::now());
        let (reading, at) = loop {
            let reading = sampler.take();
            let at = reading.rows.pid.iter().position(|other| *other == pid).unwrap();
            // Before that it has the command line of whoever started it.
            if reading.rows.cpu[at] > 1.0 && reading.rows.name[at] == "sh" {
                break (reading, at);
            }
            assert!(begun.elapsed() < Duration::from_secs(20));
            std::thread::yield_now();
        };
        let rows = &reading.rows;
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(rows.command[at], "sh -c while :; do :; done tidings test");
        assert_eq!((rows.parent[at], rows.threads[at]), (std::process::id(), 1));
        let began = reading.boot_at + rows.start[at];
        assert!(clock::now_ms().abs_diff(began) < 60_000, "{began}");
        assert_eq!(rows.state.len(), rows.pid.len());
        assert!(rows.pid.is_sorted());
        // What has ended is forgotten.
        assert!(!sampler.take().rows.pid.contains(&pid));
        assert!(!sampler.known.contains_key(&pid));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_program_that_takes_the_place_of_another_is_asked_for_anew() {
        let mut child = std::process::Command::new("sh")
            .args(["-c", "read line; exec sleep 60"])
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut sampler = Sampler::default();
        let mut name_and_command = || {
            let reading = sampler.take();
            let rows = &reading.rows;
            let at = rows.pid.iter().position(|pid| *pid == child.id()).unwrap();
            (rows.name[at].clone(), rows.command[at].clone())
        };
        let until = |wanted: (&str, &str), now: &mut dyn FnMut() -> (String, String)| {
            let begun = Instant::now();
            loop {
                let (name, command) = now();
                if (&*name, &*command) == wanted {
                    return;
                }
                assert!(begun.elapsed() < Duration::from_secs(20), "{name}: {command}");
                std::thread::yield_now();
            }
        };
        until(("sh", "sh -c read line; exec sleep 60"), &mut name_and_command);
        drop(child.stdin.take());
        let mut name_and_command = || {
            let reading = sampler.take();
            let rows = &reading.rows;
            let at = rows.pid.iter().position(|pid| *pid == child.id()).unwrap();
            (rows.name[at].clone(), rows.command[at].clone())
        };
        until(("sleep", "sleep 60"), &mut name_and_command);
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
