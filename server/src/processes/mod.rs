//! Every process of this machine, for whoever looks at them just now, and the end of one.
//!
//! Reading them all costs more than all other figures together, so nothing is read while nobody asks: there is no task. Those who ask at
//! once share a reading, and there is one a second at most.
//!
//! - `sampler`: readings, and what became of each process since the one before.
//! - `names`: users by name.
//! - `ending`: the end of one.

mod ending;
mod names;
mod sampler;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tidings_protocol::processes::{MayEnd, ProcessRows, ProcessTable};
use tokio::sync::Mutex;
use tokio::task::JoinError;

use crate::config::EndProcesses;
use sampler::Sampler;

pub use ending::EndError;
pub(crate) use ending::end;

/// Least time between two readings.
const INTERVAL: Duration = Duration::from_secs(1);

/// Between the first two readings, since CPU use is what came between two. A tick of the kernel is 10 ms of it.
const FIRST: Duration = Duration::from_millis(300);

/// A reading that is older is no other one to compare with: what a process used in between says little of now.
const LONGEST: Duration = Duration::from_secs(15);

/// The processes of this machine.
#[derive(Clone, Debug)]
pub struct Processes {
    host: Arc<str>,
    /// What the configuration says of ending one.
    pub(crate) end: EndProcesses,
    sampler: Arc<Mutex<Sampler>>,
}

/// The processes at one moment.
#[derive(Debug)]
pub(crate) struct Reading {
    at: u64,
    taken: Instant,
    boot_at: u64,
    count: u64,
    rows: ProcessRows,
}

impl Processes {
    /// Of the machine called `host`; nothing is read yet.
    #[must_use]
    pub fn new(host: &str, end: EndProcesses) -> Self {
        Self { host: host.into(), end, sampler: Arc::default() }
    }

    /// How they are now, or were within the last second.
    ///
    /// # Errors
    ///
    /// If reading them panicked.
    pub(crate) async fn read(&self) -> Result<Arc<Reading>, JoinError> {
        // Whoever hangs up leaves a reading to end that others wait for.
        let mut sampler = Arc::clone(&self.sampler).lock_owned().await;
        if let Some(reading) = sampler.newest(INTERVAL) {
            return Ok(reading);
        }
        if !sampler.is_ready(LONGEST) {
            let begun = tokio::task::spawn_blocking(move || {
                sampler.begin();
                sampler
            });
            sampler = begun.await?;
        }
        // Also behind somebody who has gone meanwhile: of a moment nothing can be told.
        let wait = sampler.wait(FIRST);
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        tokio::task::spawn_blocking(move || sampler.take()).await
    }

    /// A reading as somebody gets it.
    pub(crate) fn table<'a>(
        &self,
        reading: &'a Reading,
        may_end: MayEnd,
    ) -> ProcessTable<&'a ProcessRows> {
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        ProcessTable {
            host: self.host.to_string(),
            at: reading.at,
            age_ms: ms(reading.taken.elapsed()),
            interval_ms: ms(INTERVAL),
            boot_at: reading.boot_at,
            may_end,
            count: reading.count,
            rows: &reading.rows,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn those_who_ask_at_once_share_a_reading_and_nobody_gets_an_old_one() {
        let processes = Processes::new("box", EndProcesses::Local);
        let asked = (0..20).map(|_| {
            let processes = processes.clone();
            tokio::spawn(async move { processes.read().await.unwrap() })
        });
        let mut readings = Vec::new();
        for asked in asked.collect::<Vec<_>>() {
            readings.push(asked.await.unwrap());
        }
        let first = readings.pop().unwrap();
        assert!(
            readings.iter().all(|other| Arc::ptr_eq(other, &first) || other.taken != first.taken)
        );
        let mut taken: Vec<_> = readings.iter().map(|reading| reading.taken).collect();
        taken.dedup();
        for pair in taken.windows(2) {
            assert!(pair[1] - pair[0] >= INTERVAL, "{pair:?}");
        }
        let own = first.rows.pid.iter().position(|pid| *pid == std::process::id()).unwrap();
        assert!(first.rows.memory[own] > 1 << 20);
        tokio::time::sleep(INTERVAL).await;
        let next = processes.read().await.unwrap();
        assert!(next.taken > first.taken && next.taken.elapsed() < INTERVAL);
        assert_eq!(next.boot_at.abs_diff(first.boot_at) / 1000, 0, "a beginning stays");
    }

    #[tokio::test]
    async fn whoever_hangs_up_leaves_nothing_behind_that_others_would_wait_for() {
        let processes = Processes::new("box", EndProcesses::Local);
        let gone = tokio::time::timeout(Duration::from_millis(50), processes.read()).await;
        assert!(gone.is_err(), "the first answer takes longer");
        let reading = tokio::time::timeout(Duration::from_secs(30), processes.read()).await;
        assert!(reading.unwrap().unwrap().count > 0);
    }
}
