//! Alerts of a real server, which hold its machine to rules.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use harness::{DEADLINE, Server, ServerOptions, http, until};
use reqwest::Method;
use serde_json::{Value, json};

async fn ask(server: &Server, method: Method, path: &str, body: &Value) -> Result<Value> {
    let request = http()?.request(method, server.url(path)).bearer_auth(server.token()?);
    let answer = request.json(body).send().await?.error_for_status()?;
    Ok(answer.json().await?)
}

async fn inbox(server: &Server) -> Result<Vec<Value>> {
    let inbox = ask(server, Method::GET, "/api/notifications", &Value::Null).await?;
    inbox["notifications"].as_array().cloned().context("notifications")
}

/// Waits until the inbox holds one notification, with these words in its title.
async fn is_told(server: &Server, words: &str, deadline: Duration) -> Result<Value> {
    until(words, deadline, || async {
        let inbox = inbox(server).await?;
        ensure!(inbox.len() <= 1, "{inbox:?}");
        let found = inbox.into_iter().next();
        Ok(found.filter(|told| told["title"].as_str().is_some_and(|title| title.contains(words))))
    })
    .await
}

#[tokio::test]
async fn what_is_wrong_is_told_once_and_once_more_when_it_is_over() -> Result<()> {
    let config = "[server]\nhost_name = \"workshop\"\n[collectors]\ninterval_ms = 200\n";
    let mut server = Server::start_with(ServerOptions::with_config(config)).await?;
    let rule = json!({ "name": "Memory in use", "metric": "memory.used_percent", "above": 0 });
    let alert = ask(&server, Method::POST, "/api/alerts", &rule).await?;
    let path = format!("/api/alerts/{}", alert["id"].as_str().context("an id")?);
    let raised = is_told(&server, "Memory above 0% on workshop", DEADLINE).await?;
    assert_eq!((&raised["level"], &raised["source"]), (&json!("warning"), &json!("alerts")));
    let link = format!("/#alerts/{}", alert["id"].as_str().unwrap_or_default());
    assert_eq!(raised["link"], link.as_str());

    // It still is, and nobody hears of it again, not from the next process either.
    server.stop().await?;
    server.start_again().await?;
    // Once by the first figure would be too soon to know: a state that was lost is found anew by the next.
    let mut figures = Vec::new();
    let begun = tokio::time::Instant::now();
    while figures.len() < 5 {
        ensure!(begun.elapsed() < DEADLINE, "the machine is not judged again: {figures:?}");
        let seen = ask(&server, Method::GET, &path, &Value::Null).await?;
        let figure = seen["series"][0]["value"].as_f64();
        if figure.is_some() && figures.last() != Some(&figure) {
            figures.push(figure);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let seen = ask(&server, Method::GET, &path, &Value::Null).await?;
    assert_eq!(seen["state"], "firing");
    let inbox = inbox(&server).await?;
    assert!(raised["version"].is_number(), "{raised}");
    assert_eq!(inbox, std::slice::from_ref(&raised), "the very one that was there, of its version");

    ask(&server, Method::PATCH, &path, &json!({ "above": 100 })).await?;
    let recovered = is_told(&server, "Memory is not above 100% on workshop", DEADLINE).await?;
    assert_eq!((&recovered["level"], &recovered["id"]), (&json!("success"), &raised["id"]));
    let seen = ask(&server, Method::GET, &path, &Value::Null).await?;
    assert_eq!(seen["state"], "ok");
    Ok(())
}

#[tokio::test]
async fn a_rule_on_a_metric_that_there_is_not_says_so() -> Result<()> {
    let config = "\
        [server]\nhost_name = \"workshop\"\n[collectors]\ninterval_ms = 200\n\
        [[alerts]]\nname = \"Core\"\nmetric = \"cpu.core.9999\"\nabove = 90\n";
    let server = Server::start_with(ServerOptions::with_config(config)).await?;
    let told = is_told(&server, "No figures of cpu.core.9999", Duration::from_secs(40)).await?;
    let message = told["message"].as_str().unwrap_or_default();
    ensure!(message.contains("cpu.core.") && message.contains("Rule: Core"), "{message}");
    let alerts = ask(&server, Method::GET, "/api/alerts", &Value::Null).await?;
    assert_eq!(
        (&alerts[0]["state"], &alerts[0]["source"]),
        (&json!("missing"), &json!("configuration"))
    );

    let path = format!("/api/alerts/{}", alerts[0]["id"].as_str().context("an id")?);
    let request = http()?.delete(server.url(&path)).bearer_auth(server.token()?);
    assert_eq!(request.send().await?.status(), 403);
    Ok(())
}

#[tokio::test]
async fn a_server_with_a_rule_that_is_none_does_not_start_and_says_why() -> Result<()> {
    let config = "[[alerts]]\nname = \"Core\"\nmetric = \"cpu.totl\"\nabove = 90\n";
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("tidings.toml");
    std::fs::write(&file, config)?;
    let output = tokio::process::Command::new(harness::binary("tidings")?)
        .arg("serve")
        .arg("--config")
        .arg(&file)
        .arg("--data-dir")
        .arg(folder.path().join("data"))
        .kill_on_drop(true)
        .output()
        .await?;
    let said = String::from_utf8(output.stderr)?;
    ensure!(!output.status.success() && said.contains("did you mean `cpu.total`"), "{said}");
    Ok(())
}
