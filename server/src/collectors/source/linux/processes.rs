//! `/proc/{pid}/stat`: one line a process.

use std::borrow::Cow;
use std::fmt::Write;
use std::fs::{self, File};
use std::io::Read;

use super::super::ProcessReading;

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
    let user: u64 = fields.nth(14 - 3)?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    let started = fields.nth(22 - 16)?.parse().ok()?;
    let pages: u64 = fields.nth(24 - 23)?.parse().ok()?;
    let ticks = user.saturating_add(system);
    Some(ProcessReading {
        pid,
        started,
        cpu_ms: ticks.saturating_mul(1000) / ticks_per_second,
        memory: pages.saturating_mul(page_bytes),
        name: name.to_owned(),
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
    }
}
