//! Every JSON shape of the contract, as a snapshot: a change there is a change of the contract.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use insta::assert_json_snapshot;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tidings_protocol::api::{
    ChangedUser, CreatedToken, ErrorBody, ErrorCode, ErrorDetail, NewToken, NewUser, Password,
    Published, Ready, Role, Session, SignIn, TokenInfo, User, UserAfter,
};
use tidings_protocol::event::{
    Connected, Envelope, EventId, Gap, GapReason, Heartbeat, UnnamedEnvelope, UnnamedGap,
};
use tidings_protocol::metrics::{
    Cpu, Disk, Host, Interface, Memory, Process, Processes, Snapshot, Temperature,
};

const AT: u64 = 1_760_000_000_000;

const ID: EventId = EventId { epoch: 0x00ab_12cd, seq: 42 };

/// What is read back must be what was written.
fn same<T: Serialize + DeserializeOwned>(value: T) -> T {
    let json = serde_json::to_string(&value).expect("JSON");
    let back: T = serde_json::from_str(&json).expect("reads what it wrote");
    assert_eq!(serde_json::to_string(&back).expect("JSON"), json);
    value
}

#[test]
fn an_event_in_a_named_frame() {
    let data = json!({ "progress": 40 });
    assert_json_snapshot!(same(Envelope { topic: "jobs/7".to_owned(), at: AT, data }));
}

#[test]
fn an_event_in_an_unnamed_frame() {
    assert_json_snapshot!(same(UnnamedEnvelope {
        kind: "update".to_owned(),
        id: ID,
        topic: "jobs/7".to_owned(),
        at: AT,
        data: json!({ "raw": "a\r\nb" }),
    }));
}

#[test]
fn the_first_message_of_a_stream() {
    assert_json_snapshot!(same(Connected {
        protocol: 1,
        server_version: "0.1.0".to_owned(),
        heartbeat_seconds: 15,
        topics: vec!["metrics/*".to_owned(), "users/1".to_owned()],
        at: AT,
    }));
}

#[test]
fn a_heartbeat() {
    assert_json_snapshot!(same(Heartbeat { at: AT, degraded_since: None }));
}

#[test]
fn a_heartbeat_of_a_degraded_server() {
    assert_json_snapshot!(same(Heartbeat { at: AT, degraded_since: Some(AT - 1_000) }));
}

#[test]
fn a_gap() {
    let gap = Gap {
        topics: vec!["jobs/7".to_owned()],
        from: Some(EventId { seq: 7, ..ID }),
        to: Some(ID),
        reason: GapReason::SlowConsumer,
    };
    assert_json_snapshot!("a_gap_named", same(gap.clone()));
    assert_json_snapshot!("a_gap_unnamed", same(UnnamedGap { id: Some(ID), gap }));
}

#[test]
fn a_gap_whose_ends_are_not_known() {
    let gap = |reason| Gap { topics: Vec::new(), from: None, to: None, reason };
    use GapReason::{Evicted, MalformedCursor, SlowConsumer, Unknown, UnknownEpoch, Unreadable};
    let every_reason = [Evicted, UnknownEpoch, MalformedCursor, SlowConsumer, Unreadable, Unknown];
    assert_json_snapshot!(same(every_reason.map(gap).to_vec()));
}

#[test]
fn an_error() {
    let message = "Sign in first.".to_owned();
    assert_json_snapshot!(same(ErrorBody {
        error: ErrorDetail { code: ErrorCode::Unauthorized, message }
    }));
}

