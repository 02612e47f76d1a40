//! The table of processes as JSON.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use insta::assert_json_snapshot;
use tidings_protocol::processes::{MayEnd, ProcessRows, ProcessTable};

#[test]
fn a_table_of_processes() {
    let rows = ProcessRows {
        pid: vec![1, 42],
        parent: vec![0, 1],
        start: vec![10, 86_400_120],
        name: vec!["init".to_owned(), "sleep".to_owned()],
        command: vec!["/sbin/init".to_owned(), "sleep 60".to_owned()],
        user: vec![0, 1],
        users: vec!["root".to_owned(), "me".to_owned()],
        cpu: vec![0.0, 12.5],
        memory: vec![4_096, 1 << 33],
        threads: vec![1, 3],
        state: "SR".to_owned(),
    };
    let table = ProcessTable {
        host: "workshop".to_owned(),
        at: 1_760_000_000_000,
        age_ms: 120,
        interval_ms: 1_000,
        boot_at: 1_750_000_000_000,
        may_end: MayEnd::Yes,
        count: 2,
        rows,
    };
    let text = serde_json::to_string(&table).expect("JSON");
    assert_eq!(serde_json::from_str::<ProcessTable>(&text).expect("a table"), table);
    assert_json_snapshot!(table);
}

#[test]
fn a_reason_of_a_newer_server_is_unknown_and_no_failure() {
    let every = [MayEnd::Yes, MayEnd::Forbidden, MayEnd::Remote, MayEnd::Never];
    assert_json_snapshot!(every, @r#"
    [
      "yes",
      "forbidden",
      "remote",
      "never"
    ]
    "#);
    let newer: MayEnd = serde_json::from_str("\"tuesday\"").expect("a reason");
    assert_eq!(newer, MayEnd::Unknown);
}
