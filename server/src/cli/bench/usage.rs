//! What processes use, as Linux counts it; nothing is known elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// Processes and all that descends from them.
#[derive(Clone, Debug)]
pub(super) struct Processes {
    roots: Vec<u32>,
}

/// Processor time at one moment, in two counts that each miss something.
#[derive(Clone, Debug, Default)]
pub(super) struct Cpu {
    /// ns of each thread that runs now, from its `schedstat`. Those that have ended are not in it.
    threads: BTreeMap<u32, u64>,
    /// ns of the processes, from their `stat`, in steps of a clock tick.
    ticks: u64,
}

impl Processes {
    /// These and what descends from them, now and later. None: nothing will be known.
    pub(super) fn new(roots: &[u32]) -> Self {
        Self { roots: roots.to_vec() }
    }

    /// Processor time up to now.
    pub(super) fn cpu(&self) -> Option<Cpu> {
        let mut cpu = Cpu::default();
        for pid in self.all()? {
            cpu.ticks += ticks(pid)?;
            for thread in fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten() {
                let text = fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
                let time = text.split(' ').next().and_then(|time| time.parse().ok());
                let id = thread.file_name().to_str().and_then(|name| name.parse().ok());
                if let (Some(id), Some(time)) = (id, time) {
                    cpu.threads.insert(id, time);
                }
            }
        }
        Some(cpu)
    }

    /// Proportional share of memory, in bytes: what they have alone, and their part of what is shared.
    pub(super) fn pss(&self) -> Option<u64> {
        let pss = |pid| {
            let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
            let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
            let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
            Some(kib << 10)
        };
        self.all()?.into_iter().map(pss).sum()
    }

    fn all(&self) -> Option<BTreeSet<u32>> {
        if self.roots.is_empty() || !cfg!(target_os = "linux") {
            return None;
        }
        let mut parents = Vec::new();
        for entry in fs::read_dir("/proc").ok()?.flatten() {
            let pid = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
            if let Some(pid) = pid
                && let Some(parent) = field(pid, 4)
            {
                parents.push((pid, parent));
            }
        }
        Some(with_descendants(&self.roots, &parents))
    }
}

impl Cpu {
    /// Seconds from `earlier` to this. Threads are the finer count; where the processes have clearly
    /// more, a thread has ended in between.
    pub(super) fn since(&self, earlier: &Self) -> f64 {
        let before = |id| earlier.threads.get(id).copied().unwrap_or(0);
        let threads: u64 =
            self.threads.iter().map(|(id, time)| time.saturating_sub(before(id))).sum();
        let ticks = self.ticks.saturating_sub(earlier.ticks);
        let nanos = if ticks > threads + threads / 20 + 50_000_000 { ticks } else { threads };
        nanos as f64 / 1e9
    }
}

fn with_descendants(roots: &[u32], parents: &[(u32, u64)]) -> BTreeSet<u32> {
    let mut all: BTreeSet<u32> = roots.iter().copied().collect();
    loop {
        let known = all.len();
        let of_known = |parent: u64| u32::try_from(parent).is_ok_and(|pid| all.contains(&pid));
        let children: Vec<u32> =
            parents.iter().filter(|(_, parent)| of_known(*parent)).map(|(pid, _)| *pid).collect();
        all.extend(children);
        if all.len() == known {
            return all;
        }
    }
}

/// User and system time of a process, its ended threads included, in ns.
fn ticks(pid: u32) -> Option<u64> {
    Some((field(pid, 14)? + field(pid, 15)?) * 1_000_000_000 / ticks_per_second())
}

/// A field of `/proc/PID/stat`, counted from 1 as in proc(5). The name, the second, may hold spaces.
fn field(pid: u32, number: usize) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(number - 3)?.parse().ok()
}

#[cfg(unix)]
fn ticks_per_second() -> u64 {
    rustix::param::clock_ticks_per_second()
}

#[cfg(not(unix))]
fn ticks_per_second() -> u64 {
    100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_of_a_worker_counts_and_a_stranger_does_not() {
        let parents = [(30, 20), (20, 10), (10, 1), (40, 1), (50, 40)];
        let all: Vec<u32> = with_descendants(&[10], &parents).into_iter().collect();
        assert_eq!(all, [10, 20, 30]);
    }

    #[test]
    fn the_time_of_a_thread_that_ended_is_taken_from_its_process() {
        let cpu = |threads: &[(u32, u64)], ticks| Cpu {
            threads: threads.iter().copied().collect(),
            ticks,
        };
        let earlier = cpu(&[(1, 500), (2, 500)], 0);
        assert_eq!(
            cpu(&[(1, 1_500_000_500), (3, 500_000_000)], 1_990_000_000).since(&earlier),
            2.0
        );
        assert_eq!(cpu(&[(1, 1_000_000_500)], 3_000_000_000).since(&earlier), 3.0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn work_of_this_process_shows_in_its_time_and_memory_in_its_share() {
        let own = Processes::new(&[std::process::id()]);
        let before = own.cpu().unwrap();
        let began = std::time::Instant::now();
        while own.cpu().unwrap().since(&before) < 0.02 {
            assert!(began.elapsed().as_secs() < 20, "20 ms of work do not show in 20 s");
        }
        assert!(own.pss().unwrap() > 100 << 10);
    }

    #[test]
    fn of_no_process_nothing_is_known() {
        assert!(Processes::new(&[]).cpu().is_none());
        assert!(Processes::new(&[]).pss().is_none());
    }
}
