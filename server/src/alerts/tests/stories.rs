//! What happens, and what users hear of it.

use super::*;
use Message::{Gone, Missing, Raised, Recovered, Returned};

#[test]
fn a_figure_that_stays_wrong_is_told_once_and_once_more_when_it_is_over() {
    let mut machine = Machine::new(json!({ "forSeconds": 120, "recoverForSeconds": 60 }));
    assert_eq!(machine.state(), AlertState::Waiting);
    assert_eq!(machine.run(10, Some(&cpu(50.0))), []);
    assert_eq!(machine.state(), AlertState::Ok);
    // The time counts from the first sample that is wrong.
    assert_eq!(machine.run(120, Some(&cpu(95.0))), []);
    assert_eq!(machine.state(), AlertState::Pending);
    assert_eq!(machine.run(600, Some(&cpu(95.0))), [(1, Raised)]);
    assert_eq!(machine.state(), AlertState::Firing);
    assert_eq!(machine.run(60, Some(&cpu(50.0))), []);
    assert_eq!(machine.state(), AlertState::Firing);
    assert_eq!(machine.run(600, Some(&cpu(50.0))), [(1, Recovered)]);
    assert_eq!(machine.state(), AlertState::Ok);
}

#[test]
fn a_figure_that_is_wrong_for_too_short_a_time_is_nobodys_business() {
    let mut machine = Machine::new(json!({ "forSeconds": 120 }));
    for _ in 0..50 {
        assert_eq!(machine.run(119, Some(&cpu(100.0))), []);
        assert_eq!(machine.run(1, Some(&cpu(90.0))), [], "not above is not above");
    }
}

#[test]
fn without_a_time_one_sample_is_enough() {
    let mut machine = Machine::new(json!({}));
    assert_eq!(machine.run(5, Some(&cpu(90.1))), [(1, Raised)]);
    assert_eq!(machine.run(5, Some(&cpu(85.6))), [], "not far enough back");
    assert_eq!(machine.run(60, Some(&cpu(85.5))), [], "a minute, unless the rule says otherwise");
    assert_eq!(machine.run(5, Some(&cpu(85.5))), [(1, Recovered)]);
}

#[test]
fn below_is_the_other_way_round() {
    let mut machine =
        Machine::new(json!({ "above": null, "below": 10, "recover": 20, "forSeconds": 2 }));
    assert_eq!(machine.run(5, Some(&cpu(9.0))), [(3, Raised)]);
    assert_eq!(machine.run(5, Some(&cpu(19.0))), []);
    assert_eq!(machine.run(100, Some(&cpu(20.0))), [(61, Recovered)]);
}

#[test]
fn a_figure_between_the_thresholds_keeps_what_is_the_case() {
    let mut machine = Machine::new(json!({ "recover": 50, "recoverForSeconds": 10 }));
    assert_eq!(machine.run(1, Some(&cpu(99.0))), [(1, Raised)]);
    for _ in 0..20 {
        assert_eq!(machine.run(9, Some(&cpu(40.0))), []);
        assert_eq!(machine.run(1, Some(&cpu(60.0))), [], "the time back begins anew");
    }
    assert_eq!(machine.run(11, Some(&cpu(40.0))), [(11, Recovered)]);
}

#[test]
fn a_metric_that_no_sample_has_is_told_once_with_names_that_are_like_it() {
    let mut machine = Machine::new(json!({ "metric": "disk.sda9.used_percent" }));
    let sample = disks(&[("sda1", 10)]);
    let told: Vec<_> = (0..100).flat_map(|_| machine.step(Some(&sample))).collect();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].message, machine.state()), (Missing, AlertState::Missing));
    let text = told[0].notification.message.clone().unwrap();
    assert!(text.contains("for 30 s") && text.contains("disk.sda1.used_percent"), "{text}");
    let reason = machine.board.alerts()[0].series[0].reason.clone().unwrap();
    assert!(reason.contains("disk.sda1.used_percent"), "{reason}");
}

