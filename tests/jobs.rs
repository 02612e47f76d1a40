//! What the server does by itself, asked for as people do: by curl.

use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use harness::{Server, ServerOptions, until};
use serde_json::Value;
use tokio::process::Command;

/// A folder that every Debian has, with links, several names of a file and a few thousand files.
const TREE: &str = "/usr/share";

/// A line of 10 MB, and bytes that are no UTF-8.
const CONFIG: &str = r#"
[jobs]
roots = ["/usr"]

[jobs.commands.long]
argv = ["perl", "-e", "print 'x' x 10_000_000, qq(\\nend\\n)"]

[jobs.commands.bytes]
argv = ["printf", 'caf\351\n']
"#;

async fn curl(server: &Server, args: &[&str]) -> Result<String> {
    // By standard input: what stands in argv everybody can read.
    let header = format!("header = \"Authorization: Bearer {}\"\n", server.token()?);
    let mut curl = Command::new("curl");
    curl.args(["-sS", "-N", "--max-time", "120", "-K", "-"]).args(args);
    let mut curl = curl.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut stdin = curl.stdin.take().context("piped")?;
    tokio::io::AsyncWriteExt::write_all(&mut stdin, header.as_bytes()).await?;
    drop(stdin);
    let output = curl.wait_with_output().await?;
    ensure!(output.status.success(), "{}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

async fn process(server: &Server, body: &str) -> Result<String> {
    curl(server, &["-d", body, &server.url("/api/process")]).await
}

/// The data of each message of a stream, and the last one's name.
fn messages(stream: &str) -> Result<(Vec<Value>, String)> {
    let mut data = Vec::new();
    let mut name = String::new();
    for line in stream.lines() {
        if let Some(json) = line.strip_prefix("data: ") {
            data.push(serde_json::from_str(json)?);
        }
        if let Some(event) = line.strip_prefix("event: ") {
            event.clone_into(&mut name);
        }
    }
    Ok((data, name))
}

async fn du(args: &[&str]) -> Result<u64> {
    let output = Command::new("du").args(args).arg(TREE).output().await?;
    let text = String::from_utf8(output.stdout)?;
    Ok(text.split_whitespace().next().context("a number")?.parse()?)
}

#[tokio::test]
async fn a_scan_by_curl_rises_and_ends_with_what_du_says() -> Result<()> {
    let server = Server::start_with(ServerOptions::with_config(CONFIG)).await?;
    let body = format!(r#"{{"kind":"scan","args":{{"path":"{TREE}"}}}}"#);
    let stream = process(&server, &body).await?;
    let (messages, name) = messages(&stream)?;
    let (end, updates) = messages.split_last().context("an end")?;
    assert_eq!(name, "complete", "{stream}");
    let progress: Vec<_> =
        updates.iter().filter_map(|update| update["progress"].as_f64()).collect();
    println!("progress: {progress:?}");
    ensure!(progress.is_sorted() && progress.first() < progress.last(), "{progress:?}");
    let result = &end["result"];
    let apparent = du(&["-sb"]).await?;
    // From coreutils 9.2 on the folders' own sizes do not count.
    let bytes = result["bytes"].as_u64().context("bytes")?;
    let folders = result["folderBytes"].as_u64().context("folderBytes")?;
    ensure!(apparent == bytes || apparent == bytes - folders, "du says {apparent}: {result}");
    assert_eq!(result["diskBytes"].as_u64(), Some(du(&["-s", "--block-size=1"]).await?));
    Ok(())
}

#[tokio::test]
async fn bad_input_is_a_clear_error_or_a_clear_mark() -> Result<()> {
    let server = Server::start_with(ServerOptions::with_config(CONFIG)).await?;
    for (body, code, told) in [
        (r#"{"kind":"scna"}"#, "unknown_kind", "did you mean `scan`"),
        (r#"{"kind":"scan"}"#, "missing_argument", "`path`"),
        (r#"{"kind":"scan","args":{"path":"/etc"}}"#, "outside_roots", "/usr"),
        (r#"{"kind":"scan","args":{"path":"/usr/../etc"}}"#, "outside_roots", "/usr"),
        (r#"{"kind":"scan","args":{"path":"usr"}}"#, "invalid_argument", "path"),
        (r#"{"kind":"scan","args":{"path":"/usr/no-such-folder"}}"#, "invalid_argument", "path"),
        (r#"{"kind":"scan","args":{"path":"/usr","pth":1}}"#, "invalid_argument", "`path`"),
        (r#"{"kind":"scan","args":{"path":"/usr","top":0}}"#, "invalid_argument", "top"),
        (r#"{"kind":"command","args":{"name":"rm -rf /"}}"#, "invalid_argument", "long"),
        (r#"{"kind":"command","args":{"name":"log"}}"#, "invalid_argument", "long"),
        (r#"{"kind":"export","args":{"range":"9y"}}"#, "invalid_argument", "range"),
        (r#"{"kind":"export","args":{"metric":"cpu.totl"}}"#, "invalid_argument", "cpu.total"),
    ] {
        let refused = async || {
            let answer: Value = serde_json::from_str(&process(&server, body).await?)?;
            ensure!(answer["error"]["code"] == code, "{body}: {answer}");
            let message = answer["error"]["message"].as_str().context("a message")?;
            ensure!(message.contains(told), "{body}: {message}");
            Ok(Some(message.to_owned()))
        };
        // Metrics are known once the first sample is there.
        let message = until(body, harness::DEADLINE, refused).await?;
        println!("{body} -> {code}: {message}");
    }
    for (name, line, cut, lossy) in
        [("long", "xxx", true, false), ("bytes", "caf\u{fffd}", false, true)]
    {
        let stream =
            process(&server, &format!(r#"{{"kind":"command","args":{{"name":"{name}"}}}}"#))
                .await?;
        let (messages, end) = messages(&stream)?;
        assert_eq!(end, "complete", "{stream}");
        let id = messages[0]["id"].as_str().context("an id")?;
        let log = curl(&server, &[&server.url(&format!("/api/jobs/{id}/log"))]).await?;
        let log: Value = serde_json::from_str(&log)?;
        let first = &log["lines"][0];
        let text = first["text"].as_str().context("a line")?;
        ensure!(text.starts_with(line) && text.len() <= 2_000, "{} bytes", text.len());
        let marks = (first["cut"] == true, first["lossy"] == true);
        assert_eq!(marks, (cut, lossy), "{name}");
        println!("{name} -> {} bytes, cut: {cut}, lossy: {lossy}", text.len());
    }
    Ok(())
}
