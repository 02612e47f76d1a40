//! The history of metrics as SQL has it, for every backend that speaks it: each compiles this file for its own kind of connection. What
//! changes something runs in a transaction of its caller's.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::{Connection, signed, unsigned};
use crate::store::figures::{self, SLOTS};
use crate::store::{MinuteFigures, MinuteRow, StoreError};

type Result<T> = std::result::Result<T, StoreError>;

/// Metrics that are there are noted as such this often, in minutes.
const NOTE_EVERY: i64 = 24 * 60;

/// Figures of a row.
const PART: i64 = SLOTS as i64;

pub(super) async fn names(on: &mut Connection, host: &str) -> Result<Vec<String>> {
    let names = sqlx::query_scalar(
        "SELECT name FROM metric_names JOIN metric_hosts ON metric_hosts.id = host_id \
         WHERE host = $1 ORDER BY name",
    );
    Ok(names.bind(host).fetch_all(on).await?)
}

pub(super) async fn save(on: &mut Connection, host: &str, row: &MinuteRow) -> Result<()> {
    // Of several servers of a machine one writes at a time: this locks the row where there are rows to be locked.
    let host_id: i64 = sqlx::query_scalar(
        "INSERT INTO metric_hosts (host) VALUES ($1) \
         ON CONFLICT (host) DO UPDATE SET host = excluded.host RETURNING id",
    )
    .bind(host)
    .fetch_one(&mut *on)
    .await?;
    let numbers = number(on, host_id, row).await?;
    let mut slots: Vec<_> = row
        .figures
        .iter()
        .filter_map(|(name, figure)| Some((*numbers.get(&**name)?, *figure)))
        .collect();
    slots.sort_unstable_by_key(|(number, _)| *number);
    slots.dedup_by_key(|(number, _)| *number);
    for part in slots.chunk_by(|(a, _), (b, _)| a / PART == b / PART) {
        let mut packed = Vec::with_capacity(part.len() * 10);
        for (number, figure) in part {
            figures::push(&mut packed, (number % PART) as u8, *figure);
        }
        sqlx::query(
            "INSERT INTO metric_minutes (host_id, part, minute, samples, figures) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (host_id, part, minute) \
             DO UPDATE SET samples = excluded.samples, figures = excluded.figures",
        )
        .bind(host_id)
        .bind(part[0].0 / PART)
        .bind(signed(row.minute))
        .bind(i64::from(row.samples))
        .bind(packed)
        .execute(&mut *on)
        .await?;
    }
    Ok(())
}

/// The numbers of all metrics of a machine, those of `row` among them; those that are there are noted.
async fn number(
    on: &mut Connection,
    host_id: i64,
    row: &MinuteRow,
) -> Result<HashMap<String, i64>> {
    let known: Vec<(String, i64, i64)> =
        sqlx::query_as("SELECT name, number, seen FROM metric_names WHERE host_id = $1")
            .bind(host_id)
            .fetch_all(&mut *on)
            .await?;
    let minute = signed(row.minute);
    let used: BTreeSet<i64> = known.iter().map(|(_, number, _)| *number).collect();
    let mut free = (0..).filter(|number| !used.contains(number));
    let mut numbers = HashMap::with_capacity(known.len());
    let mut seen = HashMap::with_capacity(known.len());
    for (name, number, at) in known {
        seen.insert(name.clone(), at);
        numbers.insert(name, number);
    }
    for (name, _) in &row.figures {
        match seen.get(&**name) {
            Some(at) if (*at..at.saturating_add(NOTE_EVERY)).contains(&minute) => {}
            Some(_) => {
                sqlx::query("UPDATE metric_names SET seen = $3 WHERE host_id = $1 AND name = $2")
                    .bind(host_id)
                    .bind(&**name)
                    .bind(minute)
                    .execute(&mut *on)
                    .await?;
            }
            None if numbers.contains_key(&**name) => {}
            None => {
                let Some(number) = free.next() else { continue };
                sqlx::query(
                    "INSERT INTO metric_names (host_id, name, number, seen) VALUES ($1, $2, $3, $4)",
                )
                .bind(host_id)
                .bind(&**name)
                .bind(number)
                .bind(minute)
                .execute(&mut *on)
                .await?;
                numbers.insert(name.to_string(), number);
            }
        }
    }
    Ok(numbers)
}

