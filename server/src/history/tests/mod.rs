//! What is recorded, kept and answered, at times that the tests name.

mod keeping;
mod model;
mod reading;

use std::sync::Arc;

use tempfile::TempDir;
use tidings_protocol::history::{History as Answer, Range};
use tidings_protocol::metrics::{Cpu, Disk, Processes, Snapshot};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::store::{FILE_NAME, SqliteStore};

/// A minute of some day.
pub(crate) const BEGUN: u64 = 29_000_000 * MINUTE_MS;

/// A sample whose figures are of `n`.
pub(crate) fn sample(n: u64) -> Snapshot {
    let cpu = Cpu { total: (n % 97) as f32, cores: vec![(n % 89) as f32; 2], load: None };
    let disk = Disk {
        name: "sda1".to_owned(),
        total: 1_000_000_007,
        read: Some(n as f64),
        ..Disk::default()
    };
    let processes = (!n.is_multiple_of(5)).then(|| Processes { count: n, ..Processes::default() });
    Snapshot {
        interval_ms: 1_000,
        cpu: Some(cpu),
        disks: vec![disk],
        processes,
        ..Snapshot::default()
    }
}

pub(crate) struct Folder(pub(crate) TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) async fn store(&self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(&self.0.path().join(FILE_NAME), false).await.unwrap())
    }
}

/// A history in `store` that begins at `now`.
pub(crate) async fn history(store: Option<&Arc<dyn Store>>, now: u64) -> History {
    History::open_at("box", store.cloned(), now).await.unwrap()
}

/// Keeps what is to be kept, as at the end of a server.
pub(crate) async fn end(history: &History) {
    let stop = CancellationToken::new();
    stop.cancel();
    history.clone().run(stop).await;
}

fn question(metrics: &[&str], range: &str) -> Question {
    let metrics = metrics.iter().map(|metric| Wanted::new(metric).unwrap()).collect();
    Question { host: None, metrics, range: range.parse().unwrap() }
}

async fn ask(history: &History, metrics: &[&str], range: &str, now: u64) -> Answer {
    history.read_at(&question(metrics, range), now).await.unwrap()
}

/// Times and values of the one series.
fn points(answer: &Answer) -> Vec<(u64, Option<f64>)> {
    assert_eq!(answer.series.len(), 1);
    let values = &answer.series[0].values;
    assert_eq!(values.len(), answer.points());
    values.iter().enumerate().map(|(n, value)| (answer.time(n).unwrap(), *value)).collect()
}

fn range(text: &str) -> Range {
    text.parse().unwrap()
}
