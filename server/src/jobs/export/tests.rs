use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::history::tests::{BEGUN, Folder, end, history, sample};
use crate::jobs::reporter::Reporter;
use crate::store::{Figure, Store};

/// 2025-02-19T21:20:00Z, and two minutes and a half.
const NOW: u64 = BEGUN + 150_000;

/// A history of two minutes that memory no longer has, and of 25 s that it has.
async fn past(folder: &Folder) -> History {
    let store: Arc<dyn Store> = folder.store().await;
    let first = history(Some(&store), BEGUN).await;
    for n in 0..120 {
        first.record(BEGUN + n * 1_000, &sample(n));
    }
    end(&first).await;
    let second = history(Some(&store), NOW - 25_000).await;
    for n in 125..150 {
        second.record(BEGUN + n * 1_000 + 7, &sample(n));
    }
    second
}

fn args(given: &[(&str, &str)]) -> Args {
    let text = |text: &str| ArgValue::Text(text.to_owned());
    given.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect()
}

fn task(folder: &Path) -> Task {
    Task {
        reporter: Reporter::default(),
        cancelled: CancellationToken::new(),
        folder: Some(folder.to_owned()),
    }
}

async fn prepared(history: History, given: &[(&str, &str)]) -> Result<Prepared, Refused> {
    Export::new(history).prepare(&args(given), Role::Viewer).await
}

/// What came of it, and the text of its file.
async fn export(history: History, given: &[(&str, &str)]) -> (Outcome, String) {
    clock::fix(NOW);
    let folder = tempfile::tempdir().unwrap();
    let task = task(folder.path());
    let work = prepared(history, given).await.unwrap().work;
    let outcome = work.run(task.clone()).await.unwrap();
    let file = outcome.file.clone().unwrap();
    assert_eq!(file.path, folder.path().join(&file.name));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    let text = std::fs::read_to_string(&file.path).unwrap();
    let rows = outcome.result["rows"].as_u64().unwrap();
    let told = task.reporter.told();
    assert_eq!((told.done, told.total, told.unit), (Some(rows), Some(rows), Some(Unit::Rows)));
    assert_eq!(told.progress.map(|progress| progress.tenths()), Some(1_000));
    assert_eq!(outcome.result["bytes"], text.len());
    (outcome, text)
}

#[tokio::test]
async fn a_sheet_has_a_column_for_each_metric_and_minutes_before_samples() {
    let folder = Folder::new();
    let (outcome, text) = export(past(&folder).await, &[]).await;
    let lines: Vec<_> = text.split("\r\n").collect();
    assert_eq!(
        lines[0],
        "time,cpu.core.0,cpu.core.1,cpu.total,disk.sda1.available,disk.sda1.read,\
         disk.sda1.total,disk.sda1.used,disk.sda1.used_percent,disks.read,process.count"
    );
    assert_eq!(lines[1], "2025-02-19T21:20:00.000Z,29.5,29.5,29.5,0,29.5,1000000007,0,0,29.5,30");
    assert!(lines[2].starts_with("2025-02-19T21:21:00.000Z,"), "{}", lines[2]);
    assert_eq!(lines[3], "2025-02-19T21:22:05.007Z,36,36,28,0,125,1000000007,0,0,125,");
    assert_eq!((lines.len(), lines[28]), (2 + 27, ""), "{text}");
    let expected = json!({
        "rows": 27, "metrics": 10, "from": NOW - 86_400_000, "to": NOW, "bytes": text.len(),
    });
    assert_eq!(outcome.result, expected);
    let file = outcome.file.unwrap();
    assert_eq!(file.name, "metrics-box-20250218T212230Z.csv");
    assert_eq!(file.content_type, "text/csv; charset=utf-8");
}

