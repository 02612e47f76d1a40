//! What tabs say to each other.

use tidings_protocol::event::EventId;

use crate::input::Failure;
use crate::status::Cause;

/// One message from a tab to all others of its group, as text: everything in it but ids is the server's own.
#[derive(Debug, PartialEq)]
pub(super) enum Word<'a> {
    /// Whoever leads is to say so.
    Ask,
    /// The sender leads; its stream is open and has told everything up to here, or is not open yet.
    At(Option<EventId>),
    /// The sender's stream brought this.
    Frame(Frame<'a>),
    /// The sender's stream is lost, and it leads no longer; see [`lost`].
    Lost(Failure),
}

/// A frame of a stream, and what came before it there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Frame<'a> {
    /// Whoever was told everything up to here misses nothing by taking this one next.
    pub(super) behind: EventId,
    /// The frame's id.
    pub(super) id: EventId,
    /// Whether it tells an event or a loss; else it is a heartbeat.
    pub(super) is_news: bool,
    /// The frame's data.
    pub(super) data: &'a str,
}

/// Stands for a failure that is no status.
const CLOSED: u16 = 1;
const NETWORK: u16 = 0;

/// The text of [`Word::Lost`]: for this reason.
pub(super) fn lost(cause: Option<&Cause>) -> String {
    let (code, detail) = match cause {
        Some(Cause::Status { code }) => (*code, ""),
        Some(Cause::Closed) => (CLOSED, ""),
        Some(Cause::Network { detail }) => (NETWORK, detail.as_str()),
        Some(Cause::Silence) => (NETWORK, "it does not answer"),
        // None of the others happens to an `EventSource`.
        _ => (NETWORK, ""),
    };
    ["!", &code.to_string(), " ", detail].concat()
}

impl<'a> Word<'a> {
    /// The word as text; [`lost`] has that of the last kind.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Ask => "?".to_owned(),
            Self::At(None) => "@".to_owned(),
            Self::At(Some(id)) => ["@", &id.to_string()].concat(),
            Self::Frame(Frame { behind, id, is_news, data }) => {
                let kind = if *is_news { "+" } else { "." };
                [kind, &behind.to_string(), " ", &id.to_string(), " ", data].concat()
            }
            Self::Lost(_) => lost(None),
        }
    }

    /// What a text says; none if it is no word.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let (kind, rest) = text.split_at_checked(1)?;
        Some(match kind {
            "?" => Self::Ask,
            "@" if rest.is_empty() => Self::At(None),
            "@" => Self::At(Some(rest.parse().ok()?)),
            "!" => {
                let (code, detail) = rest.split_once(' ')?;
                Self::Lost(match code.parse().ok()? {
                    NETWORK => Failure::Network(detail.to_owned()),
                    CLOSED => Failure::Closed,
                    code => Failure::Status(code),
                })
            }
            "+" | "." => {
                let (behind, rest) = rest.split_once(' ')?;
                let (id, data) = rest.split_once(' ')?;
                let (behind, id) = (behind.parse().ok()?, id.parse().ok()?);
                Self::Frame(Frame { behind, id, is_news: kind == "+", data })
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn id(seq: u64) -> EventId {
        EventId { epoch: 42, seq }
    }

    #[test]
    fn every_word_is_read_as_it_was_said() {
        let data = r#"{"type":"a b","data": {"x": 1.50}}"#;
        for word in [
            Word::Ask,
            Word::At(None),
            Word::At(Some(id(7))),
            Word::Frame(Frame { behind: id(0), id: id(7), is_news: true, data }),
            Word::Frame(Frame { behind: id(7), id: id(7), is_news: false, data: "" }),
        ] {
            assert_eq!(Word::read(&word.text()), Some(word));
        }
    }

    #[test]
    fn how_a_stream_was_lost_is_read_as_a_feed_takes_it() {
        let detail = || "no route to host".to_owned();
        for (cause, failure) in [
            (Cause::Closed, Failure::Closed),
            (Cause::Status { code: 401 }, Failure::Status(401)),
            (Cause::Network { detail: detail() }, Failure::Network(detail())),
            (Cause::Silence, Failure::Network("it does not answer".to_owned())),
            (Cause::TooLarge, Failure::Network(String::new())),
        ] {
            assert_eq!(Word::read(&lost(Some(&cause))), Some(Word::Lost(failure)));
        }
    }

    #[test]
    fn what_is_no_word_says_nothing() {
        for text in ["", "a", "@x", "+", "+0000002a-1", "+0000002a-1 x y", "!", "!x y", "ä"] {
            assert_eq!(Word::read(text), None, "{text}");
        }
    }
}
