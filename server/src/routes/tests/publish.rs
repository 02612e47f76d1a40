//! Events from outside: what is taken, how it arrives, what is refused.

use futures_util::{FutureExt, stream};

use super::*;
use crate::hub::{Event, Item, Start, Subscription};

impl App {
    fn listen(&self) -> Subscription {
        self.state.hub.subscribe(vec!["*".parse().unwrap()], Start::Fresh)
    }

    async fn publish(
        &self,
        uri: &str,
        content_type: Option<&str>,
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = by_owner("POST", &format!("/api/publish/{uri}"));
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        self.send(request, body).await
    }
}

fn next(subscription: &mut Subscription) -> Option<std::sync::Arc<Event>> {
    match subscription.next().now_or_never().flatten()? {
        Item::Event(event) => Some(event),
        Item::Gap(..) => None,
    }
}

const JSON: Option<&str> = Some("application/json");
const TEXT: Option<&str> = Some("text/plain");
const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

#[tokio::test]
async fn a_body_arrives_as_its_content_type_says() {
    let app = App::new().await;
    let mut subscription = app.listen();
    for (content_type, body, expected) in [
        (JSON, "{\"a\": 1}", "{\"a\": 1}"),
        (JSON, " [1.50,\n2] \r\n", "[1.50,\n2]"),
        (
            JSON,
            "\"\u{e4}\u{1f600}\\u0000\u{feff}\u{2028}\"",
            "\"\u{e4}\u{1f600}\\u0000\u{feff}\u{2028}\"",
        ),
        (Some("Application/JSON; charset=\"UTF-8\""), "1", "1"),
        (Some("application/cloudevents+json"), "null", "null"),
        (TEXT, "{\"a\":1}", "{\"raw\":\"{\\\"a\\\":1}\"}"),
        (Some("text/plain;charset=utf-8"), " \u{e4}\n", "{\"raw\":\" \u{e4}\\n\"}"),
        (TEXT, "a\rdata: evil\n\nid: x", "{\"raw\":\"a\\rdata: evil\\n\\nid: x\"}"),
        (TEXT, "\u{feff}\0\u{85}", "{\"raw\":\"\u{feff}\\u0000\u{85}\"}"),
        (FORM, "{\"a\":1}", "{\"a\":1}"),
        (FORM, "a=1&b=%20", "{\"raw\":\"a=1&b=%20\"}"),
        (FORM, "{\"a\":1", "{\"raw\":\"{\\\"a\\\":1\"}"),
        (None, "17", "17"),
        (None, "hello", "{\"raw\":\"hello\"}"),
        (None, "\u{feff}{}", "{\"raw\":\"\u{feff}{}\"}"),
        (None, " ", "{\"raw\":\" \"}"),
    ] {
        let answer = app.publish("app/x", content_type, body).await;
        assert_eq!(answer.status, 200, "{content_type:?} {body:?}: {answer:?}");
        let event = next(&mut subscription).unwrap();
        assert_eq!(std::str::from_utf8(&event.data).unwrap(), expected, "{content_type:?}");
        assert_eq!(answer.json()["id"], event.id.to_string());
        assert_eq!((event.topic.as_str(), event.kind.as_str()), ("app/x", "update"));
    }
}

#[tokio::test]
async fn bodies_that_are_not_what_they_say_are_refused() {
    let app = App::new().await;
    let mut subscription = app.listen();
    let deep = "[".repeat(5_000) + &"]".repeat(5_000);
    let bad = (400, "bad_request");
    let unsupported = (415, "unsupported_media_type");
    for (content_type, body, (status, code)) in [
        (JSON, b"".as_slice(), bad),
        (TEXT, b"", bad),
        (None, b"", bad),
        (JSON, b"{", bad),
        (JSON, b"hello", bad),
        (JSON, b"1 2", bad),
        (JSON, "\u{feff}{}".as_bytes(), bad),
        (JSON, b"\"\xff\"", bad),
        (JSON, b"\"a\nb\"", bad),
        (JSON, deep.as_bytes(), bad),
        (None, deep.as_bytes(), bad),
        (Some("application/x+json"), b"x", bad),
        (TEXT, b"\xff", bad),
        (FORM, b"a=\xff", bad),
        (Some("text/html"), b"1", unsupported),
        (Some("application/+json"), b"1", unsupported),
        (Some("multipart/form-data; boundary=x"), b"1", unsupported),
        (Some("text/plain; charset=iso-8859-1"), b"1", unsupported),
    ] {
        let answer = app.publish("app/x", content_type, body.to_vec()).await;
        assert_eq!(answer.error(), (status, code.to_owned()), "{content_type:?}");
    }
    let zipped = by_owner("POST", "/api/publish/app/x").header("content-encoding", "gzip");
    assert_eq!(app.send(zipped, "1").await.error(), (415, "unsupported_media_type".to_owned()));
    assert!(next(&mut subscription).is_none(), "none of it was published");
}

