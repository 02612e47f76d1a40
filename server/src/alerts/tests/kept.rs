//! A restart.

use super::*;
use Message::{Gone, Missing, Raised, Recovered, Returned};

impl Machine {
    /// Keeps everything, and starts anew with the rule of `keys`, an hour later.
    fn restarted(mut self, keys: Value) -> Self {
        let unsaved = self.board.unsaved();
        let is_of = |row: &AlertStateRow, series: &str| row.series == series;
        self.rows.retain(|row| {
            !unsaved.gone.iter().any(|(_, series)| is_of(row, series))
                && !unsaved.kept.iter().any(|other| is_of(row, &other.series))
        });
        self.rows.extend(unsaved.kept.clone());
        self.board.saved(unsaved);
        assert!(self.board.unsaved().is_empty(), "everything is kept");
        let mut machine = Self::new(keys);
        machine.board.restore(self.rows.clone());
        machine.rows = self.rows;
        machine
    }
}

#[test]
fn a_restart_neither_says_it_again_nor_forgets_that_it_is_over() {
    let keys = json!({ "forSeconds": 3, "recoverForSeconds": 3 });
    let mut machine = Machine::new(keys.clone());
    assert_eq!(machine.run(10, Some(&cpu(99.0))), [(4, Raised)]);
    let since = machine.board.alerts()[0].series[0].since;

    let mut machine = machine.restarted(keys.clone());
    assert_eq!(machine.board.alerts()[0].series[0].since, since);
    assert_eq!(machine.run(10, Some(&cpu(99.0))), []);
    assert_eq!(machine.state(), AlertState::Firing);
    let mut machine = machine.restarted(keys);
    assert_eq!(machine.run(10, Some(&cpu(10.0))), [(4, Recovered)]);
    assert!(machine.board.unsaved().kept.is_empty() && !machine.board.unsaved().is_empty());
}

#[test]
fn what_was_told_to_be_missing_is_not_told_again() {
    let mut machine = Machine::new(json!({}));
    assert_eq!(machine.run(40, None), [(30, Missing)]);
    let mut machine = machine.restarted(json!({}));
    assert_eq!(machine.run(100, None), []);
    let mut machine = machine.restarted(json!({}));
    assert_eq!(machine.run(100, Some(&cpu(10.0))), [(61, Returned)]);
}

#[test]
fn a_figure_that_was_told_to_be_missing_is_not_told_again() {
    let mut machine = Machine::new(json!({}));
    assert_eq!(machine.run(40, Some(&Snapshot::default())), [(30, Missing)]);
    let mut machine = machine.restarted(json!({}));
    assert_eq!(machine.run(100, Some(&Snapshot::default())), []);
    let mut machine = machine.restarted(json!({}));
    assert_eq!(machine.run(100, Some(&cpu(10.0))), [(61, Returned)]);
}

#[test]
fn what_disappeared_while_the_server_was_away_is_gone() {
    let mut machine = Machine::new(json!({ "metric": "disk.*.used_percent" }));
    assert_eq!(machine.run(3, Some(&disks(&[("sda1", 99)]))), [(1, Raised)]);
    let mut machine = machine.restarted(json!({ "metric": "disk.*.used_percent" }));
    assert_eq!(machine.run(60, Some(&disks(&[("sdb1", 9)]))), [(30, Gone)]);
}

#[test]
fn what_began_in_quiet_hours_is_remembered_too() {
    let quiet = json!({ "quiet": ["12:00-12:10"] });
    let mut machine = Machine::new(quiet.clone());
    machine.run(10, Some(&cpu(99.0)));
    let mut machine = machine.restarted(quiet);
    assert_eq!(machine.state(), AlertState::Firing);
    assert_eq!(machine.run(700, Some(&cpu(89.0))), [(600, Raised)]);
}

#[test]
fn how_long_it_was_wrong_is_known_behind_a_restart_in_quiet_hours() {
    // Raised at noon, over five minutes later in quiet hours, which end at 12:10.
    let quiet = json!({ "quiet": ["12:02-12:10"], "recoverForSeconds": 0 });
    let mut machine = Machine::new(quiet.clone());
    assert_eq!(machine.run(300, Some(&cpu(99.0))), [(1, Raised)]);
    assert_eq!(machine.run(100, Some(&cpu(10.0))), []);
    let mut machine = machine.restarted(quiet);
    let told: Vec<_> = (0..700).flat_map(|_| machine.step(Some(&cpu(10.0)))).collect();
    assert_eq!(told.len(), 1);
    let text = told[0].notification.message.as_deref().unwrap();
    assert!(text.starts_with("It was above 90% for 5 min."), "{text}");
}

#[test]
fn a_threshold_that_was_changed_meanwhile_is_the_one_that_counts() {
    for (value, told) in [(92.0, vec![(1, Recovered)]), (97.0, vec![])] {
        let mut machine = Machine::new(json!({}));
        assert_eq!(machine.run(5, Some(&cpu(value))), [(1, Raised)]);
        let mut machine = machine.restarted(json!({ "above": 95 }));
        assert_eq!(machine.run(2, None), [], "no figure has said anything yet");
        // Nor does one more restart make an end of it.
        let mut machine = machine.restarted(json!({ "above": 95 }));
        assert_eq!(machine.run(2, None), []);
        assert_eq!(machine.run(5, Some(&cpu(value))), told, "{value}");
        assert_eq!(machine.run(100, Some(&cpu(97.0))).len(), usize::from(value < 95.0));
    }
}

#[test]
fn a_rule_that_is_another_after_the_restart_begins_anew() {
    for (keys, state) in [
        (json!({ "metric": "load.1" }), AlertState::Waiting),
        (json!({ "above": null, "below": 1 }), AlertState::Waiting),
        (json!({ "enabled": false }), AlertState::Disabled),
    ] {
        let mut machine = Machine::new(json!({}));
        assert_eq!(machine.run(5, Some(&cpu(99.0))), [(1, Raised)]);
        let machine = machine.restarted(keys.clone());
        assert_eq!(machine.state(), state, "{keys}");
        assert_eq!(machine.board.unsaved().gone.len(), 1, "its row goes");
    }
}
