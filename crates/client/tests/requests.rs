//! Requests that are no stream.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod script;

use script::{Script, patiently};
use std::time::Duration;

use bytes::Bytes;
use tidings_client::{Body, ClientError, InboxQuery};
use tidings_protocol::api::{ErrorCode, NewToken, Role};
use tidings_protocol::notification::NewNotification;

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
            ClientError::TooLarge(_) => assert!(!refused),
            ClientError::Status { status: 500, detail: None, .. } => assert!(refused),
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
    let ClientError::Status { status: 401, detail: Some(detail), .. } = error else {
        panic!("{error}")
    };
    assert_eq!(detail.code, ErrorCode::Unauthorized);
}

#[tokio::test]
async fn a_publish_says_what_its_body_is_and_brings_back_the_id() {
    for (body, kind, line, content_type, sent) in [
        (
            Body::Json(Bytes::from_static(b"{\"n\": 1}")),
            "update",
            "POST /api/publish/app/x HTTP/1.1",
            "application/json",
            "{\"n\": 1}",
        ),
        (
            Body::Text("a\rb".to_owned()),
            "größer & so",
            "POST /api/publish/app/x?type=gr%C3%B6%C3%9Fer+%26+so HTTP/1.1",
            "text/plain; charset=utf-8",
            "a\rb",
        ),
    ] {
        let script = Script::new().await;
        let client = script.client();
        let kind = kind.parse().unwrap();
        let topic = "app/x".parse().unwrap();
        let asking = tokio::spawn(async move { client.publish(&topic, &kind, body).await });
        let mut peer = script.accept().await;
        assert_eq!(peer.request.lines().next(), Some(line));
        assert_eq!(peer.header("authorization"), Some("Bearer secret"));
        assert_eq!(peer.header("content-type"), Some(content_type));
        assert_eq!(peer.body().await, sent);
        let answer = r#"{"id":"0000002a-7"}"#;
        let length = answer.len();
        peer.send(&format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{answer}")).await;
        let published = patiently(asking).await.unwrap().unwrap();
        assert_eq!(published.id.to_string(), "0000002a-7");
    }
}

#[tokio::test]
async fn a_server_that_wants_to_be_left_alone_says_for_how_long() {
    for (header, expected) in [
        ("retry-after: 7\r\n", Some(Duration::from_secs(7))),
        ("retry-after: Wed, 21 Oct 2026 07:28:00 GMT\r\n", None),
        ("", None),
    ] {
        let script = Script::new().await;
        let client = script.client();
        let asking = tokio::spawn(async move {
            let body = Body::Text("x".to_owned());
            client.publish(&"app/x".parse().unwrap(), &Default::default(), body).await
        });
        script.accept().await.answer("429 Too Many Requests", header).await;
        let error = patiently(asking).await.unwrap().unwrap_err();
        let ClientError::Status { status: 429, retry_after, .. } = error else { panic!("{error}") };
        assert_eq!(retry_after, expected, "{header}");
    }
}

#[tokio::test]
async fn an_event_that_may_have_been_kept_is_sent_once_and_the_code_says_so() {
    let script = Script::new().await;
    let client = script.client();
    let asking = tokio::spawn(async move {
        let body = Body::Text("x".to_owned());
        client.publish(&"app/x".parse().unwrap(), &Default::default(), body).await
    });
    let mut peer = script.accept().await;
    peer.body().await;
    let body = r#"{"error":{"code":"unconfirmed","message":"look first"}}"#;
    let length = body.len();
    let head = format!("HTTP/1.1 503 Service Unavailable\r\ncontent-length: {length}");
    peer.send(&format!("{head}\r\n\r\n{body}")).await;
    // An attempt more would wait for an answer that nobody gives.
    let error = patiently(asking).await.unwrap().unwrap_err();
    let ClientError::Status { status: 503, detail: Some(detail), retry_after: None } = error else {
        panic!("{error}")
    };
    assert_eq!(detail.code, ErrorCode::Unconfirmed);
}

#[tokio::test]
async fn an_answer_that_is_none_of_this_protocol_says_so_and_a_redirect_says_where() {
    for (status, headers, body, words) in [
        ("200 OK", "", "<html>", "no Tidings server"),
        ("301 Moved Permanently", "location: https://a.example/x\r\n", "", "https://a.example/x"),
        ("304 Not Modified", "", "", "304"),
    ] {
        let script = Script::new().await;
        let client = script.client();
        let asking = tokio::spawn(async move { client.session().await });
        let mut peer = script.accept().await;
        let length = body.len();
        let answer =
            format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}");
        peer.send(&answer).await;
        let error = patiently(asking).await.unwrap().unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(matches!(error, ClientError::Unexpected(_)), status.starts_with("200"));
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_took_nothing() {
    let script = Script::new().await;
    let client = script.client();
    drop(script);
    let error = client.session().await.unwrap_err();
    assert!(matches!(error, ClientError::Unreachable(_)), "{error}");
}

#[tokio::test]
async fn tokens_are_made_listed_and_revoked() {
    const INFO: &str = r#""id":"7","name":"ci","scopes":["read:a"],"createdAt":1,"expiresAt":null"#;
    let script = Script::new().await;
    let client = script.client();
    let new = NewToken {
        name: "ci".to_owned(),
        scopes: vec!["read:a".to_owned()],
        expires_in_seconds: None,
        user_id: None,
    };
    let asking = tokio::spawn(async move {
        let created = client.create_token(&new).await.unwrap();
        let listed = client.tokens(None).await.unwrap();
        client.revoke_token("../7").await.unwrap();
        (created, listed)
    });
    for (line, status, body) in [
        ("POST /api/tokens HTTP/1.1", "201 Created", format!(r#"{{{INFO},"token":"tdg_x"}}"#)),
        ("GET /api/tokens HTTP/1.1", "200 OK", format!("[{{{INFO}}}]")),
        ("DELETE /api/tokens/..%2F7 HTTP/1.1", "204 No Content", String::new()),
    ] {
        let mut peer = script.accept().await;
        assert!(peer.request.starts_with(line), "{}", peer.request);
        assert_eq!(peer.header("authorization"), Some("Bearer secret"));
        let length = body.len();
        peer.send(&format!(
            "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        ))
        .await;
    }
    let (created, listed) = patiently(asking).await.unwrap();
    assert_eq!((created.token.as_str(), listed), ("tdg_x", vec![created.info]));
}

#[tokio::test]
async fn notifications_are_asked_for_by_their_paths() {
    let row = r#"{"id":"a/b","userId":"1","version":1,"title":"t","message":"","level":"info","createdAt":1,"readAt":null}"#;
    let inbox = format!(r#"{{"notifications":[{row}],"unreadCount":1,"version":1,"next":null}}"#);
    let unread = r#"{"unreadCount":0,"version":2}"#;
    let new = NewNotification { title: Some("t".to_owned()), ..NewNotification::default() };
    let query = InboxQuery { unread: Some(true), before: Some("a&b".to_owned()), limit: Some(9) };
    for (n, (line, sent, answer)) in [
        ("POST /api/notifications ", r#"{"title":"t"}"#, row),
        ("GET /api/notifications ", "", &inbox),
        ("GET /api/notifications?unread=true&before=a%26b&limit=9 ", "", &inbox),
        ("POST /api/notifications/a%2Fb/read ", "", row),
        ("POST /api/notifications/read-all ", "{}", unread),
        ("POST /api/notifications/read-all ", r#"{"upToVersion":7}"#, unread),
        ("DELETE /api/notifications/a%2Fb ", "", ""),
    ]
    .into_iter()
    .enumerate()
    {
        let script = Script::new().await;
        let client = script.client();
        let (new, query) = (new.clone(), query.clone());
        let asking = tokio::spawn(async move {
            match n {
                0 => client.notify(&new).await.map(|row| row.id),
                1 => client
                    .notifications(&InboxQuery::default())
                    .await
                    .map(|page| page.notifications[0].id.clone()),
                2 => client.notifications(&query).await.map(|page| page.unread_count.to_string()),
                3 => client.mark_read("a/b").await.map(|row| row.title),
                4 => client.mark_all_read(None).await.map(|unread| unread.version.to_string()),
                5 => client.mark_all_read(Some(7)).await.map(|unread| unread.version.to_string()),
                _ => client.remove_notification("a/b").await.map(|()| String::new()),
            }
        });
        let mut peer = script.accept().await;
        assert!(peer.request.starts_with(line), "{}", peer.request);
        assert_eq!(peer.header("authorization"), Some("Bearer secret"));
        if !sent.is_empty() {
            assert_eq!(peer.body().await, sent);
        }
        let head = if answer.is_empty() { "204 No Content" } else { "200 OK" };
        let length = answer.len();
        peer.send(&format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\n\r\n{answer}")).await;
        let found = patiently(asking).await.unwrap().unwrap();
        assert_eq!(found, ["a/b", "a/b", "1", "t", "2", "2", ""][n]);
    }
}