#[test]
fn every_error_code() {
    use ErrorCode::{
        BadRequest, BodyTooLarge, Forbidden, HostNotAllowed, Internal, InvalidArgument,
        InvalidCode, InvalidCredentials, InvalidName, InvalidTopic, InvalidType, JobActive,
        JobEnded, MethodNotAllowed, MissingArgument, NameTaken, NoSuchProcess, NoSuchUser,
        NotFound, NotLocal, NotPermitted, OriginNotAllowed, OutsideRoots, OwnerStays,
        ProcessProtected, QueueFull, RateLimited, ShuttingDown, TooManyStreams, TooManyTopics,
        Unauthorized, Unavailable, Unconfirmed, Unknown, UnknownKind, UnknownMetric,
        UnsupportedMediaType, WeakPassword, WrongPassword,
    };
    let every = vec![
        BadRequest,
        InvalidTopic,
        InvalidType,
        InvalidName,
        WeakPassword,
        Unauthorized,
        InvalidCode,
        InvalidCredentials,
        WrongPassword,
        Forbidden,
        HostNotAllowed,
        OriginNotAllowed,
        NotLocal,
        ProcessProtected,
        NotPermitted,
        NotFound,
        NoSuchUser,
        NoSuchProcess,
        MethodNotAllowed,
        UnknownKind,
        MissingArgument,
        InvalidArgument,
        OutsideRoots,
        JobEnded,
        JobActive,
        QueueFull,
        UnknownMetric,
        NameTaken,
        OwnerStays,
        BodyTooLarge,
        UnsupportedMediaType,
        RateLimited,
        TooManyStreams,
        TooManyTopics,
        Unavailable,
        Unconfirmed,
        ShuttingDown,
        Internal,
        Unknown,
    ];
    for code in &every {
        // Does not compile while a code is missing from this test.
        match code {
            BadRequest | InvalidTopic | InvalidType | InvalidName | WeakPassword | Unauthorized
            | InvalidCode | InvalidCredentials | WrongPassword | Forbidden | HostNotAllowed
            | OriginNotAllowed | NotFound | NoSuchUser | MethodNotAllowed | NameTaken
            | OwnerStays | BodyTooLarge | UnsupportedMediaType | RateLimited | TooManyStreams
            | TooManyTopics | Unavailable | Unconfirmed | ShuttingDown | Internal | Unknown
            | UnknownKind | MissingArgument | InvalidArgument | OutsideRoots | JobEnded
            | JobActive | QueueFull | UnknownMetric | NotLocal | ProcessProtected
            | NotPermitted | NoSuchProcess => {}
        }
    }
    assert_json_snapshot!(same(every));
}

#[test]
fn the_answer_to_a_publish() {
    assert_json_snapshot!(same(Published { id: ID }));
}

#[test]
fn a_server_that_is_ready() {
    assert_json_snapshot!(same(Ready { ready: true }));
}

#[test]
fn a_code_of_a_newer_server_is_unknown_and_no_failure() {
    let body = r#"{"error":{"code":"teapot","message":"?","more":1}}"#;
    let body: ErrorBody = serde_json::from_str(body).expect("an error");
    assert_eq!(body.error.code, ErrorCode::Unknown);
}

#[test]
fn who_is_signed_in() {
    assert_json_snapshot!(same(Session {
        user: User { id: "1".to_owned(), name: "owner".to_owned(), role: Role::Admin },
        server_version: "0.1.0".to_owned(),
    }));
    assert_json_snapshot!("every_role", same([Role::Viewer, Role::Publisher, Role::Admin]));
}

