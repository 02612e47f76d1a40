//! What the runs gave: for each load and server one report a turn.

use serde_json::Value;

use super::scenario::{Metric, Scenario};
use super::servers::Server;

/// Reports of `tidings bench`, in the order of their turns.
#[derive(Debug, Default)]
pub struct Results(Vec<Run>);

#[derive(Debug)]
struct Run {
    scenario: &'static str,
    server: Server,
    turn: usize,
    report: Value,
}

/// The middle of some figures, and how far they lie apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The middle one, or the mean of the two in the middle.
    pub median: f64,
    /// The least.
    pub least: f64,
    /// The greatest.
    pub most: f64,
}

impl Results {
    /// Takes a report.
    pub fn add(&mut self, scenario: &Scenario, server: Server, turn: usize, report: Value) {
        self.0.push(Run { scenario: scenario.name, server, turn, report });
    }

    /// A figure over all turns.
    #[must_use]
    pub fn figure(&self, scenario: &Scenario, server: Server, metric: &Metric) -> Option<Spread> {
        let runs = self.runs(scenario, server);
        Spread::of(runs.filter_map(|run| metric.read(&run.report)).collect())
    }

    /// How a server's figure compares with another's in the same turn.
    #[must_use]
    pub fn ratio(
        &self,
        scenario: &Scenario,
        (server, other): (Server, Server),
        metric: &Metric,
    ) -> Option<Spread> {
        let ratio = |run: &Run| {
            let beside = self.runs(scenario, other).find(|beside| beside.turn == run.turn)?;
            Some(metric.read(&run.report)? / metric.read(&beside.report)?)
        };
        Spread::of(self.runs(scenario, server).filter_map(ratio).collect())
    }

    /// All reports, to be kept beside the table.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let run = |run: &Run| {
            serde_json::json!({
                "scenario": run.scenario,
                "server": run.server.name(),
                "turn": run.turn,
                "report": run.report,
            })
        };
        self.0.iter().map(run).collect()
    }

    fn runs(&self, scenario: &Scenario, server: Server) -> impl Iterator<Item = &Run> {
        let name = scenario.name;
        self.0.iter().filter(move |run| run.scenario == name && run.server == server)
    }
}

impl Metric {
    fn read(&self, report: &Value) -> Option<f64> {
        Some(report.pointer(self.pointer)?.as_f64()? * self.factor)
    }

    /// A report's own figure, for a line about one run.
    #[must_use]
    pub fn tell(&self, report: &Value) -> String {
        let figure = self.read(report);
        figure.map_or_else(|| "n/a".to_owned(), |figure| format!("{figure:.*}", self.digits))
    }
}

impl Spread {
    fn of(mut figures: Vec<f64>) -> Option<Self> {
        figures.retain(|figure| figure.is_finite());
        figures.sort_by(f64::total_cmp);
        let (least, most) = (*figures.first()?, *figures.last()?);
        let middle = figures.len() / 2;
        let median = if figures.len() % 2 == 1 {
            figures[middle]
        } else {
            f64::midpoint(figures[middle - 1], figures[middle])
        };
        Some(Self { median, least, most })
    }
}

#[cfg(test)]
mod tests {
    use super::super::scenario::SCENARIOS;
    use super::*;
    use serde_json::json;

    #[test]
    fn the_middle_is_that_of_the_sorted_figures() {
        let spread = |figures: &[f64]| Spread::of(figures.to_vec());
        assert_eq!(spread(&[3.0, 1.0, 9.0]), Some(Spread { median: 3.0, least: 1.0, most: 9.0 }));
        assert_eq!(spread(&[4.0, 2.0]), Some(Spread { median: 3.0, least: 2.0, most: 4.0 }));
        assert_eq!(spread(&[f64::NAN]), None);
    }

    #[test]
    fn a_ratio_compares_runs_of_one_turn() {
        let (scenario, metric) = (&SCENARIOS[0], &SCENARIOS[0].metrics[0]);
        let mut results = Results::default();
        let report = |micros: f64| json!({ "cpu": { "microsPerDelivery": micros } });
        for (turn, ours, theirs) in [(0, 1.0, 2.0), (1, 30.0, 40.0), (2, 9.0, 10.0)] {
            results.add(scenario, Server::Tidings, turn, report(ours));
            results.add(scenario, Server::Nchan, turn, report(theirs));
        }
        let ratio = results.ratio(scenario, (Server::Tidings, Server::Nchan), metric);
        assert_eq!(ratio, Some(Spread { median: 0.75, least: 0.5, most: 0.9 }));
        let figure = results.figure(scenario, Server::Tidings, metric).unwrap();
        assert_eq!(figure.median, 9.0);
        assert_eq!(results.figure(scenario, Server::Floor, metric), None);
    }
}
