//! Requests that are no stream.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "shared with the other tests")]
mod script;

use script::{Script, patiently};
use tidings_client::ClientError;
use tidings_protocol::api::{ErrorCode, Role};

#[tokio::test]
async fn a_session_says_who_the_token_belongs_to() {
    let script = Script::new().await;
    let client = script.client();
    let asking = tokio::spawn(async move { client.session().await });
    let mut peer = script.accept().await;
    assert!(peer.request.starts_with("GET /api/session HTTP/1.1\r\n"));
    assert_eq!(peer.header("authorization"), Some("Bearer secret"));
    let body = r#"{"user":{"id":"1","name":"owner","role":"admin"},"serverVersion":"0.1.0"}"#;
    let length = body.len();
    peer.send(&format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}")).await;
    let session = patiently(asking).await.unwrap().unwrap();
    assert_eq!(session.user.role, Role::Admin);
}

#[tokio::test]
async fn an_answer_without_end_is_cut() {
    for (status, refused) in [("200 OK", false), ("500 Internal Server Error", true)] {
        let script = Script::new().await;
        let client = script.client();
        let asking = tokio::spawn(async move { client.session().await });
        let mut peer = script.accept().await;
        peer.send(&format!("HTTP/1.1 {status}\r\n\r\n")).await;
        let sent = peer.send_for_ever(&" ".repeat(64 << 10)).await;
        assert!(sent < 16 << 20, "{sent} bytes were taken");
        let error = patiently(asking).await.unwrap().unwrap_err();
        match error {
            ClientError::TooLarge => assert!(!refused),
            ClientError::Status { status: 500, detail: None } => assert!(refused),
            other => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn an_answer_may_be_as_long_as_the_limit() {
    let script = Script::new().await;
    let client = script.client();
    let asking = tokio::spawn(async move { client.session().await });
    let mut peer = script.accept().await;
    let body = r#"{"user":{"id":"1","name":"owner","role":"admin"},"serverVersion":"0.1.0"}"#;
    let body = [body, &" ".repeat((1 << 20) - body.len())].concat();
    peer.send(&format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())).await;
    assert_eq!(patiently(asking).await.unwrap().unwrap().user.role, Role::Admin);
}

#[tokio::test]
async fn an_error_keeps_the_servers_code() {
    let script = Script::new().await;
    let client = script.client();
    let asking = tokio::spawn(async move { client.session().await });
    let mut peer = script.accept().await;
    let body = r#"{"error":{"code":"unauthorized","message":"sign in"}}"#;
    let length = body.len();
    peer.send(&format!("HTTP/1.1 401 Unauthorized\r\ncontent-length: {length}\r\n\r\n{body}"))
        .await;
    let error = patiently(asking).await.unwrap().unwrap_err();
    let ClientError::Status { status: 401, detail: Some(detail) } = error else {
        panic!("{error}")
    };
    assert_eq!(detail.code, ErrorCode::Unauthorized);
}
