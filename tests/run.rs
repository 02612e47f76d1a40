//! `tidings run`: a program that runs as it would without, while a server, if there is one, is told how far it is.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use harness::{DEADLINE, Server, Tail, command, feed, free_address, run, until};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::Value;
use tokio::process::{Child, Command};

/// The newest job of this name, once it is as `is` wants it.
async fn job(server: &Server, name: &str, is: impl Fn(&Value) -> bool) -> Result<Value> {
    until(&format!("a job {name}"), DEADLINE, || async {
        let page: Value = server.get("/api/jobs")?.send().await?.error_for_status()?.json().await?;
        let jobs = page["jobs"].as_array().context("jobs")?;
        let found = jobs.iter().find(|job| job["name"] == name).context("not there")?;
        ensure!(is(found), "{found}");
        Ok(Some(found.clone()))
    })
    .await
}

fn is(state: &str) -> impl Fn(&Value) -> bool {
    move |job| job["state"] == state
}

fn text(job: &Value, key: &str) -> Result<String> {
    Ok(job[key].as_str().with_context(|| format!("{key} in {job}"))?.to_owned())
}

/// A program in the foreground of a terminal: a process group of its own.
fn foreground(mut command: Command) -> Result<Child> {
    Ok(command.process_group(0).spawn()?)
}

fn pid(child: &Child) -> Result<Pid> {
    Pid::from_raw(i32::try_from(child.id().context("it runs")?)?).context("positive")
}

async fn output(child: Child) -> Result<Output> {
    Ok(tokio::time::timeout(DEADLINE, child.wait_with_output()).await.context("its end")??)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn a_program_runs_as_without_and_its_lines_and_its_end_are_told() -> Result<()> {
    let server = Server::start().await?;
    let script = "cat; printf 'out\\377\\n'; echo err >&2; printf 'no end'; exit 3";
    let args = ["run", "--name", "mine", "--", "sh", "-c", script];
    let output = run(&server, &args, b"input\n").await?;
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert_eq!(output.stdout, b"input\nout\xff\nno end");
    assert_eq!(output.stderr, b"err\n");

    let job = job(&server, "mine", is("failed")).await?;
    assert_eq!((&job["kind"], &job["exitCode"]), (&"reported".into(), &3.into()), "{job}");
    let log = format!("/api/jobs/{}/log", text(&job, "id")?);
    let page: Value = server.get(&log)?.send().await?.json().await?;
    let lines = page["lines"].as_array().context("lines")?;
    let mut lines: Vec<_> =
        lines.iter().map(|line| (line["text"].as_str(), line["lossy"] == true)).collect();
    lines.sort_unstable();
    let expected = [("err", false), ("input", false), ("no end", false), ("out\u{fffd}", true)];
    assert_eq!(lines, expected.map(|(text, lossy)| (Some(text), lossy)));
    Ok(())
}

#[tokio::test]
async fn without_a_name_a_job_is_called_by_its_program_and_its_arguments_stay_here() -> Result<()> {
    let server = Server::start().await?;
    let output = run(&server, &["run", "--", "/bin/echo", "--password=secret"], b"").await?;
    assert!(output.status.success(), "{}", said(&output));
    let job = job(&server, "echo", is("succeeded")).await?;
    assert!(job["args"].is_null(), "{job}");
    Ok(())
}

/// A folder with so many MiB that nothing compresses away.
fn folder(mib: usize) -> Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    std::fs::create_dir(folder.path().join("from"))?;
    std::fs::write(folder.path().join("from/large"), vec![7; mib << 20])?;
    Ok(folder)
}

/// An rsync of that folder, at this rate.
fn rsync(server: &Server, folder: &Path, rate: &str) -> Result<Command> {
    let rate = format!("--bwlimit={rate}");
    let mut command = command(server, &["run", "--", "rsync", "-a", "--info=progress2", &rate])?;
    command.arg(folder.join("from/")).arg(folder.join("to"));
    Ok(command)
}

