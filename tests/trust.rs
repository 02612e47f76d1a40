//! Commands and the key of the server that they speak to.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use harness::tls::server;
use harness::{DEADLINE, Server, binary, command, feed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

/// A command whose user has a folder of configurations of its own, and no data folder.
async fn run(
    server: &Server,
    home: &Path,
    args: &[&str],
    fingerprint: Option<&str>,
) -> Result<(bool, String)> {
    let mut command = command(server, args)?;
    command.env("XDG_CONFIG_HOME", home.join("config")).env("TIDINGS_DATA_DIR", home.join("none"));
    if let Some(fingerprint) = fingerprint {
        command.env("TIDINGS_FINGERPRINT", fingerprint);
    }
    let output = feed(&mut command, b"").await?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok((output.status.success(), said))
}

#[tokio::test]
async fn commands_know_a_server_by_its_key_and_refuse_any_other() -> Result<()> {
    let server = server("").await?;
    let home = tempfile::tempdir()?;
    let key = std::fs::read_to_string(server.data_dir().join("tls-fingerprint"))?;
    let key = key.trim();
    let publish = ["publish", "app/x", "1"];
    let (done, said) = run(&server, home.path(), &publish, None).await?;
    ensure!(!done && said.contains(key) && said.contains("--fingerprint"), "{said}");

    let (done, said) = run(&server, home.path(), &publish, Some(key)).await?;
    ensure!(done, "{said}");
    let other = format!("SHA256:{}", "A".repeat(43));
    let (done, said) = run(&server, home.path(), &publish, Some(&other)).await?;
    ensure!(!done && said.contains(key) && said.contains(&other), "{said}");
    let (done, said) = run(&server, home.path(), &publish, Some("nonsense")).await?;
    ensure!(!done && said.contains("nonsense"), "{said}");

    let known = home.path().join("config/tidings/known_servers");
    std::fs::create_dir_all(known.parent().context("a folder")?)?;
    std::fs::write(&known, format!("{} {key}\n", server.address()))?;
    let (done, said) = run(&server, home.path(), &publish, None).await?;
    ensure!(done, "{said}");
    std::fs::write(&known, format!("{} {other}\n", server.address()))?;
    for args in [&publish[..], &["tail"], &["token", "list"]] {
        let (done, said) = run(&server, home.path(), args, None).await?;
        ensure!(!done && said.contains("has changed") && said.contains(key), "{args:?}: {said}");
        ensure!(said.contains(&known.display().to_string()), "{args:?}: {said}");
    }
    Ok(())
}

#[tokio::test]
async fn on_the_servers_own_machine_nothing_need_be_said() -> Result<()> {
    let server = server("").await?;
    let home = tempfile::tempdir()?;
    let mut tail = command(&server, &["publish", "app/x", "1"])?;
    tail.env("XDG_CONFIG_HOME", home.path()).env("TIDINGS_DATA_DIR", server.data_dir());
    let output = feed(tail.env_remove("TIDINGS_TOKEN"), b"").await?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// Runs `tidings publish` in a terminal, gives this answer to what it asks, and says what was on the screen.
async fn at_a_terminal(server: &Server, home: &Path, answer: &str) -> Result<String> {
    let tidings = format!("{} publish app/x 1 -v", binary("tidings")?.display());
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--command", &tidings, "/dev/null"])
        .env("TIDINGS_SERVER", server.url(""))
        .env("TIDINGS_TOKEN", server.token()?)
        .env("XDG_CONFIG_HOME", home)
        .env("TIDINGS_DATA_DIR", home.join("none"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let (mut keys, mut screen) = (child.stdin.take().context("keys")?, Vec::new());
    let mut shown = child.stdout.take().context("a screen")?;
    let talk = async {
        let mut is_answered = false;
        while shown.read_buf(&mut screen).await? > 0 {
            if !is_answered && screen.ends_with(b"[y/N] ") {
                keys.write_all(answer.as_bytes()).await?;
                is_answered = true;
            }
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(DEADLINE + Duration::from_secs(1), talk).await.context("its end")??;
    Ok(String::from_utf8_lossy(&screen).into_owned())
}

#[tokio::test]
async fn a_person_at_a_terminal_is_asked_once() -> Result<()> {
    let server = server("").await?;
    let home = tempfile::tempdir()?;
    let key = std::fs::read_to_string(server.data_dir().join("tls-fingerprint"))?;
    for no in ["n\n", "\n", "yesterday\n"] {
        let screen = at_a_terminal(&server, home.path(), no).await?;
        ensure!(screen.contains(key.trim()) && screen.contains("is not trusted"), "{screen}");
        ensure!(!home.path().join("tidings").exists(), "it is kept all the same");
    }
    let screen = at_a_terminal(&server, home.path(), "yes\n").await?;
    ensure!(screen.contains("is trusted from now on"), "{screen}");
    let screen = at_a_terminal(&server, home.path(), "").await?;
    ensure!(!screen.contains("[y/N]") && screen.trim().contains('-'), "no id alone: {screen}");
    Ok(())
}
