//! What lies in Redis, as the hub has it.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use redis::{FromRedisValue, Value};
use tidings_protocol::event::{EventId, EventType};
use tidings_protocol::topic::Topic;

use crate::hub::{Event, RecoveredTopic};

/// Which log entries are read from.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogId {
    pub(super) epoch: u32,
    /// Entries up to here are what was left of an earlier epoch, and are of this one now.
    pub(super) base: u64,
}

/// An entry of a stream.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) seq: u64,
    /// As it stands there; it tells which log the entry belongs to.
    pub(super) epoch: u32,
    pub(super) nonce: String,
    /// Null where somebody else put something there that is no event.
    pub(super) event: Option<Arc<Event>>,
}

/// The topics of a log. Those that no release of ours could have made are left out.
pub(super) fn topics(
    newest: Vec<(String, u64)>,
    evicted: Vec<(String, u64)>,
) -> Vec<RecoveredTopic> {
    let mut evicted: HashMap<String, u64> = evicted.into_iter().collect();
    let mut topic = |(name, newest): (String, u64)| {
        let evicted = evicted.remove(&name).unwrap_or(0);
        Some(RecoveredTopic { topic: name.parse().ok()?, evicted, newest, events: 0, bytes: 0 })
    };
    let mut topics: Vec<_> = newest.into_iter().filter_map(&mut topic).collect();
    // Of the others nothing is left, and whoever asks for them is to be told so.
    let gone = |(name, seq): (String, u64)| {
        let topic = name.parse().ok()?;
        Some(RecoveredTopic { topic, evicted: seq, newest: seq, events: 0, bytes: 0 })
    };
    topics.extend(evicted.into_iter().filter_map(gone));
    topics
}

/// Topics, each with its newest number that is gone.
pub(super) fn evicted(evicted: Vec<(String, u64)>) -> impl Iterator<Item = (Topic, u64)> {
    evicted.into_iter().filter_map(|(topic, seq)| Some((topic.parse().ok()?, seq)))
}

/// The newest events of latest-wins topics up to a number, in their order.
pub(super) fn latest(epoch: u32, upto: u64, latest: Vec<(String, Vec<u8>)>) -> Vec<Arc<Event>> {
    let event = |(topic, value): (String, Vec<u8>)| {
        let mut parts = value.splitn(4, |byte| *byte == b' ');
        let mut number = || std::str::from_utf8(parts.next()?).ok()?.parse::<u64>().ok();
        let (seq, at, length) = (number()?, number()?, usize::try_from(number()?).ok()?);
        let rest = parts.next()?;
        let kind: EventType = std::str::from_utf8(rest.get(..length)?).ok()?.parse().ok()?;
        let data = Bytes::copy_from_slice(rest.get(length..)?);
        Some(Arc::new(Event::new(EventId { epoch, seq }, topic.parse().ok()?, kind, at, data)))
    };
    let events = latest.into_iter().filter_map(event).filter(|event| event.id.seq <= upto);
    let mut events: Vec<_> = events.collect();
    events.sort_unstable_by_key(|event| event.id.seq);
    // Redis may tell one twice while it moves them.
    events.dedup_by_key(|event| event.id.seq);
    events
}

/// The answer to `XREAD`: the entries of each stream, by its name.
pub(super) fn streams(answer: Value, log: LogId) -> Vec<(String, Vec<Entry>)> {
    let Value::Array(streams) = answer else { return Vec::new() };
    let stream = |value: Value| match value {
        Value::Array(parts) => {
            let [name, list] = <[Value; 2]>::try_from(parts).ok()?;
            Some((String::from_redis_value(name).ok()?, entries(list, log)))
        }
        _ => None,
    };
    streams.into_iter().filter_map(stream).collect()
}

/// The entries of a stream, as `XRANGE` answers.
pub(super) fn entries(list: Value, log: LogId) -> Vec<Entry> {
    let Value::Array(list) = list else { return Vec::new() };
    list.into_iter().filter_map(|value| entry(value, log)).collect()
}

fn entry(value: Value, log: LogId) -> Option<Entry> {
    let Value::Array(parts) = value else { return None };
    let [id, fields] = <[Value; 2]>::try_from(parts).ok()?;
    let id = String::from_redis_value(id).ok()?;
    let seq: u64 = id.split('-').next()?.parse().ok()?;
    let mut entry = Entry { seq, epoch: 0, nonce: String::new(), event: None };
    let Value::Array(fields) = fields else { return Some(entry) };
    let (mut topic, mut kind, mut at, mut data) = (None, None, None, None);
    let mut fields = fields.into_iter();
    while let (Some(name), Some(value)) = (fields.next(), fields.next()) {
        let Value::BulkString(name) = name else { continue };
        let Value::BulkString(value) = value else { continue };
        if name == b"d" {
            data = Some(Bytes::from(value));
            continue;
        }
        let Ok(text) = String::from_utf8(value) else { continue };
        match name.as_slice() {
            b"e" => entry.epoch = u32::from_str_radix(&text, 16).unwrap_or(0),
            b"t" => topic = text.parse::<Topic>().ok(),
            b"k" => kind = text.parse::<EventType>().ok(),
            b"a" => at = text.parse().ok(),
            b"n" => entry.nonce = text,
            _ => {}
        }
    }
    if seq <= log.base {
        entry.epoch = log.epoch;
    }
    let id = EventId { epoch: entry.epoch, seq };
    entry.event = topic
        .zip(kind)
        .zip(at.zip(data))
        .map(|((topic, kind), (at, data))| Arc::new(Event::new(id, topic, kind, at, data)));
    Some(entry)
}
