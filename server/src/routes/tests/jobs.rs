//! Jobs over HTTP: started, followed, listed, ended, reported.

use axum::body::BodyDataStream;
use serde_json::json;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::*;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// A server whose jobs are done.
struct Jobs {
    app: App,
    stop: CancellationToken,
}

impl Drop for Jobs {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Jobs {
    async fn new() -> Self {
        Self::of(App::new().await)
    }

    fn of(app: App) -> Self {
        let stop = CancellationToken::new();
        tokio::spawn(app.state.jobs.clone().run(stop.clone()));
        Self { app, stop }
    }

    async fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        let request = by_owner(method, path).header("content-type", JSON);
        self.app.send(request, body.to_owned()).await
    }

    /// Starts a job, whose answer has its head.
    async fn start(&self, args: Value, query: &str) -> Response {
        let body = json!({ "kind": "steps", "args": args }).to_string();
        let request = by_owner("POST", &format!("/api/process{query}")).header("host", "localhost");
        let request = request.header("content-type", FORM).body(Body::from(body)).unwrap();
        self.app.routes().oneshot(request).await.unwrap()
    }

    async fn state(&self, id: &str) -> String {
        let job = self.ask("GET", &format!("/api/jobs/{id}"), "").await;
        assert_eq!(job.status, 200, "{job:?}");
        job.json()["state"].as_str().unwrap().to_owned()
    }

