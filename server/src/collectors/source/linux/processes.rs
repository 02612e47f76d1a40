//! `/proc/{pid}/stat`: one line a process.

use std::borrow::Cow;
use std::fmt::Write;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;

use super::super::{ProcessDetails, ProcessReading};

/// Flag of a process that is a part of the kernel.
const PF_KTHREAD: u64 = 0x0020_0000;

/// The kernel cuts a program's name to this many bytes.
const SHORT_NAME: usize = 15;

pub(crate) struct ProcessesSource {
    page_bytes: u64,
    ticks_per_second: u64,
    path: String,
    buffer: [u8; 2048],
}

impl ProcessesSource {
    pub(crate) fn new() -> Self {
        Self {
            page_bytes: rustix::param::page_size() as u64,
            ticks_per_second: rustix::param::clock_ticks_per_second().max(1),
            path: String::new(),
            buffer: [0; 2048],
        }
    }

    /// Replaces `readings` by every process there is. One that ends meanwhile is left out.
    pub(crate) fn read(&mut self, readings: &mut Vec<ProcessReading>) {
        readings.clear();
        let Ok(entries) = fs::read_dir("/proc") else { return };
        let (page_bytes, ticks_per_second) = (self.page_bytes, self.ticks_per_second);
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
            let Some(line) = self.file(pid, "stat") else { continue };
            readings.extend(parse(pid, &line, page_bytes, ticks_per_second));
        }
    }

    /// The process of this id, if there is one.
    pub(crate) fn read_one(&mut self, pid: u32) -> Option<ProcessReading> {
        let (page_bytes, ticks_per_second) = (self.page_bytes, self.ticks_per_second);
        parse(pid, &self.file(pid, "stat")?, page_bytes, ticks_per_second)
    }

    /// What a process was started with, and whose it is.
    pub(crate) fn details(&mut self, pid: u32) -> ProcessDetails {
        let command = self.file(pid, "cmdline").unwrap_or_default();
        let command = command.trim_end_matches('\0').replace(char::is_control, " ");
        // The folder is the effective user's, whoever may look into it.
        let user = fs::metadata(format!("/proc/{pid}")).ok().map(|folder| folder.uid().to_string());
        ProcessDetails { command, user }
    }

    /// A reading's `started`, in ms since the machine began.
    pub(crate) fn start_ms(&self, started: u64) -> u64 {
        started.saturating_mul(1000) / self.ticks_per_second
    }

    /// When the machine began, in ms since the epoch, by the clock as it stands.
    pub(crate) fn boot_at(&self) -> u64 {
        let since = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let ms = since.tv_sec.saturating_mul(1000).saturating_add(since.tv_nsec / 1_000_000);
        crate::clock::now_ms().saturating_sub(u64::try_from(ms).unwrap_or_default())
    }

    /// The program's whole name, where the kernel cut `short` from it.
    pub(crate) fn full_name(&mut self, pid: u32, short: String) -> String {
        if short.len() < SHORT_NAME {
            return short;
        }
        let line = self.file(pid, "cmdline").unwrap_or_default();
        let program = line.split('\0').next().unwrap_or_default();
        let program = program.rsplit('/').next().unwrap_or_default();
        // A process may write what it likes there: believe only what begins as the kernel says.
        if program.starts_with(&short) { program.to_owned() } else { short }
    }

    fn file(&mut self, pid: u32, name: &str) -> Option<Cow<'_, str>> {
        self.path.clear();
        write!(self.path, "/proc/{pid}/{name}").ok()?;
        let read = File::open(&self.path).and_then(|mut file| file.read(&mut self.buffer)).ok()?;
        Some(String::from_utf8_lossy(&self.buffer[..read]))
    }
}

fn parse(pid: u32, line: &str, page_bytes: u64, ticks_per_second: u64) -> Option<ProcessReading> {
    // The name stands in parentheses and may hold any character, these too.
    let (name, rest) = line.split_once('(')?.1.rsplit_once(") ")?;
    let mut fields = rest.split_ascii_whitespace();
    // Counted as proc(5) does, where the state after the name is field 3.
    let state = fields.next()?.chars().next()?;
    let parent = fields.next()?.parse().ok()?;
    let flags: u64 = fields.nth(9 - 5)?.parse().ok()?;
    let user: u64 = fields.nth(14 - 10)?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    let threads = fields.nth(20 - 16)?.parse().ok()?;
    let started = fields.nth(22 - 21)?.parse().ok()?;
    let pages: u64 = fields.nth(24 - 23)?.parse().ok()?;
    let ticks = user.saturating_add(system);
    Some(ProcessReading {
        pid,
        started,
        cpu_ms: ticks.saturating_mul(1000) / ticks_per_second,
        memory: pages.saturating_mul(page_bytes),
        name: name.to_owned(),
        parent,
        state,
        threads,
        is_kernel: flags & PF_KTHREAD != 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_stat_gives_time_memory_and_a_name_with_anything_in_it() {
        let line = "42 (a) (b ) S 1 42 42 0 -1 4194304 94 0 0 0 14 28 5 6 20 0 1 0 2100 5000000 66 \
                    18446744073709551615 0 0";
        let reading = parse(42, line, 4096, 100).unwrap();
        assert_eq!(reading.name, "a) (b ");
        assert_eq!((reading.pid, reading.started), (42, 2100));
        assert_eq!((reading.cpu_ms, reading.memory), (420, 66 * 4096));
    }

    #[test]
    fn a_line_of_stat_gives_parent_state_threads_and_whether_it_is_of_the_kernel() {
        let line = "42 (x) R 7 42 42 0 -1 4194304 94 0 0 0 14 28 5 6 20 0 3 0 2100 5000000 66 0";
        let reading = parse(42, line, 4096, 100).unwrap();
        assert_eq!((reading.parent, reading.state, reading.threads), (7, 'R', 3));
        assert!(!reading.is_kernel);
        let kernel = line.replace("4194304", "2129984");
        assert!(parse(42, &kernel, 4096, 100).unwrap().is_kernel);
    }

    #[test]
    fn a_torn_line_is_no_process() {
        for line in ["", "42 (x", "42 (x) S 1 2", "42 (x) S 1 42 42 0 -1 4194304 94 0 0 0 a b"] {
            assert_eq!(parse(42, line, 4096, 100), None, "{line}");
        }
    }

    #[test]
    fn this_process_is_among_those_of_proc() {
        let mut source = ProcessesSource::new();
        let mut readings = Vec::new();
        source.read(&mut readings);
        let own = readings.iter().find(|reading| reading.pid == std::process::id()).unwrap();
        assert!(own.memory > 1 << 20 && own.started > 0);
        let comm = fs::read_to_string("/proc/self/comm").unwrap();
        assert_eq!(own.name, comm.trim_end());
        let full = source.full_name(own.pid, own.name.clone());
        assert!(full.starts_with(&own.name));
        assert_eq!(own.parent, std::os::unix::process::parent_id());
        let details = source.details(own.pid);
        let mut arguments = std::env::args();
        assert!(details.command.starts_with(&arguments.next().unwrap()), "{details:?}");
        assert_eq!(details.user, Some(rustix::process::geteuid().as_raw().to_string()));
        assert_eq!(source.read_one(own.pid).unwrap().started, own.started);
        assert_eq!(source.read_one(u32::MAX), None);
    }
}