#[test]
fn no_samples_at_all_are_told_too() {
    let mut machine = Machine::new(json!({}));
    assert_eq!(machine.run(3, Some(&cpu(50.0))), []);
    assert_eq!(machine.run(100, None), [(30, Missing)]);
    assert_eq!(machine.state(), AlertState::Ok, "as it was seen last");
    assert_eq!(machine.run(59, Some(&cpu(50.0))), [], "it has to stay a while");
    assert_eq!(machine.run(100, Some(&cpu(50.0))), [(2, Returned)]);
}

#[test]
fn collectors_that_start_anew_are_nobodys_business() {
    for keys in [json!({}), json!({ "metric": "load.1" }), json!({ "metric": "cpu.core.*" })] {
        let mut machine = Machine::new(keys.clone());
        let sample = Snapshot {
            cpu: Some(Cpu { total: 95.0, cores: vec![95.0; 8], load: Some([99.0; 3]) }),
            ..Snapshot::default()
        };
        let raised = machine.run(5, Some(&sample)).len();
        assert!(raised > 0, "{keys}");
        for _ in 0..10 {
            assert_eq!(machine.run(12, None), [], "{keys}");
            assert_eq!(machine.run(100, Some(&sample)), [], "{keys}");
        }
    }
}

#[test]
fn samples_that_stay_away_are_one_thing_to_tell_and_not_one_for_each_figure() {
    let mut machine = Machine::new(json!({ "metric": "disk.*.used_percent" }));
    let both = disks(&[("sda1", 99), ("sdb1", 98)]);
    assert_eq!(machine.run(5, Some(&both)), [(1, Raised), (1, Raised)]);
    let told: Vec<_> = (0..500).flat_map(|_| machine.step(None)).collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].notification.title.as_deref(), Some("No samples of box"));
    assert_eq!(told[0].spec, None, "every admin is told");
    told[0].notification.check().unwrap();
    // A disk that went meanwhile is gone once samples have said so for as long as ever.
    let one = disks(&[("sda1", 99)]);
    assert_eq!(machine.run(200, Some(&one)), [(21, Gone), (61, Returned)]);
}

#[test]
fn a_process_that_was_stopped_misses_nothing_when_it_goes_on() {
    let mut machine = Machine::new(json!({}));
    machine.run(5, Some(&cpu(50.0)));
    machine.seconds += 3_600;
    assert_eq!(machine.run(1, None), []);
    machine.seconds += 3_600;
    assert_eq!(machine.run(1, Some(&Snapshot::default())), []);
    assert_eq!(machine.run(100, Some(&cpu(50.0))), []);
}

#[test]
fn a_figure_that_is_no_number_is_missing() {
    let mut machine = Machine::new(json!({}));
    assert_eq!(machine.run(1, Some(&cpu(95.0))), [(1, Raised)]);
    assert_eq!(machine.run(29, Some(&cpu(f32::NAN))), []);
    assert_eq!(machine.state(), AlertState::Firing, "nobody said that it is over");
    assert_eq!(machine.run(1, Some(&cpu(f32::NAN))), []);
    assert_eq!(machine.state(), AlertState::Missing);
    assert_eq!(machine.run(100, Some(&cpu(f32::NAN))), [(30, Gone)], "a minute after the other");
}

#[test]
fn a_figure_that_comes_and_goes_tells_nobody_all_day() {
    let mut machine = Machine::new(json!({}));
    let mut told = machine.run(1, Some(&cpu(50.0)));
    for _ in 0..100 {
        told.extend(machine.run(35, Some(&Snapshot::default())));
        told.extend(machine.run(30, Some(&cpu(50.0))));
    }
    assert_eq!(told, [(30, Missing)]);
}

