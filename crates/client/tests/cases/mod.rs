//! What a stream's bytes mean, case by case, after the specification of Server-Sent Events.

use std::time::Duration;

use tidings_client::{Frame, Heard};

/// One case.
pub(crate) struct Case {
    /// The case as a sentence.
    pub(crate) name: &'static str,
    pub(crate) bytes: &'static [u8],
    /// All that is heard until the stream ends.
    pub(crate) heard: Vec<Heard>,
}

fn frame(event: &str, id: &str, data: &str) -> Heard {
    Heard::Frame(Frame { event: event.into(), data: data.into(), id: id.into() })
}

fn message(data: &str) -> Heard {
    frame("message", "", data)
}

fn retry(ms: u64) -> Heard {
    Heard::RetryAfter(Duration::from_millis(ms))
}

macro_rules! cases {
    ($($name:literal: $bytes:literal => [$($heard:expr),* $(,)?];)*) => {
        vec![$(Case { name: $name, bytes: $bytes, heard: vec![$($heard),*] }),*]
    };
}

pub(crate) fn all() -> Vec<Case> {
    [marks(), line_ends(), fields(), ids(), waits(), texts()].into_iter().flatten().collect()
}

fn marks() -> Vec<Case> {
    cases! {
        "one byte order mark is stripped":
            b"\xef\xbb\xbfdata: 1\n\ndata: 2\n\n" => [message("1"), message("2")];
        "a second mark belongs to the first line, whose field is unknown then":
            b"\xef\xbb\xbf\xef\xbb\xbfdata: 1\n\ndata: 2\n\n" => [message("2")];
        "behind two marks the other lines of the event count":
            b"\xef\xbb\xbf\xef\xbb\xbfdata: 1\ndata: 2\n\n" => [message("2")];
        "a mark behind the first line is no mark":
            b"data: 1\n\n\xef\xbb\xbfdata: 2\n\ndata: 3\n\n" => [message("1"), message("3")];
        "a mark inside data is text":
            b"data: \xef\xbb\xbf1\n\n" => [message("\u{feff}1")];
        "half a mark is the start of an unknown field":
            b"\xef\xbbdata: 1\n\ndata: 2\n\n" => [message("2")];
        "a mark before a comment is stripped":
            b"\xef\xbb\xbf: hello\ndata: 1\n\n" => [message("1")];
        "a mark alone is nothing":
            b"\xef\xbb\xbf\n\ndata: 1\n\n" => [message("1")];
    }
}

fn line_ends() -> Vec<Case> {
    cases! {
        "a line ends at LF": b"data: 1\n\ndata: 2\n\n" => [message("1"), message("2")];
        "a line ends at CR": b"data: 1\r\rdata: 2\r\r" => [message("1"), message("2")];
        "a line ends at CR LF": b"data: 1\r\n\r\ndata: 2\r\n\r\n" => [message("1"), message("2")];
        "the three may be mixed":
            b"data:1\rdata:2\r\ndata:3\n\rdata:4\r\n\ndata:5\n\r\n" =>
            [message("1\n2\n3"), message("4"), message("5")];
        "LF CR is two line ends": b"data: 1\n\rdata: 2\n\n" => [message("1"), message("2")];
        "many empty lines are nothing": b"\n\n\r\r\n\r\ndata: 1\n\n\n\n\r\n" => [message("1")];
        "CR LF within an event does not end it":
            b"data: 1\r\ndata: 2\r\n\r\n" => [message("1\n2")];
        "comments end as lines do":
            b": 1\r:2\r\n:3\n:\rdata: 1\r\n:\ndata: 2\n:\r\n\n" => [message("1\n2")];
        "an event that its stream does not end is discarded":
            b"data: 1\n\nid: 7\ndata: 2\n" => [message("1")];
        "a line that its stream does not end is discarded": b"data: 1\n\ndata: 2" => [message("1")];
        "an empty stream is nothing": b"" => [];
        "other white space ends no line":
            b"data: 1\x0b\x0c\xc2\x85\xe2\x80\xa82\n\n" => [message("1\u{b}\u{c}\u{85}\u{2028}2")];
    }
}

