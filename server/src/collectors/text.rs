//! Text taken from the system, cut to a size one can send.

/// Cuts `text` to at most `bytes` bytes, on a character's boundary.
pub(crate) fn cut(mut text: String, bytes: usize) -> String {
    if text.len() > bytes {
        text.truncate(text.floor_char_boundary(bytes));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn a_long_name_is_cut_on_a_characters_boundary() {
        assert_eq!(cut("sshd".into(), 64), "sshd");
        assert_eq!(cut("ab€d".into(), 5), "ab€");
        assert_eq!(cut("ab€d".into(), 4), "ab");
        assert_eq!(cut("€".into(), 2), "");
    }
}
