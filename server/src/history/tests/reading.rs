//! What is answered.

use super::*;

/// Samples once a second, so many.
fn record(history: &History, from: u64, seconds: u64) {
    for n in 0..seconds {
        history.record(from + n * 1_000, &sample(n));
    }
}

#[tokio::test]
async fn an_hour_is_told_as_it_was_sampled() {
    let history = history(None, BEGUN).await;
    record(&history, BEGUN, 3_700);
    let now = BEGUN + 3_699_500;
    let answer = ask(&history, &["disk.sda1.read"], "1h", now).await;
    let expected: Vec<_> = (100..3_700).map(|n| (BEGUN + n * 1_000, Some(n as f64))).collect();
    assert_eq!(points(&answer), expected);
    assert_eq!((answer.from, answer.to, answer.step_ms), (now - 3_600_000, now, 1_000));
    assert_eq!((&answer.series[0].min, &answer.series[0].max), (&None, &None));
    let json = serde_json::to_vec(&answer).unwrap();
    assert!(json.len() <= 100_000, "{} bytes", json.len());

    let answer = ask(&history, &["cpu.total"], "90s", now).await;
    assert_eq!(points(&answer).len(), 90);
}

#[tokio::test]
async fn more_samples_than_points_are_told_as_least_mean_and_greatest_and_none_is_left_out() {
    let history = history(None, BEGUN).await;
    for n in 0..14_400 {
        history.record(BEGUN + n * 250, &Snapshot { interval_ms: 250, ..sample(n) });
    }
    let now = BEGUN + 3_600_000;
    let answer = ask(&history, &["disk.sda1.read"], "1h", now).await;
    assert_eq!((answer.step_ms, answer.points()), (2_000, 1_800));
    let series = &answer.series[0];
    let (min, max) = (series.min.as_ref().unwrap(), series.max.as_ref().unwrap());
    for point in 0..1_800 {
        let first = point as f64 * 8.0;
        let found = (min[point], series.values[point], max[point]);
        assert_eq!(found, (Some(first), Some(first + 3.5), Some(first + 7.0)));
    }
    let json = serde_json::to_vec(&answer).unwrap();
    assert!(json.len() <= 100_000, "{} bytes", json.len());
}

#[tokio::test]
async fn a_line_breaks_where_there_were_no_samples_and_where_a_sample_had_no_figure() {
    let history = history(None, BEGUN).await;
    record(&history, BEGUN, 3);
    // A second late is no gap.
    history.record(BEGUN + 4_000, &sample(4));
    history.record(BEGUN + 60_000, &sample(60));
    history.record(BEGUN + 61_000, &sample(61));
    let answer = ask(&history, &["process.count"], "5m", BEGUN + 61_000).await;
    let expected = [
        (0, None),
        (1, Some(1.0)),
        (2, Some(2.0)),
        (4, Some(4.0)),
        (5, None),
        (60, None),
        (61, Some(61.0)),
    ];
    assert_eq!(points(&answer), expected.map(|(n, value)| (BEGUN + n * 1_000, value)));
}

#[tokio::test]
async fn a_day_is_told_by_minutes_up_to_the_one_that_is_not_over() {
    let folder = Folder::new();
    let store = folder.store().await;
    let begun = history(Some(&store), BEGUN).await;
    // The last hour of these is in memory.
    for n in 0..90 * 6 {
        begun.record(BEGUN + n * 10_000, &sample(n));
        if n % 60 == 0 {
            end(&begun).await;
        }
    }
    let now = BEGUN + 90 * 60_000 - 30_000;
    let answer = ask(&begun, &["disk.sda1.read"], "2h", now).await;
    let expected: Vec<_> = (0..121)
        .map(|minute| {
            let at = BEGUN + minute * 60_000 - 31 * 60_000;
            let first = (at >= BEGUN).then(|| (at.wrapping_sub(BEGUN) / 10_000) as f64);
            // Half of the last one.
            (at, first.map(|first| if minute == 120 { first + 1.5 } else { first + 2.5 }))
        })
        .collect();
    assert_eq!((answer.step_ms, answer.times.is_none()), (60_000, true));
    assert_eq!(points(&answer), expected);
    for (range, step) in [("61m", 1), ("24h", 1), ("48h", 1), ("3d", 2), ("7d", 5), ("8d", 5)] {
        let answer = ask(&begun, &["cpu.total"], range, now).await;
        assert_eq!(answer.step_ms, step * 60_000, "{range}");
        assert!(answer.points() <= 3_600, "{range}: {}", answer.points());
        let last = answer.series[0].values.iter().rposition(Option::is_some).unwrap();
        assert_eq!(last + 1, answer.points(), "{range}: up to now");
    }
}

