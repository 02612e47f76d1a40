use std::rc::Rc;

use proptest::prelude::*;
use tidings_protocol::metrics::{Cpu, Interface, Snapshot};

use super::super::metrics::Sample;
use super::super::metrics::tests::sample;
use super::curve::Recent;
use super::*;

/// When the server's clock said what is told here, in ms.
const AT: u64 = 1_760_000_000_000;

fn cpu(value: f64) -> Values {
    let mut values = [f64::NAN; METRICS.len()];
    values[0] = value;
    values
}

fn means(curve: &Curve) -> Vec<Option<f64>> {
    curve.figures(Series::Cpu).map(|f| (!f.mean.is_nan()).then_some(f.mean)).collect()
}

fn of(host: &str, at: u64, value: f32) -> Sample {
    let cpu = Cpu { total: value, ..Cpu::default() };
    let snapshot = Snapshot { interval_ms: 1_000, cpu: Some(cpu), ..Snapshot::default() };
    Sample { snapshot: Rc::new(snapshot), ..sample(host, at) }
}

/// Samples of a server: when each was taken and when it was sent, a second apart, give or take what a busy machine does.
fn samples() -> impl Strategy<Value = Vec<(u64, u64)>> {
    prop::collection::vec((0..200_u64, 0..250_u64), 2..200).prop_map(|odds| {
        let times = odds.iter().zip((AT..).step_by(1_000));
        times.map(|((late, delay), at)| (at + late, at + late + delay)).collect()
    })
}

/// What a server answers that has these samples: points of steps if there is one, and when the newest was taken.
fn past(samples: &[(u64, u64)], step: u64) -> Past {
    let mut points: Vec<(u64, Vec<usize>)> = Vec::new();
    for (value, (at, _)) in samples.iter().enumerate() {
        let at = at.checked_div(step).map_or(*at, |steps| steps * step);
        match points.last_mut() {
            Some((last, values)) if *last == at => values.push(value),
            _ => points.push((at, vec![value])),
        }
    }
    let column = |of: fn(&[usize]) -> f64| {
        let values: Vec<_> = points.iter().map(|(_, values)| of(values).to_string()).collect();
        values.join(",")
    };
    let from = points.first().map_or(0, |(at, _)| *at);
    let times: Vec<_> = points.iter().map(|(at, _)| (at - from).to_string()).collect();
    let times = if step == 0 { format!("\"times\":[{}],", times.join(",")) } else { String::new() };
    let (step_ms, newest) = (if step == 0 { 1_000 } else { step }, samples.last().unwrap().0);
    let mean = column(|values| values.iter().sum::<usize>() as f64 / values.len() as f64);
    let (min, max) = (column(|values| values[0] as f64), column(|v| v[v.len() - 1] as f64));
    Past::read(&format!(
        "{{\"from\":{from},\"to\":{newest},\"stepMs\":{step_ms},\"newest\":{newest},{times}\"series\":[
         {{\"metric\":\"cpu.total\",\"values\":[{mean}],\"min\":[{min}],\"max\":[{max}]}}]}}"
    ))
    .unwrap()
}

proptest! {
    /// Somebody connects before sample `first`, the server is asked after sample `asked`, and the answer comes after sample `answered`.
    #[test]
    fn a_past_and_what_comes_meet_without_a_sample_twice_or_missing(
        samples in samples(), by in prop::array::uniform3(any::<prop::sample::Index>()), step in prop_oneof![Just(0_u64), Just(60_000)],
    ) {
        let mut places = by.map(|by| by.index(samples.len()));
        places.sort_unstable();
        let [first, asked, answered] = places;
        let mut recent = Recent::default();
        for (value, (_, sent)) in samples.iter().enumerate().take(answered + 1).skip(first) {
            recent.push(*sent, 1_000, cpu(value as f64));
        }
        let mut curve = joined(past(&samples[..=asked], step), &recent);
        for (value, (_, sent)) in samples.iter().enumerate().skip(answered + 1) {
            curve.push(*sent, 1_000, &cpu(value as f64));
        }
        prop_assert!(curve.times().collect::<Vec<_>>().is_sorted());
        // Each is in one point, after the one before: where a point ends, the next begins.
        let mut next = 0.0;
        for figure in curve.figures(Series::Cpu) {
            prop_assert_eq!(figure.least, next);
            prop_assert!(figure.least <= figure.mean && figure.mean <= figure.most);
            next = figure.most + 1.0;
        }
        prop_assert_eq!(next as usize, samples.len());
    }
}

#[test]
fn the_line_breaks_where_samples_are_missing() {
    let mut curve = Curve::default();
    assert!(!curve.push(10_000, 1_000, &cpu(1.0)));
    assert!(!curve.push(13_000, 1_000, &cpu(2.0)), "two that are missing are no gap");
    assert!(curve.push(16_001, 1_000, &cpu(3.0)), "the server may know more");
    assert_eq!(means(&curve), [Some(1.0), Some(2.0), None, Some(3.0)]);
    assert!(curve.times().is_sorted());
}

#[test]
fn minutes_without_a_sample_break_a_line_of_minutes() {
    let mut curve = joined(past(&[(AT, AT), (AT + 1_000, AT + 1_000)], 60_000), &Recent::default());
    curve.push(AT + 200_000, 1_000, &cpu(5.0));
    assert_eq!(means(&curve), [Some(0.5), None, Some(5.0)]);
    curve.push(AT + 201_000, 1_000, &cpu(7.0));
    assert_eq!(means(&curve), [Some(0.5), None, Some(6.0)]);
}

#[test]
fn a_clock_set_back_takes_back_what_it_said_of_the_time_to_come() {
    let mut curve = Curve::default();
    for at in [10_000, 11_000, 12_000] {
        curve.push(at, 1_000, &cpu(at as f64));
    }
    curve.push(12_000, 1_000, &cpu(9.0));
    assert_eq!(curve.times().len(), 3, "a repeated sample counts once");
    assert!(curve.push(11_000, 1_000, &cpu(1.0)));
    assert_eq!(means(&curve), [Some(10_000.0), Some(1.0)]);
}

#[test]
fn what_an_answer_does_not_say_is_a_gap_and_what_is_none_is_no_past() {
    let text = r#"{"from":1000,"to":9000,"stepMs":1000,"newest":4000,"times":[0,1000,2000,3000],"series":[
        {"metric":"cpu.total","values":[1,null,2.5e1,4]},{"metric":"new","values":[]},
        {"metric":"disks.read","values":[null,null,7,8]}]}"#;
    let curve = joined(Past::read(text).unwrap(), &Recent::default());
    assert_eq!(means(&curve), [Some(1.0), None, Some(25.0), Some(4.0)]);
    assert_eq!(curve.figures(Series::DiskRead).filter(|figure| figure.mean.is_nan()).count(), 2);
    assert_eq!(curve.times().collect::<Vec<_>>(), [1.0, 2.0, 3.0, 4.0]);
    for text in ["", "[]", "{}", r#"{"from":1,"stepMs":1}"#] {
        assert!(Past::read(text).is_none(), "{text}");
    }
}

