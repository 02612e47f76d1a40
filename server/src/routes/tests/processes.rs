//! The processes of the machine over HTTP.

use std::process::{Child, Command};

use tidings_protocol::processes::{MayEnd, ProcessTable};

use super::*;
use crate::client_addr::IsLocal;
use crate::config::EndProcesses;

fn here(request: request::Builder) -> request::Builder {
    request.extension(IsLocal(true))
}

async fn table(app: &App, request: request::Builder) -> ProcessTable {
    let answer = app.send(request, "").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_slice(&answer.body).unwrap()
}

fn list() -> request::Builder {
    by_owner("GET", "/api/processes")
}

/// A process that goes on for long, and when it began.
#[expect(clippy::zombie_processes, reason = "whoever gets it waits for it")]
async fn sleeper(app: &App) -> (Child, u64) {
    let child = Command::new("sleep").arg("600").spawn().unwrap();
    loop {
        let rows = table(app, list()).await.rows;
        if let Some(at) = rows.pid.iter().position(|pid| *pid == child.id()) {
            return (child, rows.start[at]);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn end(app: &App, pid: u32, query: &str) -> Answer {
    let path = format!("/api/processes/{pid}?{query}");
    app.send(here(by_owner("DELETE", &path)), "").await
}

#[tokio::test]
async fn every_process_is_a_row_of_columns_that_are_as_long() {
    let app = App::with(|config| config.server.host_name = "workshop".to_owned()).await;
    let table = table(&app, list()).await;
    let rows = table.rows;
    assert_eq!(table.host, "workshop");
    assert!(table.age_ms < 60_000 && table.interval_ms == 1_000);
    let count = rows.pid.len();
    assert!(count > 0 && count as u64 <= table.count);
    let lengths = [
        rows.parent.len(),
        rows.start.len(),
        rows.name.len(),
        rows.command.len(),
        rows.user.len(),
        rows.cpu.len(),
        rows.memory.len(),
        rows.threads.len(),
        rows.state.len(),
    ];
    assert_eq!(lengths, [count; 9]);
    assert!(rows.user.iter().all(|user| (*user as usize) < rows.users.len()));
    assert!(rows.pid.contains(&std::process::id()));
}

#[tokio::test]
async fn a_table_is_packed_where_that_is_understood() {
    let app = App::new().await;
    let packed = app.send(list().header("accept-encoding", "gzip"), "").await;
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    let mut text = String::new();
    let mut unpacked = flate2::read::GzDecoder::new(&packed.body[..]);
    std::io::Read::read_to_string(&mut unpacked, &mut text).unwrap();
    assert!(serde_json::from_str::<ProcessTable>(&text).unwrap().count > 0);
    assert_eq!(packed.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn whether_one_may_be_ended_is_said_with_the_reason() {
    for (end, request, expected) in [
        (EndProcesses::Local, here(list()), MayEnd::Yes),
        (EndProcesses::Local, list(), MayEnd::Remote),
        (EndProcesses::Never, here(list()), MayEnd::Never),
    ] {
        let app = App::with(|config| config.processes.end = end).await;
        assert_eq!(table(&app, request).await.may_end, expected);
    }
    // Asked for by a name that a proxy in front has.
    let app = App::with(|config| config.server.allowed_hosts = vec!["box.lan".to_owned()]).await;
    let named = here(list()).header("host", "box.lan").body(Body::empty()).unwrap();
    let answer = Answer::of(app.routes().oneshot(named).await.unwrap()).await;
    assert_eq!(answer.json()["mayEnd"], "remote");
}

#[tokio::test]
async fn a_process_is_asked_to_end_and_ended_by_force_as_a_second_step() {
    use std::os::unix::process::ExitStatusExt as _;
    let app = App::new().await;
    for (query, signal) in [("", 15), ("&force=true", 9)] {
        let (mut child, start) = sleeper(&app).await;
        let answer = end(&app, child.id(), &format!("start={start}{query}")).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        assert_eq!(child.wait().unwrap().signal(), Some(signal));
        let again = end(&app, child.id(), &format!("start={start}{query}")).await;
        assert_eq!(again.error(), (404, "no_such_process".to_owned()));
    }
}

#[tokio::test]
async fn what_may_not_be_ended_is_refused_by_code_and_goes_on() {
    let app = App::new().await;
    let (mut child, start) = sleeper(&app).await;
    let (pid, own) = (child.id(), std::process::id());
    let right = format!("start={start}");
    for (pid, query, status, code) in [
        (pid, "start=0", 404, "no_such_process"),
        (pid, "", 400, "bad_request"),
        (pid, "start=soon", 400, "bad_request"),
        (pid, &*format!("{right}&force=1"), 400, "bad_request"),
        (pid, &*format!("{right}&kill=true"), 400, "bad_request"),
        (own, &*right, 403, "process_protected"),
        (1, &*right, 403, "process_protected"),
        (0, &*right, 404, "no_such_process"),
    ] {
        let answer = end(&app, pid, query).await;
        assert_eq!(answer.error(), (status, code.to_owned()), "{pid} {query}");
    }
    let named = app.send(here(by_owner("DELETE", "/api/processes/x?start=1")), "").await;
    assert_eq!(named.error(), (404, "no_such_process".to_owned()));
    let path = format!("/api/processes/{pid}?{right}");
    let remote = app.send(by_owner("DELETE", &path), "").await;
    assert_eq!(remote.error(), (403, "not_local".to_owned()));
    let never = App::with(|config| config.processes.end = EndProcesses::Never).await;
    assert_eq!(end(&never, pid, &right).await.error(), (403, "forbidden".to_owned()));
    assert_eq!(child.try_wait().unwrap(), None, "it goes on");
    child.kill().unwrap();
    child.wait().unwrap();
}
