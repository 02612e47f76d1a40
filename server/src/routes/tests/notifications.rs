//! Notifications over HTTP: what is taken, who may, and what an inbox answers.

use serde_json::json;
use tempfile::TempDir;

use super::*;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

struct Inbox {
    app: App,
    _folder: TempDir,
}

impl Inbox {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let app = App::in_folder(folder.path(), |config| {
            config.server.host_name = "workshop".to_owned();
        });
        Self { app: app.await, _folder: folder }
    }

    async fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        let request = by_owner(method, &format!("/api/notifications{path}"));
        self.app.send(request.header("content-type", JSON), body.to_owned()).await
    }

    async fn post(&self, content_type: Option<&str>, body: &str) -> Answer {
        let mut request = by_owner("POST", "/api/notifications");
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        self.app.send(request, body.to_owned()).await
    }

    async fn posted(&self, title: &str) -> String {
        let answer = self.post(Some(JSON), &json!({ "title": title }).to_string()).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    async fn token(&self, scopes: &[&str]) -> String {
        let body = json!({ "name": "ci", "scopes": scopes }).to_string();
        let request = by_owner("POST", "/api/tokens").header("content-type", JSON);
        let answer = self.app.send(request, body).await;
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    async fn by_token(&self, token: &str, method: &str, path: &str, body: &str) -> Answer {
        let request = Request::builder().method(method).uri(format!("/api/notifications{path}"));
        let request = request.header("authorization", format!("Bearer {token}"));
        self.app.send(request, body.to_owned()).await
    }
}

#[tokio::test]
async fn what_is_posted_is_answered_as_it_is_kept() {
    let inbox = Inbox::new().await;
    let full = json!({
        "user": "Owner", "title": "Backup done", "message": "12 GiB\nin 3 min", "level": "success",
        "link": "https://a.example/x", "source": "backup", "dedupeKey": "k", "expiresInSeconds": 60,
    });
    let answer = inbox.post(Some(JSON), &full.to_string()).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (201, Some("no-store")));
    let row = answer.json();
    let (at, expires) = (row["createdAt"].as_u64().unwrap(), row["expiresAt"].as_u64().unwrap());
    assert_eq!(expires - at, 60_000);
    let expected = json!({
        "id": row["id"], "userId": "owner", "version": 1, "title": "Backup done",
        "message": "12 GiB\nin 3 min", "level": "success", "link": "https://a.example/x",
        "source": "backup", "dedupeKey": "k", "createdAt": at, "expiresAt": expires, "readAt": null,
    });
    assert_eq!(row, expected);

    let again = inbox.post(Some(JSON), &full.to_string()).await;
    assert_eq!((again.status.as_u16(), again.json()), (200, row.clone()), "a safe retry");
    let mut other = full;
    other["level"] = "error".into();
    let other = inbox.post(Some(JSON), &other.to_string()).await;
    assert_eq!(other.status, 200);
    assert_eq!((&other.json()["id"], &other.json()["version"]), (&row["id"], &2.into()));
    let list = inbox.ask("GET", "", "").await;
    assert_eq!(
        list.json(),
        json!({
            "notifications": [other.json()], "unreadCount": 1, "version": 2, "next": null,
        })
    );
}

#[tokio::test]
async fn text_is_the_message_whatever_it_looks_like() {
    let inbox = Inbox::new().await;
    for (content_type, body, message) in [
        (Some(FORM), "disk is full", "disk is full"),
        (Some(FORM), "a=1&b=%20", "a=1&b=%20"),
        (Some(FORM), "42", "42"),
        (Some(FORM), "\"quoted\"", "\"quoted\""),
        (Some(FORM), "{\"title\":", "{\"title\":"),
        (Some("text/plain"), "{\"title\":\"x\"}", "{\"title\":\"x\"}"),
        (None, "two\nlines\n", "two\nlines"),
        (Some(FORM), "of a file\r\nor a mail\r\n\r\n", "of a file\nor a mail"),
        (Some("text/plain"), "a\r\n\r\nb", "a\n\nb"),
    ] {
        let answer = inbox.post(content_type, body).await;
        assert_eq!(answer.status, 201, "{body:?}: {answer:?}");
        let row = answer.json();
        assert_eq!((&row["message"], &row["title"]), (&message.into(), &"workshop".into()));
    }
    let json = inbox.post(Some(FORM), "{\"title\":\"x\"}").await;
    assert_eq!((&json.json()["title"], &json.json()["message"]), (&"x".into(), &"".into()));
    let token = inbox.token(&["notify"]).await;
    let by_token = inbox.by_token(&token, "POST", "", "done").await.json();
    assert_eq!((&by_token["title"], &by_token["message"]), (&"ci".into(), &"done".into()));
}