#[tokio::test]
async fn lines_of_json_have_the_least_and_the_greatest_of_minutes_too() {
    let folder = Folder::new();
    let given = [("format", "ndjson"), ("metric", "disk.*.read"), ("range", "1h")];
    let (outcome, text) = export(past(&folder).await, &given).await;
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 27);
    let name = "disk.sda1.read";
    let minute = json!({
        "time": "2025-02-19T21:21:00.000Z", "seconds": 60,
        "values": { name: 89.5 }, "min": { name: 60 }, "max": { name: 119 },
    });
    assert_eq!(lines[1], minute);
    assert_eq!(lines[2], json!({ "time": "2025-02-19T21:22:05.007Z", "values": { name: 125 } }));
    assert!(outcome.file.unwrap().name.ends_with(".ndjson"));
}

#[tokio::test]
async fn times_at_which_nothing_was_known_are_no_rows() {
    let folder = Folder::new();
    let (outcome, text) =
        export(past(&folder).await, &[("metric", "process.count"), ("range", "30s")]).await;
    // Each fifth sample has none.
    assert_eq!(outcome.result["rows"], 20, "{text}");
}

#[tokio::test]
async fn what_cannot_be_exported_is_refused_with_the_reason() {
    let folder = Folder::new();
    let past = past(&folder).await;
    for (name, value, reason) in [
        (
            "metric",
            "cpu.totl",
            "`metric`: there is no metric `cpu.totl` on this machine; did you mean `cpu.total`?",
        ),
        (
            "metric",
            "swap.used_percent",
            "`metric`: there is no metric `swap.used_percent` on this machine; did you mean ",
        ),
        ("metric", "", "`metric`: metric ``: the name of a metric has no empty segment"),
        ("range", "9d", "`range`: a range is at least 1s and at most 8d"),
        ("range", "soon", "`range`: a range is a number and s, m, h or d"),
        ("format", "xml", "`format`: csv or ndjson"),
    ] {
        let refused = prepared(past.clone(), &[(name, value)]).await.unwrap_err();
        let Refused::Argument(text) = &refused else { panic!("{refused:?}") };
        assert!(text.starts_with(reason), "{text}");
    }
    let nothing = History::open("box", None).await.unwrap();
    let refused = prepared(nothing, &[]).await.unwrap_err();
    assert!(matches!(refused, Refused::Unavailable(_)), "{refused:?}");
}

#[tokio::test]
async fn one_that_is_cancelled_leaves_no_file() {
    let folder = Folder::new();
    let work = prepared(past(&folder).await, &[]).await.unwrap().work;
    let files = tempfile::tempdir().unwrap();
    let task = task(files.path());
    task.cancelled.cancel();
    work.run(task).await.unwrap_err();
    assert_eq!(std::fs::read_dir(files.path()).unwrap().count(), 0);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_said_so_and_leaves_no_file() {
    clock::fix(NOW);
    let folder = Folder::new();
    let work = prepared(past(&folder).await, &[]).await.unwrap().work;
    let files = tempfile::tempdir().unwrap();
    let partial = files.path().join("metrics-box-20250218T212230Z.csv.part");
    std::os::unix::fs::symlink("/dev/full", partial).unwrap();
    let failed = work.run(task(files.path())).await.unwrap_err();
    assert!(failed.message.contains("disk of the server is full"), "{failed}");
    assert_eq!(std::fs::read_dir(files.path()).unwrap().count(), 0);
}

#[test]
fn no_cell_breaks_its_row_or_is_computed() {
    let names: Vec<Arc<str>> =
        ["temperature.=1+1, \"x\"", "temperature.a\nb", "cpu.total"].map(Arc::from).to_vec();
    let mut sheet = Sheet::new(Vec::new(), Format::Csv, &names).unwrap();
    let figures = vec![Some(Figure::of(-1.5)), None, Some(Figure::of(f64::from(0.1_f32)))];
    sheet.row(&crate::history::Row { at: 0, is_minute: false, figures }).unwrap();
    let (text, _) = sheet.finish().unwrap();
    let expected = "time,\"temperature.=1+1, \"\"x\"\"\",\"temperature.a\nb\",cpu.total\r\n\
                    1970-01-01T00:00:00.000Z,-1.5,,0.1\r\n";
    assert_eq!(String::from_utf8(text).unwrap(), expected);
    for family in tidings_protocol::metric::FAMILIES {
        assert!(family.pattern.starts_with(|c: char| c.is_ascii_lowercase()), "{}", family.pattern);
    }
}