#[test]
fn what_is_not_over_and_has_nothing_yet_is_no_gap() {
    let text = r#"{"from":0,"to":130000,"stepMs":60000,"series":[
        {"metric":"cpu.total","values":[1,null,null],"min":[0,null,null],"max":[2,null,null]}]}"#;
    let curve = joined(Past::read(text).unwrap(), &Recent::default());
    assert_eq!(means(&curve), [Some(1.0)]);
}

#[test]
fn what_lies_further_back_than_is_shown_goes() {
    let mut board = Board::default();
    board.choose(Span::Minute);
    board.push(&of("a", AT, 0.0));
    board.look(Some("a".into()));
    for second in 1..500 {
        board.push(&of("a", AT + second * 1_000, second as f32));
    }
    assert_eq!(board.shown().times().len(), 62, "a minute, and where its line enters");
    let newest = (AT + 499_000) as f64 / 1_000.0;
    assert_eq!(board.window(), Some((newest - 60.0, newest)));
}

#[test]
fn samples_faster_than_expected_are_bounded() {
    let mut board = Board::default();
    board.choose(Span::Week);
    board.push(&of("a", 1, 0.0));
    board.look(Some("a".into()));
    for ms in 2..10_000 {
        board.push(&of("a", ms, 0.0));
    }
    assert_eq!(board.shown().times().len(), 4_000);
}

