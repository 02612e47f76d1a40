//! The past of metrics over HTTP.

use std::io::Read as _;

use serde_json::json;
use tidings_protocol::history::History;
use tidings_protocol::metrics::{Cpu, Snapshot};

use super::*;
use crate::clock;

const NOW: u64 = 1_760_000_000_000;

/// A server that has taken a sample each second of the last hour.
async fn app(folder: Option<&Path>) -> App {
    let named = |config: &mut Config| config.server.host_name = "workshop".to_owned();
    let app = match folder {
        Some(folder) => App::in_folder(folder, named).await,
        None => App::with(named).await,
    };
    for n in 0..3_600 {
        let cpu = Cpu { total: (n % 997) as f32 / 10.0, cores: vec![1.0, 2.0], load: None };
        let sample = Snapshot { interval_ms: 1_000, cpu: Some(cpu), ..Snapshot::default() };
        app.state.history.record(NOW - 3_600_000 + n * 1_000, &sample);
    }
    clock::fix(NOW);
    app
}

async fn ask(app: &App, query: &str) -> Answer {
    app.send(by_owner("GET", &format!("/api/metrics/history{query}")), "").await
}

#[tokio::test]
async fn columns_are_answered_for_each_metric_that_is_asked_for() {
    let app = app(None).await;
    let answer = ask(&app, "?metric=cpu.core.*&metric=cpu.total&range=3s").await;
    let expected = json!({
        "host": "workshop", "from": NOW - 3_000, "to": NOW, "stepMs": 1_000, "newest": NOW - 1_000,
        "times": [0, 1_000, 2_000],
        "series": [
            { "metric": "cpu.core.0", "unit": "percent", "values": [1, 1, 1] },
            { "metric": "cpu.core.1", "unit": "percent", "values": [2, 2, 2] },
            { "metric": "cpu.total", "unit": "percent", "values": [60.6, 60.7, 60.8] },
        ],
    });
    assert_eq!((answer.status.as_u16(), answer.json()), (200, expected));
    let headers = (answer.header("content-type"), answer.header("cache-control"));
    assert_eq!(headers, (Some("application/json"), Some("no-store")));

    let day = ask(&app, "?metric=cpu.total&range=1d&host=workshop").await.json();
    assert_eq!((day["stepMs"].as_u64(), &day["times"]), (Some(60_000), &Value::Null));
    assert_eq!(day["series"][0]["max"].as_array().map(Vec::len), Some(1_441));
}

#[tokio::test]
async fn an_hour_of_a_metric_is_small_and_answered_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(Some(folder.path())).await;
    let answer = ask(&app, "?metric=cpu.total").await;
    let history: History = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(history.points(), 3_600);
    assert!(answer.body.len() <= 100_000, "{} bytes", answer.body.len());
}

#[tokio::test]
async fn what_a_chart_needs_of_an_hour_is_packed_where_that_is_understood() {
    let app = app(None).await;
    let query = "?metric=cpu.total&metric=cpu.core.*&digits=3";
    let plain = ask(&app, query).await;
    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(plain.header("vary"), Some("accept, accept-encoding"));
    let path = format!("/api/metrics/history{query}");
    let request = by_owner("GET", &path).header("accept-encoding", "br, gzip");
    let packed = app.send(request, "").await;
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&packed.body[..]).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, plain.body);
    assert!(packed.body.len() * 2 < plain.body.len(), "{} bytes", packed.body.len());
}

#[tokio::test]
async fn a_sheet_has_a_row_for_each_time_and_is_saved_under_a_name() {
    let app = app(None).await;
    let sheet = ask(&app, "?metric=cpu.total&metric=cpu.core.0&range=3s&format=csv").await;
    let expected = "time,cpu.total,cpu.core.0\r\n\
                    2025-10-09T08:53:17.000Z,60.6,1\r\n\
                    2025-10-09T08:53:18.000Z,60.7,1\r\n\
                    2025-10-09T08:53:19.000Z,60.8,1\r\n";
    assert_eq!(String::from_utf8_lossy(&sheet.body), expected);
    assert_eq!(sheet.header("content-type"), Some("text/csv; charset=utf-8"));
    let name = "attachment; filename=\"metrics-workshop-20251009T085317Z.csv\"";
    assert_eq!(sheet.header("content-disposition"), Some(name));

    let asked = by_owner("GET", "/api/metrics/history?metric=cpu.total&range=1d");
    let minutes = app.send(asked.header("accept", "text/csv"), "").await;
    let text = String::from_utf8_lossy(&minutes.body).into_owned();
    let rows: Vec<_> = text.lines().collect();
    assert_eq!(rows[0], "time,cpu.total,cpu.total min,cpu.total max");
    // What nothing is known of has no row.
    assert!((60..=62).contains(&(rows.len() - 1)), "{} rows", rows.len());
}

#[tokio::test]
async fn what_cannot_be_answered_is_an_error_that_says_why() {
    let folder = tempfile::tempdir().unwrap();
    for app in [app(None).await, app(Some(folder.path())).await] {
        for (query, status, code, why) in [
            ("", 400, "bad_request", "name a metric"),
            ("?metric=cpu.total&range=soon", 400, "bad_request", "5m"),
            ("?metric=cpu.total&range=9d", 400, "bad_request", "8d"),
            ("?metric=cpu.total&range=-1h", 400, "bad_request", "5m"),
            ("?metric=cpu.total&since=1h", 400, "bad_request", "since"),
            ("?metric=cpu.total&format=xml", 400, "bad_request", "csv"),
            ("?metric=cpu.total&digits=0", 400, "bad_request", "1 to 7"),
            ("?metric=cpu..total", 400, "bad_request", "empty segment"),
            ("?metric=cpu.totl", 404, "unknown_metric", "did you mean `cpu.total`?"),
            ("?metric=cpu.core.7", 404, "unknown_metric", "did you mean `cpu.core."),
            ("?metric=cpu.total&host=attic", 404, "not_found", "machine"),
            ("?metric=cpu.total&host=../x", 404, "not_found", "machine"),
            ("?metric=cpu.total&host=", 404, "not_found", "machine"),
        ] {
            let answer = ask(&app, query).await;
            assert_eq!(answer.error(), (status, code.to_owned()), "{query}");
            let message = answer.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
            assert!(message.contains(why), "{query}: {message}");
        }
    }
}

#[tokio::test]
async fn nobody_reads_the_past_who_is_not_signed_in() {
    let app = app(None).await;
    let request = Request::builder().uri("/api/metrics/history?metric=cpu.total");
    assert_eq!(app.send(request, "").await.error(), (401, "unauthorized".to_owned()));
}
