//! Several servers of one machine, one of which tells users: what it leaves behind when it goes, and what the next makes of it.

use proptest::prelude::*;
use tidings_protocol::notification::NewNotification;

use super::*;
use Message::{Gone, Raised, Recovered};

/// Where a server ends in a round.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Crash {
    BeforeItKeeps,
    BeforeItTells,
    BehindWhatItTold,
}

/// Two servers of a machine, a database and the inbox of one user.
struct Pair {
    keys: Value,
    servers: [Machine; 2],
    speaks: Option<usize>,
    rows: BTreeMap<(String, String), AlertStateRow>,
    inbox: BTreeMap<Option<String>, NewNotification>,
    /// What was news to the user.
    heard: Vec<Message>,
}

/// One that has just started, by the clock of the others.
fn started(keys: &Value, seconds: u64, rows: Vec<AlertStateRow>) -> Machine {
    let mut machine = Machine::new(keys.clone());
    machine.seconds = seconds;
    machine.hears = false;
    machine.board = Board::new("box".to_owned(), vec![], Duration::from_secs(1), machine.now());
    machine.board.put(rule(keys.clone()));
    machine.board.restore(rows);
    machine.board.fall_silent();
    machine
}

impl Pair {
    fn new(keys: Value) -> Self {
        let servers = [started(&keys, 0, vec![]), started(&keys, 0, vec![])];
        let (rows, inbox) = (BTreeMap::new(), BTreeMap::new());
        let mut pair = Self { keys, servers, speaks: None, rows, inbox, heard: Vec::new() };
        pair.take_over(0);
        pair
    }

    fn take_over(&mut self, server: usize) {
        let rows = self.rows.values().cloned().collect();
        self.servers[server].board.take_over(rows);
        self.speaks = Some(server);
    }

    /// The one that speaks is gone, and another of its place has just started.
    fn end(&mut self) {
        let Some(server) = self.speaks.take() else { return };
        let rows = self.rows.values().cloned().collect();
        self.servers[server] = started(&self.keys, self.servers[server].seconds, rows);
    }

    fn keep(&mut self, server: usize) {
        let unsaved = self.servers[server].board.unsaved();
        unsaved.gone.iter().for_each(|key| drop(self.rows.remove(key)));
        for row in &unsaved.kept {
            self.rows.insert((row.rule_id.clone(), row.series.clone()), row.clone());
        }
        self.servers[server].board.saved(unsaved);
    }

    /// A second later both have this sample.
    fn step(&mut self, sample: &Snapshot, crash: Option<Crash>) {
        self.servers.iter_mut().for_each(|server| drop(server.step(Some(sample))));
        let Some(server) = self.speaks else { return };
        let due = self.servers[server].board.due();
        if crash == Some(Crash::BeforeItKeeps) {
            return self.end();
        }
        self.keep(server);
        if crash == Some(Crash::BeforeItTells) {
            return self.end();
        }
        for notice in due {
            let told = notice.notification.clone();
            let before = self.inbox.insert(told.dedupe_key.clone(), told.clone());
            if before.as_ref() != Some(&told) {
                self.heard.push(notice.message);
            }
            if crash.is_none() {
                self.servers[server].board.told(&notice);
            }
        }
        if crash.is_some() {
            return self.end();
        }
        self.keep(server);
    }

    fn run(&mut self, seconds: u64, sample: &Snapshot) {
        (0..seconds).for_each(|_| self.step(sample, None));
    }
}

#[test]
fn what_one_server_told_the_next_neither_repeats_nor_forgets() {
    let mut pair = Pair::new(json!({ "forSeconds": 30, "recoverForSeconds": 30 }));
    pair.run(60, &cpu(99.0));
    assert_eq!(pair.heard, [Raised]);
    pair.end();
    pair.run(15, &cpu(99.0));
    pair.take_over(1);
    pair.run(300, &cpu(99.0));
    assert_eq!(pair.heard, [Raised]);
    // The first one comes back meanwhile, and knows of it from the other alone.
    pair.take_over(1);
    pair.run(10, &cpu(5.0));
    pair.end();
    pair.take_over(0);
    pair.run(300, &cpu(5.0));
    assert_eq!(pair.heard, [Raised, Recovered]);
    assert!(pair.rows.is_empty());
}

#[test]
fn what_had_begun_when_a_server_went_counts_with_the_next() {
    let mut pair = Pair::new(json!({ "forSeconds": 100 }));
    pair.run(90, &cpu(99.0));
    pair.end();
    pair.run(9, &cpu(99.0));
    pair.take_over(1);
    pair.run(1, &cpu(99.0));
    assert_eq!(pair.heard, []);
    pair.run(1, &cpu(99.0));
    assert_eq!(pair.heard, [Raised]);
}

#[test]
fn a_server_that_comes_late_believes_that_it_is_wrong_until_it_has_seen_it_over() {
    let mut pair = Pair::new(json!({ "forSeconds": 100, "recoverForSeconds": 20 }));
    pair.run(200, &cpu(99.0));
    pair.servers[1] = started(&pair.keys, pair.servers[1].seconds, vec![]);
    pair.run(1, &cpu(99.0));
    assert_eq!(pair.servers[1].state(), AlertState::Pending);
    pair.end();
    pair.take_over(1);
    assert_eq!(pair.servers[1].state(), AlertState::Firing);
    pair.run(20, &cpu(5.0));
    assert_eq!(pair.heard, [Raised]);
    pair.run(1, &cpu(5.0));
    assert_eq!(pair.heard, [Raised, Recovered]);
}

