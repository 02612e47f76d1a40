//! Which notifications a reader was told of, by version, so that each becomes a toast once.

/// Most versions that are remembered one by one.
const MOST: usize = 1_000;

/// Versions that were told.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// All of this and below were.
    up_to: u64,
    /// Sorted.
    above: Vec<u64>,
}

impl Told {
    /// Whether `version` is told for the first time; it is told now.
    pub fn is_first(&mut self, version: u64) -> bool {
        let Err(at) = self.above.binary_search(&version) else { return false };
        if version <= self.up_to {
            return false;
        }
        self.above.insert(at, version);
        if self.above.len() > MOST {
            self.up_to = self.above.remove(0);
        }
        true
    }

    /// Takes everything of `version` and below for told.
    pub fn all_up_to(&mut self, version: u64) {
        self.up_to = self.up_to.max(version);
        self.above.retain(|version| *version > self.up_to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_told_once_in_whatever_order() {
        let mut told = Told::default();
        told.all_up_to(3);
        let first: Vec<_> = [5, 4, 3, 5, 4, 6].map(|version| told.is_first(version)).into();
        assert_eq!(first, [true, true, false, false, false, true]);
    }

    #[test]
    fn what_is_forgotten_counts_as_told() {
        let mut told = Told::default();
        for version in (1..=4_000).step_by(2) {
            assert!(told.is_first(version));
        }
        assert!(told.above.len() <= MOST);
        assert!(!told.is_first(2) && !told.is_first(1));
        assert!(told.is_first(3_998));
    }
}
