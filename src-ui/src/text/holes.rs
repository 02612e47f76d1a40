//! Figures and names within a text. One function fills them all: a `format!` for each text would weigh more than the text.

/// The text with `{0}`, `{1}` and so on filled.
#[must_use]
pub fn fill(text: &str, holes: &[&str]) -> String {
    let mut filled = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let place = after.bytes().next().map_or(0, |digit| digit.wrapping_sub(b'0'));
        filled.push_str(holes.get(usize::from(place)).copied().unwrap_or_default());
        rest = after.get(2..).unwrap_or_default();
    }
    filled.push_str(rest);
    filled
}

/// As [`fill`], with what stands before `|` for one and with what stands behind it for any other number. English and German
/// have no third form.
#[must_use]
pub fn counted(forms: &str, count: u64, holes: &[&str]) -> String {
    let (one, other) = forms.split_once('|').unwrap_or((forms, forms));
    fill(if count == 1 { one } else { other }, holes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_filled_by_their_numbers_in_whatever_order() {
        assert_eq!(fill("{1} of {0}, {1}", &["a", "b"]), "b of a, b");
        assert_eq!(fill("nothing", &["a"]), "nothing");
        assert_eq!(fill("{0} braces", &["{1}"]), "{1} braces");
    }

    #[test]
    fn one_has_a_form_of_its_own() {
        let forms = "{0} job|{0} jobs";
        let said = |count: u64| counted(forms, count, &[&count.to_string()]);
        assert_eq!([said(0), said(1), said(2)], ["0 jobs", "1 job", "2 jobs"]);
    }
}