fn fields() -> Vec<Case> {
    cases! {
        "data without a value is the empty text": b"data:\n\n" => [message("")];
        "data without a colon is the empty text": b"data\n\n" => [message("")];
        "data twice without a value is one line end": b"data\ndata\n\n" => [message("\n")];
        "data lines are joined by LF": b"data:a\ndata\ndata: b\n\n" => [message("a\n\nb")];
        "one space behind the colon is stripped":
            b"data: 1\ndata:  2\ndata:3 \n\n" => [message("1\n 2\n3 ")];
        "a tab behind the colon is kept": b"data:\t1\ndata: \t2\n\n" => [message("\t1\n\t2")];
        "a second colon belongs to the value": b"data::1\ndata: a:b\n\n" => [message(":1\na:b")];
        "names are told by case": b"Data: 1\nDATA: 2\ndatA: 3\n\ndata: 4\n\n" => [message("4")];
        "a space before a name makes it another": b" data: 1\ndata : 2\n\ndata: 3\n\n" => [message("3")];
        "NUL in a name makes it another": b"da\0ta: 1\ndata\0: 2\n\ndata: 3\n\n" => [message("3")];
        "unknown fields are nothing": b"foo: 1\ncomment: 2\ncomment\n:x\n\ndata: 3\n\n" => [message("3")];
        "an unknown field beside others is nothing": b"data: 1\nxdata: 2\ndatax: 3\n\n" => [message("1")];
        "an event without data is none": b"event: a\n\nevent: b\nid: 1\n\ndata: 2\n\n" => [frame("message", "1", "2")];
        "an event has the name it says": b"event: a\ndata: 1\n\n" => [frame("a", "", "1")];
        "a name holds for one event": b"event: a\ndata: 1\n\ndata: 2\n\n" => [frame("a", "", "1"), message("2")];
        "the last name counts": b"event: a\nevent: b\ndata: 1\n\n" => [frame("b", "", "1")];
        "an empty name is `message`": b"event: a\nevent:\ndata: 1\n\nevent\ndata: 2\n\n" => [message("1"), message("2")];
        "a name is told by case and white space": b"event:  A \ndata: 1\n\n" => [frame(" A ", "", "1")];
        "an event of an empty name and nothing else is none": b"event:\n\ndata: 1\n\n" => [message("1")];
        "the fields may come in any order":
            b"data: 1\nid: 7\nevent: a\n\n" => [frame("a", "7", "1")];
    }
}

fn ids() -> Vec<Case> {
    cases! {
        "an id holds until the next":
            b"id: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: c\n\n" =>
            [frame("message", "1", "a"), frame("message", "1", "b"), frame("message", "2", "c")];
        "an empty id resets it":
            b"id: 1\ndata: a\n\nid:\ndata: b\n\nid\ndata: c\n\n" =>
            [frame("message", "1", "a"), message("b"), message("c")];
        "an id with NUL is ignored":
            b"id: 1\ndata: a\n\nid: 2\0\ndata: b\n\nid: \0\n\ndata: c\n\n" =>
            [frame("message", "1", "a"), frame("message", "1", "b"), frame("message", "1", "c")];
        "an event of an id with NUL and nothing else is none":
            b"id: \0\n\ndata: a\n\n" => [message("a")];
        "an id outside ASCII is kept as it is":
            b"id: \xe2\x80\xa6\xf0\x9f\x9a\x80\ndata: a\n\n" => [frame("message", "\u{2026}\u{1f680}", "a")];
        "an id of an event without data holds for the next":
            b"id: 3\n\ndata: a\n\n" => [frame("message", "3", "a")];
        "an id may have spaces and colons":
            b"id:  a:b \ndata: 1\n\n" => [frame("message", " a:b ", "1")];
        "the last id counts": b"id: 1\nid: 2\ndata: a\n\n" => [frame("message", "2", "a")];
    }
}

fn waits() -> Vec<Case> {
    cases! {
        "a wait is digits": b"retry: 1000\ndata: 1\n\n" => [retry(1000), message("1")];
        "a wait needs no data": b"retry:3000\n\n" => [retry(3000)];
        "the last wait counts": b"retry: 1\nretry: 2\ndata: a\n\n" => [retry(1), retry(2), message("a")];
        "leading zeros are digits": b"retry: 007\n\n" => [retry(7)];
        "a wait of other than digits is ignored":
            b"retry: 1000x\nretry: x\nretry: -1\nretry: +5\nretry: 1.5\nretry:  1\nretry:\nretry\nretry: 1e3\nretry: \xd9\xa3\ndata: 1\n\n" =>
            [message("1")];
        "a wait beyond all numbers is the longest":
            b"retry: 99999999999999999999999\n\n" => [retry(u64::MAX)];
        "a comment is no wait": b":retry=5\n: retry=5\n:retry: 5\n\n" => [];
    }
}

fn texts() -> Vec<Case> {
    cases! {
        "NUL is text in data": b"data: a\0b\n\n" => [message("a\0b")];
        "all is UTF-8": b"data: \xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\x80\n\n" => [message("é€🚀")];
        "what is no UTF-8 is U+FFFD":
            b"data: \xff|\xc3|\xe2\x82|\xf0\x9f\x9a|\xed\xa0\x80|\xe9\n\n" =>
            [message("\u{fffd}|\u{fffd}|\u{fffd}|\u{fffd}|\u{fffd}\u{fffd}\u{fffd}|\u{fffd}")];
        "a character that a line end cuts is U+FFFD": b"data: \xe2\x82\ndata: \xac\n\n" => [message("\u{fffd}\n\u{fffd}")];
        "names and ids that are no UTF-8 are text as well":
            b"event: \xff\nid: \xfe\ndata: 1\n\n" => [frame("\u{fffd}", "\u{fffd}", "1")];
        "a field name that is no UTF-8 is unknown": b"dat\xff: 1\n\ndata: 2\n\n" => [message("2")];
    }
}
