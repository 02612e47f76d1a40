//! What panels said of a fault, and how long past its deadline: a table that a test fills and judges.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

/// A state may be seen so much before its deadline: the page takes the time of what it hears a moment before its test does.
const EARLY_MS: f64 = 20.0;

/// Around the table in a document.
const MARKS: [&str; 2] = ["<!-- filled by the proof -->\n", "<!-- end -->"];

/// What one panel said of one fault.
#[derive(Clone, Debug)]
struct Verdict {
    fault: &'static str,
    panel: String,
    state: String,
    /// Past its deadline, in ms; null of a state that was to stay as it was.
    late: Option<f64>,
}

/// What all panels said of all faults.
#[derive(Clone, Debug, Default)]
pub struct Verdicts(Vec<Verdict>);

impl Verdicts {
    /// Notes that `panel` said `state` of `fault`, and how many ms past its deadline; null if it said so all the while.
    pub fn note(&mut self, fault: &'static str, panel: &str, state: &str, late: Option<f64>) {
        let (panel, state) = (panel.to_owned(), state.to_owned());
        self.0.push(Verdict { fault, panel, state, late });
    }

    /// Takes those of another session.
    pub fn add(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The most that any state came past its deadline.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn latest(&self) -> Result<Duration> {
        let late = self.0.iter().filter_map(|verdict| verdict.late).max_by(f64::total_cmp);
        Ok(Duration::from_secs_f64(late.context("a state with a deadline")?.max(0.0) / 1_000.0))
    }

    /// # Errors
    ///
    /// If a state came before its deadline, or more than `most` past it.
    pub fn judge(&self, most: Duration) -> Result<()> {
        let most = most.as_secs_f64() * 1_000.0;
        let is_wrong = |late: f64| !(-EARLY_MS..=most).contains(&late);
        let wrong = self.0.iter().filter(|verdict| verdict.late.is_some_and(is_wrong));
        let wrong: Vec<_> = wrong.map(|verdict| format!("{verdict:?}")).collect();
        ensure!(wrong.is_empty(), "too early or too late:\n{}", wrong.join("\n"));
        Ok(())
    }

    /// Puts the table into a document, in the place of the one that is there.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn write_into(&self, path: &Path) -> Result<()> {
        let document = std::fs::read_to_string(path)?;
        let [begin, end] = MARKS;
        let (before, rest) = document.split_once(begin).context(begin)?;
        let (_, after) = rest.split_once(end).context(end)?;
        let table = self.table();
        Ok(std::fs::write(path, format!("{before}{begin}{table}{end}{after}"))?)
    }

    /// A line a fault and state, a column a panel, in Markdown: by how much the state came past its deadline.
    #[must_use]
    pub fn table(&self) -> String {
        let (mut panels, mut lines) = (Vec::new(), Vec::new());
        for verdict in &self.0 {
            if !panels.contains(&&verdict.panel) {
                panels.push(&verdict.panel);
            }
            let line = (verdict.fault, state_of(verdict));
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        let mut table = String::from("| fault | says |");
        for panel in &panels {
            let _ = write!(table, " {panel} |");
        }
        let _ = write!(table, "\n|---|---|{}\n", "---:|".repeat(panels.len()));
        for (fault, state) in lines {
            let _ = write!(table, "| {fault} | {state} |");
            for panel in &panels {
                let found = self.0.iter().find(|verdict| {
                    verdict.fault == fault && &&verdict.panel == panel && state_of(verdict) == state
                });
                let cell = match found {
                    None => String::new(),
                    Some(Verdict { late: None, .. }) => "✓".to_owned(),
                    Some(verdict) if verdict.state == "gone" => "gone".to_owned(),
                    Some(Verdict { late: Some(late), .. }) => {
                        format!("{:.2}", late.max(0.0) / 1_000.0)
                    }
                };
                let _ = write!(table, " {cell} |");
            }
            table.push('\n');
        }
        table
    }
}

/// What goes with its session stands in the line of those that stay.
fn state_of(verdict: &Verdict) -> &str {
    if verdict.state == "gone" { "unauthorized" } else { &verdict.state }
}