#[tokio::test]
async fn what_is_no_notification_is_refused() {
    let inbox = Inbox::new().await;
    let long = json!({ "title": "x", "message": "x".repeat(4_001) }).to_string();
    let large = json!({ "title": "x".repeat(70_000) }).to_string();
    for (content_type, body, status, code) in [
        (JSON, "{}", 400, "bad_request"),
        (JSON, "{\"title\":\"\"}", 400, "bad_request"),
        (JSON, "{\"titel\":\"x\"}", 400, "bad_request"),
        (JSON, "{\"title\":\"x\",\"level\":\"fatal\"}", 400, "bad_request"),
        (JSON, "{\"title\":\"x\",\"link\":\"javascript:alert(1)\"}", 400, "bad_request"),
        (JSON, "{\"title\":\"x\",\"expiresInSeconds\":0}", 400, "bad_request"),
        (JSON, "{\"title\":\"x\",\"user\":\"owner\",\"userId\":\"owner\"}", 400, "bad_request"),
        (JSON, "{\"title\":\"a\\u0000b\"}", 400, "bad_request"),
        (JSON, "42", 400, "bad_request"),
        (JSON, "[\"owner\",null,\"t\"]", 400, "bad_request"),
        (JSON, "{\"title\":", 400, "bad_request"),
        (JSON, "", 400, "bad_request"),
        (FORM, "", 400, "bad_request"),
        (FORM, " \n", 400, "bad_request"),
        (FORM, "bell \u{7}", 400, "bad_request"),
        (FORM, "a\rb", 400, "bad_request"),
        (JSON, &long, 400, "bad_request"),
        (JSON, &large, 413, "body_too_large"),
        ("image/png", "x", 415, "unsupported_media_type"),
        (JSON, "{\"title\":\"x\",\"user\":\"nobody\"}", 404, "no_such_user"),
        (JSON, "{\"title\":\"x\",\"userId\":\"17\"}", 404, "no_such_user"),
    ] {
        let answer = inbox.post(Some(content_type), body).await;
        assert_eq!(answer.error(), (status, code.to_owned()), "{body:.60}");
    }
    assert_eq!(inbox.ask("GET", "", "").await.json()["version"], 0, "and leaves nothing behind");
}

#[tokio::test]
async fn an_inbox_is_read_in_pages_and_by_what_is_unread() {
    let inbox = Inbox::new().await;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.insert(0, inbox.posted(&n.to_string()).await);
    }
    inbox.ask("POST", &format!("/{}/read", ids[1]), "").await;
    let list = async |query: &str| {
        let answer = inbox.ask("GET", query, "").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let page = answer.json();
        assert_eq!((&page["unreadCount"], &page["version"]), (&4.into(), &6.into()));
        let rows = page["notifications"].as_array().unwrap();
        let found: Vec<_> = rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
        (found, page["next"].as_str().map(str::to_owned))
    };
    assert_eq!(list("").await, (ids.clone(), None));
    assert_eq!(list("?limit=2").await, (ids[..2].to_vec(), Some("4".to_owned())));
    assert_eq!(list("?limit=2&before=4").await, (ids[2..4].to_vec(), Some("2".to_owned())));
    assert_eq!(list("?before=2").await, (ids[4..].to_vec(), None));
    assert_eq!(list("?unread=false").await, (vec![ids[1].clone()], None));
    assert_eq!(list("?unread=true&limit=1").await, (vec![ids[0].clone()], Some("5".to_owned())));
    let id = format!("?before={}", ids[0]);
    for query in
        ["?limit=0", "?limit=201", "?limit=x", "?unread=1", "?unred=true", "?before=-1", &id]
    {
        let answer = inbox.ask("GET", query, "").await;
        assert_eq!(answer.error(), (400, "bad_request".to_owned()), "{query}");
    }
}