#[tokio::test]
async fn what_memory_no_longer_has_is_told_from_the_store() {
    let folder = Folder::new();
    let store = folder.store().await;
    let first = history(Some(&store), BEGUN).await;
    record(&first, BEGUN, 130);
    end(&first).await;

    // Begun anew within the third minute.
    let second = history(Some(&store), BEGUN + 140_000).await;
    record(&second, BEGUN + 140_000, 100);
    let now = BEGUN + 239_000;
    let answer = ask(&second, &["disk.sda1.read"], "10m", now).await;
    let mut expected = vec![(0, Some(29.5)), (60_000, Some(89.5)), (120_000, Some(124.5))];
    expected.extend((0..100).map(|n| (140_000 + n * 1_000, Some(n as f64))));
    let expected: Vec<_> = expected.into_iter().map(|(at, value)| (BEGUN + at, value)).collect();
    assert_eq!(points(&answer), expected);
    let series = &answer.series[0];
    let ends =
        |point: usize| (series.min.as_ref().unwrap()[point], series.max.as_ref().unwrap()[point]);
    assert_eq!((ends(2), ends(3)), ((Some(120.0), Some(129.0)), (Some(0.0), Some(0.0))));

    // The third minute is of both runs: ten samples of the one, forty of the other.
    let answer = ask(&second, &["disk.sda1.read"], "2h", now).await;
    let third = points(&answer).into_iter().find(|(at, _)| *at == BEGUN + 120_000).unwrap();
    let mean = (1_245.0 + 780.0) / 50.0;
    assert_eq!(third.1, Some(f64::from(mean as f32)));
    // And so it is kept.
    end(&second).await;
    let third = history(Some(&store), BEGUN + 5 * 60_000).await;
    let answer = ask(&third, &["disk.sda1.read"], "2h", now).await;
    let kept = points(&answer).into_iter().find(|(at, _)| *at == BEGUN + 120_000).unwrap();
    assert_eq!(kept.1, Some(f64::from(mean as f32)));
}

#[tokio::test]
async fn other_machines_of_the_database_are_told_by_minutes() {
    let folder = Folder::new();
    let store = folder.store().await;
    let there = History::open_at("attic", Some(Arc::clone(&store)), BEGUN).await.unwrap();
    record(&there, BEGUN, 120);
    end(&there).await;
    let here = history(Some(&store), BEGUN).await;
    here.record(BEGUN, &sample(7));
    for range in ["1h", "1d"] {
        let mut of = question(&["disk.sda1.read"], range);
        of.host = Some("attic".to_owned());
        let answer = here.read_at(&of, BEGUN + 130_000).await.unwrap();
        assert_eq!(answer.host, "attic");
        let there = points(&answer).into_iter().filter_map(|(at, value)| Some((at, value?)));
        assert_eq!(there.collect::<Vec<_>>(), [(BEGUN, 29.5), (BEGUN + 60_000, 89.5)]);
        of.host = Some("cellar".to_owned());
        let error = here.read_at(&of, BEGUN).await.unwrap_err();
        assert!(matches!(error, HistoryError::NoSuchMachine), "{error}");
    }
}

#[tokio::test]
async fn before_the_first_sample_a_metric_is_empty_and_not_unknown() {
    let history = history(None, BEGUN).await;
    for range in ["1h", "1d"] {
        let answer = ask(&history, &["cpu.total"], range, BEGUN).await;
        assert!(points(&answer).iter().all(|(_, value)| value.is_none()));
    }
    history.record(BEGUN, &sample(1));
    let asked = history.read_at(&question(&["swap.used_percent"], "1h"), BEGUN).await;
    assert!(matches!(asked, Err(HistoryError::UnknownMetric { .. })), "{asked:?}");
}

#[tokio::test]
async fn a_clock_that_was_set_back_is_believed() {
    let folder = Folder::new();
    let store = folder.store().await;
    let history = history(Some(&store), BEGUN).await;
    record(&history, BEGUN, 100);
    // Forty seconds back, in the minute before.
    for n in 0..10 {
        history.record(BEGUN + 50_000 + n * 1_000, &sample(1_000 + n));
    }
    let now = BEGUN + 60_000;
    let answer = ask(&history, &["disk.sda1.read"], "10m", now).await;
    let all = (0..50).chain(1_000..1_010).enumerate();
    let expected: Vec<_> =
        all.map(|(n, value)| (BEGUN + n as u64 * 1_000, Some(f64::from(value)))).collect();
    assert_eq!(points(&answer), expected);
    end(&history).await;
    let names = [Arc::from("disk.sda1.read")];
    let kept = store.minutes("box", &names, 0, u64::MAX).await.unwrap();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!((kept[0].samples, kept[0].figures[0].unwrap().max), (60, 1_009.0));
    // A day back: nothing that is known is of a time before.
    let before = BEGUN - 86_400_000;
    history.record(before, &sample(7));
    let answer = ask(&history, &["cpu.total"], "1h", before).await;
    assert_eq!(points(&answer), [(before, Some(7.0))]);
}

#[tokio::test]
async fn an_answer_has_a_hundred_series_at_most() {
    let history = history(None, BEGUN).await;
    let cpu = Cpu { cores: vec![1.0; 101], ..Cpu::default() };
    history.record(BEGUN, &Snapshot { cpu: Some(cpu), ..sample(0) });
    let asked = history.read_at(&question(&["cpu.core.*"], "1h"), BEGUN).await;
    assert!(matches!(asked, Err(HistoryError::TooMany(101))), "{asked:?}");
    assert_eq!(range("1h"), Range::HOUR);
}
