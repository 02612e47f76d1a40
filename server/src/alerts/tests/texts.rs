//! What people read.

use tidings_protocol::metric::Unit;
use tidings_protocol::notification::Level;

use super::super::text::{figure, near, time};
use super::*;

fn told(keys: Value, samples: &[(u64, &Snapshot)]) -> Vec<(String, String, Level)> {
    let mut machine = Machine::new(keys);
    let mut told = Vec::new();
    for (seconds, sample) in samples {
        for _ in 0..*seconds {
            for notice in machine.step(Some(sample)) {
                let notification = notice.notification;
                notification.check().unwrap();
                assert_eq!(notification.source.as_deref(), Some("alerts"));
                assert_eq!(notification.link.as_deref(), Some("/#alerts/r1"));
                let text = notification.message.unwrap();
                told.push((notification.title.unwrap(), text, notification.level.unwrap()));
            }
        }
    }
    told
}

#[test]
fn users_read_what_is_wrong_for_how_long_and_where() {
    let (busy, idle) = (cpu(93.44), cpu(20.0));
    let told =
        told(json!({ "forSeconds": 120, "recoverForSeconds": 0 }), &[(122, &busy), (60, &idle)]);
    let expected = [
        (
            "CPU above 90% for 2 min on box",
            "Since 2025-10-09 08:53 UTC.\nRule: Busy",
            Level::Warning,
        ),
        (
            "CPU is back down to 85.5% on box",
            "It was above 90% for 2 s.\nRule: Busy",
            Level::Success,
        ),
    ];
    let expected = expected.map(|(title, text, level)| (title.to_owned(), text.to_owned(), level));
    assert_eq!(told, expected);
}

#[test]
fn what_is_sent_again_says_what_it_said_whatever_there_is_by_now() {
    let mut machine = Machine::new(json!({ "metric": "disk.sda9.used_percent" }));
    machine.hears = false;
    machine.run(40, Some(&disks(&[("sda1", 1)])));
    let first = machine.board.due();
    machine.run(10, Some(&disks(&[("sda1", 1), ("sda8", 1)])));
    assert_eq!(machine.board.due(), first, "who has it is told nothing new");
    assert_eq!(first.len(), 1);
}

#[test]
fn two_servers_of_a_machine_say_the_same_of_different_figures() {
    let said = [93.4, 93.1].map(|value| {
        let mut machine = Machine::new(json!({}));
        machine.step(Some(&cpu(value))).remove(0).notification
    });
    assert_eq!(said[0], said[1]);
}

#[test]
fn a_rule_that_was_switched_off_and_on_says_something_new() {
    let mut machine = Machine::new(json!({}));
    let first = machine.step(Some(&cpu(95.0))).remove(0).notification;
    machine.run(100, Some(&cpu(95.0)));
    machine.board.put(rule(json!({ "enabled": false })));
    machine.run(1, Some(&cpu(95.0)));
    machine.board.put(rule(json!({})));
    let second = machine.step(Some(&cpu(95.0))).remove(0).notification;
    assert_eq!(first.title, second.title);
    assert_ne!(first, second, "an inbox would take it for what was read");
}

#[test]
fn a_name_of_the_systems_fits_a_notification_whatever_it_is() {
    let name = "a\n*.%/\u{202e}".repeat(40);
    let sample = disks(&[(&name, 99)]);
    let told = told(json!({ "metric": "disk.*.used_percent", "level": "error" }), &[(1, &sample)]);
    assert_eq!((told.len(), told[0].2), (1, Level::Error));
}

#[test]
fn two_series_with_long_names_have_two_keys() {
    let mut machine = Machine::new(json!({ "metric": "disk.*.used_percent" }));
    let long = "x".repeat(250);
    let names = [format!("{long}1"), format!("{long}2")];
    let told = machine.step(Some(&disks(&[(&names[0], 99), (&names[1], 99)])));
    let keys: Vec<_> = told.iter().map(|told| told.notification.dedupe_key.clone()).collect();
    assert!(keys.len() == 2 && keys[0] != keys[1], "{keys:?}");
}

#[test]
fn figures_have_their_units() {
    for (value, unit, text) in [
        (90.0, Unit::Percent, "90%"),
        (85.55, Unit::Percent, "85.5%"),
        (1536.0 * 1024.0 * 1024.0, Unit::Bytes, "1.5 GiB"),
        (0.0, Unit::Bytes, "0 B"),
        (1e6, Unit::BytesPerSecond, "976.6 KiB/s"),
        (1e30, Unit::Bytes, "888178419700125.2 PiB"),
        (-3.25, Unit::Celsius, "-3.2 °C"),
        (300.0, Unit::Seconds, "5 min"),
        (f64::MAX, Unit::Seconds, "11574074 d 1 h"),
        (4.0, Unit::Count, "4"),
    ] {
        assert_eq!(figure(value, unit), text);
    }
    for (seconds, text) in [
        (0, "0 s"),
        (59, "59 s"),
        (90, "1 min 30 s"),
        (7_200, "2 h"),
        (7_201, "2 h"),
        (90_060, "1 d 1 h"),
    ] {
        assert_eq!(time(Duration::from_secs(seconds)), text);
    }
}

#[test]
fn names_that_are_like_it_are_three_or_none() {
    let names = ["cpu.core.0", "cpu.core.1", "cpu.total", "memory.used"].map(str::to_owned);
    let text = near("cpu.core.7", &names);
    assert_eq!(text, "Names that are like it: cpu.core.0, cpu.core.1, cpu.total.");
    assert_eq!(near("cpu.core.7", &[]), "There are no samples of this machine.");
}
