//! What a program writes, without what is for a terminal alone.

const ESCAPE: u8 = 0x1b;
const BELL: u8 = 0x07;

/// Puts `text` without its escape sequences (colours, titles, places of the cursor) into `plain`.
pub(super) fn strip(text: &[u8], plain: &mut Vec<u8>) {
    plain.clear();
    let mut rest = text;
    while let Some(start) = memchr::memchr(ESCAPE, rest) {
        plain.extend_from_slice(&rest[..start]);
        rest = after(&rest[start + 1..]);
    }
    plain.extend_from_slice(rest);
}

/// What follows a sequence of which the escape has been read.
fn after(rest: &[u8]) -> &[u8] {
    let past = |end: Option<usize>| end.map_or(&[][..], |end| &rest[end + 1..]);
    match rest.first() {
        // ESC [ parameters, and a byte that says what they are for.
        Some(b'[') => past(position(rest, 1, |byte| (0x40..=0x7e).contains(&byte))),
        // ESC ] and others: a text up to a bell or ESC \.
        Some(b']' | b'P' | b'X' | b'^' | b'_') => {
            match position(rest, 1, |byte| matches!(byte, BELL | ESCAPE)) {
                Some(end) if rest[end] == ESCAPE && rest.get(end + 1) == Some(&b'\\') => {
                    &rest[end + 2..]
                }
                Some(end) if rest[end] == ESCAPE => &rest[end..],
                end => past(end),
            }
        }
        // ESC, bytes between, and a last one.
        _ => past(position(rest, 0, |byte| !(0x20..=0x2f).contains(&byte))),
    }
}

fn position(bytes: &[u8], from: usize, is_end: impl Fn(u8) -> bool) -> Option<usize> {
    (from..bytes.len()).find(|&at| is_end(bytes[at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_titles_and_erasures_are_taken_out_and_all_else_stays() {
        let mut plain = Vec::new();
        for (text, expected) in [
            ("plain", "plain"),
            ("\x1b[1m\x1b[96m  Building\x1b[0m [=> ]", "  Building [=> ]"),
            ("\x1b]0;a title\x07x\x1b]8;;http://a\x1b\\link\x1b]8;;\x1b\\", "xlink"),
            ("\x1b(Bx\x1b7y\x1b[K", "xy"),
            ("cut \x1b[3", "cut "),
            ("cut \x1b", "cut "),
            ("cut \x1b]0;tit", "cut "),
            ("\x1b]0;bad\x1b[1mx", "x"),
        ] {
            strip(text.as_bytes(), &mut plain);
            assert_eq!(String::from_utf8_lossy(&plain), expected, "{text:?}");
        }
    }
}
