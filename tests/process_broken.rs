//! `tidings process` and the results of jobs, where a server breaks off, or is slow to answer and somebody will not wait.

#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use anyhow::{Context, Result};
use harness::{DEADLINE, command_at};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Child;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

const ID: &str = "owner~0199c0de";
/// More than is ever printed.
const LARGE: usize = 17 << 20;

/// More than any test asks.
const MOST_ASKED: usize = 64;

/// What a request is answered with.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Answer {
    /// As a server does whose stream breaks, and whose job has succeeded with a file of that size.
    File(usize),
    /// The same, with a result that is none.
    Json,
    /// Nothing, to a request that begins so.
    Silence(&'static str),
    /// Half of the file, and no more.
    Half,
}

/// A server of one job. It stands still where it is told to.
struct Server {
    url: String,
    /// First lines of requests, as they come.
    asked: Mutex<mpsc::Receiver<String>>,
    _connections: JoinSet<()>,
}

impl Server {
    async fn start(answer: Answer) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let (said, asked) = mpsc::channel(MOST_ASKED);
        let mut connections = JoinSet::new();
        connections.spawn(async move {
            let mut open = JoinSet::new();
            let said = Arc::new(said);
            while let Ok((connection, _)) = listener.accept().await {
                let said = Arc::clone(&said);
                open.spawn(async move { serve(connection, answer, &said).await.ok() });
            }
        });
        Ok(Self { url, asked: Mutex::new(asked), _connections: connections })
    }

    fn spawn(&self, args: &[&str]) -> Result<Child> {
        Ok(command_at(&self.url, "tok", args)?.spawn()?)
    }

    async fn run(&self, args: &[&str]) -> Result<Output> {
        end(self.spawn(args)?).await
    }

    /// Waits for a request that begins so.
    async fn until_asked(&self, line: &str) -> Result<()> {
        let mut asked = self.asked.lock().await;
        let found = async {
            while let Some(other) = asked.recv().await {
                if other.starts_with(line) {
                    return Ok(());
                }
            }
            anyhow::bail!("it listens no more")
        };
        tokio::time::timeout(DEADLINE, found).await.with_context(|| line.to_owned())?
    }

    /// How many requests began so that nobody has waited for.
    async fn asked(&self, line: &str) -> usize {
        let mut asked = self.asked.lock().await;
        let all = std::iter::from_fn(|| asked.try_recv().ok());
        all.filter(|other| other.starts_with(line)).count()
    }
}

async fn serve(connection: TcpStream, answer: Answer, said: &mpsc::Sender<String>) -> Result<()> {
    let mut connection = BufReader::new(connection);
    loop {
        let (mut first, mut length) = (String::new(), 0);
        if connection.read_line(&mut first).await? == 0 {
            return Ok(());
        }
        loop {
            let mut line = String::new();
            connection.read_line(&mut line).await?;
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
            if line.trim().is_empty() {
                break;
            }
        }
        connection.read_exact(&mut vec![0; length]).await?;
        let _ = said.send(first.clone()).await;
        let stream = connection.get_mut();
        if matches!(answer, Answer::Silence(line) if first.starts_with(line)) {
            return std::future::pending().await;
        }
        let is_result = first.contains("/result");
        if is_result && answer == Answer::Half {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").await?;
            return std::future::pending().await;
        }
        if first.starts_with("POST /api/process") {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close";
            let told = json!({ "id": ID, "progress": 1, "message": "begun" });
            let text = format!("{head}\r\nlocation: /api/jobs/{ID}\r\n\r\ndata: {told}\n\n");
            stream.write_all(text.as_bytes()).await?;
            if matches!(answer, Answer::Silence(_)) {
                return std::future::pending().await;
            }
            // It breaks off.
            return Ok(());
        }
        let body = match (answer, is_result) {
            (Answer::File(size), true) => "x".repeat(size),
            (_, true) => r#"{"a":1}"#.to_owned(),
            _ if first.starts_with("GET /api/process") => {
                json!({ "kinds": [{ "kind": "do", "title": "", "description": "", "args": [] }] })
                    .to_string()
            }
            _ => succeeded(answer).to_string(),
        };
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body.as_bytes()).await?;
    }
}

fn succeeded(answer: Answer) -> serde_json::Value {
    let name = (answer != Answer::Json).then_some("a.csv");
    json!({
        "id": ID, "userId": "owner", "kind": "do", "name": "do", "host": "box", "state": "succeeded", "version": 2,
        "progress": 100, "message": "", "createdAt": 1, "startedAt": 1, "updatedAt": 2, "endedAt": 2,
        "result": { "contentType": "text/csv", "bytes": 1, "fileName": name },
    })
}