#[test]
fn what_the_one_before_saw_to_be_over_is_over_for_one_that_came_late() {
    let mut pair = Pair::new(json!({ "forSeconds": 30, "recoverForSeconds": 30 }));
    pair.run(60, &cpu(99.0));
    pair.run(20, &cpu(5.0));
    pair.end();
    pair.take_over(1);
    pair.run(15, &cpu(5.0));
    assert_eq!(pair.heard, [Raised, Recovered]);
    // It began when there was a row that says so, and has seen half of the recovery.
    assert_eq!(pair.servers[0].state(), AlertState::Firing);
    pair.end();
    pair.take_over(0);
    pair.run(100, &cpu(5.0));
    assert_eq!(pair.heard, [Raised, Recovered]);
}

/// The second tells that it is over, and crashes before it keeps that; the first has just started, and is a sample behind.
fn an_end_crashed_over(mut pair: Pair) -> Pair {
    pair.run(300, &cpu(99.0));
    pair.step(&cpu(5.0), Some(Crash::BeforeItKeeps));
    pair.take_over(1);
    pair.run(38, &cpu(5.0));
    pair.step(&cpu(5.0), Some(Crash::BehindWhatItTold));
    assert_eq!(pair.heard, [Raised, Recovered]);
    pair
}

#[test]
fn an_end_that_a_server_crashed_over_is_no_other_end_for_one_that_came_late() {
    let pair = Pair::new(json!({ "forSeconds": 39, "recoverForSeconds": 39 }));
    let mut pair = an_end_crashed_over(pair);
    pair.take_over(0);
    pair.run(300, &cpu(5.0));
    assert_eq!(pair.heard, [Raised, Recovered]);
    assert!(pair.rows.is_empty());
}

#[test]
fn what_is_wrong_after_an_end_that_may_have_been_told_is_told() {
    let pair = Pair::new(json!({ "forSeconds": 0, "recoverForSeconds": 39 }));
    let mut pair = an_end_crashed_over(pair);
    // Nobody speaks, and the one that is left has not seen all of the recovery.
    pair.run(10, &cpu(99.0));
    assert_eq!(pair.servers[0].state(), AlertState::Firing);
    pair.take_over(0);
    pair.run(100, &cpu(99.0));
    assert_eq!(pair.heard, [Raised, Recovered, Raised]);
}

#[test]
fn a_disk_that_was_told_to_be_gone_is_not_told_to_be_by_the_next() {
    let keys = json!({ "metric": "disk.*.used_percent" });
    let mut pair = Pair::new(keys);
    pair.run(10, &disks(&[("a", 99), ("b", 1)]));
    pair.run(100, &disks(&[("b", 1)]));
    assert_eq!(pair.heard, [Raised, Gone]);
    pair.end();
    pair.take_over(1);
    pair.run(200, &disks(&[("b", 1)]));
    assert_eq!(pair.heard, [Raised, Gone]);
    // Long after everybody has forgotten it.
    pair.run(26 * 60 * 60, &disks(&[("b", 1)]));
    pair.end();
    pair.take_over(0);
    pair.run(200, &disks(&[("b", 1)]));
    assert_eq!(pair.heard, [Raised, Gone]);
    assert!(pair.rows.is_empty());
}

#[test]
fn a_server_that_does_not_speak_says_and_keeps_nothing() {
    let mut machine = started(&json!({}), 0, vec![]);
    machine.hears = true;
    assert_eq!(machine.run(100, Some(&cpu(99.0))), []);
    assert_eq!(machine.state(), AlertState::Firing, "and sees it all the same");
    assert!(machine.board.unsaved().is_empty() && !machine.board.has_work());
}

fn crash() -> impl Strategy<Value = (u64, Crash, u64)> {
    let crash = [Crash::BeforeItKeeps, Crash::BeforeItTells, Crash::BehindWhatItTold];
    (0..200u64, prop::sample::select(crash.to_vec()), 0..18u64)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whenever_servers_end_users_hear_of_everything_once(
        crashes in prop::collection::vec(prop::collection::vec(crash(), 0..4), 1..6),
        hold in 0..40u64,
    ) {
        let mut pair = Pair::new(json!({ "forSeconds": hold, "recoverForSeconds": hold }));
        let mut expected = Vec::new();
        for (n, crashes) in crashes.iter().enumerate() {
            let (value, message) = if n % 2 == 0 { (99.0, Raised) } else { (5.0, Recovered) };
            expected.push(message);
            let mut next = None;
            for second in 0..300 {
                let crash = crashes.iter().find(|(at, ..)| *at == second);
                if let (Some((_, _, pause)), true) = (crash, pair.speaks.is_some()) {
                    next = Some((second + pause, 1 - pair.speaks.unwrap()));
                }
                pair.step(&cpu(value), crash.map(|(_, crash, _)| *crash));
                if let Some((_, server)) = next.take_if(|(at, _)| *at <= second) {
                    pair.take_over(server);
                }
            }
            prop_assert_eq!(&pair.heard, &expected);
        }
    }
}
