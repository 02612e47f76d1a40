//! The engine without a task: samples and times in, notifications out.

mod handover;
mod kept;
mod noise;
#[cfg(target_os = "linux")]
mod speakers;
mod stories;
mod task;
mod texts;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tidings_protocol::alert::{AlertRule, AlertSource, AlertState};
use tidings_protocol::metrics::{Cpu, Disk, Snapshot};

use super::board::Board;
use super::due::Notice;
use super::machine::{Message, Now};
use super::rule::Rule;
use crate::store::AlertStateRow;

/// A rule on the processor with other keys.
fn spec(keys: Value) -> AlertRule {
    let mut json = json!({ "name": "Busy", "metric": "cpu.total", "above": 90 });
    json.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
    serde_json::from_value(json).unwrap()
}

fn rule(keys: Value) -> Rule {
    Rule::new("r1".to_owned(), AlertSource::Store, spec(keys), "box").unwrap()
}

fn cpu(total: f32) -> Snapshot {
    Snapshot { cpu: Some(Cpu { total, ..Cpu::default() }), ..Snapshot::default() }
}

/// Disks of so many percent.
fn disks(used: &[(&str, u64)]) -> Snapshot {
    let disk = |(name, used): &(&str, u64)| Disk {
        name: (*name).to_owned(),
        total: 100,
        used: *used,
        available: 100 - used,
        ..Disk::default()
    };
    Snapshot { disks: used.iter().map(disk).collect(), ..Snapshot::default() }
}

/// A machine with one rule, whose samples come each second, and users who hear of everything at once.
struct Machine {
    board: Board,
    seconds: u64,
    /// For how long the machine was in suspend.
    slept: u64,
    /// Minute of the day at the beginning, at noon.
    noon: u16,
    /// Whether notifications can be sent.
    hears: bool,
    /// What the database has.
    rows: Vec<AlertStateRow>,
}

impl Machine {
    fn new(keys: Value) -> Self {
        Self::with_quiet(keys, &[])
    }

    fn with_quiet(keys: Value, quiet: &[&str]) -> Self {
        let quiet = quiet.iter().map(|window| window.parse().unwrap()).collect();
        let interval = Duration::from_secs(1);
        let mut board = Board::new("box".to_owned(), quiet, interval, Now::default());
        board.put(rule(keys));
        Self { board, seconds: 0, slept: 0, noon: 12 * 60, hears: true, rows: Vec::new() }
    }

    fn now(&self) -> Now {
        Now {
            monotonic: Duration::from_secs(self.seconds),
            wall: 1_760_000_000_000 + (self.seconds + self.slept) * 1_000,
        }
    }

    /// A second later there is this sample, or none; what users are told.
    fn step(&mut self, sample: Option<&Snapshot>) -> Vec<Notice> {
        self.seconds += 1;
        let minute = (u64::from(self.noon) + self.seconds / 60) % (24 * 60);
        let now = self.now();
        self.board.judge(sample, now, u16::try_from(minute).unwrap());
        let due = if self.hears { self.board.due() } else { Vec::new() };
        due.iter().for_each(|notice| self.board.told(notice));
        due
    }

    /// So many seconds of the same sample: when, counted from 1, users are told what.
    fn run(&mut self, seconds: u64, sample: Option<&Snapshot>) -> Vec<(u64, Message)> {
        let told =
            |second| self.step(sample).into_iter().map(move |notice| (second, notice.message));
        (1..=seconds).flat_map(told).collect()
    }

    fn state(&self) -> AlertState {
        self.board.alerts()[0].state
    }
}