#[test]
fn a_sign_in() {
    let code = SignIn::Code { code: "one-time".to_owned() };
    let token = SignIn::Token { token: "secret".to_owned() };
    let password = SignIn::Password { username: "ada".to_owned(), password: secret("secret") };
    let shown = format!("{code:?} {token:?} {password:?}");
    assert!(!shown.contains("secret"), "it stands in no log");
    assert_json_snapshot!(same(vec![code, token, password]));
    for neither in
        ["{}", r#"{"code":"a","token":"b"}"#, r#"{"password":"a"}"#, r#"{"username":"a"}"#]
    {
        assert!(serde_json::from_str::<SignIn>(neither).is_err(), "{neither}");
    }
}

#[test]
fn tokens() {
    let scopes = vec!["publish:app/*".to_owned(), "read:app/builds".to_owned()];
    let new = |expires_in_seconds| NewToken {
        name: "ci".to_owned(),
        scopes: scopes.clone(),
        expires_in_seconds,
        user_id: None,
    };
    let of_another = NewToken { user_id: Some("5e1f5e1f5e1f".to_owned()), ..new(None) };
    assert_json_snapshot!("a_new_token", same([new(None), new(Some(60)), of_another]));
    let misspelt = r#"{"name":"ci","scopes":[],"expiresInSecond":1}"#;
    assert!(serde_json::from_str::<NewToken>(misspelt).is_err(), "it would never expire");

    let info = |expires_at| TokenInfo {
        id: "3f2a".to_owned(),
        name: "ci".to_owned(),
        user_id: "owner".to_owned(),
        scopes: scopes.clone(),
        created_at: AT,
        expires_at,
    };
    assert_json_snapshot!("tokens_in_a_list", same([info(None), info(Some(AT + 1))]));
    let created = CreatedToken { info: info(None), token: "tdg_secret".to_owned() };
    assert!(!format!("{created:?}").contains("secret"), "it stands in no log");
    assert_json_snapshot!("a_token_that_was_made", same(created));
    let of_older = r#"{"id":"3f2a","name":"ci","scopes":[],"createdAt":1,"expiresAt":null}"#;
    let of_older: TokenInfo = serde_json::from_str(of_older).expect("an older server says less");
    assert_eq!(of_older.user_id, "owner");
}

fn secret(text: &str) -> Password {
    Password::from(text.to_owned())
}

#[test]
fn users() {
    let new = |password| NewUser { name: "Ada".to_owned(), role: Role::Viewer, password };
    let all = ChangedUser {
        name: Some("Ada L.".to_owned()),
        role: Some(Role::Publisher),
        password: Some(secret("secret new")),
        current_password: Some(secret("secret old")),
    };
    let shown = format!("{all:?} {:?}", new(Some(secret("secret"))));
    assert!(!shown.contains("secret"), "it stands in no log");
    assert_json_snapshot!("a_new_user", same([new(None), new(Some(secret("long enough")))]));
    assert_json_snapshot!("a_changed_user", same([ChangedUser::default(), all]));
    let user = User { id: "3f2a".to_owned(), name: "Ada".to_owned(), role: Role::Viewer };
    assert_json_snapshot!("a_user_after_a_change", same(UserAfter { user, revoked_tokens: 2 }));
    assert!(serde_json::from_str::<ChangedUser>(r#"{"roles":"admin"}"#).is_err());
}

#[test]
fn a_sample_of_a_machine() {
    assert_json_snapshot!(same(Snapshot {
        interval_ms: 1000,
        host: Host {
            name: "box".to_owned(),
            os: "Debian GNU/Linux 12".to_owned(),
            kernel: "6.1.0".to_owned(),
            uptime: 86_400,
        },
        cpu: Some(Cpu { total: 12.5, cores: vec![25.0, 0.0], load: Some([0.5, 0.25, 0.125]) }),
        memory: Some(Memory {
            total: 8 << 30,
            used: 3 << 30,
            available: 5 << 30,
            swap_total: 1 << 30,
            swap_used: 0,
        }),
        disks: vec![Disk {
            name: "sda1".to_owned(),
            mount: "/".to_owned(),
            file_system: "ext4".to_owned(),
            total: 100,
            used: 60,
            available: 40,
            read: Some(1024.0),
            write: None,
        }],
        network: vec![Interface {
            name: "eth0".to_owned(),
            received: Some(1500.0),
            sent: None,
            total_received: 15_000,
            total_sent: 900,
        }],
        temperatures: vec![Temperature {
            label: "coretemp".to_owned(),
            celsius: 41.5,
            critical: Some(100.0),
        }],
        processes: Some(Processes {
            at: AT,
            interval_ms: 5000,
            count: 300,
            top: vec![Process { pid: 1, name: "init".to_owned(), cpu: 0.5, memory: 4096 }],
        }),
    }));
}

#[test]
fn a_sample_of_a_machine_that_has_nothing() {
    assert_json_snapshot!(same(Snapshot::default()));
    let sparse: Snapshot = serde_json::from_str("{}").expect("an older server says less");
    assert_eq!(sparse, Snapshot::default());
}
