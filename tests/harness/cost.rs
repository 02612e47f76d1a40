//! What processes cost, as Linux counts it.

use std::fmt;
use std::time::Instant;

use anyhow::{Context, Result};
use rustix::process::Pid;

/// Processor time and memory of some processes at one moment.
#[derive(Clone, Debug)]
pub struct ProcessCost {
    at: Instant,
    /// Processor time so far, in seconds.
    cpu: f64,
    /// Proportional share of memory, in bytes: what they have alone, and their part of what is shared.
    pss: u64,
    /// Of that, what is in no file: heaps and stacks.
    anonymous: u64,
    /// Resident memory, in bytes; what two of them share counts twice.
    rss: u64,
}

impl ProcessCost {
    /// Reads it now.
    ///
    /// # Errors
    ///
    /// If one of them has ended.
    pub fn of(pids: &[Pid]) -> Result<Self> {
        let mut cost = Self { at: Instant::now(), cpu: 0.0, pss: 0, anonymous: 0, rss: 0 };
        for pid in pids {
            cost.cpu += cpu_seconds(*pid)?;
            let rollup = read(*pid, "smaps_rollup")?;
            cost.pss += bytes(&rollup, "Pss:")?;
            cost.anonymous += bytes(&rollup, "Pss_Anon:")?;
            cost.rss += bytes(&rollup, "Rss:")?;
        }
        Ok(cost)
    }

    /// Proportional share of memory, in bytes.
    #[must_use]
    pub fn pss(&self) -> u64 {
        self.pss
    }

    /// Proportional share of memory that is in no file, in bytes. It does not change because another process
    /// that runs the same program comes or goes.
    #[must_use]
    pub fn anonymous(&self) -> u64 {
        self.anonymous
    }

    /// Resident memory, in bytes.
    #[must_use]
    pub fn rss(&self) -> u64 {
        self.rss
    }

    /// Processor time since `earlier`, in percent of one core.
    #[must_use]
    pub fn share_of_a_core_since(&self, earlier: &Self) -> f64 {
        let passed = self.at.duration_since(earlier.at).as_secs_f64();
        (self.cpu - earlier.cpu) / passed * 100.0
    }
}

impl fmt::Display for ProcessCost {
    #[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        write!(f, "PSS {:.1} MiB, RSS {:.1} MiB", mib(self.pss), mib(self.rss))
    }
}

fn read(pid: Pid, file: &str) -> Result<String> {
    Ok(std::fs::read_to_string(format!("/proc/{}/{file}", pid.as_raw_nonzero()))?)
}

/// User and system time. Source: proc(5), fields 14 and 15 of `stat`, in clock ticks.
fn cpu_seconds(pid: Pid) -> Result<f64> {
    let stat = read(pid, "stat")?;
    // The name in parentheses may hold spaces.
    let (_, fields) = stat.rsplit_once(')').context("a name in parentheses")?;
    let mut ticks = 0.0;
    for field in fields.split_whitespace().skip(11).take(2) {
        ticks += field.parse::<f64>()?;
    }
    #[expect(clippy::cast_precision_loss, reason = "it is 100 on every Linux")]
    let per_second = rustix::param::clock_ticks_per_second() as f64;
    Ok(ticks / per_second)
}

fn bytes(rollup: &str, key: &str) -> Result<u64> {
    let line = rollup.lines().find(|line| line.starts_with(key)).context("a line")?;
    let kib: u64 = line.split_whitespace().nth(1).context("a figure")?.parse()?;
    Ok(kib << 10)
}
