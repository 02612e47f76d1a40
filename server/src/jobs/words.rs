//! Numbers and paths as people read them.

use std::path::Path;

/// Longest path that a result shows, in bytes: longer ones nobody can open by name.
const MAX_PATH_BYTES: usize = 4_096;

/// `one` or so many of `many`, with commas.
pub(super) fn count(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(n), if n == 1 { one } else { many })
}

/// A number with commas.
pub(super) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A size in the largest unit that leaves a whole number of it.
pub(super) fn size(bytes: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1_024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1_024.0;
    let mut unit = 0;
    // What would be shown as 1024.0 is one of the next.
    while value >= 1_023.95 && unit + 1 < units.len() {
        value /= 1_024.0;
        unit += 1;
    }
    format!("{value:.1} {}", units[unit])
}

/// A path as text: what is not UTF-8 is U+FFFD, and of a very long one only its end is left.
pub(super) fn path(path: &Path) -> String {
    let text = path.to_string_lossy();
    // Nobody on Windows writes them like this.
    let text = if cfg!(windows) { text.strip_prefix(r"\\?\").unwrap_or(&text) } else { &text };
    if text.len() <= MAX_PATH_BYTES {
        return text.to_owned();
    }
    format!("…{}", &text[text.ceil_char_boundary(text.len() - MAX_PATH_BYTES)..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_sizes_can_be_read() {
        assert_eq!(count(1, "file", "files"), "1 file");
        assert_eq!(count(1_234_567, "file", "files"), "1,234,567 files");
        assert_eq!((number(999), number(1_000)), ("999".to_owned(), "1,000".to_owned()));
        for (bytes, text) in [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1_536, "1.5 KiB"),
            ((1 << 20) - 1, "1.0 MiB"),
            (3 << 30, "3.0 GiB"),
            (u64::MAX, "16.0 EiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn of_a_very_long_path_the_end_is_shown() {
        let long = "é/".repeat(MAX_PATH_BYTES);
        let text = path(Path::new(&long));
        assert!(text.starts_with('…') && text.ends_with("é/"), "{text}");
        assert!(text.len() <= MAX_PATH_BYTES + '…'.len_utf8());
        assert_eq!(path(Path::new("/a/b")), "/a/b");
    }
}
