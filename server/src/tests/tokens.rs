//! What a token of limited scope can do over HTTP.

use tempfile::TempDir;
use tidings_protocol::api::{CreatedToken, OWNER_TOKEN_FILE, TokenInfo};

use super::*;

struct WithTokens {
    server: Running,
    owner: String,
    _dir: TempDir,
}

/// A server with a data folder.
async fn start_with_tokens(change: impl FnOnce(&mut Config)) -> WithTokens {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.server.data_dir = dir.path().to_owned();
    change(&mut config);
    let server = start_with(config, 100).await;
    let owner = std::fs::read_to_string(dir.path().join(OWNER_TOKEN_FILE)).unwrap();
    WithTokens { server, owner: owner.trim().to_owned(), _dir: dir }
}

/// Sends a request and returns status, head and body.
async fn ask(server: &Running, token: &str, request: &str, body: &str) -> (u16, String, String) {
    let (address, length) = (server.address, body.len());
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "{request} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let read = stream.read_to_string(&mut answer);
    tokio::time::timeout(Duration::from_secs(10), read).await.expect("an answer").unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), head.to_ascii_lowercase(), body.to_owned())
}

impl WithTokens {
    async fn as_owner(&self, request: &str, body: &str) -> (u16, String, String) {
        ask(&self.server, &self.owner, request, body).await
    }