    async fn until(&self, id: &str, state: &str) {
        let looking = async {
            while self.state(id).await != state {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(1_000), looking).await.expect(state);
    }

    async fn reported(&self) -> String {
        let answer = self.ask("POST", "/api/jobs", "{\"name\":\"Backup\"}").await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let id = answer.json()["id"].as_str().unwrap().to_owned();
        assert_eq!(answer.header("location"), Some(&*format!("/api/jobs/{id}")));
        id
    }

    fn free_streams(&self) -> usize {
        let taken: Vec<_> = std::iter::from_fn(|| self.app.state.streams.take()).collect();
        taken.len()
    }
}

fn id_of(response: &Response) -> String {
    let location = response.headers()["location"].to_str().unwrap();
    location.strip_prefix("/api/jobs/").unwrap().to_owned()
}

async fn next(body: &mut BodyDataStream) -> Option<String> {
    let piece = body.next().await?.unwrap();
    Some(String::from_utf8(piece.to_vec()).unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_job_is_told_as_it_goes_on_and_how_it_ended() {
    let jobs = Jobs::new().await;
    let response = jobs.start(json!({ "steps": 30, "pause": 50 }), "").await;
    assert_eq!(response.status(), 200);
    for (name, value) in [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-cache, no-transform"),
        ("x-accel-buffering", "no"),
        ("connection", "keep-alive"),
    ] {
        assert_eq!(response.headers()[name], value);
    }
    let id = id_of(&response);
    let mut body = response.into_body().into_data_stream();
    let first = next(&mut body).await.unwrap();
    let data = first.strip_prefix("data: ").unwrap().strip_suffix("\n\n").unwrap();
    let first: Value = serde_json::from_str(data).unwrap();
    assert_eq!(first, json!({ "id": id, "progress": null, "message": "" }));
    let begun = Instant::now();
    let mut rest = String::new();
    let mut pieces = 0;
    while let Some(piece) = next(&mut body).await {
        rest.push_str(&piece);
        pieces += 1;
    }
    assert!((pieces - 2) as f64 <= begun.elapsed().as_secs_f64() * 10.0, "{pieces}");
    let frames: Vec<_> = rest.split_terminator("\n\n").collect();
    let (last, updates) = frames.split_last().unwrap();
    assert_eq!(*last, "event: complete\ndata: {\"success\":true,\"result\":{\"steps\":30}}");
    let progress: Vec<_> = updates
        .iter()
        .map(|frame| serde_json::from_str::<Value>(frame.strip_prefix("data: ").unwrap()).unwrap())
        .filter_map(|update| update["progress"].as_f64())
        .collect();
    assert!(progress.len() > 5 && progress.is_sorted(), "{progress:?}");
    assert_eq!(progress.last(), Some(&100.0));
    let result = jobs.ask("GET", &format!("/api/jobs/{id}/result"), "").await;
    assert_eq!(
        (result.header("content-type"), result.json()["steps"].as_u64()),
        (Some(JSON), Some(30))
    );
}

#[tokio::test(start_paused = true)]
async fn a_silent_job_has_heartbeats() {
    let jobs = Jobs::new().await;
    let response = jobs.start(json!({ "steps": 0, "end": "never" }), "").await;
    let mut body = response.into_body().into_data_stream();
    assert!(next(&mut body).await.unwrap().starts_with("data: "));
    let begun = Instant::now();
    for _ in 0..3 {
        assert_eq!(next(&mut body).await.unwrap(), ": heartbeat\n\n");
    }
    assert!((44..=46).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn who_hangs_up_leaves_the_job_unless_it_is_to_end_with_the_stream() {
    let jobs = Jobs::new().await;
    let free = jobs.free_streams();
    for (query, state) in [("", "running"), ("?cancelOnDisconnect=true", "cancelled")] {
        let response = jobs.start(json!({ "end": "never" }), query).await;
        let id = id_of(&response);
        let mut body = response.into_body().into_data_stream();
        next(&mut body).await.unwrap();
        jobs.until(&id, "running").await;
        assert_eq!(jobs.free_streams(), free - 1);
        drop(body);
        assert_eq!(jobs.free_streams(), free, "its task ends at once");
        if state == "running" {
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        jobs.until(&id, state).await;
    }
    // One that was told to its end has nothing to cancel.
    let response = jobs.start(json!({ "steps": 1 }), "?cancelOnDisconnect=true").await;
    let id = id_of(&response);
    Answer::of(response).await;
    jobs.until(&id, "succeeded").await;
    // Neither is one left that nobody ever read of.
    let response = jobs.start(json!({ "end": "never" }), "?cancelOnDisconnect=true").await;
    let id = id_of(&response);
    drop(response);
    jobs.until(&id, "cancelled").await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_with_the_server_and_says_so() {
    let jobs = Jobs::new().await;
    let response = jobs.start(json!({ "end": "never" }), "").await;
    let id = id_of(&response);
    jobs.until(&id, "running").await;
    jobs.stop.cancel();
    let body = Answer::of(response).await.body;
    let body = String::from_utf8(body.to_vec()).unwrap();
    assert!(body.contains("event: error\ndata: {\"error\":\"the server ended"), "{body}");
    assert!(body.contains("\"code\":\"interrupted\""), "{body}");
    jobs.until(&id, "interrupted").await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_started_says_why() {
    let jobs = Jobs::new().await;
    let known = jobs.ask("GET", "/api/process", "").await;
    let kinds = known.json()["kinds"].as_array().unwrap().clone();
    assert!(kinds.iter().any(|kind| kind["kind"] == "steps"), "{kinds:?}");
    for (content_type, body, status, code, told) in [
        (FORM, "{\"kind\":\"stepz\"}", 400, "unknown_kind", "did you mean `steps`"),
        (FORM, "{\"kind\":\"steps\",\"args\":{\"step\":1}}", 400, "invalid_argument", "`steps`?"),
        (FORM, "{\"kind\":\"steps\",\"args\":{\"steps\":{}}}", 400, "invalid_argument", "steps"),
        (FORM, "{\"kind\":\"steps\",\"args\":{\"steps\":-1}}", 400, "invalid_argument", "from 0"),
        (FORM, "{\"kind\":\"steps\",\"name\":\"\"}", 400, "bad_request", "`name`"),
        (FORM, "{\"knd\":\"steps\"}", 400, "bad_request", "kind"),
        (FORM, "kind=steps", 400, "bad_request", "it is no JSON"),
        (JSON, "[\"steps\"]", 400, "bad_request", "JSON object"),
        (JSON, "", 400, "bad_request", "empty"),
        ("image/png", "x", 415, "unsupported_media_type", "JSON"),
    ] {
        let request = by_owner("POST", "/api/process").header("content-type", content_type);
        let answer = jobs.app.send(request, body).await;
        assert_eq!(answer.error(), (status, code.to_owned()), "{body}");
        let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(told), "{body}: {message}");
    }
    for query in ["?cancelOnDisconect=true", "?cancelOnDisconnect=1"] {
        let answer = jobs.ask("POST", &format!("/api/process{query}"), "{}").await;
        assert_eq!(answer.error(), (400, "bad_request".to_owned()));
    }
    let null = jobs.start(json!({ "steps": null, "end": "never" }), "").await;
    assert_eq!(null.status(), 200, "null is as if it were not there");
    let nobody = Request::builder().method("POST").uri("/api/process");
    assert_eq!(jobs.app.send(nobody, "{}").await.status, 401);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_says_when_to_come_back() {
    let app = App::with(|config| {
        (config.jobs.max_running, config.jobs.max_queued) = (1, 1);
    });
    let jobs = Jobs::of(app.await);
    let mut open = Vec::new();
    for _ in 0..2 {
        open.push(jobs.start(json!({ "end": "never" }), "").await);
    }
    let full = Answer::of(jobs.start(json!({}), "").await).await;
    assert_eq!(full.error(), (503, "queue_full".to_owned()));
    assert!(full.header("retry-after").is_some());
    let mut body = open.remove(1).into_body().into_data_stream();
    let first = next(&mut body).await.unwrap();
    assert!(first.contains("\"place\":1"), "{first}");
}

#[tokio::test(start_paused = true)]
async fn jobs_are_listed_read_ended_and_removed() {
    let jobs = Jobs::new().await;
    let response = jobs.start(json!({ "end": "never" }), "").await;
    let id = id_of(&response);
    let reported = jobs.reported().await;
    jobs.until(&id, "running").await;
    let path = format!("/api/jobs/{id}");
    while jobs.ask("GET", &path, "").await.json()["lines"] != 10 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let list = async |query: &str| {
        let answer = jobs.ask("GET", &format!("/api/jobs{query}"), "").await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("cache-control")),
            (200, Some("no-store"))
        );
        let page = answer.json();
        let ids = page["jobs"].as_array().unwrap().iter();
        let mut ids: Vec<_> = ids.map(|job| job["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    let mut both = vec![id.clone(), reported.clone()];
    both.sort();
    assert_eq!(list("").await, both);
    assert_eq!(list("?state=active&user=owner&limit=2").await, both);
    assert_eq!(list("?user=nobody").await, Vec::<String>::new());
    assert_eq!(list("?state=ended").await, Vec::<String>::new());
    for query in ["?limit=0", "?limit=201", "?state=running", "?before=x", "?sate=active"] {
        let answer = jobs.ask("GET", &format!("/api/jobs{query}"), "").await;
        assert_eq!(answer.error(), (400, "bad_request".to_owned()), "{query}");
    }
    let active = jobs.ask("DELETE", &format!("{path}?remove=true"), "").await;
    assert_eq!(active.error(), (409, "job_active".to_owned()));
    let patched = jobs.ask("PATCH", &path, "{\"progress\":1}").await;
    assert_eq!(patched.error(), (409, "job_active".to_owned()));
    let asked = jobs.ask("DELETE", &path, "").await;
    assert_eq!((asked.status.as_u16(), &asked.json()["cancelRequested"]), (202, &true.into()));
    jobs.until(&id, "cancelled").await;
    assert_eq!(jobs.ask("DELETE", &path, "").await.error(), (409, "job_ended".to_owned()));
    assert_eq!(list("?state=ended").await, std::slice::from_ref(&id));
    let lines = jobs.ask("GET", &format!("{path}/log?after=8"), "").await.json();
    assert_eq!((&lines["next"], lines["lines"].as_array().unwrap().len()), (&10.into(), 2));
    let result = jobs.ask("GET", &format!("{path}/result"), "").await;
    assert_eq!(result.error(), (404, "not_found".to_owned()));
    let removed = jobs.ask("DELETE", &format!("{path}?remove=true"), "").await;
    assert_eq!((removed.status.as_u16(), removed.body.len()), (204, 0));
    for (method, path) in [
        ("GET", path.as_str()),
        ("GET", &format!("{path}/log")),
        ("GET", &format!("{path}/result")),
        ("DELETE", &path),
        ("PATCH", &path),
        ("GET", "/api/jobs/none"),
        ("GET", "/api/jobs/%FF"),
        ("GET", "/api/jobs/%00"),
    ] {
        let answer = jobs.ask(method, path, "{}").await;
        assert_eq!(answer.error(), (404, "not_found".to_owned()), "{method} {path}");
    }
}

#[tokio::test(start_paused = true)]
async fn any_program_reports_with_a_form_of_curl() {
    let jobs = Jobs::new().await;
    let id = jobs.reported().await;
    let path = format!("/api/jobs/{id}");
    let patch = async |body: &str| {
        let request = by_owner("PATCH", &path).header("content-type", FORM);
        jobs.app.send(request, body.to_owned()).await
    };
    let half = patch("{\"progress\":50,\"message\":\"half\",\"lines\":[\"a\"]}").await.json();
    assert_eq!((&half["progress"], &half["message"]), (&50.into(), &"half".into()));
    for body in ["{\"progress\":101}", "{\"progres\":1}", "{\"state\":\"running\"}", "50", "x", ""]
    {
        assert_eq!(patch(body).await.error(), (400, "bad_request".to_owned()), "{body}");
    }
    let done = patch("{\"state\":\"succeeded\",\"result\":[1, 2]}").await.json();
    assert_eq!((&done["state"], &done["progress"]), (&"succeeded".into(), &100.into()));
    assert_eq!(patch("{}").await.error(), (409, "job_ended".to_owned()));
    let result = jobs.ask("GET", &format!("{path}/result"), "").await;
    assert_eq!(&*result.body, b"[1, 2]");
}

#[tokio::test]
async fn what_a_job_has_made_is_fetched_as_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let jobs = Jobs::of(App::in_folder(folder.path(), |_| {}).await);
    let response = jobs.start(json!({ "steps": 1, "pause": 1, "end": "file" }), "").await;
    let id = id_of(&response);
    let body = Answer::of(response).await.body;
    let body = String::from_utf8(body.to_vec()).unwrap();
    assert!(body.contains("\"fileName\":\"-table.csv\""), "{body}");
    let path = format!("/api/jobs/{id}/result");
    let file = jobs.ask("GET", &path, "").await;
    assert_eq!((file.status.as_u16(), &*file.body), (200, &b"a,b\n"[..]));
    let disposition = file.header("content-disposition");
    assert_eq!(disposition, Some("attachment; filename=\"-table.csv\""));
    assert_eq!(
        (file.header("content-type"), file.header("content-length")),
        (Some("text/csv"), Some("4"))
    );
    let kept = folder.path().join("jobs").join(&id);
    assert!(kept.is_dir());
    jobs.ask("DELETE", &format!("/api/jobs/{id}?remove=true"), "").await;
    assert!(!kept.exists());
}
