//! What a server answers of the past.

use super::{Figure, METRICS, Point};
use crate::state::json::Json;
use crate::state::members::{get, text, whole};

/// From here on a point is one of minutes that a database keeps, in ms.
const MINUTE_MS: u64 = 60_000;

/// What was, as the server told it.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// The points, ascending.
    pub(super) points: Vec<Point>,
    /// Samples that come are put together by steps of so many ms; 0 where each is a point of its own.
    pub(super) step: u64,
    /// When the newest sample in it was taken, by the server's clock; 0 of none.
    pub(super) newest: u64,
}

impl Past {
    /// Reads an answer; none if it is none.
    #[must_use]
    pub fn read(json: &str) -> Option<Self> {
        let json = Json::read(json);
        let (from, step_ms) = (whole(&json, "from")?, whole(&json, "stepMs")?);
        let Json::List(series) = get(&json, "series")? else { return None };
        let times = list(&json, "times");
        let count = match times.or_else(|| list(series.first()?, "values")) {
            Some(column) => column.len(),
            None => 0,
        };
        let time = |place: usize| match times {
            Some(times) => number(times.get(place)).map(|time| from + time as u64),
            None => Some(from + place as u64 * step_ms),
        };
        let figures = [Figure::NONE; METRICS.len()];
        let points = (0..count).map(|place| Some(Point { at: time(place)?, figures }));
        let mut points = points.collect::<Option<Vec<_>>>()?;
        for one in series {
            let known = METRICS.iter().position(|name| text(one, "metric") == Some(name));
            let (Some(of), Some(means)) = (known, list(one, "values")) else { continue };
            let (least, most) = (list(one, "min"), list(one, "max"));
            for (place, point) in points.iter_mut().enumerate() {
                if let Some(mean) = number(means.get(place)) {
                    let or_mean = |column: Option<&[Json]>| {
                        number(column.and_then(|column| column.get(place))).unwrap_or(mean)
                    };
                    point.figures[of] = Figure { mean, least: or_mean(least), most: or_mean(most) };
                }
            }
        }
        // What is not over and has nothing yet is no gap.
        let last = points.iter().rposition(|point| !point.is_gap());
        points.truncate(last.map_or(0, |last| last + 1));
        let newest = whole(&json, "newest").or_else(|| Some(points.last()?.at));
        let step = if times.is_some() && step_ms >= MINUTE_MS { 0 } else { step_ms };
        Some(Self { points, step, newest: newest.unwrap_or_default() })
    }
}

impl Point {
    /// Whether nothing is known of its time: lines break.
    pub(super) fn is_gap(&self) -> bool {
        self.figures.iter().all(|figure| figure.mean.is_nan())
    }
}

fn list<'a>(json: &'a Json, key: &str) -> Option<&'a [Json]> {
    match get(json, key)? {
        Json::List(items) => Some(items),
        _ => None,
    }
}

fn number(json: Option<&Json>) -> Option<f64> {
    match json? {
        Json::Number(digits) => serde_json::from_str(digits).ok(),
        _ => None,
    }
}
