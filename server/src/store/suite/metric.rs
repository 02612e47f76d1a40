//! What every backend does with the history of metrics.

use std::sync::Arc;

use super::Backend;
use crate::store::{Figure, MinuteFigures, MinuteRow, Store};

/// Makes a test of each function here, on the backend that the expression makes.
macro_rules! metric_suite {
    ($backend:expr) => {
        $crate::store::suite::suite!($backend;
            a_minute_is_kept_for_each_machine,
            many_metrics_come_back_each_as_it_was,
            a_minute_that_is_kept_again_gives_way,
            old_minutes_and_those_to_come_go_and_with_them_names_of_which_nothing_is_left,
        );
    };
}
pub(in crate::store) use metric_suite;

fn named(name: &str) -> Arc<str> {
    Arc::from(name)
}

fn row(minute: u64, figures: &[(&str, Figure)]) -> MinuteRow {
    let figures = figures.iter().map(|(name, figure)| (named(name), *figure)).collect();
    MinuteRow { minute, samples: 60, figures }
}

const BUSY: Figure = Figure { min: 1.5, mean: 2.5, max: 97.25 };

async fn read(store: &dyn Store, host: &str, names: &[&str]) -> Vec<(u64, Vec<Option<Figure>>)> {
    let names: Vec<_> = names.iter().map(|name| named(name)).collect();
    let minutes = store.minutes(host, &names, 0, u64::MAX).await.unwrap();
    minutes.into_iter().map(|minute| (minute.minute, minute.figures)).collect()
}

pub(in crate::store) async fn a_minute_is_kept_for_each_machine(backend: &impl Backend) {
    let store = backend.open().await;
    assert_eq!(store.metric_names("box").await.unwrap(), [""; 0]);
    assert_eq!(read(store.as_ref(), "box", &["cpu.total"]).await, []);
    let odd = "temperature.a 'b' ∞";
    store
        .save_minute("box", &row(7, &[("cpu.total", BUSY), (odd, Figure::of(-3.0))]))
        .await
        .unwrap();
    store.save_minute("box", &row(9, &[("cpu.total", Figure::of(1e15 + 1.0))])).await.unwrap();
    store.save_minute("attic", &row(8, &[("cpu.total", Figure::of(8.0))])).await.unwrap();
    drop(store);

    let store = backend.open().await;
    assert_eq!(store.metric_names("box").await.unwrap(), ["cpu.total", odd]);
    assert_eq!(store.metric_names("attic").await.unwrap(), ["cpu.total"]);
    let (busy, exact) = (Some(BUSY), Some(Figure::of(1e15 + 1.0)));
    let expected = [(7, vec![busy, None, Some(Figure::of(-3.0))]), (9, vec![exact, None, None])];
    assert_eq!(read(store.as_ref(), "box", &["cpu.total", "nothing", odd]).await, expected);
    assert_eq!(read(store.as_ref(), "box", &[odd]).await, [(7, vec![Some(Figure::of(-3.0))])]);
    let there = read(store.as_ref(), "attic", &["cpu.total"]).await;
    assert_eq!(there, [(8, vec![Some(Figure::of(8.0))])]);

    let of_7 = MinuteFigures { minute: 7, samples: 60, figures: vec![busy] };
    let names = [named("cpu.total")];
    assert_eq!(store.minutes("box", &names, 7, 9).await.unwrap(), [of_7], "the end is not in it");
    assert_eq!(store.minutes("box", &names, 8, 9).await.unwrap(), []);
}

pub(in crate::store) async fn many_metrics_come_back_each_as_it_was(backend: &impl Backend) {
    let store = backend.open().await;
    let names: Vec<_> = (0..200).map(|n| format!("disk.{n}.read")).collect();
    let figure = |minute: u64, n: usize| Figure::of((minute * 1_000 + n as u64) as f64);
    for minute in 1..=3 {
        // Others each time, and in another order.
        let there = (0..200_usize).rev().filter(|n| !n.is_multiple_of(minute as usize + 1));
        let figures: Vec<_> = there.map(|n| (&*names[n], figure(minute, n))).collect();
        store.save_minute("box", &row(minute, &figures)).await.unwrap();
    }
    let asked: Vec<_> = names.iter().map(String::as_str).collect();
    let expected: Vec<_> = (1..=3)
        .map(|minute| {
            let is_there = |n: &usize| !n.is_multiple_of(minute as usize + 1);
            (minute, (0..200).map(|n| is_there(&n).then(|| figure(minute, n))).collect())
        })
        .collect();
    assert_eq!(read(store.as_ref(), "box", &asked).await, expected);
}

pub(in crate::store) async fn a_minute_that_is_kept_again_gives_way(backend: &impl Backend) {
    let store = backend.open().await;
    for figure in [Figure::of(1.0), BUSY, BUSY] {
        store.save_minute("box", &row(5, &[("cpu.total", figure)])).await.unwrap();
    }
    assert_eq!(read(store.as_ref(), "box", &["cpu.total"]).await, [(5, vec![Some(BUSY)])]);
}

pub(in crate::store) async fn old_minutes_and_those_to_come_go_and_with_them_names_of_which_nothing_is_left(
    backend: &impl Backend,
) {
    const WEEK: u64 = 7 * 24 * 60;
    let store = backend.open().await;
    store
        .save_minute("box", &row(10, &[("cpu.total", BUSY), ("disk.gone.read", BUSY)]))
        .await
        .unwrap();
    for minute in [2 * WEEK, 2 * WEEK + 1, 5 * WEEK] {
        store.save_minute("box", &row(minute, &[("cpu.total", BUSY)])).await.unwrap();
    }
    store.trim_minutes(2 * WEEK, 3 * WEEK).await.unwrap();
    let left = [(2 * WEEK, vec![Some(BUSY)]), (2 * WEEK + 1, vec![Some(BUSY)])];
    assert_eq!(read(store.as_ref(), "box", &["cpu.total"]).await, left);
    assert_eq!(store.metric_names("box").await.unwrap(), ["cpu.total"]);

    // The number of what is gone is free, and nothing of it comes back.
    store.save_minute("box", &row(2 * WEEK + 2, &[("disk.new.read", BUSY)])).await.unwrap();
    let new = read(store.as_ref(), "box", &["disk.new.read"]).await;
    assert_eq!(new, [(2 * WEEK + 2, vec![Some(BUSY)])]);
}
