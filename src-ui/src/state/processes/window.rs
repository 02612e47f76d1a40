//! Which rows of a long list are drawn: those in sight, and a few around them.

/// Height of a row in pixels, as in the style sheet.
pub const ROW: i32 = 32;

/// So many rows come and go at once, so that not each pixel of a movement draws.
const STEP: usize = 8;

/// As many rows as the highest list has in sight, and two steps around them.
const DRAWN: usize = 48;

/// The first row that is drawn and the one behind the last, when so many pixels are above what is in sight.
#[must_use]
pub fn drawn(above: i32, count: usize) -> (usize, usize) {
    let first = usize::try_from(above / ROW).unwrap_or_default() / STEP * STEP;
    // A list may have become shorter than what is above.
    let first = first.saturating_sub(STEP).min(count.saturating_sub(DRAWN));
    (first, count.min(first + DRAWN))
}

/// How many pixels are to be above what is in sight, `height` pixels of which `head` are covered, for row `at` to be in it.
#[must_use]
pub fn to_see(at: usize, above: i32, height: i32, head: i32) -> i32 {
    let top = i32::try_from(at).unwrap_or(i32::MAX / ROW - 1).saturating_mul(ROW);
    above.max(top + ROW + head - height).min(top)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_in_sight_is_drawn_and_little_more() {
        for count in [0, 1, 47, 48, 49, 1_000] {
            let most = (count as i32 * ROW - 900).max(0);
            for above in (0..=most).step_by(7) {
                let (first, end) = drawn(above, count);
                let in_sight = (above / ROW) as usize..count.min((above + 900) as usize / 32 + 1);
                assert!(
                    first <= in_sight.start && end >= in_sight.end.min(count),
                    "{above} of {count}"
                );
                assert!(end - first <= DRAWN);
            }
        }
        assert_eq!(drawn(100_000, 10), (0, 10), "it became shorter");
        assert_eq!(drawn(-5, 100), (0, 48), "pulled beyond its beginning");
    }

    #[test]
    fn a_row_is_brought_into_sight_by_the_least_movement() {
        assert_eq!(to_see(5, 0, 320, 32), 0);
        assert_eq!(to_see(8, 0, 320, 32), 0, "the last in sight");
        assert_eq!(to_see(9, 0, 320, 32), 32);
        assert_eq!(to_see(3, 320, 320, 32), 96);
        assert_eq!(to_see(0, 320, 320, 32), 0);
    }
}