#[tokio::test]
async fn what_is_read_stays_read_and_what_is_gone_is_not_found() {
    let inbox = Inbox::new().await;
    let (first, _) = (inbox.posted("a").await, inbox.posted("b").await);
    let third = inbox.posted("c").await;
    let read = inbox.ask("POST", &format!("/{first}/read"), "").await;
    assert_eq!((read.status.as_u16(), &read.json()["id"]), (200, &first.as_str().into()));
    assert!(read.json()["readAt"].is_u64());
    assert_eq!(inbox.ask("POST", &format!("/{first}/read"), "").await.json(), read.json());

    let upto = json!({ "upToVersion": 2 }).to_string();
    let answer = inbox.ask("POST", "/read-all", &upto).await;
    assert_eq!(answer.json(), json!({ "unreadCount": 1, "version": 5 }));
    assert_eq!(inbox.ask("POST", "/read-all", "").await.json()["unreadCount"], 0);
    assert_eq!(inbox.ask("POST", "/read-all", "{}").await.json()["version"], 6);
    for body in ["[]", "{\"upTo\":\"x\"}", "{\"upToVersion\":\"1\"}", "{\"upToVersion\":-1}", "x"] {
        let answer = inbox.ask("POST", "/read-all", body).await;
        assert_eq!(answer.error(), (400, "bad_request".to_owned()), "{body}");
    }

    let removed = inbox.ask("DELETE", &format!("/{third}"), "").await;
    assert_eq!((removed.status.as_u16(), removed.body.len()), (204, 0));
    for (method, path) in [
        ("DELETE", format!("/{third}")),
        ("POST", format!("/{third}/read")),
        ("POST", "/none/read".to_owned()),
        ("POST", "/%FF/read".to_owned()),
        ("POST", "/%00/read".to_owned()),
        ("DELETE", "/%0A".to_owned()),
    ] {
        let answer = inbox.ask(method, &path, "").await;
        assert_eq!(answer.error(), (404, "not_found".to_owned()), "{method} {path}");
    }
    assert_eq!(inbox.ask("DELETE", "/stream", "").await.status, 405);
    assert_eq!(inbox.ask("GET", "/read-all", "").await.status, 405);
}

#[tokio::test]
async fn a_token_does_with_notifications_what_its_scopes_name() {
    let inbox = Inbox::new().await;
    let id = inbox.posted("a").await;
    let all = inbox.token(&["read:*", "publish:*"]).await;
    let (notify, own) = (inbox.token(&["notify"]).await, inbox.token(&["inbox"]).await);
    let read = format!("/{id}/read");
    for (method, path, body, expected) in [
        ("POST", "", "text", [403, 201, 403]),
        ("GET", "", "", [403, 403, 200]),
        ("POST", read.as_str(), "", [403, 403, 200]),
        ("POST", "/read-all", "", [403, 403, 200]),
        ("DELETE", "/none", "", [403, 403, 404]),
    ] {
        for (token, status) in [&all, &notify, &own].into_iter().zip(expected) {
            let answer = inbox.by_token(token, method, path, body).await;
            assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        }
    }
    for token in [&all, &notify] {
        let answer = inbox.by_token(token, "GET", "/stream", "").await;
        assert_eq!(answer.error(), (403, "forbidden".to_owned()));
    }
    let nobody = Request::builder().uri("/api/notifications");
    assert_eq!(inbox.app.send(nobody, "").await.error().0, 401);
    let publish = by_owner("POST", "/api/publish/notifications/owner");
    assert_eq!(inbox.app.send(publish, "{}").await.error().0, 403, "only what is saved is told");
}

#[tokio::test]
async fn notifications_count_against_the_rate_of_their_token() {
    let folder = tempfile::tempdir().unwrap();
    let app = App::in_folder(folder.path(), |config| config.limits.events_per_second = 2).await;
    let inbox = Inbox { app, _folder: folder };
    let token = inbox.token(&["notify"]).await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(inbox.by_token(&token, "POST", "", "x").await.status.as_u16());
    }
    assert_eq!(statuses, [201, 201, 429]);
}

#[tokio::test]
async fn a_server_that_is_on_its_way_to_end_keeps_what_it_cannot_publish() {
    let inbox = Inbox::new().await;
    inbox.app.state.hub.close();
    inbox.posted("a").await;
    assert_eq!(inbox.ask("GET", "", "").await.json()["unreadCount"], 1);
    inbox.app.state.store.as_ref().unwrap().close().await;
    let answer = inbox.post(Some(JSON), "{\"title\":\"b\"}").await;
    assert_eq!(answer.error(), (503, "shutting_down".to_owned()));
}

#[tokio::test]
async fn without_a_database_there_is_no_inbox() {
    let app = App::new().await;
    let answer = app.send(by_owner("GET", "/api/notifications"), "").await;
    assert_eq!(answer.error(), (404, "not_found".to_owned()));
}