#[test]
fn a_disk_that_goes_away_full_is_gone_and_not_well() {
    let keys = json!({ "metric": "disk.*.used_percent", "forSeconds": 5 });
    let mut machine = Machine::new(keys);
    let both = disks(&[("sda1", 10), ("sdb1", 97)]);
    assert_eq!(machine.run(100, Some(&both)), [(6, Raised)]);
    let one = disks(&[("sda1", 10)]);
    let told: Vec<_> = (0..1_000).flat_map(|_| machine.step(Some(&one))).collect();
    assert_eq!(told.iter().map(|notice| notice.message).collect::<Vec<_>>(), [Gone]);
    assert_eq!(told[0].series, ["disk.sdb1.used_percent"]);
    assert_eq!(told[0].notification.title.as_deref(), Some("Disk sdb1 is gone from box"));
    // Back, and as full as it was.
    assert_eq!(machine.run(100, Some(&both)), [(6, Raised)]);
}

#[test]
fn of_several_one_that_goes_away_well_is_forgotten() {
    let mut machine = Machine::new(json!({ "metric": "disk.*.used_percent" }));
    machine.run(10, Some(&disks(&[("sda1", 10), ("sdb1", 20)])));
    assert_eq!(machine.board.alerts()[0].series.len(), 2);
    assert_eq!(machine.run(100, Some(&disks(&[("sda1", 10)]))), []);
    let alert = &machine.board.alerts()[0];
    assert_eq!((alert.series.len(), alert.state), (1, AlertState::Ok));
}

#[test]
fn a_star_for_which_there_is_nothing_is_missing() {
    let mut machine = Machine::new(json!({ "metric": "temperature.*" }));
    assert_eq!(machine.run(100, Some(&cpu(50.0))), [(30, Missing)]);
    let alert = &machine.board.alerts()[0];
    assert_eq!(
        (alert.series[0].metric.as_str(), alert.state),
        ("temperature.*", AlertState::Missing)
    );
}

#[test]
fn each_disk_is_told_for_itself() {
    let mut machine = Machine::new(json!({ "metric": "disk.*.used_percent" }));
    let told = machine.step(Some(&disks(&[("sda1", 95), ("sdb1", 96), ("sdc1", 5)])));
    let keys: Vec<_> =
        told.iter().map(|notice| notice.notification.dedupe_key.as_deref().unwrap()).collect();
    let key = |disk| format!("alert/r1/box/disk.{disk}.used_percent");
    assert_eq!(keys, [key("sda1"), key("sdb1")]);
}

#[test]
fn a_rule_judges_a_thousand_figures_and_tells_of_many_by_one_notification() {
    let mut machine = Machine::new(json!({ "metric": "disk.*.used_percent" }));
    let names: Vec<_> = (0..1_100).map(|n| format!("d{n:04}")).collect();
    let used: Vec<_> = names.iter().map(|name| (name.as_str(), 99)).collect();
    let sample = disks(&used);
    let told = machine.step(Some(&sample));
    assert_eq!((told.len(), told[0].message, told[0].series.len()), (1, Raised, 1_000));
    let said = &told[0].notification;
    said.check().unwrap();
    let title = "1000 figures of disk.*.used_percent above 90% on box";
    assert_eq!(said.title.as_deref(), Some(title));
    assert_eq!(said.dedupe_key.as_deref(), Some("alert/r1/box/disk.*.used_percent"));
    assert_eq!(machine.run(200, Some(&sample)), []);
    assert_eq!(machine.board.alerts()[0].series.len(), 1_000);
    // All but the first are well again.
    let used: Vec<_> =
        names.iter().map(|name| (name.as_str(), u64::from(name == "d0000") * 99)).collect();
    let told = machine.run(200, Some(&disks(&used)));
    assert_eq!(told, [(61, Recovered)]);
}

#[test]
fn many_rules_are_told_a_part_at_a_time() {
    let mut machine = Machine::new(json!({}));
    for n in 0..50 {
        let spec = spec(json!({ "name": n.to_string() }));
        machine.board.put(Rule::new(n.to_string(), AlertSource::Store, spec, "box").unwrap());
    }
    let told: Vec<_> = (0..4).map(|_| machine.step(Some(&cpu(99.0))).len()).collect();
    assert_eq!(told, [20, 20, 11, 0]);
}