#[tokio::test]
async fn a_topic_is_one_or_told_why_not() {
    let app = App::new().await;
    let longest = "x".repeat(255);
    let mut subscription = app.listen();
    for (path, topic) in [
        ("app/x", "app/x"),
        ("a", "a"),
        ("a%2Fb", "a/b"),
        ("%61pp/~:._-", "app/~:._-"),
        (&longest, &longest),
    ] {
        assert_eq!(app.publish(path, JSON, "1").await.status, 200, "{path}");
        assert_eq!(next(&mut subscription).unwrap().topic.as_str(), topic);
    }
    let too_long = "x".repeat(256);
    for path in [
        "",
        "app/",
        "app//x",
        "/app",
        "a%20b",
        "a%0d%0aid:%201",
        "a%00",
        "%EF%BB%BFa",
        "%C3%A4",
        "%FF",
        "a/*",
        "*",
        "app/../x",
        "app/%2e%2E/x",
        ".",
        "a%252Fb",
        &too_long,
    ] {
        let answer = app.publish(path, JSON, "1").await;
        assert_eq!(answer.error(), (400, "invalid_topic".to_owned()), "{path}");
    }
    let bare = app.send(by_owner("POST", "/api/publish"), "1").await;
    assert_eq!(bare.error(), (400, "invalid_topic".to_owned()));
    assert!(next(&mut subscription).is_none(), "none of it was published");
}

#[tokio::test]
async fn a_type_arrives_exactly_or_is_refused() {
    let app = App::new().await;
    let mut subscription = app.listen();
    let longest = "x".repeat(100);
    for (query, kind) in [
        ("", "update"),
        ("?", "update"),
        ("?type=build", "build"),
        ("?&type=build&", "build"),
        ("?%74ype=gr%C3%B6%C3%9Fer", "größer"),
        ("?type=%F0%9F%98%80+%2B", "😀 +"),
        ("?type=+a+", " a "),
        ("?type=%EF%BF%BD", "\u{fffd}"),
        ("?type=a%EF%BB%BF", "a\u{feff}"),
        ("?type=%25zz", "%zz"),
        ("?type=a=b:c", "a=b:c"),
        ("?type=message", "message"),
        (&format!("?type={longest}"), &longest),
    ] {
        let answer = app.publish(&format!("app/x{query}"), JSON, "1").await;
        assert_eq!(answer.status, 200, "{query}: {answer:?}");
        assert_eq!(next(&mut subscription).unwrap().kind.as_str(), kind);
    }
    let invalid = "invalid_type";
    for (query, code) in [
        ("type=", invalid),
        ("type", invalid),
        ("type=a%0ab", invalid),
        ("type=a%0d", invalid),
        ("type=%00", invalid),
        ("type=%7F", invalid),
        ("type=%C2%85", invalid),
        ("type=%EF%BB%BFa", invalid),
        ("type=%FF", invalid),
        ("type=error", invalid),
        ("type=connected", invalid),
        ("type=gap", invalid),
        (&format!("type={longest}x"), invalid),
        ("type=a&type=a", "bad_request"),
        ("Type=a", "bad_request"),
        ("typ=a", "bad_request"),
        ("type=a&x=1", "bad_request"),
        ("%FF=a", "bad_request"),
    ] {
        let answer = app.publish(&format!("app/x?{query}"), JSON, "1").await;
        assert_eq!(answer.error(), (400, code.to_owned()), "{query}");
    }
    assert!(next(&mut subscription).is_none(), "none of it was published");
}

