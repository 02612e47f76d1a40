//! Who gets in, and who does not.

use anyhow::{Context, Result};
use harness::{Server, ServerOptions, binary, http};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

async fn error_code(response: Response) -> Result<(StatusCode, String)> {
    let status = response.status();
    let body: Value = response.json().await?;
    assert!(!body["error"]["message"].as_str().unwrap_or_default().is_empty(), "{body}");
    Ok((status, body["error"]["code"].as_str().context("a code")?.to_owned()))
}

#[tokio::test]
async fn without_a_good_token_there_is_no_stream() -> Result<()> {
    let server = Server::start().await?;
    let url = server.url("/api/events");
    let token = server.token()?;
    let client = http()?;
    let requests = [
        client.get(&url),
        client.get(&url).bearer_auth("wrong"),
        client.get(&url).bearer_auth(""),
        client.get(&url).bearer_auth(&token[1..]),
        client.get(&url).basic_auth("owner", Some(&token)),
        client.get(&url).header("Cookie", format!("tidings-{}=x", server.address().port())),
        client.get(format!("{url}?token={token}")),
    ];
    for request in requests {
        let response = request.send().await?;
        assert!(response.headers()["www-authenticate"].to_str()?.starts_with("Bearer"));
        assert_eq!(error_code(response).await?, (StatusCode::UNAUTHORIZED, "unauthorized".into()));
    }
    Ok(())
}

#[tokio::test]
async fn the_owner_token_is_private_and_the_same_after_a_restart() -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mut server = Server::start().await?;
    let token = server.token()?;
    let mode =
        |path| Ok::<_, std::io::Error>(std::fs::metadata(path)?.permissions().mode() & 0o777);
    assert_eq!(mode(server.data_dir().join("owner-token"))?, 0o600);
    assert_eq!(mode(server.data_dir())?, 0o700);
    server.stop().await?;
    server.start_again().await?;
    assert_eq!(server.token()?, token);
    Ok(())
}

#[tokio::test]
async fn a_link_signs_one_browser_in_and_the_session_outlives_a_restart() -> Result<()> {
    let mut server = Server::start().await?;
    let client = http()?;
    let sign_in =
        |code: String, url: String| client.post(url).json(&json!({ "code": code })).send();

    let response = sign_in(server.code().to_owned(), server.url("/api/session")).await?;
    assert_eq!(response.status(), 200);
    let cookie = response.headers()["set-cookie"].to_str()?.to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(cookie.starts_with(&format!("tidings-{}=", server.address().port())), "{cookie}");
    let body: Value = response.json().await?;
    assert_eq!(body["user"]["role"], "admin");
    assert_eq!(body["serverVersion"], env!("CARGO_PKG_VERSION"));

    let again = sign_in(server.code().to_owned(), server.url("/api/session")).await?;
    assert_eq!(error_code(again).await?, (StatusCode::UNAUTHORIZED, "invalid_code".into()));

    server.stop().await?;
    server.start_again().await?;
    let cookie = cookie.split(';').next().context("a pair")?;
    let show = || client.get(server.url("/api/session")).header("Cookie", cookie).send();
    assert_eq!(show().await?.status(), 200);

    let end = || client.delete(server.url("/api/session")).header("Cookie", cookie);
    let unnamed = error_code(end().send().await?).await?;
    assert_eq!(unnamed, (StatusCode::FORBIDDEN, "origin_not_allowed".into()), "by no page");
    let end = end().header("Origin", server.url("")).send().await?;
    assert_eq!(end.status(), 204);
    assert_eq!(error_code(show().await?).await?.0, StatusCode::UNAUTHORIZED);
    Ok(())
}

#[tokio::test]
async fn a_browser_may_sign_in_with_the_token() -> Result<()> {
    let server = Server::start().await?;
    let client = http()?;
    let url = server.url("/api/session");
    let good = client.post(&url).json(&json!({ "token": server.token()? })).send().await?;
    assert!(good.headers().contains_key("set-cookie"));
    let bad = client.post(&url).json(&json!({ "token": "wrong" })).send().await?;
    assert_eq!(error_code(bad).await?, (StatusCode::UNAUTHORIZED, "unauthorized".into()));
    Ok(())
}

