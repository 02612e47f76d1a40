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

/// For how many seconds up to each one of the last samples, all of them there, the figure was so.
fn lasted(series: &[Option<f32>], holds: impl Fn(f32) -> bool) -> usize {
    series.iter().rev().take_while(|value| value.is_some_and(&holds)).count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn what_is_told_takes_turns_and_each_turn_has_lasted(
        series in series(), hold in 0_u64..40, back in 0_u64..40,
    ) {
        let keys = json!({ "forSeconds": hold, "recoverForSeconds": back, "recover": 80 });
        let mut machine = Machine::new(keys);
        let mut told: Vec<(usize, Message)> = Vec::new();
        for (second, value) in series.iter().enumerate() {
            let sample = value.map(cpu).unwrap_or_default();
            told.extend(machine.step(Some(&sample)).iter().map(|notice| (second, notice.message)));
        }
        let mut is_raised = false;
        for (at, message) in &told {
            match message {
                Message::Raised => {
                    prop_assert!(!is_raised, "raised twice: {told:?}");
                    is_raised = true;
                    prop_assert!(series[*at].is_some_and(|value| value > 90.0));
                }
                Message::Recovered => {
                    prop_assert!(is_raised, "nothing to recover from: {told:?}");
                    is_raised = false;
                    prop_assert!(series[*at].is_some_and(|value| value <= 80.0));
                }
                Message::Gone => {
                    prop_assert!(is_raised);
                    is_raised = false;
                }
                Message::Missing | Message::Returned => prop_assert!(!is_raised),
            }
        }
        // Between two that follow each other lies the time of the second, unless a figure was away.
        for pair in told.windows(2) {
            let [(before, _), (at, message)] = pair else { continue };
            let since = &series[*before..=*at];
            let has_all = since.iter().all(Option::is_some);
            let (needed, held) = match message {
                Message::Raised => (hold, lasted(since, |value| value > 90.0)),
                Message::Recovered => (back, lasted(since, |value| value <= 80.0)),
                _ => continue,
            };
            prop_assert!(!has_all || held as u64 > needed, "{message:?} at {at}: {held} s of {needed}");
        }
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
}