async fn end(child: Child) -> Result<Output> {
    Ok(tokio::time::timeout(DEADLINE, child.wait_with_output()).await.context("its end")??)
}

fn interrupt(child: &Child) -> Result<()> {
    let pid = Pid::from_raw(i32::try_from(child.id().context("it runs")?)?).context("positive")?;
    Ok(kill_process(pid, Signal::INT)?)
}

/// The next thing that a command says.
async fn says(child: &mut Child, text: &str) -> Result<()> {
    let stderr = child.stderr.as_mut().context("standard error is piped")?;
    let mut said = String::new();
    let reading = async {
        while !said.contains(text) {
            said.push(char::from(stderr.read_u8().await?));
        }
        Ok::<_, anyhow::Error>(())
    };
    let read = tokio::time::timeout(DEADLINE, reading).await;
    read.with_context(|| text.to_owned())?.with_context(|| said)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn is_empty(folder: &Path) -> Result<bool> {
    Ok(std::fs::read_dir(folder)?.next().is_none())
}

#[tokio::test]
async fn a_large_file_of_a_job_whose_stream_broke_is_fetched_once_and_only_for_a_file() -> Result<()>
{
    let server = Server::start(Answer::File(LARGE)).await?;
    let output = server.run(&["process", "do"]).await?;
    assert!(output.status.success() && output.stdout.is_empty(), "{}", said(&output));
    assert!(said(&output).contains(&format!("`tidings jobs result {ID} -o FILE`")));
    let result = format!("GET /api/jobs/{ID}/result");
    assert_eq!(server.asked(&result).await, 0);

    let folder = tempfile::tempdir()?;
    let file = folder.path().join("a.csv");
    let name = file.display().to_string();
    let output = server.run(&["process", "do", "-o", &name]).await?;
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(std::fs::metadata(&file)?.len(), LARGE as u64);
    assert_eq!(server.asked(&result).await, 1);
    assert_eq!(std::fs::read_dir(folder.path())?.count(), 1, "nothing else is left");
    Ok(())
}

#[tokio::test]
async fn the_result_of_a_job_whose_stream_broke_is_printed() -> Result<()> {
    let server = Server::start(Answer::Json).await?;
    let output = server.run(&["process", "do"]).await?;
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(output.stdout, b"{\"a\":1}\n");
    Ok(())
}

#[tokio::test]
async fn ctrl_c_while_a_result_trickles_ends_it_and_leaves_no_file() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let name = folder.path().join("a.csv").display().to_string();
    for args in [&["process", "do", "-o", &name][..], &["jobs", "result", ID, "-o", &name]] {
        let server = Server::start(Answer::Half).await?;
        let child = server.spawn(args)?;
        server.until_asked(&format!("GET /api/jobs/{ID}/result")).await?;
        interrupt(&child)?;
        let output = end(child).await?;
        assert_eq!(output.status.code(), Some(1), "{args:?}: {}", said(&output));
        assert!(said(&output).contains("is not written"), "{}", said(&output));
        assert!(is_empty(folder.path())?, "{args:?}");
    }
    Ok(())
}

#[tokio::test]
async fn ctrl_c_twice_waits_for_no_answer_to_the_start() -> Result<()> {
    let server = Server::start(Answer::Silence("POST /api/process")).await?;
    let mut child = server.spawn(&["process", "do"])?;
    server.until_asked("POST /api/process").await?;
    interrupt(&child)?;
    says(&mut child, "once it has begun").await?;
    interrupt(&child)?;
    let output = end(child).await?;
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("has not answered"), "{}", said(&output));

    let child = server.spawn(&["process", "do", "--detach"])?;
    server.until_asked("POST /api/process").await?;
    interrupt(&child)?;
    assert!(!end(child).await?.status.success());
    Ok(())
}

#[tokio::test]
async fn ctrl_c_twice_waits_for_no_answer_to_a_wish_for_the_end() -> Result<()> {
    let server = Server::start(Answer::Silence("DELETE")).await?;
    let mut child = server.spawn(&["process", "do"])?;
    says(&mut child, "begun").await?;
    interrupt(&child)?;
    server.until_asked("DELETE").await?;
    interrupt(&child)?;
    let output = end(child).await?;
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("is left alone"), "{}", said(&output));
    Ok(())
}
