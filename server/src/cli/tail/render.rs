//! Events as lines.

use std::io::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::value::RawValue;
use tidings_client::Item;
use tidings_protocol::event::{Gap, UnnamedEnvelope};

use crate::cli::say::visible;

/// How events look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// For programs: one JSON object a line.
    Json,
    /// For people.
    Pretty {
        /// Whether the terminal shows colours.
        colours: bool,
    },
}

/// An event of `--json`; its keys in this order are part of the command's contract.
#[derive(Serialize)]
struct Line<'a> {
    id: String,
    #[serde(rename = "type")]
    kind: &'a str,
    topic: &'a str,
    at: u64,
    data: &'a RawValue,
}

/// Appends an item as one line; a gap has one only in JSON.
pub(super) fn render(out: &mut Vec<u8>, item: &Item, form: Form) {
    let begin = out.len();
    match (item, form) {
        (Item::Event(event), Form::Json) => json(out, &line(event)),
        (Item::Gap(gap), Form::Json) => json(out, gap),
        (Item::Event(event), Form::Pretty { colours }) => pretty(out, event, colours),
        (Item::Gap(_), Form::Pretty { .. }) => {}
    }
    if out.len() > begin {
        out.push(b'\n');
    }
}

/// A gap for people.
pub(super) fn gap_note(gap: &Gap) -> String {
    let topics =
        if gap.topics.is_empty() { "all topics".to_owned() } else { gap.topics.join(", ") };
    let from = gap.from.map(|id| format!(" behind {id}")).unwrap_or_default();
    let to = gap.to.map(|id| format!(" up to {id}")).unwrap_or_default();
    let reason = serde_json::to_string(&gap.reason).unwrap_or_default();
    let reason = reason.trim_matches('"').replace('_', " ");
    format!("events are lost: {topics}{from}{to} ({reason})")
}

fn line(event: &UnnamedEnvelope<Box<RawValue>>) -> Line<'_> {
    Line {
        id: event.id.to_string(),
        kind: &event.kind,
        topic: &event.topic,
        at: event.at,
        data: &event.data,
    }
}

fn json(out: &mut Vec<u8>, value: &impl Serialize) {
    let begin = out.len();
    // Strings, numbers and checked JSON into memory: this does not fail.
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.truncate(begin);
    }
    // Within JSON line ends stand between tokens only, where they mean nothing.
    let mut kept = begin;
    for at in begin..out.len() {
        if !matches!(out[at], b'\r' | b'\n') {
            out[kept] = out[at];
            kept += 1;
        }
    }
    out.truncate(kept);
}

fn pretty(out: &mut Vec<u8>, event: &UnnamedEnvelope<Box<RawValue>>, colours: bool) {
    let paint = |code, text| {
        if colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text }
    };
    let time = paint("2", time(event.at, &TimeZone::system()));
    let topic = paint("36", visible(&event.topic).into_owned());
    let kind = paint("33", visible(&event.kind).into_owned());
    let data = compact(event.data.get());
    // Into memory: this does not fail.
    let _ = write!(out, "{time}  {topic}  {kind}  {}", visible(&data));
}

fn time(at: u64, zone: &TimeZone) -> String {
    let time = i64::try_from(at).ok().and_then(|at| Timestamp::from_millisecond(at).ok());
    let time = time.map(|time| time.to_zoned(zone.clone()).strftime("%H:%M:%S%.3f").to_string());
    time.unwrap_or_else(|| at.to_string())
}

/// JSON without white space between its tokens.
fn compact(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    let keep = |c: &char| {
        let kept = in_string || !c.is_ascii_whitespace();
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            _ => {}
        }
        kept
    };
    json.chars().filter(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_protocol::event::{EventId, GapReason, UnnamedGap};

    const ID: EventId = EventId { epoch: 0x2a, seq: 7 };

    fn event(kind: &str, data: &str) -> Item {
        Item::Event(UnnamedEnvelope {
            kind: kind.to_owned(),
            id: ID,
            topic: "app/x".to_owned(),
            at: 1_760_000_000_123,
            data: RawValue::from_string(data.to_owned()).unwrap(),
        })
    }

    fn gap() -> UnnamedGap {
        let topics = vec!["app/x".to_owned()];
        let gap = Gap { topics, from: None, to: Some(ID), reason: GapReason::UnknownEpoch };
        UnnamedGap { id: Some(ID), gap }
    }

    fn rendered(item: &Item, form: Form) -> String {
        let mut out = b"before\n".to_vec();
        render(&mut out, item, form);
        String::from_utf8(out).unwrap().strip_prefix("before\n").unwrap().to_owned()
    }

    #[test]
    fn json_is_one_line_with_the_data_as_it_came() {
        let data = "{\"b\": 1.50,\r\n \"a\":\"x\\ny \u{2028}\"}";
        assert_eq!(
            rendered(&event("größer \"x\"", data), Form::Json),
            "{\"id\":\"0000002a-7\",\"type\":\"größer \\\"x\\\"\",\"topic\":\"app/x\",\
             \"at\":1760000000123,\"data\":{\"b\": 1.50, \"a\":\"x\\ny \u{2028}\"}}\n"
        );
        assert_eq!(
            rendered(&Item::Gap(gap()), Form::Json),
            "{\"type\":\"gap\",\"id\":\"0000002a-7\",\"topics\":[\"app/x\"],\"from\":null,\
             \"to\":\"0000002a-7\",\"reason\":\"unknown_epoch\"}\n"
        );
    }

    #[test]
    fn a_line_for_people_has_the_time_topic_type_and_compact_data() {
        assert_eq!(time(1_760_000_000_123, &TimeZone::UTC), "08:53:20.123");
        let plain = rendered(
            &event("build", "{ \"a b\" : [1,\n 2], \"c\\\"\\\\\" : \" \" }"),
            Form::Pretty { colours: false },
        );
        let (time, rest) = plain.split_once("  ").unwrap();
        assert_eq!(time.len(), 12, "{time}");
        assert_eq!(rest, "app/x  build  {\"a b\":[1,2],\"c\\\"\\\\\":\" \"}\n");
        let coloured = rendered(&event("build", "1"), Form::Pretty { colours: true });
        assert!(coloured.contains("\x1b[36mapp/x\x1b[0m"), "{coloured}");
        assert_eq!(rendered(&Item::Gap(gap()), Form::Pretty { colours: true }), "");
        let note = "events are lost: app/x up to 0000002a-7 (unknown epoch)";
        assert_eq!(gap_note(&gap().gap), note);
    }

    #[test]
    fn nothing_that_is_printed_steers_the_terminal() {
        let shown =
            rendered(&event("a\u{9b}31m", "\"\u{7f}\u{9d}0;x\""), Form::Pretty { colours: false });
        assert!(!shown.trim_end_matches('\n').contains(char::is_control), "{shown:?}");
        assert!(shown.ends_with("a\\u009b31m  \"\\u007f\\u009d0;x\"\n"), "{shown:?}");
    }
}