#[tokio::test]
async fn the_bar_of_an_rsync_follows_its_own_percent() -> Result<()> {
    let server = Server::start().await?;
    let folder = folder(4)?;
    let rsync = foreground(rsync(&server, folder.path(), "800k")?)?;
    let found = job(&server, "rsync", |_| true).await?;
    let topic = format!("jobs/{}", text(&found, "id")?);
    let mut tail = Tail::start(&server, &[&topic, "--json"]).await?;
    let mut percents = Vec::new();
    loop {
        let event = tail.json().await?;
        percents.extend(event["data"]["progress"].as_f64());
        if event["data"]["state"] == "succeeded" {
            break;
        }
    }
    assert!(percents.is_sorted(), "{percents:?}");
    assert!(percents.iter().any(|percent| (1.0..100.0).contains(percent)), "{percents:?}");
    let output = output(rsync).await?;
    assert!(output.status.success(), "{}", said(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("100%"));
    let job = job(&server, "rsync", is("succeeded")).await?;
    assert_eq!((&job["progress"], &job["unit"]), (&100.into(), &"bytes".into()), "{job}");
    Ok(())
}

#[tokio::test]
async fn ctrl_c_ends_the_program_and_the_job_is_cancelled() -> Result<()> {
    let server = Server::start().await?;
    let folder = folder(8)?;
    let rsync = foreground(rsync(&server, folder.path(), "200k")?)?;
    job(&server, "rsync", |job| job["progress"].as_f64().is_some_and(|done| done > 0.0)).await?;
    // As a terminal does: to all in the foreground.
    kill_process_group(pid(&rsync)?, Signal::INT)?;
    let output = output(rsync).await?;
    assert_eq!(output.status.code(), Some(20), "rsync's own: {}", said(&output));
    let job = job(&server, "rsync", is("cancelled")).await?;
    assert_eq!(job["exitCode"], 20, "{job}");
    Ok(())
}

/// A signal to `tidings run` alone ends the program, with that exit code, and cancels the job.
async fn ends_by(signal: Signal, code: i32) -> Result<()> {
    let server = Server::start().await?;
    let program = foreground(command(&server, &["run", "--name", "waits", "--", "sleep", "100"])?)?;
    job(&server, "waits", is("running")).await?;
    kill_process(pid(&program)?, signal)?;
    let output = output(program).await?;
    assert_eq!(output.status.code(), Some(code), "{}", said(&output));
    job(&server, "waits", is("cancelled")).await?;
    Ok(())
}

#[tokio::test]
async fn sigterm_is_passed_on_and_its_number_comes_back() -> Result<()> {
    ends_by(Signal::TERM, 143).await
}

/// A `tidings run` of that script, whose `$0` is a file in the folder.
fn script(server: &Server, name: &str, script: &str, gate: &Path) -> Result<Command> {
    let mut command = command(server, &["run", "--name", name, "--", "sh", "-c", script])?;
    command.arg(gate);
    Ok(command)
}

#[tokio::test]
async fn an_interrupt_of_tidings_alone_reaches_the_program() -> Result<()> {
    ends_by(Signal::INT, 130).await
}

#[tokio::test]
async fn a_program_that_ctrl_c_ends_at_once_is_cancelled_every_time() -> Result<()> {
    let server = Server::start().await?;
    let folder = tempfile::tempdir()?;
    for n in 0..8 {
        let name = format!("dies {n}");
        let gate = folder.path().join(&name);
        // Its end and the signal come to us together.
        let dies = "until test -e \"$0\"; do sleep 0.1; done; kill -INT 0; sleep 100";
        let program = foreground(script(&server, &name, dies, &gate)?)?;
        job(&server, &name, is("running")).await?;
        std::fs::write(&gate, "")?;
        let output = output(program).await?;
        assert_eq!(output.status.code(), Some(130), "{}", said(&output));
        job(&server, &name, is("cancelled")).await?;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_is_ignored_from_the_beginning_asks_for_nothing() -> Result<()> {
    let server = Server::start().await?;
    let folder = tempfile::tempdir()?;
    let gate = folder.path().join("gate");
    let wait = "until test -e \"$0\"; do sleep 0.1; done";
    let inner = script(&server, "stays", wait, &gate)?;
    let inner = inner.as_std();
    // As `nohup` does.
    let mut outer = Command::new("sh");
    outer.args(["-c", "trap '' HUP; exec \"$@\"", "sh"]).arg(inner.get_program());
    outer.args(inner.get_args()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    let program = foreground(outer)?;
    job(&server, "stays", is("running")).await?;
    kill_process_group(pid(&program)?, Signal::HUP)?;
    std::fs::write(&gate, "")?;
    let output = output(program).await?;
    assert!(output.status.success(), "{}", said(&output));
    job(&server, "stays", is("succeeded")).await?;
    Ok(())
}

#[tokio::test]
async fn what_was_written_last_is_passed_on_however_late_it_is_read() -> Result<()> {
    let server = Server::start().await?;
    let folder = tempfile::tempdir()?;
    let gate = folder.path().join("gate");
    // More than the reader's pipe holds, and no more than can be on the way.
    let mut child = foreground(script(&server, "long", "seq 1 20000; touch \"$0\"", &gate)?)?;
    until("the program's end", DEADLINE, || async { Ok(gate.exists().then_some(())) }).await?;
    let early = tokio::time::timeout(Duration::from_secs(3), child.wait()).await;
    assert!(early.is_err(), "it ended before its output was read: {early:?}");
    let output = output(child).await?;
    let expected: String = (1..=20_000).map(|n| format!("{n}\n")).collect();
    assert!(output.stdout == expected.as_bytes(), "{} bytes", output.stdout.len());
    assert!(output.status.success(), "{}", said(&output));
    job(&server, "long", is("succeeded")).await?;
    Ok(())
}

#[tokio::test]
async fn who_ends_the_job_at_the_server_ends_the_program() -> Result<()> {
    let server = Server::start().await?;
    let program = foreground(command(&server, &["run", "--name", "waits", "--", "sleep", "100"])?)?;
    let id = text(&job(&server, "waits", is("running")).await?, "id")?;
    let cancel = run(&server, &["jobs", "cancel", &id], b"").await?;
    assert!(cancel.status.success(), "{}", said(&cancel));
    let output = output(program).await?;
    assert_eq!(output.status.code(), Some(143), "{}", said(&output));
    assert!(said(&output).contains("asked for its end"), "{}", said(&output));
    job(&server, "waits", is("cancelled")).await?;
    Ok(())
}

/// A child in the same group, and one in a session of its own that lost its parent and does not want to end.
#[cfg(target_os = "linux")]
const FAMILY: &str = "\
    sh -c 'echo $$ >\"$0.new\"; mv \"$0.new\" \"$0.child\"; exec sleep 86400' \"$0\" & \
    setsid sh -c '(trap \"\" TERM HUP INT; sh -c \"echo \\$PPID\" >\"$0.far\"; mv \"$0.far\" \"$0.orphan\"; \
    while :; do sleep 1; done) >&- 2>&- & exit' \"$0\" & wait; wait";

#[cfg(target_os = "linux")]
#[tokio::test]
async fn who_ends_the_job_at_the_server_ends_all_that_the_program_has_started() -> Result<()> {
    let server = Server::start().await?;
    let folder = tempfile::tempdir()?;
    let program = foreground(script(&server, "family", FAMILY, &folder.path().join("of"))?)?;
    let id = text(&job(&server, "family", is("running")).await?, "id")?;
    let mut family = Vec::new();
    for name in ["of.child", "of.orphan"] {
        let path = folder.path().join(name);
        let pid = until(name, DEADLINE, || async {
            let text = std::fs::read_to_string(&path).ok();
            text.map(|text| Ok(text.trim().parse::<u32>()?)).transpose()
        });
        family.push(pid.await?);
    }
    let runs = |pid: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
    };
    ensure!(family.iter().all(runs), "{family:?}");
    let cancel = run(&server, &["jobs", "cancel", &id], b"").await?;
    assert!(cancel.status.success(), "{}", said(&cancel));
    // One of them has to be killed, ten seconds later.
    let output = tokio::time::timeout(2 * DEADLINE, program.wait_with_output());
    let output = output.await.context("its end")??;
    assert_eq!(output.status.code(), Some(143), "{}", said(&output));
    assert!(!family.iter().any(runs), "{family:?}");
    job(&server, "family", is("cancelled")).await?;
    Ok(())
}

#[tokio::test]
async fn where_no_server_answers_the_program_runs_and_that_is_said_once() -> Result<()> {
    let mut command = Command::new(harness::binary("tidings")?);
    command
        .args(["run", "--", "sh", "-c", "for n in 1 2 3; do echo $n; done; exit 7"])
        .env("TIDINGS_SERVER", format!("http://{}", free_address()?))
        .env("TIDINGS_TOKEN", "none")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let output = feed(&mut command, b"").await?;
    assert_eq!(output.status.code(), Some(7));
    assert_eq!(output.stdout, b"1\n2\n3\n");
    let said = said(&output);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("not reported"), "{said}");
    Ok(())
}

#[tokio::test]
async fn a_token_that_is_refused_is_as_no_server() -> Result<()> {
    let server = Server::start().await?;
    let mut command = command(&server, &["run", "--", "true"])?;
    let output = feed(command.env("TIDINGS_TOKEN", "wrong"), b"").await?;
    assert!(output.status.success());
    assert_eq!(said(&output).lines().count(), 1, "{}", said(&output));
    let mut command = self::command(&server, &["run", "--quiet", "--", "true"])?;
    let output = feed(command.env("TIDINGS_TOKEN", "wrong"), b"").await?;
    assert_eq!(said(&output), "");
    Ok(())
}

#[tokio::test]
async fn a_server_that_is_killed_and_starts_again_is_told_the_end() -> Result<()> {
    let mut server = Server::start().await?;
    let folder = tempfile::tempdir()?;
    let gate = folder.path().join("gate");
    let wait = "echo began; until test -e \"$0\"; do sleep 0.1; done; echo ends";
    let mut command = command(&server, &["run", "--name", "long", "--", "sh", "-c", wait])?;
    let program = foreground({
        command.arg(&gate);
        command
    })?;
    job(&server, "long", is("running")).await?;
    server.kill().await?;
    server.start_again_after_kill().await?;
    job(&server, "long", is("running")).await?;
    std::fs::write(&gate, "")?;
    let output = output(program).await?;
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(output.stdout, b"began\nends\n");
    job(&server, "long", is("succeeded")).await?;
    Ok(())
}

#[tokio::test]
async fn a_program_that_cannot_be_run_has_the_codes_of_shells_and_is_no_job() -> Result<()> {
    let server = Server::start().await?;
    for (program, code) in [("no-such-program", 127), ("/etc/passwd", 126), ("/", 126)] {
        let output = run(&server, &["run", "--", program], b"").await?;
        assert_eq!(output.status.code(), Some(code), "{program}: {}", said(&output));
    }
    let page: Value = server.get("/api/jobs")?.send().await?.json().await?;
    assert_eq!(page["jobs"], Value::Array(Vec::new()));
    Ok(())
}

#[tokio::test]
async fn a_reader_that_goes_ends_the_program_as_it_would_without() -> Result<()> {
    let server = Server::start().await?;
    let mut child = foreground(command(&server, &["run", "--", "yes"])?)?;
    drop(child.stdout.take());
    let status = tokio::time::timeout(DEADLINE, child.wait()).await.context("its end")??;
    assert_eq!(status.code(), Some(128 + Signal::PIPE.as_raw()), "{:?}", status.signal());
    Ok(())
}

#[tokio::test]
async fn jobs_are_listed_shown_read_and_removed_by_commands() -> Result<()> {
    let server = Server::start().await?;
    let ran =
        run(&server, &["run", "--name", "a job", "--total", "2", "--", "seq", "2"], b"").await?;
    assert!(ran.status.success(), "{}", said(&ran));
    let id = text(&job(&server, "a job", is("succeeded")).await?, "id")?;

    let listed = run(&server, &["jobs", "list"], b"").await?;
    let listed = String::from_utf8(listed.stdout)?;
    assert!(listed.lines().any(|line| line.starts_with(&id) && line.contains("a job")), "{listed}");
    let active = run(&server, &["jobs", "list", "--active", "--json"], b"").await?;
    assert_eq!(active.stdout, b"[]\n", "{}", said(&active));
    let shown = String::from_utf8(run(&server, &["jobs", "show", &id], b"").await?.stdout)?;
    for line in ["state succeeded", "amount 2 of 2 rows"] {
        let mut words = shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        assert!(words.any(|words| words.join(" ") == line), "{line:?} in {shown}");
    }
    let log = run(&server, &["jobs", "log", &id, "--follow"], b"").await?;
    assert_eq!(log.stdout, b"1\n2\n", "{}", said(&log));
    let result = run(&server, &["jobs", "result", &id], b"").await?;
    assert_eq!(result.status.code(), Some(1), "a reported job has none");

    let removed = run(&server, &["jobs", "remove", &id], b"").await?;
    assert!(removed.status.success(), "{}", said(&removed));
    let gone = run(&server, &["jobs", "show", &id], b"").await?;
    assert_eq!(gone.status.code(), Some(1));
    Ok(())
}
