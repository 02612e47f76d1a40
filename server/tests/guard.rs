//! The guard, as the server uses it: real processes, and a real `kill -9`.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const DEADLINE: Duration = Duration::from_secs(30);

fn guard(argv: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
    command.args(["guard", "--"]).args(argv);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs to its end, with the life line held for all that time.
fn run(argv: &[&str]) -> Output {
    let mut child = guard(argv).spawn().unwrap();
    let life_line = child.stdin.take().unwrap();
    let output = child.wait_with_output().unwrap();
    drop(life_line);
    output
}

fn sh(script: &str) -> Output {
    run(&["sh", "-c", script])
}

#[test]
fn the_exit_code_is_the_programs_and_its_output_passes_through() {
    let output = sh("echo out; echo err >&2; exit 7");
    assert_eq!(output.status.code(), Some(7));
    assert_eq!((&*output.stdout, &*output.stderr), (&b"out\n"[..], &b"err\n"[..]));
    assert_eq!(sh("exit 0").status.code(), Some(0));
    assert_eq!(sh("kill -9 $$").status.code(), Some(128 + 9));
    assert_eq!(sh("kill -TERM $$").status.code(), Some(128 + 15));
    // The life line is the guard's alone.
    assert_eq!(sh("cat").status.code(), Some(0));
}

#[test]
fn a_program_that_cannot_be_run_is_told_as_shells_tell_it() {
    for (argv, code, text) in [
        (&["no-such-program", "x"][..], 127, "tidings: there is no program no-such-program\n"),
        (&["/dev/null"][..], 126, "tidings: /dev/null cannot be run: "),
    ] {
        let output = run(argv);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{error}");
        assert!(error.starts_with(text), "{error}");
    }
}

#[test]
fn what_a_program_leaves_behind_ends_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "cd {}; {FAMILY} until [ -e great ]; do sleep 0.05; done; exit 3",
        folder.path().display()
    );
    let output = sh(&script);
    assert_eq!(output.status.code(), Some(3));
    // The pipe came to its end, and so it was not waited for the day that they sleep.
    for pid in pids(folder.path(), &["grand", "great"]) {
        assert!(is_gone(pid), "{pid}");
    }
}

/// A child in the same group, and one in a session of its own that lost its parent and does not want to end.
const FAMILY: &str = "\
    sh -c 'echo $$ >grand.new; mv grand.new grand; exec sleep 86400' &
    setsid sh -c '(trap \"\" TERM HUP INT
        sh -c \"echo \\$PPID\" >great.new; mv great.new great; while :; do sleep 1; done) & exit' &";

#[test]
fn when_whoever_holds_the_life_line_is_killed_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let mut holder = Command::new("sleep").arg("86400").stdout(Stdio::piped()).spawn().unwrap();
    let script = format!(
        "cd {}; {FAMILY} echo $$ >main.new; mv main.new main; trap 'echo asked' TERM; wait; wait",
        folder.path().display()
    );
    let mut command = guard(&["sh", "-c", &script]);
    let life_line = holder.stdout.take().unwrap();
    let mut guard = command.stdin(life_line).spawn().unwrap();
    drop(command);
    let pids = pids(folder.path(), &["main", "grand", "great"]);
    assert!(pids.iter().all(|pid| !is_gone(*pid)), "{pids:?}");

    kill_9(&mut holder);
    let mut said = String::new();
    guard.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    guard.wait().unwrap();
    assert!(pids.iter().all(|pid| is_gone(*pid)), "{pids:?}");
    assert!(said.starts_with("asked"), "it was to end by itself first: {said:?}");
}

#[test]
fn the_guard_ends_all_when_it_is_asked_to_end_itself() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!("cd {}; {FAMILY} wait", folder.path().display());
    let mut guard = guard(&["sh", "-c", &script]).spawn().unwrap();
    let pids = pids(folder.path(), &["grand", "great"]);
    let asked = Command::new("kill").arg(guard.id().to_string()).status().unwrap();
    assert!(asked.success());
    // The life line is held on to meanwhile.
    let life_line = guard.stdin.take();
    assert_eq!(guard.wait().unwrap().code(), Some(128 + 15));
    drop(life_line);
    assert!(pids.iter().all(|pid| is_gone(*pid)), "{pids:?}");
}

fn kill_9(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Waits until each has written its id to the file of its name.
#[allow(clippy::disallowed_methods, reason = "there is no runtime here")]
fn pids(folder: &Path, names: &[&str]) -> Vec<u32> {
    let started = Instant::now();
    names
        .iter()
        .map(|name| {
            loop {
                // The file is there a moment before what is in it.
                let text = fs::read_to_string(folder.join(name)).unwrap_or_default();
                if let Ok(pid) = text.trim().parse() {
                    return pid;
                }
                assert!(started.elapsed() < DEADLINE, "{name} has not begun");
                std::thread::sleep(Duration::from_millis(20));
            }
        })
        .collect()
}

/// Whether no process of that id runs; one that has ended and is not yet waited for counts as gone.
fn is_gone(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with('Z'))
}
