//! `export`: the history of metrics as a file.
//!
//! CSV is for spreadsheets: a column for each metric, a row for each time. NDJSON has the least and the greatest of minutes besides.

mod sheet;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::json;
use tidings_protocol::api::Role;
use tidings_protocol::history::Range;
use tidings_protocol::job::{ArgInfo, ArgValue, Args, Choice, Input, KindInfo, Unit};

use super::kind::{Failure, Kind, Outcome, Prepared, Refused, ResultFile, Task, Work, optional};
use crate::clock;
use crate::history::{History, HistoryError, Rows, Wanted, csv};
use sheet::{Format, Sheet};

const METRIC: &str = "metric";
const RANGE: &str = "range";
const FORMAT: &str = "format";

/// How long it may take: minutes of a week and hundreds of metrics are some seconds.
const TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// The history of metrics as a file.
#[derive(Debug)]
pub struct Export {
    history: History,
}

impl Export {
    /// Of this history.
    #[must_use]
    pub fn new(history: History) -> Self {
        Self { history }
    }
}

impl Kind for Export {
    fn name(&self) -> &'static str {
        "export"
    }

    fn info(&self, _: Role) -> Option<KindInfo> {
        let text = |name: &str, label: &str, help: &str, input, default: &str| ArgInfo {
            default: Some(ArgValue::Text(default.to_owned())),
            ..optional(name, label, help, input)
        };
        let formats = Format::ALL.map(|format| Choice {
            value: format.extension().to_owned(),
            label: format.label().to_owned(),
        });
        let metrics = "A metric, several by * in the place of a segment, or * for all of them";
        Some(KindInfo {
            kind: self.name().to_owned(),
            title: "Export metrics".to_owned(),
            description: "Writes what the figures of this machine were into a file".to_owned(),
            args: vec![
                text(METRIC, "Metrics", metrics, Input::Text, "*"),
                text(
                    RANGE,
                    "Range",
                    "How far back, as in 90m, 24h or 7d; 8d at most",
                    Input::Text,
                    "24h",
                ),
                text(FORMAT, "Format", "", Input::Choice { choices: formats.to_vec() }, "csv"),
            ],
        })
    }

    fn prepare<'a>(&'a self, args: &'a Args, _: Role) -> BoxFuture<'a, Result<Prepared, Refused>> {
        Box::pin(async move {
            if !self.history.is_kept() {
                let message = "this server keeps nothing on disk, and has no place for the file";
                return Err(Refused::Unavailable(message.to_owned()));
            }
            let wrong = |name, error: &dyn std::fmt::Display| {
                Refused::Argument(format!("`{name}`: {error}"))
            };
            let metric = text(args, METRIC, "*");
            let wanted = Wanted::new(metric).map_err(|error| wrong(METRIC, &error))?;
            let range = text(args, RANGE, "24h");
            let length: Range = range.parse().map_err(|error| wrong(RANGE, &error))?;
            let format = text(args, FORMAT, "csv");
            let format = Format::of(format).ok_or_else(|| wrong(FORMAT, &"csv or ndjson"))?;
            // Found out now rather than when its turn comes.
            let names = self.history.names(self.history.host(), std::slice::from_ref(&wanted));
            names.await.map_err(|error| match error {
                HistoryError::Store(error) => Refused::Unavailable(error.to_string()),
                error => wrong(METRIC, &error),
            })?;
            let name = match metric {
                "*" => format!("Metrics of {range}"),
                metric => format!("{metric} of {range}"),
            };
            let history = self.history.clone();
            let work = Box::new(Exporting { history, wanted, range: length, format });
            Ok(Prepared { name, timeout: Some(TIMEOUT), work })
        })
    }
}

/// The text of an argument, which may be left out.
fn text<'a>(args: &'a Args, name: &str, default: &'a str) -> &'a str {
    match args.get(name) {
        Some(ArgValue::Text(text)) => text,
        _ => default,
    }
}

/// What is to be exported.
#[derive(Debug)]
struct Exporting {
    history: History,
    wanted: Wanted,
    range: Range,
    format: Format,
}

impl Work for Exporting {
    fn run(self: Box<Self>, task: Task) -> BoxFuture<'static, Result<Outcome, Failure>> {
        Box::pin(async move { self.export(&task).await })
    }
}

impl Exporting {
    async fn export(&self, task: &Task) -> Result<Outcome, Failure> {
        let Some(folder) = &task.folder else {
            return Err(failure("there is no folder for the file"));
        };
        let to = clock::now_ms();
        let rows = unless_cancelled(task, self.history.rows(&self.wanted, self.range, to)).await?;
        let (from, metrics) = (rows.from(), rows.names().len());
        let name = self.file_name(from);
        let path = folder.join(&name);
        let partial = Partial::new(&path);
        let (names, format) = (rows.names().to_vec(), self.format);
        let file = partial.0.clone();
        let sheet = blocking(move || Sheet::new(File::create(file)?, format, &names)).await?;
        let (sheet, done) = self.write(task, rows, sheet).await?;
        let bytes = blocking(move || {
            let (file, bytes) = sheet.finish()?;
            file.sync_all()?;
            std::fs::rename(&partial.0, &path).map(|()| (bytes, path))
        });
        let (bytes, path) = bytes.await?;
        task.reporter.amount(done, Some(done), Unit::Rows);
        let result = json!({
            "rows": done, "metrics": metrics, "from": from, "to": to, "bytes": bytes,
        });
        Ok(Outcome {
            message: format!("wrote {done} rows of {metrics} metrics, {bytes} bytes"),
            result,
            exit_code: None,
            failed: false,
            file: Some(ResultFile { path, name, content_type: self.format.content_type() }),
        })
    }

    /// Writes all rows; returns how many there were.
    async fn write(
        &self,
        task: &Task,
        mut rows: Rows,
        mut sheet: Sheet<File>,
    ) -> Result<(Sheet<File>, u64), Failure> {
        let mut done = 0;
        task.reporter.amount(0, Some(rows.left()), Unit::Rows);
        while let Some(batch) = unless_cancelled(task, rows.next()).await? {
            // Hundreds of metrics of hours are thousands of numbers.
            (sheet, done) = blocking(move || {
                let written = batch.iter().try_fold(done, |done, row| {
                    sheet.row(row).map(|is_written| done + u64::from(is_written))
                })?;
                Ok((sheet, written))
            })
            .await?;
            // Minutes without a figure are found out as they are read.
            task.reporter.amount(done, Some(done + rows.left()), Unit::Rows);
        }
        Ok((sheet, done))
    }

    fn file_name(&self, from: u64) -> String {
        csv::file_name(self.history.host(), from, self.format.extension())
    }
}

/// A file that goes unless it was given its name.
struct Partial(PathBuf);

impl Partial {
    fn new(path: &Path) -> Self {
        let mut name = path.as_os_str().to_owned();
        name.push(".part");
        Self(name.into())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // There is none once it has its name.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Waits for the database, or for the end. What waits for the disk is done to its end, so that no file is left.
async fn unless_cancelled<T>(
    task: &Task,
    read: impl Future<Output = Result<T, HistoryError>>,
) -> Result<T, Failure> {
    tokio::select! {
        biased;
        () = task.cancelled.cancelled() => Err(failure("it was cancelled")),
        read = read => read.map_err(failure),
    }
}

/// Does what waits for a disk.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await.map_err(failure)?;
    done.map_err(|error| match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            failure("the disk of the server is full; make room there, and start it again")
        }
        _ => failure(format!("the file cannot be written: {error}")),
    })
}

fn failure(message: impl ToString) -> Failure {
    Failure { message: message.to_string(), exit_code: None }
}