    async fn create(&self, scopes: &str) -> CreatedToken {
        let body = format!(r#"{{"name":"ci","scopes":{scopes}}}"#);
        let (status, head, body) = self.as_owner("POST /api/tokens", &body).await;
        assert_eq!(status, 201, "{body}");
        assert!(head.contains("cache-control: no-store"), "{head}");
        serde_json::from_str(&body).unwrap()
    }

    /// Opens a stream with `token` and reads until `text` was seen.
    async fn open(&self, token: &str, topic: &str, text: &str) -> TcpStream {
        let address = self.server.address;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "GET /api/events?topic={topic} HTTP/1.1\r\nHost: {address}\r\n\
             Authorization: Bearer {token}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        read_until(&mut stream, text).await;
        stream
    }
}

#[tokio::test]
async fn a_token_may_do_what_its_scopes_name_and_nothing_else() {
    let tokens = start_with_tokens(|_| {}).await;
    let created = tokens.create(r#"["publish:app/*","read:app/builds"]"#).await;
    let token = created.token.as_str();
    for (request, body, expected) in [
        ("POST /api/publish/app/x", "1", 200),
        ("POST /api/publish/app", "1", 403),
        ("POST /api/publish/apple/x", "1", 403),
        ("POST /api/publish/metrics/box", "1", 403),
        ("POST /api/publish/users/owner", "1", 403),
        ("GET /api/events?topic=app/x", "", 403),
        ("GET /api/events?topic=app/*", "", 403),
        ("GET /api/events?topic=*", "", 403),
        ("GET /api/events?topic=notifications/owner", "", 403),
        ("GET /api/session", "", 200),
        ("GET /api/tokens", "", 403),
        ("POST /api/tokens", r#"{"name":"more","scopes":["read:*"]}"#, 403),
        ("DELETE /api/tokens/1", "", 403),
    ] {
        let (status, _, answer) = ask(&tokens.server, token, request, body).await;
        assert_eq!(status, expected, "{request}: {answer}");
    }
    tokens.open(token, "app/builds", "\"connected\"").await;
    tokens.open(token, "metrics/*", "\"connected\"").await;
    tokens.open(&tokens.owner, "*", "\"connected\"").await;

    // It cannot be exchanged for a session, which would have no limits.
    let sign_in = format!(r#"{{"token":"{token}"}}"#);
    let (status, head, _) = tokens.as_owner("POST /api/session", &sign_in).await;
    assert_eq!((status, head.contains("set-cookie")), (403, false));
}

#[tokio::test]
async fn a_token_is_listed_without_its_secret_until_it_is_revoked() {
    let tokens = start_with_tokens(|_| {}).await;
    let created = tokens.create(r#"["publish:app/*"]"#).await;
    let (_, _, list) = tokens.as_owner("GET /api/tokens", "").await;
    let listed: Vec<TokenInfo> = serde_json::from_str(&list).unwrap();
    assert_eq!(listed, std::slice::from_ref(&created.info));
    assert!(!list.contains(&created.token));

    let path = format!("DELETE /api/tokens/{}", created.info.id);
    assert_eq!(tokens.as_owner(&path, "").await.0, 204);
    assert_eq!(tokens.as_owner(&path, "").await.0, 404);
    let publish = ask(&tokens.server, &created.token, "POST /api/publish/app/x", "1").await;
    assert_eq!(publish.0, 401);
    assert_eq!(tokens.as_owner("GET /api/tokens", "").await.2, "[]");
    let (status, _, body) = tokens.as_owner("DELETE /api/tokens/%FF", "").await;
    assert!(status == 404 && body.starts_with("{\"error\":{\"code\":\"not_found\""), "{body}");
}

#[tokio::test]
async fn a_token_over_its_rate_is_told_when_to_come_back() {
    let tokens = start_with_tokens(|config| config.limits.events_per_second = 1).await;
    let token = tokens.create(r#"["publish:app/*"]"#).await.token;
    let publish = "POST /api/publish/app/x";
    assert_eq!(ask(&tokens.server, &token, publish, "1").await.0, 200);
    let (status, head, body) = ask(&tokens.server, &token, publish, "2").await;
    assert_eq!(status, 429, "{body}");
    assert!(head.contains("retry-after: 1\r\n") && body.contains("rate_limited"), "{head}\n{body}");
    for _ in 0..5 {
        assert_eq!(tokens.as_owner(publish, "3").await.0, 200, "the owner has no limit");
    }
}

#[tokio::test]
async fn a_token_has_so_many_streams_and_the_owner_any_number() {
    let tokens = start_with_tokens(|config| config.limits.streams_per_token = 1).await;
    let token = tokens.create(r#"["read:app/*"]"#).await.token;
    let first = tokens.open(&token, "app/x", "\"connected\"").await;
    let events = "GET /api/events?topic=app/x";
    let (status, head, body) = ask(&tokens.server, &token, events, "").await;
    assert_eq!(status, 503, "{body}");
    assert!(head.contains("retry-after: ") && body.contains("too_many_streams"), "{head}\n{body}");
    let _owners = tokens.open(&tokens.owner, "app/x", "\"connected\"").await;
    let _second = tokens.open(&tokens.owner, "app/x", "\"connected\"").await;

    drop(first);
    let hub = &tokens.server.state.hub;
    eventually("the stream is gone", || hub.subscribers() == 2).await;
    tokens.open(&token, "app/x", "\"connected\"").await;
}

#[tokio::test]
async fn what_is_no_token_is_refused_by_its_fault() {
    let tokens = start_with_tokens(|_| {}).await;
    let long = format!(r#"{{"name":"{}","scopes":["read:a"]}}"#, "x".repeat(101));
    for (body, code) in [
        (r#"{"name":"x","scopes":[]}"#, "bad_request"),
        (r#"{"name":" ","scopes":["read:a"]}"#, "bad_request"),
        (r#"{"name":"a\u0007","scopes":["read:a"]}"#, "bad_request"),
        (&long, "bad_request"),
        (r#"{"name":"x","scopes":["write:a"]}"#, "bad_request"),
        (r#"{"name":"x","scopes":["read:a//b"]}"#, "invalid_topic"),
        (r#"{"name":"x","scopes":["read:a"],"expiresInSeconds":0}"#, "bad_request"),
        (r#"{"name":"x","scopes":["read:a"],"expires":60}"#, "bad_request"),
    ] {
        let (status, _, answer) = tokens.as_owner("POST /api/tokens", body).await;
        assert_eq!(status, 400, "{body}");
        assert!(answer.contains(code), "{body}: {answer}");
    }
}

#[tokio::test]
async fn a_server_without_a_data_folder_says_that_it_has_no_tokens() {
    let server = start(10).await;
    let new = r#"{"name":"x","scopes":["read:a"]}"#;
    for (request, body) in
        [("GET /api/tokens", ""), ("POST /api/tokens", new), ("DELETE /api/tokens/1", "")]
    {
        let (status, _, answer) = ask(&server, TOKEN, request, body).await;
        assert_eq!(status, 404);
        assert!(answer.contains("keeps nothing on disk"), "{answer}");
    }
}
