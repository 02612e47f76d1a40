//! Alerts over HTTP: what is taken, who may, and what is answered.

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::config::{AlertConfig, Config};

struct Alerts {
    app: App,
    _folder: TempDir,
}

fn configured(config: &mut Config) {
    config.server.host_name = "workshop".to_owned();
    let text = "name = \"Fixed\"\nmetric = \"disk.*.used_percent\"\nabove = 90";
    config.alerts = vec![toml::from_str::<AlertConfig>(text).unwrap()];
}

impl Alerts {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let app = App::in_folder(folder.path(), configured).await;
        Self { app, _folder: folder }
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> Answer {
        let request = by_owner(method, &format!("/api/alerts{path}"));
        let request = request.header("content-type", "application/json");
        self.app.send(request, body.to_string()).await
    }

    async fn made(&self, name: &str) -> String {
        let rule = json!({ "name": name, "metric": "cpu.total", "above": 90 });
        let answer = self.ask("POST", "", rule).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()["id"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_rule_is_answered_with_its_state_wherever_it_stands() {
    let alerts = Alerts::new().await;
    let rule = json!({
        "name": "Low", "metric": "memory.available", "below": 1e9, "forSeconds": 60, "level": "error",
        "users": ["owner"], "quiet": [], "recover": 2e9,
    });
    let answer = alerts.ask("POST", "", rule).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (201, Some("no-store")));
    let made = answer.json();
    let expected = json!({
        "id": made["id"], "source": "store", "unit": "bytes", "recoversAt": 2e9, "state": "waiting",
        "quiet": false,
        "series": [{ "metric": "memory.available", "state": "waiting", "since": made["series"][0]["since"] }],
        "rule": {
            "name": "Low", "metric": "memory.available", "below": 1e9, "forSeconds": 60, "recover": 2e9,
            "level": "error", "host": "workshop", "users": ["owner"], "quiet": [], "enabled": true,
        },
    });
    assert_eq!(made, expected);

    let list = alerts.ask("GET", "", Value::Null).await.json();
    assert_eq!(
        (list[0]["source"].as_str(), list[0]["rule"]["name"].as_str()),
        (Some("configuration"), Some("Fixed"))
    );
    assert_eq!((list[1].clone(), list.as_array().unwrap().len()), (expected, 2));
    let id = made["id"].as_str().unwrap();
    assert_eq!(alerts.ask("GET", &format!("/{id}"), Value::Null).await.json(), made);
}

#[tokio::test]
async fn a_rule_is_changed_in_part_and_removed() {
    let alerts = Alerts::new().await;
    let path = format!("/{}", alerts.made("Busy").await);
    let changed = alerts.ask("PATCH", &path, json!({ "below": 5, "enabled": false })).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    let changed = changed.json();
    assert_eq!(
        changed["rule"],
        json!({
            "name": "Busy", "metric": "cpu.total", "below": 5.0, "forSeconds": 0, "level": "warning",
            "host": "workshop", "enabled": false,
        })
    );
    assert_eq!((&changed["state"], &changed["recoversAt"]), (&json!("disabled"), &json!(5.25)));
    let removed = alerts.ask("DELETE", &path, Value::Null).await;
    assert_eq!((removed.status.as_u16(), removed.body.len()), (204, 0));
    for (method, body) in [("GET", Value::Null), ("PATCH", json!({})), ("DELETE", Value::Null)] {
        let answer = alerts.ask(method, &path, body).await;
        assert_eq!(answer.error(), (404, "not_found".to_owned()), "{method}");
    }
}

#[tokio::test]
async fn what_is_no_rule_is_refused_with_the_reason() {
    let alerts = Alerts::new().await;
    alerts.made("Busy").await;
    let rule = |keys: Value| {
        let mut rule = json!({ "name": "x", "metric": "cpu.total", "above": 90 });
        rule.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        rule
    };
    for (keys, status, code, why) in [
        (json!({ "metric": "cpu.totl" }), 400, "bad_request", "did you mean `cpu.total`"),
        (json!({ "below": 5 }), 400, "bad_request", "either"),
        (json!({ "recover": 91 }), 400, "bad_request", "good side"),
        (json!({ "quiet": ["22-7"] }), 400, "bad_request", "22:00-07:00"),
        (json!({ "abov": 5 }), 400, "bad_request", "JSON"),
        (json!({ "users": ["bob"] }), 404, "no_such_user", "bob"),
        (json!({ "name": "Busy" }), 409, "name_taken", "another"),
        (json!({ "name": "Fixed" }), 409, "name_taken", "another"),
    ] {
        let answer = alerts.ask("POST", "", rule(keys.clone())).await;
        assert_eq!(answer.error(), (status, code.to_owned()), "{keys}");
        let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(why), "{keys}: {message}");
    }
    assert_eq!(alerts.ask("GET", "", Value::Null).await.json().as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_rule_of_the_configuration_is_changed_there() {
    let alerts = Alerts::new().await;
    let list = alerts.ask("GET", "", Value::Null).await.json();
    let path = format!("/{}", list[0]["id"].as_str().unwrap());
    for (method, body) in [("PATCH", json!({ "above": 1 })), ("DELETE", Value::Null)] {
        let answer = alerts.ask(method, &path, body).await;
        assert_eq!(answer.error(), (403, "forbidden".to_owned()), "{method}");
    }
    assert_eq!(alerts.ask("GET", "", Value::Null).await.json(), list);
}

#[tokio::test]
async fn rules_are_read_by_everybody_signed_in_and_changed_by_admins() {
    let alerts = Alerts::new().await;
    let path = format!("/api/alerts/{}", alerts.made("Busy").await);
    let token = json!({ "name": "ci", "scopes": ["read:*", "publish:*"] }).to_string();
    let request = by_owner("POST", "/api/tokens").header("content-type", "application/json");
    let token = alerts.app.send(request, token).await.json();
    let token = format!("Bearer {}", token["token"].as_str().unwrap());
    let rule = json!({ "name": "x", "metric": "cpu.total", "above": 90 });
    for (method, path, body, by_nobody, by_token) in [
        ("GET", "/api/alerts", Value::Null, 401, 200),
        ("GET", path.as_str(), Value::Null, 401, 200),
        ("POST", "/api/alerts", rule, 401, 403),
        ("PATCH", path.as_str(), json!({ "above": 1 }), 401, 403),
        ("DELETE", path.as_str(), Value::Null, 401, 403),
    ] {
        let request = || {
            Request::builder().method(method).uri(path).header("content-type", "application/json")
        };
        let answer = alerts.app.send(request(), body.to_string()).await;
        assert_eq!(answer.status, by_nobody, "{method} {path}");
        let answer = alerts.app.send(request().header("authorization", &token), body.to_string());
        assert_eq!(answer.await.status, by_token, "{method} {path}");
    }
}

#[tokio::test]
async fn nobody_but_an_admin_reads_whom_a_rule_is_for() {
    let alerts = Alerts::new().await;
    let rule = json!({ "name": "x", "metric": "cpu.total", "above": 90, "users": ["owner"] });
    let made = alerts.ask("POST", "", rule).await.json();
    assert_eq!(made["rule"]["users"], json!(["owner"]));
    let path = format!("/api/alerts/{}", made["id"].as_str().unwrap());
    for scope in ["publish:app/*", "notify", "read:*"] {
        let token = json!({ "name": scope, "scopes": [scope] }).to_string();
        let request = by_owner("POST", "/api/tokens").header("content-type", "application/json");
        let token = alerts.app.send(request, token).await.json();
        let token = format!("Bearer {}", token["token"].as_str().unwrap());
        for path in ["/api/alerts", &path] {
            let request = Request::builder().uri(path).header("authorization", &token);
            let answer = alerts.app.send(request, "").await;
            assert_eq!(answer.status, 200, "{scope}");
            let text = answer.json().to_string();
            assert!(text.contains("cpu.total") && !text.contains("owner"), "{scope}: {text}");
        }
    }
    let seen = alerts.ask("GET", "", Value::Null).await.json();
    assert_eq!(seen[1]["rule"]["users"], json!(["owner"]));
}

#[tokio::test]
async fn a_rule_is_for_the_user_it_was_made_for_and_not_for_the_next_of_that_name() {
    let alerts = Alerts::new().await;
    let users = async |method: &str, path: &str, body: Value| {
        let request = by_owner(method, &format!("/api/users{path}"));
        let request = request.header("content-type", "application/json");
        alerts.app.send(request, body.to_string()).await
    };
    let bob = json!({ "name": "bob", "role": "viewer" });
    let first = users("POST", "", bob.clone()).await;
    assert_eq!(first.status, 201, "{first:?}");
    let first = format!("/{}", first.json()["id"].as_str().unwrap());
    let rule = json!({
        "name": "x", "metric": "cpu.total", "above": 90, "users": ["Bob", "owner", "bob"],
    });
    let made = alerts.ask("POST", "", rule).await.json();
    assert_eq!(made["rule"]["users"], json!(["bob", "owner"]));
    let path = format!("/{}", made["id"].as_str().unwrap());

    let renamed = users("PATCH", &first, json!({ "name": "robert" })).await;
    assert_eq!(renamed.status, 200, "{renamed:?}");
    assert_eq!(users("POST", "", bob).await.status, 201);
    let seen = alerts.ask("GET", &path, Value::Null).await.json();
    assert_eq!(seen["rule"]["users"], json!(["robert", "owner"]), "the name is another's by now");
    assert_eq!(users("DELETE", &first, Value::Null).await.status, 204);
    let again = json!({ "name": "robert", "role": "viewer" });
    assert_eq!(users("POST", "", again).await.status, 201);
    let changed = alerts.ask("PATCH", &path, json!({ "above": 95 })).await.json();
    assert_eq!(changed["rule"]["users"], json!(["owner"]));
    let changed = alerts.ask("PATCH", &path, json!({ "users": ["robert"] })).await.json();
    assert_eq!(changed["rule"]["users"], json!(["robert"]));
}

#[tokio::test]
async fn a_server_that_keeps_nothing_has_the_rules_of_its_configuration() {
    let app = App::with(configured).await;
    let list = app.send(by_owner("GET", "/api/alerts"), "").await;
    assert_eq!(list.json().as_array().unwrap().len(), 1);
    let request = by_owner("POST", "/api/alerts").header("content-type", "application/json");
    let rule = json!({ "name": "x", "metric": "cpu.total", "above": 90 }).to_string();
    assert_eq!(app.send(request, rule).await.error(), (404, "not_found".to_owned()));
}
