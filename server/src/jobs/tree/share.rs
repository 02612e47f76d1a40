//! How far a walk is, when nobody knows how much there is.

/// A folder's share of the whole: it is divided evenly among the folders in it. What has passed grows only, and is all of
/// it at the end; how evenly depends on the tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Share {
    /// What had passed when the folder was begun, of 1.
    start: f64,
    /// How much the folder is, of 1.
    width: f64,
}

impl Share {
    /// All of it.
    pub(super) const ALL: Self = Self { start: 0.0, width: 1.0 };

    /// What has passed when `left` of `parts` folders are still to come.
    pub(super) fn passed(self, parts: usize, left: usize) -> f64 {
        if left == 0 {
            return self.start + self.width;
        }
        self.start + self.width * ((parts - left) as f64 / parts as f64)
    }

    /// The share of the folder behind which `left` of `parts` are still to come.
    pub(super) fn part(self, parts: usize, left: usize) -> Self {
        let start = self.passed(parts, left + 1);
        Self { start, width: self.passed(parts, left) - start }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_share_are_all_of_it() {
        let half = Share::ALL.part(2, 0);
        assert_eq!(half.passed(0, 0), 1.0);
        let mut before = half.start;
        for left in (0..7).rev() {
            let part = half.part(7, left);
            assert!(part.start >= before && part.width > 0.0, "{part:?}");
            before = part.passed(0, 0);
        }
        assert_eq!(before, 1.0);
    }
}