#[tokio::test]
async fn a_body_may_be_as_long_as_the_limit_whether_its_length_is_told_or_not() {
    let app = App::with(|config| config.limits.body_bytes = 300 << 10).await;
    let text = |length| "x".repeat(length);
    let streamed = |length: usize| {
        let chunks = (0..length).step_by(1000).map(move |at| text(1000.min(length - at)));
        Body::from_stream(stream::iter(chunks.map(Ok::<_, std::io::Error>)))
    };
    let limit = 300 << 10;
    assert_eq!(app.publish("app/x", TEXT, text(limit)).await.status, 200);
    assert_eq!(app.publish("app/x", TEXT, streamed(limit)).await.status, 200);
    let refused = (413, "body_too_large".to_owned());
    assert_eq!(app.publish("app/x", TEXT, text(limit + 1)).await.error(), refused);
    assert_eq!(app.publish("app/x", TEXT, streamed(limit + 1)).await.error(), refused);
    let endless = Body::from_stream(stream::repeat_with(|| Ok::<_, std::io::Error>("xxxxxxxx")));
    assert_eq!(app.publish("app/x", None, endless).await.error(), refused);
    let broken = Body::from_stream(stream::iter([Ok("x"), Err(std::io::Error::other("gone"))]));
    let answer = app.publish("app/x", TEXT, broken).await;
    assert_eq!(answer.error(), (400, "bad_request".to_owned()));
}

#[tokio::test]
async fn who_may_not_publish_is_told_so_before_the_body_is_read() {
    let app = App::new().await;
    let endless = || Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
    let stranger = Request::builder().method("POST").uri("/api/publish/app/x");
    assert_eq!(app.send(stranger, endless()).await.error(), (401, "unauthorized".to_owned()));
    for topic in ["users/somebody", "notifications/owner", "jobs/owner~1", "jobs"] {
        let answer = app.publish(topic, JSON, endless()).await;
        assert_eq!(answer.error(), (403, "forbidden".to_owned()), "{topic}");
    }
    for topic in ["users/owner", "metrics/elsewhere", "app/jobs"] {
        assert_eq!(app.publish(topic, JSON, "1").await.status, 200, "{topic}");
    }
}

#[tokio::test]
async fn a_hub_that_takes_nothing_says_when_to_come_again() {
    let app = App::with(|config| config.hub.max_topics = 1).await;
    assert_eq!(app.publish("app/x", JSON, "1").await.status, 200);
    let full = app.publish("app/y", JSON, "1").await;
    assert_eq!(full.error(), (503, "too_many_topics".to_owned()));
    app.state.hub.close();
    let closed = app.publish("app/x", JSON, "1").await;
    assert_eq!(closed.error(), (503, "shutting_down".to_owned()));
    assert!(closed.header("retry-after").is_some());
    assert!(full.header("retry-after").is_none(), "it does not pass by waiting");
}

#[tokio::test]
async fn an_event_that_may_have_been_kept_is_answered_without_a_time_to_come_again() {
    let folder = tempfile::tempdir().unwrap();
    let app = App::in_folder(folder.path(), |config| config.hub.durable = true).await;
    assert_eq!(app.publish("app/x", JSON, "1").await.status, 200);
    app.state.store.as_ref().unwrap().close().await;
    let unclear = app.publish("app/x", JSON, "2").await;
    assert_eq!(unclear.error(), (503, "unconfirmed".to_owned()));
    assert!(unclear.json()["error"]["message"].as_str().unwrap().contains("may or may not"));
    assert!(unclear.header("retry-after").is_none(), "to come again is to have it twice");
}

#[tokio::test]
async fn only_post_publishes() {
    let app = App::new().await;
    for method in ["GET", "PUT", "DELETE", "OPTIONS"] {
        let answer = app.send(by_owner(method, "/api/publish/app/x"), "1").await;
        assert_eq!(answer.error(), (405, "method_not_allowed".to_owned()), "{method}");
    }
}