#[test]
fn in_quiet_hours_nobody_is_told_but_of_what_lasts_longer() {
    // Noon plus 10 to 20 minutes.
    let quiet = json!({ "quiet": ["12:10-12:20"] });
    let mut machine = Machine::new(quiet.clone());
    machine.run(700, Some(&cpu(50.0)));
    assert_eq!(machine.run(100, Some(&cpu(99.0))), []);
    assert_eq!(machine.state(), AlertState::Firing);
    assert!(machine.board.alerts()[0].quiet);
    assert_eq!(machine.run(100, Some(&cpu(50.0))), []);
    assert_eq!(machine.run(1_000, Some(&cpu(50.0))), [], "it came and went");

    let mut machine = Machine::new(quiet);
    machine.run(700, Some(&cpu(50.0)));
    assert_eq!(machine.run(1_000, Some(&cpu(99.0))), [(500, Raised)], "at 12:20");
    assert!(!machine.board.alerts()[0].quiet);
}

#[test]
fn what_is_over_in_quiet_hours_is_told_behind_them() {
    let mut machine = Machine::new(json!({ "quiet": ["12:10-12:20"] }));
    assert_eq!(machine.run(700, Some(&cpu(99.0))), [(1, Raised)]);
    assert_eq!(machine.run(1_000, Some(&cpu(50.0))), [(500, Recovered)]);
}

#[test]
fn hours_for_all_hold_unless_a_rule_has_its_own_or_none() {
    for (keys, first) in
        [(json!({}), 600), (json!({ "quiet": [] }), 1), (json!({ "quiet": ["12:00-12:05"] }), 300)]
    {
        let mut machine = Machine::with_quiet(keys.clone(), &["12:00-12:10"]);
        assert_eq!(machine.run(1_000, Some(&cpu(99.0))), [(first, Raised)], "{keys}");
    }
}

#[test]
fn what_could_not_be_sent_is_sent_later_if_it_is_still_the_case() {
    let mut machine = Machine::new(json!({ "recoverForSeconds": 0 }));
    machine.hears = false;
    machine.run(10, Some(&cpu(99.0)));
    machine.run(10, Some(&cpu(50.0)));
    machine.hears = true;
    assert_eq!(machine.run(10, Some(&cpu(50.0))), []);
    machine.hears = false;
    machine.run(10, Some(&cpu(99.0)));
    machine.hears = true;
    assert_eq!(machine.run(10, Some(&cpu(99.0))), [(1, Raised)]);
}

#[test]
fn time_in_which_nobody_looked_does_not_count() {
    let mut machine = Machine::new(json!({ "forSeconds": 120, "recoverForSeconds": 120 }));
    machine.run(10, Some(&cpu(99.0)));
    // As if the process had been stopped.
    machine.seconds += 3_600;
    assert_eq!(machine.run(120, Some(&cpu(99.0))), []);
    assert_eq!(machine.run(1, Some(&cpu(99.0))), [(1, Raised)]);
    machine.run(10, Some(&cpu(50.0)));
    machine.seconds += 3_600;
    assert_eq!(machine.run(120, Some(&cpu(50.0))), []);
    assert_eq!(machine.run(1, Some(&cpu(50.0))), [(1, Recovered)]);
}

#[test]
fn time_before_the_machine_slept_does_not_count() {
    let mut machine = Machine::new(json!({ "forSeconds": 600 }));
    assert_eq!(machine.run(540, Some(&cpu(99.0))), []);
    // The clock on the wall goes on, the other stands still; the time is looked at before there is a sample.
    machine.slept += 8 * 3_600;
    assert_eq!(machine.run(1, None), []);
    assert_eq!(machine.run(700, Some(&cpu(99.0))), [(601, Raised)]);
}

#[test]
fn a_rule_that_is_changed_keeps_what_is_the_case_and_is_held_to_it_anew() {
    let mut machine = Machine::new(json!({ "above": 0 }));
    assert_eq!(machine.run(5, Some(&cpu(40.0))), [(1, Raised)]);
    machine.board.put(rule(json!({ "above": 30, "level": "error" })));
    assert_eq!(machine.state(), AlertState::Firing, "it is as wrong by the new one");
    assert_eq!(machine.run(5, Some(&cpu(40.0))), []);
    machine.board.put(rule(json!({ "above": 100, "level": "error" })));
    assert_eq!(machine.state(), AlertState::Ok);
    assert_eq!(machine.run(5, Some(&cpu(40.0))), [(1, Recovered)]);
}

