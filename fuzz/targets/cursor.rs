//! Ids: an id has one spelling, and everything else is refused.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tidings_protocol::event::EventId;

fuzz_target!(|input: (&str, u32, u64)| {
    let (text, epoch, seq) = input;
    let id = EventId { epoch, seq };
    assert_eq!(id.to_string().parse(), Ok(id));
    let json = serde_json::to_string(&id).unwrap();
    assert_eq!(serde_json::from_str::<EventId>(&json).unwrap(), id);
    if let Ok(id) = text.parse::<EventId>() {
        assert_eq!(id.to_string(), text);
    }
    // A mutation of a true id is that id or refused.
    let near = format!("{}{text}", id.to_string().split_at(9).0);
    if let Ok(id) = near.parse::<EventId>() {
        assert_eq!(id.to_string(), near);
    }
    // As JSON, bytes of any kind.
    if let Ok(id) = serde_json::from_str::<EventId>(text) {
        let read: String = serde_json::from_str(text).unwrap();
        assert_eq!(id.to_string(), read);
    }
});
