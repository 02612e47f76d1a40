//! How large the page is shown.

use serde::{Deserialize, Serialize};

/// In percent.
const STEPS: [u16; 12] = [50, 67, 80, 90, 100, 110, 125, 150, 175, 200, 250, 300];

/// How large the page is shown, in percent; 100 at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Zoom(u16);

impl Default for Zoom {
    fn default() -> Self {
        Self(100)
    }
}

impl Zoom {
    /// The next step up, or the largest.
    pub(crate) fn larger(self) -> Self {
        Self(STEPS.into_iter().find(|step| *step > self.0).unwrap_or(300))
    }

    /// The next step down, or the smallest.
    pub(crate) fn smaller(self) -> Self {
        Self(STEPS.into_iter().rfind(|step| *step < self.0).unwrap_or(50))
    }

    /// As a factor that can be used, whatever a file says.
    pub(super) fn factor(self) -> f64 {
        f64::from(self.0.clamp(50, 300)) / 100.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_lead_up_and_down_and_end() {
        assert_eq!(Zoom::default().larger(), Zoom(110));
        assert_eq!(Zoom::default().smaller(), Zoom(90));
        assert_eq!(Zoom(100).larger().smaller(), Zoom::default());
        assert_eq!((Zoom(300).larger(), Zoom(50).smaller()), (Zoom(300), Zoom(50)));
        assert_eq!((Zoom(0).factor(), Zoom(60_000).factor()), (0.5, 3.0));
        assert_eq!((Zoom(60_000).larger(), Zoom(0).smaller()), (Zoom(300), Zoom(50)));
    }
}