#[tokio::test]
async fn bodies_that_make_no_sense_are_refused_by_code() -> Result<()> {
    let server = Server::start().await?;
    let json = "application/json";
    let endless = format!("{{\"token\":\"{}\"}}", "x".repeat(300 << 10));
    for (kind, body, status, code) in [
        (json, "{", 400, "bad_request"),
        (json, "{}", 400, "bad_request"),
        (json, "{\"code\":1}", 400, "bad_request"),
        (json, &endless, 413, "body_too_large"),
        ("text/plain", "x", 415, "unsupported_media_type"),
    ] {
        let request = http()?.post(server.url("/api/session")).header("Content-Type", kind);
        let refused = error_code(request.body(body.to_owned()).send().await?).await?;
        assert_eq!(refused, (StatusCode::from_u16(status)?, code.to_owned()));
    }
    Ok(())
}

#[tokio::test]
async fn a_foreign_host_is_refused_whatever_the_path() -> Result<()> {
    let options = ServerOptions {
        args: vec!["--allowed-host".into(), "box.lan".into()],
        ..Default::default()
    };
    let server = Server::start_with(options).await?;
    for path in ["/", "/api/events", "/healthz", "/api/nothing"] {
        let request = server.get(path)?.header("Host", "evil.example");
        let refused = error_code(request.send().await?).await?;
        assert_eq!(refused, (StatusCode::FORBIDDEN, "host_not_allowed".into()), "{path}");
    }
    for host in ["localhost", "127.0.0.1:1", "box.lan"] {
        let response = server.get("/healthz")?.header("Host", host).send().await?;
        assert_eq!(response.status(), 200, "{host}");
    }
    Ok(())
}

#[tokio::test]
async fn a_foreign_origin_is_refused_even_with_a_good_token() -> Result<()> {
    let server = Server::start().await?;
    for origin in ["http://evil.example", "null", "http://127.0.0.1:1"] {
        let request = server.get("/api/events")?.header("Origin", origin);
        let refused = error_code(request.send().await?).await?;
        assert_eq!(refused, (StatusCode::FORBIDDEN, "origin_not_allowed".into()), "{origin}");
    }
    let own = server.get("/api/session")?.header("Origin", server.url(""));
    assert_eq!(own.send().await?.status(), 200);
    Ok(())
}

#[tokio::test]
async fn an_address_others_can_reach_is_refused_with_the_reason() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let output = tokio::process::Command::new(binary("tidings")?)
        .args(["serve", "--listen", "0.0.0.0:0", "--data-dir"])
        .arg(dir.path())
        .output()
        .await?;
    assert!(!output.status.success());
    let reason = String::from_utf8(output.stderr)?;
    assert!(reason.contains("0.0.0.0:0") && reason.contains("--behind-proxy"), "{reason}");
    Ok(())
}

#[tokio::test]
async fn an_unknown_key_stops_the_start_and_names_the_nearest() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let config = dir.path().join("tidings.toml");
    std::fs::write(&config, "[server]\nheartbeat = 3\n")?;
    let output = tokio::process::Command::new(binary("tidings")?)
        .arg("serve")
        .arg("--config")
        .arg(&config)
        .output()
        .await?;
    assert!(!output.status.success());
    let reason = String::from_utf8(output.stderr)?;
    assert!(reason.contains("`server.heartbeat_seconds`"), "{reason}");
    Ok(())
}

#[tokio::test]
async fn what_does_not_exist_is_a_json_404_and_a_wrong_method_a_405() -> Result<()> {
    let server = Server::start().await?;
    for path in ["/api/nothing", "/nothing"] {
        let missing = error_code(server.get(path)?.send().await?).await?;
        assert_eq!(missing, (StatusCode::NOT_FOUND, "not_found".into()), "{path}");
    }
    for path in ["/api/events", "/healthz", "/"] {
        let wrong = error_code(http()?.post(server.url(path)).send().await?).await?;
        let expected = (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed".to_owned());
        assert_eq!(wrong, expected, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn a_second_server_on_the_same_port_says_what_to_do() -> Result<()> {
    let server = Server::start().await?;
    let dir = tempfile::tempdir()?;
    let output = tokio::process::Command::new(binary("tidings")?)
        .args(["serve", "--listen", &server.address().to_string(), "--data-dir"])
        .arg(dir.path())
        .output()
        .await?;
    assert!(!output.status.success());
    let reason = String::from_utf8(output.stderr)?;
    assert!(reason.contains(&server.address().to_string()), "{reason}");
    Ok(())
}