#[test]
fn a_figure_that_never_broke_the_threshold_there_is_now_is_well_and_told_once_it_does() {
    let mut machine = Machine::new(json!({}));
    assert_eq!(machine.run(5, Some(&cpu(92.0))), [(1, Raised)]);
    // The figure is neither wrong by the new threshold nor as far back as that asks for.
    machine.board.put(rule(json!({ "above": 95 })));
    let told = machine.step(Some(&cpu(92.0)));
    assert_eq!(told.iter().map(|notice| notice.message).collect::<Vec<_>>(), [Recovered]);
    let said = &told[0].notification;
    assert_eq!(said.title.as_deref(), Some("CPU is not above 95% on box"));
    let text = said.message.as_deref().unwrap();
    assert!(!text.contains("It was above"), "nobody saw it above 95%: {text}");
    assert_eq!(machine.run(100, Some(&cpu(92.0))), []);
    assert_eq!(machine.run(5, Some(&cpu(97.0))), [(1, Raised)]);
}

#[test]
fn time_beyond_another_threshold_does_not_count_for_the_new_one() {
    let mut machine = Machine::new(json!({ "above": 50, "forSeconds": 120 }));
    assert_eq!(machine.run(100, Some(&cpu(95.0))), []);
    machine.board.put(rule(json!({ "above": 90, "forSeconds": 120 })));
    assert_eq!(machine.run(300, Some(&cpu(95.0))), [(120, Raised)]);
}

#[test]
fn a_rule_that_asks_something_else_or_is_gone_is_over_without_a_word() {
    for keys in [
        json!({ "metric": "load.1" }),
        json!({ "above": null, "below": 1 }),
        json!({ "enabled": false }),
        json!({ "host": "attic" }),
    ] {
        let mut machine = Machine::new(json!({}));
        assert_eq!(machine.run(5, Some(&cpu(99.0))), [(1, Raised)]);
        machine.board.put(rule(keys.clone()));
        assert_eq!(machine.run(5, Some(&cpu(99.0))), [], "{keys}");
        assert!(machine.board.alerts()[0].state < AlertState::Missing);
    }
    let mut machine = Machine::new(json!({}));
    machine.run(5, Some(&cpu(99.0)));
    machine.board.remove("r1");
    assert_eq!(machine.run(100, Some(&cpu(50.0))), []);
    assert!(machine.board.alerts().is_empty() && machine.board.unsaved().kept.is_empty());
}

#[test]
fn what_users_hear_of_the_rule_before_is_not_taken_for_the_one_there_is() {
    for (value, told) in [(10.5, vec![]), (5.0, vec![(1, Raised)])] {
        let mut machine = Machine::new(json!({}));
        machine.hears = false;
        machine.run(5, Some(&cpu(99.0)));
        // On its way to a slow database while the rule is changed.
        let due = machine.board.due();
        machine.board.put(rule(json!({ "above": null, "below": 10 })));
        machine.board.told(&due[0]);
        machine.hears = true;
        assert_eq!(machine.run(100, Some(&cpu(value))), told, "{value}");
    }
}

#[test]
fn each_server_judges_its_own_machine() {
    for (host, state) in [
        (json!({}), AlertState::Firing),
        (json!({ "host": "box" }), AlertState::Firing),
        (json!({ "host": "*" }), AlertState::Firing),
        (json!({ "host": "attic" }), AlertState::Elsewhere),
        (json!({ "enabled": false }), AlertState::Disabled),
    ] {
        let mut machine = Machine::new(host.clone());
        let told = machine.run(50, Some(&cpu(99.0)));
        assert_eq!(machine.state(), state, "{host}");
        assert_eq!(told.len(), usize::from(state == AlertState::Firing));
    }
}
