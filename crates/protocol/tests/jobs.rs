//! Jobs on the wire: every shape as a snapshot, and what else may stand there. Numbers are in `job_numbers.rs`.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use insta::assert_json_snapshot;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tidings_protocol::api::ErrorCode;
use tidings_protocol::job::{
    ArgInfo, ArgValue, Args, Choice, Complete, Failed, FailedBecause, Input, InvalidState, Job,
    JobPage, JobPatch, JobState, KindInfo, Kinds, LogLine, LogPage, NewJob, Percent,
    ProcessRequest, REPORTED, ReportedLine, ResultInfo, Unit, Update, owner, topic,
};

const AT: u64 = 1_760_000_000_000;
const ID: &str = "owner~0199c0de";

/// What is read back must be what was written.
fn same<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: T) -> T {
    let json = serde_json::to_string(&value).expect("JSON");
    let back: T = serde_json::from_str(&json).expect("reads what it wrote");
    assert_eq!(back, value, "{json}");
    value
}

fn args() -> Args {
    [
        ("deep", ArgValue::Bool(true)),
        ("exclude", ArgValue::List(vec!["a".to_owned(), "b c".to_owned()])),
        ("factor", ArgValue::Number(1.5)),
        ("most", ArgValue::Integer(-7)),
        ("path", ArgValue::Text("/usr".to_owned())),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// A job that has all there is.
fn full() -> Job {
    Job {
        id: ID.to_owned(),
        user_id: "owner".to_owned(),
        kind: "scan".to_owned(),
        name: "Scan /usr".to_owned(),
        host: "den".to_owned(),
        args: args(),
        state: JobState::Failed,
        version: 9,
        place: Some(1),
        progress: Some(Percent::of_tenths(405)),
        message: "/usr/lib".to_owned(),
        done: Some(405),
        total: Some(1_000),
        unit: Some(Unit::Entries),
        rate: Some(12.5),
        eta_seconds: Some(48),
        cancel_requested: true,
        error: Some("no".to_owned()),
        exit_code: Some(-1),
        result: Some(ResultInfo {
            content_type: "text/csv".to_owned(),
            bytes: 12,
            file_name: Some("cpu.csv".to_owned()),
        }),
        lines: 3,
        created_at: AT,
        started_at: Some(AT + 1),
        updated_at: AT + 2,
        ended_at: Some(AT + 3),
    }
}

/// A job that has as little as there may be.
fn bare() -> Job {
    Job {
        args: Args::new(),
        kind: REPORTED.to_owned(),
        state: JobState::Running,
        place: None,
        progress: None,
        done: None,
        total: None,
        unit: None,
        rate: None,
        eta_seconds: None,
        cancel_requested: false,
        error: None,
        exit_code: None,
        result: None,
        started_at: None,
        ended_at: None,
        ..full()
    }
}

#[test]
fn a_job_with_all_there_is() {
    let job = same(full());
    assert!(!job.is_reported());
    assert_json_snapshot!(job);
}

#[test]
fn a_job_of_which_little_is_known() {
    let job = same(bare());
    assert!(job.is_reported());
    assert_json_snapshot!(job);
}

#[test]
fn a_page_of_jobs() {
    assert_json_snapshot!(same(JobPage { jobs: vec![bare()], next: Some(ID.to_owned()) }));
    assert_eq!(
        serde_json::to_value(JobPage { jobs: Vec::new(), next: None }).expect("JSON"),
        json!({ "jobs": [], "next": null })
    );
}

#[test]
fn a_job_of_a_newer_server_is_still_read() {
    let mut newer = serde_json::to_value(full()).expect("JSON");
    newer["state"] = "paused".into();
    newer["unit"] = "frames".into();
    newer["colour"] = "red".into();
    let job: Job = serde_json::from_value(newer).expect("a job");
    assert_eq!((job.state, job.unit), (JobState::Unknown, Some(Unit::Steps)));
    assert!(!job.state.is_active());
}

#[test]
fn the_kinds_of_jobs() {
    let arg = |name: &str, input| ArgInfo {
        name: name.to_owned(),
        label: name.to_uppercase(),
        help: String::new(),
        input,
        required: false,
        default: None,
    };
    let choice = Choice { value: "csv".to_owned(), label: "CSV".to_owned() };
    let kind = KindInfo {
        kind: "scan".to_owned(),
        title: "Disk use".to_owned(),
        description: "How much a folder takes.".to_owned(),
        args: vec![
            ArgInfo {
                help: "A folder.".to_owned(),
                required: true,
                ..arg("path", Input::Path { roots: vec!["/srv/ada".to_owned()] })
            },
            ArgInfo {
                default: Some(ArgValue::Integer(20)),
                ..arg("most", Input::Integer { min: 1, max: 100 })
            },
            arg("note", Input::Text),
            ArgInfo { default: Some(ArgValue::Bool(false)), ..arg("deep", Input::Bool) },
            ArgInfo {
                default: Some(ArgValue::Text("csv".to_owned())),
                ..arg("format", Input::Choice { choices: vec![choice] })
            },
        ],
    };
    assert_json_snapshot!(same(Kinds { kinds: vec![kind] }));
}

#[test]
fn an_input_of_a_newer_server_is_unknown_and_not_an_error() {
    for input in [json!({ "type": "colour" }), json!({ "type": "date", "min": "2026-01-01" })] {
        assert_eq!(serde_json::from_value::<Input>(input).expect("an input"), Input::Unknown);
    }
    let arg: ArgInfo =
        serde_json::from_value(json!({ "name": "a", "label": "A", "input": { "type": "text" } }))
            .expect("an argument");
    assert_eq!((&*arg.help, arg.required, arg.default), ("", false, None));
}

#[test]
fn a_request_for_a_job() {
    let request =
        ProcessRequest { kind: "scan".to_owned(), args: args(), name: Some("Mine".to_owned()) };
    assert_json_snapshot!(same(request));
    let least: ProcessRequest = serde_json::from_str(r#"{"kind":"scan"}"#).expect("a request");
    assert_eq!(serde_json::to_string(&least).expect("JSON"), r#"{"kind":"scan"}"#);
}

#[test]
fn what_is_misspelt_in_a_request_is_an_error() {
    assert!(serde_json::from_str::<ProcessRequest>(r#"{"kind":"scan","arg":{}}"#).is_err());
    assert!(serde_json::from_str::<ProcessRequest>(r#"{"args":{}}"#).is_err());
    assert!(serde_json::from_str::<NewJob>(r#"{"name":"a","lease":5}"#).is_err());
    assert!(serde_json::from_str::<JobPatch<Value>>(r#"{"percent":5}"#).is_err());
    for line in ["null", "1", "{}", r#"{"text":"a","lossy":1}"#, r#"{"text":"a","cut":true}"#] {
        let patch = format!(r#"{{"lines":[{line}]}}"#);
        let error = serde_json::from_str::<JobPatch<Value>>(&patch).expect_err(line);
        assert!(error.to_string().contains("a line is a text"), "{error}");
    }
    for value in ["null", "{}", "[1]", r#"["a",null]"#] {
        let request = format!(r#"{{"kind":"scan","args":{{"a":{value}}}}}"#);
        assert!(serde_json::from_str::<ProcessRequest>(&request).is_err(), "{value}");
    }
}

#[test]
fn the_messages_of_a_process() {
    let first = Update {
        id: Some(ID.to_owned()),
        progress: Some(Percent::ZERO),
        message: "waits".to_owned(),
        place: Some(2),
    };
    let later = Update { id: None, progress: None, message: "counts".to_owned(), place: None };
    assert_json_snapshot!("the_first_message", same(first));
    assert_json_snapshot!("a_later_message", same(later));
    assert_json_snapshot!(
        "the_last_message",
        same(Complete { success: true, result: json!({ "bytes": 7 }) })
    );
    let none: Complete<Value> =
        serde_json::from_str(r#"{"success":true,"result":null}"#).expect("a result that is null");
    assert_eq!(none.result, Value::Null);
}

#[test]
fn why_a_job_has_not_succeeded() {
    for (code, name) in [
        (FailedBecause::Failed, "failed"),
        (FailedBecause::TimedOut, "timed_out"),
        (FailedBecause::Cancelled, "cancelled"),
        (FailedBecause::Interrupted, "interrupted"),
    ] {
        let failed = same(Failed { error: "no".to_owned(), code, exit_code: Some(3) });
        let json = serde_json::to_value(failed).expect("JSON");
        assert_eq!(json, json!({ "error": "no", "code": name, "exitCode": 3 }));
    }
    let newer: Failed =
        serde_json::from_str(r#"{"error":"no","code":"bored"}"#).expect("a failure");
    assert_eq!((newer.code, newer.exit_code), (FailedBecause::Unknown, None));
}

#[test]
fn a_page_of_lines() {
    let line = |n, text: &str| LogLine { n, at: AT, text: text.to_owned(), ..LogLine::default() };
    let lines = vec![
        line(7, "a"),
        LogLine { cut: true, ..line(8, "b") },
        LogLine { lossy: true, ..line(9, "\u{fffd}") },
    ];
    assert_json_snapshot!(same(LogPage { lines, next: 10 }));
}

#[test]
fn a_job_that_is_reported() {
    let new = NewJob {
        name: "nightly".to_owned(),
        host: Some("den".to_owned()),
        message: Some("begins".to_owned()),
        total: Some(10),
        unit: Some(Unit::Rows),
        lease_seconds: Some(30),
    };
    assert_json_snapshot!("a_new_job", same(new));
    let least = NewJob { name: "nightly".to_owned(), ..NewJob::default() };
    assert_eq!(serde_json::to_string(&same(least)).expect("JSON"), r#"{"name":"nightly"}"#);
}

#[test]
fn what_is_new_of_a_reported_job() {
    let patch = JobPatch {
        progress: Some(Some(Percent::of_tenths(995))),
        message: Some("ends".to_owned()),
        done: Some(9),
        total: Some(10),
        unit: Some(Unit::Steps),
        lines: vec![
            "a".into(),
            "".into(),
            ReportedLine { text: "\u{fffd}".to_owned(), lossy: true },
        ],
        state: Some(JobState::Failed),
        error: Some("no".to_owned()),
        exit_code: Some(2),
        result: Some(json!({ "ok": [1, null] })),
    };
    assert_json_snapshot!("a_patch", same(patch));
}

#[test]
fn a_report_of_nothing_is_an_empty_object() {
    let nothing = JobPatch::<Value>::default();
    assert_eq!(serde_json::to_string(&nothing).expect("JSON"), "{}");
    assert_eq!(serde_json::from_str::<JobPatch<Value>>("{}").expect("a patch"), nothing);
    // For whoever reports no result of a type of its own.
    assert_eq!(serde_json::to_string(&<JobPatch>::default()).expect("JSON"), "{}");
}

#[test]
fn progress_that_is_null_is_not_progress_that_is_not_there() {
    for (json, progress) in [
        ("{}", None),
        (r#"{"progress":null}"#, Some(None)),
        (r#"{"progress":0}"#, Some(Some(Percent::ZERO))),
        (r#"{"progress":100}"#, Some(Some(Percent::FULL))),
        (r#"{"progress":12.34}"#, Some(Some(Percent::of_tenths(123)))),
    ] {
        let patch: JobPatch<Value> = serde_json::from_str(json).expect("a patch");
        assert_eq!(patch.progress, progress, "{json}");
        same(patch);
    }
    // Of the others null is none.
    let patch: JobPatch<Value> =
        serde_json::from_str(r#"{"message":null,"done":null,"state":null,"result":null}"#)
            .expect("a patch");
    assert_eq!(patch, JobPatch::default());
}

#[test]
fn a_state_has_one_name() {
    for state in JobState::ALL {
        assert_eq!(serde_json::to_value(state).expect("JSON"), state.as_str());
        assert_eq!(state.as_str().parse(), Ok(state));
        assert_eq!(state.to_string(), state.as_str());
    }
    for text in ["", "unknown", "Queued", "paused"] {
        assert_eq!(text.parse::<JobState>(), Err(InvalidState), "{text:?}");
    }
    let active: Vec<_> = JobState::ALL.into_iter().filter(|state| state.is_active()).collect();
    assert_eq!(active, [JobState::Queued, JobState::Running]);
}

#[test]
fn a_unit_is_one_of_those_known_or_steps() {
    for (unit, name) in [
        (Unit::Bytes, "bytes"),
        (Unit::Entries, "entries"),
        (Unit::Rows, "rows"),
        (Unit::Steps, "steps"),
    ] {
        assert_eq!(serde_json::to_value(same(unit)).expect("JSON"), name);
    }
}

#[test]
fn whose_a_job_is_and_where_it_is_told_says_its_id() {
    assert_eq!(owner(ID), Some("owner"));
    assert_eq!(topic(ID).expect("a topic").to_string(), "jobs/owner~0199c0de");
    for id in ["", "~0199", "0199"] {
        assert_eq!(owner(id), None, "{id:?}");
    }
    for id in ["", "a\nb"] {
        assert_eq!(topic(id), None, "{id:?}");
    }
}

#[test]
fn each_error_of_a_job_has_a_code() {
    for (code, name) in [
        (ErrorCode::UnknownKind, "unknown_kind"),
        (ErrorCode::MissingArgument, "missing_argument"),
        (ErrorCode::InvalidArgument, "invalid_argument"),
        (ErrorCode::OutsideRoots, "outside_roots"),
        (ErrorCode::JobEnded, "job_ended"),
        (ErrorCode::JobActive, "job_active"),
        (ErrorCode::QueueFull, "queue_full"),
        (ErrorCode::UnknownMetric, "unknown_metric"),
    ] {
        assert_eq!(serde_json::to_value(code).expect("JSON"), name);
        assert_eq!(serde_json::from_value::<ErrorCode>(name.into()).expect("a code"), code);
    }
}
