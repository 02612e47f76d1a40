//! The tables, in Markdown: they read as well on a terminal.

use super::results::{Results, Spread};
use super::scenario::{Compared, Metric, Scenario};
use super::servers::Server;

/// All tables: Tidings beside each other server first, then the figures of each load.
#[must_use]
pub fn all(results: &Results, scenarios: &[&Scenario], servers: &[Server]) -> String {
    let mut text = String::new();
    if servers.contains(&Server::Tidings) && servers.len() > 1 {
        text += &compared(results, scenarios, servers);
    }
    for scenario in scenarios {
        text += &format!("\n**{}** (`{}`)\n\n", scenario.what, scenario.name);
        text += &figures(results, scenario, servers);
    }
    text
}

/// Tidings' figures divided by the others'.
fn compared(results: &Results, scenarios: &[&Scenario], servers: &[Server]) -> String {
    let others: Vec<Server> =
        servers.iter().copied().filter(|server| *server != Server::Tidings).collect();
    let titles = others.iter().map(|server| format!("÷ {}", server.name()));
    let head = ["load".to_owned(), "figure".to_owned(), "Tidings".to_owned()].into_iter();
    let mut rows = vec![head.chain(titles).collect::<Vec<_>>()];
    for scenario in scenarios {
        for metric in scenario.metrics.iter().filter(|metric| metric.compared != Compared::None) {
            let own = results.figure(scenario, Server::Tidings, metric);
            let ratio = |other: &Server| {
                if *other == Server::Floor && metric.compared == Compared::Servers {
                    return cell(None, 0);
                }
                let ratio = results.ratio(scenario, (Server::Tidings, *other), metric);
                cell(ratio, 2)
            };
            let start = [scenario.name.to_owned(), metric.title.to_owned(), shown(own, metric)];
            rows.push(start.into_iter().chain(others.iter().map(ratio)).collect());
        }
    }
    markdown(&rows)
}

fn figures(results: &Results, scenario: &Scenario, servers: &[Server]) -> String {
    let titles = scenario.metrics.iter().map(|metric| metric.title.to_owned());
    let mut rows = vec![std::iter::once("server".to_owned()).chain(titles).collect::<Vec<_>>()];
    for server in servers {
        let figure = |metric: &Metric| shown(results.figure(scenario, *server, metric), metric);
        let name = std::iter::once(server.name().to_owned());
        rows.push(name.chain(scenario.metrics.iter().map(figure)).collect());
    }
    markdown(&rows)
}

fn shown(figure: Option<Spread>, metric: &Metric) -> String {
    cell(figure, metric.digits)
}

/// `7.1 (6.9–7.4)`; the range only where there is one.
fn cell(figure: Option<Spread>, digits: usize) -> String {
    let Some(Spread { median, least, most }) = figure else { return "–".to_owned() };
    let number = |figure: f64| grouped(&format!("{figure:.digits$}"));
    let (median, least, most) = (number(median), number(least), number(most));
    if least == most { median } else { format!("{median} ({least}–{most})") }
}

/// Thousands apart, as in `12,345.6`.
fn grouped(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut text = sign.to_owned();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text + rest
}

/// The first row is the head.
fn markdown(rows: &[Vec<String>]) -> String {
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        text += &format!("| {} |\n", row.join(" | "));
        if index == 0 {
            text += &format!("|{}\n", "---|".repeat(row.len()));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::scenario::SCENARIOS;
    use super::*;
    use serde_json::json;

    #[test]
    fn a_cell_has_its_range_and_its_thousands_apart() {
        let spread = |median, least, most| Some(Spread { median, least, most });
        assert_eq!(cell(spread(7.14, 6.9, 7.4), 1), "7.1 (6.9–7.4)");
        assert_eq!(cell(spread(1_234_567.0, 1_234_567.0, 1_234_567.0), 0), "1,234,567");
        assert_eq!(cell(spread(-1234.5, -1234.5, -1234.5), 1), "-1,234.5");
        assert_eq!(cell(None, 1), "–");
    }

    #[test]
    fn tidings_stands_beside_the_others_and_each_load_has_its_figures() {
        let scenario = &SCENARIOS[4];
        let mut results = Results::default();
        let report = |rate: f64| json!({ "connect": { "perSecond": rate, "errors": 0 } });
        results.add(scenario, Server::Tidings, 0, report(30_000.0));
        results.add(scenario, Server::Nchan, 0, report(20_000.0));
        let text = all(&results, &[scenario], &[Server::Tidings, Server::Nchan]);
        assert!(text.contains("| connect | connects/s | 30,000 | 1.50 |\n"), "{text}");
        assert!(text.contains("| nchan | 20,000 | – | – | 0 |\n"), "{text}");
    }
}
