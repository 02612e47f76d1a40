//! An event stream, read as the specification says and no other way.
//!
//! Source: WHATWG HTML, section 9.2.6 "Interpreting an event stream".

/// An event that a browser would dispatch.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Dispatched {
    /// `event:`, or nothing.
    pub kind: String,
    /// The lines of `data:`, joined by LF.
    pub data: String,
    /// The last `id:` of the stream so far.
    pub id: String,
}

/// What a whole stream dispatches.
#[must_use]
pub fn read(stream: &[u8]) -> Vec<Dispatched> {
    let text = String::from_utf8_lossy(stream);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut all = Vec::new();
    let (mut kind, mut data, mut id) = (String::new(), String::new(), String::new());
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines: Vec<&str> = text.split('\n').collect();
    // What follows the last line end is no line yet.
    lines.pop();
    for line in lines {
        if line.is_empty() {
            if data.pop().is_some() {
                all.push(Dispatched { kind: kind.clone(), data: data.clone(), id: id.clone() });
            }
            kind.clear();
            data.clear();
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut kind),
            "data" => {
                data.push_str(value);
                data.push('\n');
            }
            "id" if !value.contains('\0') => value.clone_into(&mut id),
            _ => {}
        }
    }
    all
}
