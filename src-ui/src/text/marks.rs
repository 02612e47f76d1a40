//! What stands between the digits of a number.

/// Marks of a locale. The browser is asked for them once: figures change at every tick, and are written here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    /// Before the decimals.
    pub decimal: char,
    /// Between thousands.
    pub group: char,
}

impl Marks {
    /// Those of English.
    pub const ENGLISH: Self = Self { decimal: '.', group: ',' };

    /// Those in `sample`, a locale's way to write a number of some millions with a decimal; none in digits that are not ours.
    #[must_use]
    pub fn read(sample: &str) -> Option<Self> {
        let mut others = sample.chars().filter(|letter| !letter.is_ascii_digit());
        let (group, decimal) = (others.next()?, others.next_back()?);
        (others.count() <= 2).then_some(Self { decimal, group })
    }

    /// A number that is written with a point, with these marks.
    #[must_use]
    pub fn point(self, number: String) -> String {
        if self.decimal == '.' {
            return number;
        }
        let mut letters = [0; 4];
        number.replace('.', self.decimal.encode_utf8(&mut letters))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_read_from_how_a_locale_writes_a_number() {
        let marks = |sample| Marks::read(sample).map(|marks| (marks.group, marks.decimal));
        assert_eq!(marks("1,234,567.5"), Some((',', '.')));
        assert_eq!(marks("12,34,567.5"), Some((',', '.')));
        assert_eq!(marks("1.234.567,5"), Some(('.', ',')));
        assert_eq!(marks("1’234’567.5"), Some(('’', '.')));
        assert_eq!(marks("١٬٢٣٤٬٥٦٧٫٥"), None);
        assert_eq!(marks("1234567"), None);
    }
}
