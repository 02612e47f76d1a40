//! What is held, and what is brought to the store.

use std::time::Duration;

use super::super::ring::{HOLD_MS, MAX_BYTES};
use super::*;
use crate::clock;

/// A disk of four figures that take 64 bits each, and one that takes 32.
fn wide(n: u64) -> Disk {
    Disk {
        name: format!("d{n}"),
        total: 1_000_000_000_007,
        used: 1_000_000_000_009,
        available: 1_000_000_000_011,
        read: Some(1_000_000_000_013.0),
        ..Disk::default()
    }
}

#[tokio::test]
async fn memory_holds_an_hour_of_three_hundred_metrics_in_a_few_megabytes() {
    let history = history(None, BEGUN).await;
    // 300 of 32 bits and 17 of 64, and a few besides.
    let cpu = Cpu { cores: vec![0.1; 299], ..Cpu::default() };
    let mut of = sample(0);
    (of.cpu, of.disks) = (Some(cpu), (0..4).map(wide).collect());
    for n in 0..4_000 {
        history.record(BEGUN + n * 1_000, &of);
    }
    let held = 3_721 * (300 * 4 + 17 * 8 + 8);
    assert!(
        (held..held * 5 / 4 + 100_000).contains(&history.memory_bytes()),
        "{}",
        history.memory_bytes()
    );
    let oldest = history.memory().ring.oldest();
    assert_eq!(oldest, Some(BEGUN + 3_999_000 - HOLD_MS));
}

#[tokio::test]
async fn what_does_not_fit_is_held_for_a_shorter_time() {
    let history = history(None, BEGUN).await;
    let disks = (0..500).map(wide).collect();
    let of = Snapshot { interval_ms: 250, disks, ..Snapshot::default() };
    for n in 0..1_200 {
        history.record(BEGUN + n * 250, &of);
    }
    assert!(history.memory_bytes() <= MAX_BYTES * 5 / 4 + (1 << 20), "{}", history.memory_bytes());
    let memory = history.memory();
    let held = memory.ring.newest().unwrap() - memory.ring.oldest().unwrap();
    assert!((2 * MINUTE_MS..4 * MINUTE_MS).contains(&held), "{held}");
}

#[tokio::test]
async fn what_a_machine_no_longer_has_is_let_go_of() {
    let history = history(None, BEGUN).await;
    for n in 0..100 {
        history.record(BEGUN + n * 60_000, &Snapshot { disks: Vec::new(), ..sample(n) });
        if n == 10 {
            history.record(BEGUN + n * 60_000 + 1, &sample(n));
        }
        assert_eq!(history.memory().ring.has("disk.sda1.read"), (10..=72).contains(&n), "{n}");
    }
}

#[tokio::test]
async fn a_minute_is_kept_once_it_is_over() {
    let folder = Folder::new();
    let store = folder.store().await;
    // Of late: what is older than a week goes.
    let begun = (clock::now_ms() / MINUTE_MS - 5) * MINUTE_MS;
    let history = history(Some(&store), begun).await;
    let stop = CancellationToken::new();
    let running = tokio::spawn(history.clone().run(stop.clone()));
    for n in 0..61 {
        history.record(begun + n * 1_000, &sample(n));
    }
    let names = [Arc::from("disk.sda1.read"), Arc::from("disk.sda1.total")];
    let kept = async {
        loop {
            let kept = store.minutes("box", &names, 0, u64::MAX).await.unwrap();
            if !kept.is_empty() {
                return kept;
            }
            tokio::task::yield_now().await;
        }
    };
    let kept = tokio::time::timeout(Duration::from_secs(20), kept).await.unwrap();
    let read = Some(crate::store::Figure { min: 0.0, mean: 29.5, max: 59.0 });
    let total = Some(crate::store::Figure::of(1_000_000_007.0));
    assert_eq!((kept.len(), kept[0].minute * MINUTE_MS, kept[0].samples), (1, begun, 60));
    assert_eq!(kept[0].figures, [read, total]);
    stop.cancel();
    running.await.unwrap();
    let kept = store.minutes("box", &names, 0, u64::MAX).await.unwrap();
    assert_eq!((kept.len(), kept[1].samples), (2, 1), "what there was of the next one, too");
}

#[test]
fn minutes_that_a_database_did_not_take_wait_for_six_hours() {
    let mut memory = Memory::default();
    for minute in 0..400 {
        memory.record(BEGUN + minute * MINUTE_MS, &sample(minute), true);
    }
    // The last one is not over.
    assert_eq!(memory.lost, 399 - 360);
    for minute in 39..399 {
        let next = memory.next().unwrap();
        assert_eq!(next.minute * MINUTE_MS, BEGUN + minute * MINUTE_MS);
        memory.saved(&next);
    }
    assert_eq!(memory.next(), None);
}
