//! A second reading of the specification of Server-Sent Events, of a whole stream at once: slow, plain,
//! and of no use outside tests.

use std::time::Duration;

use tidings_client::{Frame, Heard};

/// What a stream of these bytes brings until it ends.
pub(crate) fn heard(bytes: &[u8]) -> Vec<Heard> {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n").replace('\r', "\n");
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut lines: Vec<&str> = text.split('\n').collect();
    // What no line end follows is no line.
    lines.pop();

    let (mut heard, mut id) = (Vec::new(), String::new());
    let (mut event, mut data) = (String::new(), String::new());
    for line in lines {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "" if line.is_empty() => {
                let (event, data) = (std::mem::take(&mut event), std::mem::take(&mut data));
                if let Some(data) = data.strip_suffix('\n') {
                    let event = if event.is_empty() { "message".to_owned() } else { event };
                    heard.push(Heard::Frame(Frame {
                        event,
                        data: data.to_owned(),
                        id: id.clone(),
                    }));
                }
            }
            "data" => {
                data.push_str(value);
                data.push('\n');
            }
            "event" => value.clone_into(&mut event),
            "id" if !value.contains('\0') => value.clone_into(&mut id),
            "retry" if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) => {
                let ms = value.parse().unwrap_or(u64::MAX);
                heard.push(Heard::RetryAfter(Duration::from_millis(ms)));
            }
            _ => {}
        }
    }
    heard
}
