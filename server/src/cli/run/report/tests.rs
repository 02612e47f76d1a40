use super::*;
use std::collections::VecDeque;
use tidings_client::{ClientConfig, Token};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// An answer: none is a server that says nothing.
type Answer = Option<(&'static str, String)>;

fn job(state: &str) -> Answer {
    let job = serde_json::json!({
        "id": "owner~0199c0de", "userId": "owner", "kind": "reported", "name": "nightly", "host": "den",
        "state": state, "version": 3, "progress": null, "message": "", "lines": 0,
        "createdAt": 1, "startedAt": 1, "updatedAt": 2, "endedAt": null
    });
    Some(("200 OK", job.to_string()))
}

fn refused(status: &'static str) -> Answer {
    Some((status, "{}".to_owned()))
}

/// Reads a request to its end, and says how it begins.
async fn request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
        });
        if body.len() >= length.unwrap_or(0) {
            return head.lines().next().map(str::to_owned);
        }
    }
}

/// A server that gives these answers in turn, and tells the requests and when they came.
async fn server(answers: Vec<Answer>) -> (Client, tokio::task::JoinHandle<Vec<(String, Instant)>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let token = Token::new("secret");
    let client = Client::new(ClientConfig::new(url.parse().unwrap(), token)).unwrap();
    let mut answers = VecDeque::from(answers);
    let serve = async move {
        let mut heard = Vec::new();
        let mut silent = Vec::new();
        while let Some(answer) = answers.pop_front() {
            let (mut stream, _) = listener.accept().await.unwrap();
            let Some(line) = request(&mut stream).await else {
                answers.push_front(answer);
                continue;
            };
            heard.push((line, Instant::now()));
            let Some((status, body)) = answer else {
                silent.push(stream);
                continue;
            };
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-type: application/json\r\n\
                 content-length: {length}\r\n\r\n{body}"
            );
            stream.write_all(head.as_bytes()).await.unwrap();
        }
        heard
    };
    (client, tokio::spawn(serve))
}

fn reporter(client: Client) -> (Reporter, watch::Sender<Option<Ended>>) {
    let (end, ended) = watch::channel(None);
    let new = NewJob { name: "nightly".to_owned(), ..NewJob::default() };
    let (news, cancel) = (News::new(None), CancellationToken::new());
    (Reporter { client, new, news, ended, cancel, notes: Notes::new(true) }, end)
}

fn ended(state: JobState) -> Option<Ended> {
    Some(Ended { state, exit_code: None, error: None })
}

#[tokio::test(start_paused = true)]
async fn answers_that_never_come_cost_no_job_its_life() {
    let (client, served) = server(vec![job("running"), None, None, job("running")]).await;
    let (reporter, _end) = reporter(client);
    let reported = tokio::spawn(reporter.run());
    let heard = served.await.unwrap();
    reported.abort();
    assert!(heard[0].0.starts_with("POST ") && heard[3].0.starts_with("PATCH "), "{heard:?}");
    let silence = heard[3].1 - heard[0].1;
    assert!(silence < Duration::from_secs(LEASE_SECONDS), "{silence:?}");
}

#[test]
fn waits_at_their_longest_leave_time_for_a_third_attempt() {
    let attempt = PATIENCE + LONGEST_WAIT.mul_f64(1.25);
    assert!(AT_LEAST_EVERY + 2 * attempt < Duration::from_secs(LEASE_SECONDS));
    assert!(2 * LONGEST_WAIT + PATIENCE < Duration::from_secs(LEASE_SECONDS));
}

#[tokio::test]
async fn an_end_that_is_refused_is_said_though_an_outage_was_said_before() {
    let busy = refused("503 Service Unavailable");
    let answers = vec![busy, job("running"), refused("401 Unauthorized")];
    let (client, served) = server(answers).await;
    let (reporter, end) = reporter(client);
    let notes = reporter.notes.clone();
    let said = |notes: &Notes| *notes.said.lock().unwrap();
    let reported = tokio::spawn(reporter.run());
    let deadline = Instant::now() + Duration::from_secs(20);
    while said(&notes) != Said::Reported {
        assert!(Instant::now() < deadline, "{notes:?}");
        sleep(Duration::from_millis(10)).await;
    }
    end.send_replace(ended(JobState::Failed));
    assert!(!reported.await.unwrap());
    served.await.unwrap();
    assert_eq!(said(&notes), Said::Reported, "nobody knows of the refusal yet");
    notes.end_unreported();
    assert_eq!(said(&notes), Said::Unreported);
}

#[test]
fn each_thing_is_said_once() {
    let notes = Notes::new(true);
    let said = || *notes.said.lock().unwrap();
    notes.reported();
    assert_eq!(said(), Said::Nothing, "nobody thought that it was not");
    notes.unreported("no server");
    notes.end_unreported();
    assert_eq!(said(), Said::Unreported);
    notes.reported();
    notes.unreported("no server");
    assert_eq!(said(), Said::Reported);
}
