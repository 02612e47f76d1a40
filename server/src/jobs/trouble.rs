//! What could not be read, counted; of the first ones it is said which and why.

use std::path::Path;

use serde::Serialize;

use super::words;

/// Of how many it is said which they are.
const MAX_SAMPLES: usize = 20;

/// What could not be read.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    /// How much it is.
    pub(super) count: u64,
    /// The first of it.
    pub(super) samples: Vec<Sample>,
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Sample {
    /// What it is.
    pub(super) path: String,
    /// Why it could not be.
    pub(super) error: String,
}

impl Trouble {
    /// Counts something that could not be read.
    pub(super) fn add(&mut self, path: &Path, error: &dyn std::fmt::Display) {
        self.count += 1;
        if self.samples.len() < MAX_SAMPLES {
            self.samples.push(Sample { path: words::path(path), error: error.to_string() });
        }
    }
}
