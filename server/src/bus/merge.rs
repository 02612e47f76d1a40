//! Two streams in one order.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tidings_protocol::topic::Topic;

use super::connect::RedisError;
use super::decode::Entry;
use crate::hub::{Batch, Event};

/// What a read found behind `after`, at most `count` entries of each stream.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) after: u64,
    /// Where the log ended then, if that was looked at.
    pub(super) end: Option<u64>,
    pub(super) count: usize,
    pub(super) events: Vec<Entry>,
    pub(super) metrics: Vec<Entry>,
}

impl Found {
    /// In one order, as far as both streams were read. `latest`: events that may have left the stream of metrics; those that
    /// are told are taken out.
    pub(super) fn merge(
        self,
        log_epoch: u32,
        instance: &str,
        latest: &mut Vec<Arc<Event>>,
    ) -> Result<Batch, RedisError> {
        let Self { after, end, count, events, metrics } = self;
        let truncated = [&events, &metrics].into_iter().filter(|list| list.len() >= count);
        let limit = truncated.filter_map(|list| Some(list.last()?.seq)).min();
        let mut merged = BTreeMap::new();
        let is_read = |seq: u64| seq > after && limit.is_none_or(|limit| seq <= limit);
        if end.is_some() {
            let read = latest.extract_if(.., |event| limit.is_none_or(|most| event.id.seq <= most));
            let read = read.filter(|event| is_read(event.id.seq));
            merged.extend(read.map(|event| (event.id.seq, (Some(event), None))));
        }
        for Entry { seq, epoch, nonce, event } in events.into_iter().chain(metrics) {
            if epoch != log_epoch && event.is_some() {
                return Err(RedisError::AnotherLog);
            }
            if is_read(seq) {
                let own = nonce.strip_prefix(instance).and_then(|rest| rest.strip_prefix('-'));
                merged.insert(seq, (event, own.and_then(|nonce| nonce.parse().ok())));
            }
        }
        let last = merged.last_key_value().map_or(after, |(seq, _)| *seq);
        let head = match (limit, end) {
            (Some(limit), _) => limit,
            (None, Some(end)) => end.max(last),
            (None, None) => last,
        };
        let events = merged.into_values().filter_map(|(event, nonce)| Some((event?, nonce)));
        let is_whole = limit.is_none() && end.is_some();
        Ok(Batch { events: events.collect(), head, is_whole, evicted: Vec::new() })
    }
}

/// What is gone, as it was found out after `events` were read: what was read is not gone, though it left the log since.
pub(super) fn gone(
    events: &[(Arc<Event>, Option<u64>)],
    evicted: impl Iterator<Item = (Topic, u64)>,
) -> Vec<(Topic, u64)> {
    let mut first = HashMap::new();
    for (event, _) in events {
        first.entry(&event.topic).or_insert(event.id.seq);
    }
    let before = |(topic, seq): (Topic, u64)| match first.get(&topic) {
        Some(first) => (topic, seq.min(first - 1)),
        None => (topic, seq),
    };
    evicted.map(before).filter(|(_, seq)| *seq > 0).collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use tidings_protocol::event::EventId;

    use super::*;

    fn event(topic: &str, seq: u64) -> Arc<Event> {
        let id = EventId { epoch: 7, seq };
        let kind = "update".parse().unwrap();
        Arc::new(Event::new(id, topic.parse().unwrap(), kind, 1, Bytes::from_static(b"1")))
    }

    fn entries(topic: &str, numbers: &[u64], nonce: &str) -> Vec<Entry> {
        let entry = |seq: &u64| Entry {
            seq: *seq,
            epoch: 7,
            nonce: nonce.to_owned(),
            event: Some(event(topic, *seq)),
        };
        numbers.iter().map(entry).collect()
    }

    #[test]
    fn two_streams_are_merged_as_far_as_both_were_read() {
        // Behind 10: events and metrics that came, of at most 3; the end if it was seen; what comes of it.
        for (events, metrics, latest, end, read, head, is_whole) in [
            (&[][..], &[][..], &[][..], None, &[][..], 10, false),
            (&[], &[], &[], Some(15), &[], 15, true),
            (&[11, 13], &[12], &[], None, &[11, 12, 13], 13, false),
            (&[11, 13], &[12], &[], Some(14), &[11, 12, 13], 14, true),
            // Something came between the look and the streams.
            (&[11, 16], &[], &[], Some(15), &[11, 16], 16, true),
            // More events may lie before the last metrics.
            (&[11, 12, 14], &[13, 15], &[], Some(15), &[11, 12, 13, 14], 14, false),
            (&[11, 20], &[12, 13, 14], &[], None, &[11, 12, 13, 14], 14, false),
            (&[11, 12, 18], &[13, 14, 15], &[], None, &[11, 12, 13, 14, 15], 15, false),
            // The newest of a host whose entry has left the stream; only where the end was looked at.
            (&[12], &[], &[5, 11, 14], Some(15), &[11, 12, 14], 15, true),
            (&[12], &[], &[11], None, &[12], 12, false),
            (&[12, 13, 14], &[], &[11, 20], Some(25), &[11, 12, 13, 14], 14, false),
            // What is in both is told once.
            (&[], &[11, 12], &[12], Some(12), &[11, 12], 12, true),
        ] {
            let mut latest: Vec<_> = latest.iter().map(|seq| event("metrics/x", *seq)).collect();
            let found = Found {
                after: 10,
                end,
                count: 3,
                events: entries("app/x", events, "me-4"),
                metrics: entries("metrics/x", metrics, "other-4"),
            };
            let batch = found.merge(7, "me", &mut latest).unwrap();
            let told: Vec<_> = batch.events.iter().map(|(event, _)| event.id.seq).collect();
            let case = format!("{events:?} {metrics:?} {end:?}");
            assert_eq!(
                (told.as_slice(), batch.head, batch.is_whole),
                (read, head, is_whole),
                "{case}"
            );
            for (event, nonce) in &batch.events {
                assert_eq!(*nonce, (event.topic.as_str() == "app/x").then_some(4), "{case}");
            }
            assert!(latest.iter().all(|event| event.id.seq > head || end.is_none()), "{case}");
        }
    }

    #[test]
    fn an_entry_of_another_log_ends_the_read() {
        let mut events = entries("app/x", &[11], "me-4");
        events[0].epoch = 8;
        let found = Found { after: 10, end: None, count: 3, events, metrics: Vec::new() };
        assert!(matches!(found.merge(7, "me", &mut Vec::new()), Err(RedisError::AnotherLog)));
    }

    #[test]
    fn what_was_read_is_not_told_lost_though_it_is_gone_by_then() {
        let events = [(event("app/x", 11), None), (event("app/x", 12), None)];
        for (evicted, told) in [(12, Some(10)), (11, Some(10)), (9, Some(9)), (20, Some(10))] {
            let gone = gone(&events, [("app/x".parse().unwrap(), evicted)].into_iter());
            assert_eq!(gone.first().map(|(_, seq)| *seq), told, "{evicted}");
        }
        let first = [(event("app/x", 1), None)];
        assert_eq!(gone(&first, [("app/x".parse().unwrap(), 1)].into_iter()), []);
        let other = gone(&first, [("app/y".parse().unwrap(), 3)].into_iter());
        assert_eq!(other, [("app/y".parse().unwrap(), 3)]);
    }
}
