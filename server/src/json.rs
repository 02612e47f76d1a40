//! Which JSON a publisher may send: what every subscriber's parser can read.
//!
//! The payload travels as it was sent and is parsed by whoever gets it, so what this accepts must not
//! break any of them: arrays and objects nested no deeper than [`MAX_DEPTH`], numbers within a 64-bit
//! float, strings without lone surrogates.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use tidings_protocol::event::EventType;

/// Most arrays and objects within each other. Parsers stop at 128, and the envelope is one of these.
const MAX_DEPTH: u8 = 100;

/// Reads a JSON text to its end and keeps nothing of it.
pub(crate) fn check(text: &[u8]) -> Result<(), serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    Value { depth: MAX_DEPTH }.deserialize(&mut deserializer)?;
    deserializer.end()
}

/// The type that a payload names itself, if it is an object that does, and the type is one.
pub(crate) fn type_of(payload: &[u8]) -> Option<EventType> {
    #[derive(Deserialize)]
    struct Typed<'a> {
        #[serde(rename = "type", borrow)]
        kind: &'a RawValue,
    }
    // An array could be read as a struct, too.
    if payload.trim_ascii_start().first() != Some(&b'{') {
        return None;
    }
    let Typed { kind } = serde_json::from_slice(payload).ok()?;
    serde_json::from_str::<String>(kind.get()).ok()?.parse().ok()
}

/// One value, with at most `depth` further levels.
#[derive(Clone, Copy)]
struct Value {
    depth: u8,
}

impl Value {
    fn inner<E: Error>(self) -> Result<Self, E> {
        let too_deep = || E::custom(format_args!("more than {MAX_DEPTH} levels deep"));
        Ok(Self { depth: self.depth.checked_sub(1).ok_or_else(too_deep)? })
    }
}

impl<'de> DeserializeSeed<'de> for Value {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        while items.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        while entries.next_key_seed(inner)?.is_some() {
            entries.next_value_seed(inner)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_can_be_read_within_its_envelope() {
        let nested = |depth| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        for text in [
            "null",
            " {\"a\": [1, -2.5e3, true, \"\u{e4}\\u0000\\ud83d\\ude00\"], \"\": {}} \n",
            "123456789012345678901234567890",
            "1e-999",
            &nested(100),
        ] {
            check(text.as_bytes()).unwrap();
            let envelope = format!("{{\"data\":{text}}}");
            serde_json::from_str::<serde_json::Value>(&envelope).unwrap();
        }
    }

    #[test]
    fn what_some_parser_would_choke_on_is_refused_with_the_place() {
        let nested = |open: &str, depth: usize| open.repeat(depth);
        for (text, why) in [
            ("", "EOF"),
            ("{", "EOF"),
            ("1 2", "trailing"),
            ("nuul", "ident"),
            ("[1,]", "trailing comma"),
            ("\"a\nb\"", "control character"),
            ("\"\\ud800\"", "hex escape"),
            ("{\"\\udead\": 1}", "surrogate"),
            ("1e999", "out of range"),
            ("\u{feff}{}", "expected value"),
            (&nested("[", 101), "more than 100 levels"),
            (&nested("{\"a\":", 101), "more than 100 levels"),
            (&nested("[", 1_000_000), "more than 100 levels"),
        ] {
            let error = check(text.as_bytes()).unwrap_err().to_string();
            let shown: String = text.chars().take(30).collect();
            assert!(error.contains(why) && error.contains("line"), "{shown:?}: {error}");
        }
        assert!(check(b"\"\xff\"").is_err(), "not UTF-8");
    }
}
