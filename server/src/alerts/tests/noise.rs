//! Figures that jump around their threshold.

use proptest::prelude::*;

use super::*;

/// A noisy series: for each second how far it lies from the threshold of 90, or nothing.
fn series() -> impl Strategy<Value = Vec<Option<f32>>> {
    let level = prop_oneof![Just(None), (60.0_f32..110.0).prop_map(Some)];
    let stretch = (level, 0.0_f32..12.0, 1_usize..90);
    proptest::collection::vec(stretch, 1..12).prop_flat_map(|stretches| {
        let noise = stretches.iter().map(|(_, _, seconds)| *seconds).sum::<usize>();
        proptest::collection::vec(-1.0_f32..1.0, noise).prop_map(move |noise| {
            let mut noise = noise.into_iter();
            let mut series = Vec::new();
            for (level, width, seconds) in &stretches {
                for noise in noise.by_ref().take(*seconds) {
                    series.push(level.map(|level| level + noise * width));
                }
            }
            series
        })
    })
}

/// For how many seconds up to the last sample each figure there was has been so.
fn lasted(series: &[Option<f32>], holds: impl Fn(f32) -> bool) -> usize {
    let since = series.iter().rposition(|value| value.is_some_and(|value| !holds(value)));
    let since = since.map_or(0, |at| at + 1);
    // It counts from the first sample that has a figure.
    let away = series[since..].iter().take_while(|value| value.is_none()).count();
    (series.len() - since - away).saturating_sub(1)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn what_is_the_case_has_lasted_and_what_is_told_takes_turns(
        series in series(), hold in 0_u64..40, back in 0_u64..40,
    ) {
        let keys = json!({ "forSeconds": hold, "recoverForSeconds": back, "recover": 80 });
        let mut machine = Machine::new(keys);
        let (mut is_raised, mut told, mut last) = (false, 0, None);
        for (second, value) in series.iter().enumerate() {
            let before = machine.state();
            let sample = value.map(cpu).unwrap_or_default();
            let notices = machine.step(Some(&sample));
            let state = machine.state();
            let so_far = &series[..=second];
            match (before == AlertState::Firing, state) {
                (false, AlertState::Firing) => {
                    let lasted = lasted(so_far, |value| value > 90.0) as u64;
                    prop_assert!(lasted >= hold, "{lasted} s of {hold} at {second}");
                }
                (true, AlertState::Ok) => {
                    let lasted = lasted(so_far, |value| value <= 80.0) as u64;
                    prop_assert!(lasted >= back, "{lasted} s of {back} at {second}");
                }
                (true, state) => prop_assert!(
                    matches!(state, AlertState::Firing | AlertState::Missing), "{state:?}"
                ),
                _ => {}
            }
            for notice in notices {
                let is_late = last.is_none_or(|last| second - last >= 60);
                prop_assert!(is_late, "{:?} at {second}, {last:?}", notice.message);
                (told, last) = (told + 1, Some(second));
                match notice.message {
                    Message::Raised => {
                        prop_assert!(!is_raised, "raised twice");
                        prop_assert_eq!(state, AlertState::Firing);
                    }
                    Message::Recovered => {
                        prop_assert!(is_raised, "nothing to recover from");
                        prop_assert_eq!(state, AlertState::Ok);
                    }
                    Message::Gone => prop_assert_eq!(state, AlertState::Missing),
                    Message::Missing | Message::Returned => prop_assert!(!is_raised),
                }
                is_raised = notice.message == Message::Raised;
            }
        }
        prop_assert!(told <= series.len() / 60 + 1, "{told} times in {} s", series.len());
    }

    #[test]
    fn noise_within_the_hysteresis_is_told_once_at_most(
        noise in proptest::collection::vec(80.1_f32..99.0, 1..400), hold in 0_u64..20,
    ) {
        let mut machine = Machine::new(json!({ "recover": 80, "forSeconds": hold }));
        let told: usize = noise.iter().map(|value| machine.step(Some(&cpu(*value))).len()).sum();
        prop_assert!(told <= 1, "{told} times");
        let longest = noise.split(|value| *value <= 90.0).map(<[f32]>::len).max().unwrap_or(0);
        prop_assert_eq!(told == 1, longest as u64 > hold);
    }

    #[test]
    fn without_a_word_about_time_nothing_is_told_more_than_once_a_minute(
        noise in proptest::collection::vec(0.0_f32..100.0, 1..900), above in 0.0_f64..100.0,
    ) {
        let mut machine = Machine::new(json!({ "above": above }));
        let (mut told, mut fired, mut before) = (0, 0, AlertState::Waiting);
        for value in &noise {
            told += machine.step(Some(&cpu(*value))).len();
            let state = machine.state();
            fired += usize::from(state == AlertState::Firing && before != state);
            before = state;
        }
        let most = noise.len() / 60 + 1;
        prop_assert!(told <= most && fired <= most, "told {told}, fired {fired}, of {most}");
    }
}

#[test]
fn a_figure_that_swings_far_each_second_is_told_once() {
    let mut machine = Machine::new(json!({}));
    let swing = |second: u32| if second.is_multiple_of(2) { 95.0 } else { 20.0 };
    let told: usize = (0..1_000).map(|second| machine.step(Some(&cpu(swing(second)))).len()).sum();
    assert_eq!(told, 1);
}

#[test]
fn whatever_a_rule_says_two_notifications_of_a_figure_lie_a_minute_apart() {
    let mut machine = Machine::new(json!({ "recoverForSeconds": 0 }));
    let swing = |second: u32| if second.is_multiple_of(2) { 95.0 } else { 20.0 };
    let told: usize = (0..600).map(|second| machine.step(Some(&cpu(swing(second)))).len()).sum();
    assert!((2..=10).contains(&told), "{told} times");
}