pub(super) async fn minutes(
    on: &mut Connection,
    host: &str,
    names: &[Arc<str>],
    from: u64,
    until: u64,
) -> Result<Vec<MinuteFigures>> {
    let known: Vec<(i64, String, i64)> = sqlx::query_as(
        "SELECT host_id, name, number FROM metric_names JOIN metric_hosts ON metric_hosts.id = host_id \
         WHERE host = $1",
    )
    .bind(host)
    .fetch_all(&mut *on)
    .await?;
    let Some(host_id) = known.first().map(|(host_id, ..)| *host_id) else { return Ok(Vec::new()) };
    let numbers: HashMap<&str, i64> =
        known.iter().map(|(_, name, number)| (name.as_str(), *number)).collect();
    // Where each slot of a part goes in the answer.
    let mut parts = BTreeMap::<i64, [Option<usize>; SLOTS]>::new();
    for (place, name) in names.iter().enumerate() {
        if let Some(number) = numbers.get(&**name) {
            let slots = parts.entry(number / PART).or_insert([None; SLOTS]);
            slots[(number % PART) as usize] = Some(place);
        }
    }
    let mut minutes = BTreeMap::<u64, MinuteFigures>::new();
    for (part, places) in parts {
        let rows: Vec<(i64, i64, Vec<u8>)> = sqlx::query_as(
            "SELECT minute, samples, figures FROM metric_minutes \
             WHERE host_id = $1 AND part = $2 AND minute >= $3 AND minute < $4 ORDER BY minute",
        )
        .bind(host_id)
        .bind(part)
        .bind(signed(from))
        .bind(signed(until))
        .fetch_all(&mut *on)
        .await?;
        for (minute, samples, packed) in rows {
            let (minute, samples) = (unsigned(minute), u32::try_from(samples).unwrap_or(1));
            let is_whole = figures::each(&packed, |slot, figure| {
                if let Some(place) = places[usize::from(slot) % SLOTS] {
                    let none =
                        || MinuteFigures { minute, samples, figures: vec![None; names.len()] };
                    minutes.entry(minute).or_insert_with(none).figures[place] = Some(figure);
                }
            });
            if !is_whole {
                return Err(StoreError::Damaged("a minute of metrics cannot be read".into()));
            }
        }
    }
    Ok(minutes.into_values().collect())
}

/// Machines and the parts that there are of each.
pub(super) async fn parts(on: &mut Connection) -> Result<Vec<(i64, i64)>> {
    let parts = sqlx::query_as("SELECT DISTINCT host_id, part FROM metric_minutes");
    Ok(parts.fetch_all(on).await?)
}

pub(super) async fn trim_part(
    on: &mut Connection,
    (host_id, part): (i64, i64),
    from: u64,
    until: u64,
) -> Result<()> {
    // Two, so that each is a stretch of the index.
    for (outside, bound) in [
        ("DELETE FROM metric_minutes WHERE host_id = $1 AND part = $2 AND minute < $3", from),
        ("DELETE FROM metric_minutes WHERE host_id = $1 AND part = $2 AND minute >= $3", until),
    ] {
        sqlx::query(outside).bind(host_id).bind(part).bind(signed(bound)).execute(&mut *on).await?;
    }
    Ok(())
}

/// Removes the names of which nothing can be left. Must come behind the minutes: a number is given again.
pub(super) async fn trim_names(on: &mut Connection, from: u64) -> Result<()> {
    let last = signed(from).saturating_sub(NOTE_EVERY);
    sqlx::query("DELETE FROM metric_names WHERE seen < $1").bind(last).execute(on).await?;
    Ok(())
}
