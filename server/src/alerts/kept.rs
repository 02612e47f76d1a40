//! What of a series outlives a restart: that something is wrong, and what users were told of it.

use super::machine::{Now, Phase, Series, Told};
use crate::store::AlertStateRow;

const WAITING: &str = "waiting";
const OK: &str = "ok";
const FIRING: &str = "firing";
const MISSING: &str = "missing";
const GONE: &str = "gone";

/// The row of a series of a rule, with the rule's id and side; none where a restart may forget it.
pub(super) fn row(
    (rule_id, side): (&str, &str),
    host: &str,
    name: &str,
    series: &Series,
) -> Option<AlertStateRow> {
    let (state, since) = match series.phase {
        Phase::Firing { .. } => (FIRING, series.fired),
        Phase::Missing { was_firing: true } => (GONE, series.since),
        Phase::Missing { was_firing: false } if series.told != Told::Nothing => {
            (MISSING, series.since)
        }
        Phase::Waiting if series.told != Told::Nothing => (WAITING, series.since),
        // It is the first time that nothing is wrong that counts, not each sample that says so.
        _ if series.told != Told::Nothing => (OK, series.over),
        _ => return None,
    };
    let told = match series.told {
        Told::Nothing => "nothing",
        Told::Raised => "raised",
        Told::Missing => "missing",
    };
    Some(AlertStateRow {
        rule_id: rule_id.to_owned(),
        host: host.to_owned(),
        series: name.to_owned(),
        side: side.to_owned(),
        threshold: series.broke,
        state: state.to_owned(),
        since,
        fired: series.fired,
        value: series.peak,
        told: told.to_owned(),
    })
}

/// The series of a row; none if a newer server wrote it. What was wrong by another threshold waits for a figure to say whether it
/// is wrong by the one there is now.
pub(super) fn series(row: &AlertStateRow, threshold: Option<f64>, now: Now) -> Option<Series> {
    let phase = match row.state.as_str() {
        WAITING => Phase::Waiting,
        OK => Phase::Ok,
        FIRING if row.threshold != threshold => Phase::Waiting,
        FIRING => Phase::Firing { back: None },
        MISSING => Phase::Missing { was_firing: false },
        GONE => Phase::Missing { was_firing: true },
        _ => return None,
    };
    let told = match row.told.as_str() {
        "nothing" => Told::Nothing,
        "raised" => Told::Raised,
        "missing" => Told::Missing,
        _ => return None,
    };
    let (times, figures) = ((row.since, row.fired), (row.value, row.threshold));
    Some(Series::restored(now, phase, times, figures, told))
}