#[test]
fn the_past_is_asked_for_anew_where_a_line_broke_or_a_figure_joined() {
    let mut board = Board::default();
    assert_eq!(board.question(), None);
    board.push(&of("a", AT, 1.0));
    assert!(board.look(Some("a".into())));
    assert_eq!(board.question().map(|(.., names)| names), Some(vec!["cpu.total"]));
    assert!(!board.push(&of("a", AT + 1_000, 1.0)));
    let mut with_rates = of("a", AT + 2_000, 1.0);
    let network = vec![Interface { received: Some(1.0), ..Interface::default() }];
    with_rates.snapshot = Rc::new(Snapshot { network, ..(*with_rates.snapshot).clone() });
    assert!(board.push(&with_rates), "rates are there from the second sample on");
    assert_eq!(board.question().unwrap().2, ["cpu.total", "networks.received"]);
    assert!(!board.push(&of("a", AT + 3_000, 1.0)));
    assert!(board.push(&of("a", AT + 9_000, 1.0)), "something is missing in between");
    assert!(board.push(&of("a", AT + 10_000, 1.0)), "until it is asked for");
    board.question();
    assert!(!board.push(&of("a", AT + 11_000, 1.0)));
    assert!(!board.push(&of("b", AT, 1.0)), "nobody looks at that one");
}

#[test]
fn a_held_chart_stays_as_it_is_and_takes_up_what_came_meanwhile() {
    let mut board = Board::default();
    board.push(&of("a", AT, 1.0));
    board.look(Some("a".into()));
    board.hold(true);
    board.push(&of("a", AT + 1_000, 2.0));
    assert_eq!(means(board.shown()), [Some(1.0)]);
    // What is asked for meanwhile is shown up to where it is held.
    board.backfill(past(&[(AT - 1_000, 0), (AT, 0), (AT + 1_000, 0)], 0));
    assert_eq!(means(board.shown()), [Some(0.0), Some(1.0)]);
    board.hold(false);
    assert_eq!(means(board.shown()), [Some(0.0), Some(1.0), Some(2.0)]);
}

#[test]
fn another_machine_begins_with_what_it_has_told_already() {
    let mut board = Board::default();
    for at in [AT, AT + 1_000] {
        board.push(&of("a", at, 1.0));
        board.push(&of("b", at, 2.0));
    }
    board.look(Some("a".into()));
    assert!(board.look(Some("b".into())) && !board.look(Some("b".into())));
    assert_eq!(means(board.shown()), [Some(2.0), Some(2.0)]);
}

#[test]
fn a_part_can_be_zoomed_to_and_never_beyond_the_whole() {
    let mut board = Board::default();
    board.choose(Span::Hour);
    board.push(&of("a", AT, 1.0));
    board.look(Some("a".into()));
    let (first, last) = board.window().unwrap();
    board.zoom(Some((first + 100.0, first + 160.0)));
    assert_eq!(board.window(), Some((first + 100.0, first + 160.0)));
    board.zoom_about(Some(first + 130.0), 0.5);
    assert_eq!(board.window(), Some((first + 115.0, first + 145.0)));
    board.zoom(Some((last, last)));
    assert_eq!(board.window(), Some((last - 5.0, last)), "nothing is seen of less");
    board.zoom_about(None, 1e6);
    assert!(!board.is_zoomed());
    board.zoom(Some((first + 1.0, first + 60.0)));
    board.choose(Span::Minute);
    assert!(!board.is_zoomed(), "another range is shown as a whole");
}

#[test]
fn the_summary_passes_over_gaps_and_weighs_by_time() {
    let mut curve = Curve::default();
    for (at, value) in [(0, 5.0), (1_000, 3.0), (9_000, 4.0), (10_000, 4.0)] {
        curve.push(at + 1_000, 1_000, &cpu(value));
    }
    let summary = curve.summary(Series::Cpu).unwrap();
    assert_eq!((summary.newest, summary.least, summary.most), (4.0, 3.0, 5.0));
    assert!((summary.mean - 4.0).abs() < 0.01, "{}", summary.mean);
    assert_eq!(curve.summary(Series::Sent), None);
}

#[test]
fn rates_of_all_interfaces_are_added_up() {
    let interface = |received| Interface { received, ..Interface::default() };
    let network = vec![interface(Some(1.5)), interface(None), interface(Some(2.0))];
    let values = values(&Snapshot { network, ..Snapshot::default() });
    assert_eq!(values[Series::Received as usize], 3.5);
    assert!(values[0].is_nan(), "what was not measured is no zero");
}

#[test]
fn a_range_is_called_the_same_everywhere() {
    for span in Span::ALL {
        assert_eq!(Span::of(span.name()), Some(span));
        let range: tidings_protocol::history::Range = span.name().parse().unwrap();
        assert_eq!(range.ms(), span.ms());
    }
    for metric in METRICS {
        assert!(metric.parse::<tidings_protocol::metric::MetricPattern>().is_ok(), "{metric}");
    }
}
