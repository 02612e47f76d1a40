//! Where a window was, and where it is to be on the screens that there are now. In pixels of the screens.

use serde::{Deserialize, Serialize};

/// Height of the strip by which a person can take hold of a window.
const BAR: u32 = 32;

/// A window's place, or a screen's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rect {
    /// Left edge.
    pub(super) x: i32,
    /// Upper edge.
    pub(super) y: i32,
    pub(super) width: u32,
    pub(super) height: u32,
}

impl Rect {
    /// The same place where most of it and of its bar is on `screens`; else one within the screen that it was on most, or the first.
    /// Null where there are no screens.
    pub(super) fn on(self, screens: &[Self]) -> Option<Self> {
        let (first, bar) = (screens.first()?, Self { height: BAR.min(self.height), ..self });
        let is_seen = |part: Self| {
            let seen: u64 = screens.iter().map(|screen| part.shared(screen)).sum();
            seen > 0 && seen * 2 >= part.area()
        };
        if is_seen(self) && is_seen(bar) {
            return Some(self);
        }
        let most = screens.iter().max_by_key(|screen| self.shared(screen));
        let screen = most.filter(|screen| self.shared(screen) > 0).unwrap_or(first);
        let (width, height) = (self.width.min(screen.width), self.height.min(screen.height));
        let x = within(self.x, width, screen.x, screen.width);
        let y = within(self.y, height, screen.y, screen.height);
        Some(Self { x, y, width, height })
    }

    /// Whether nothing of a screen is left beside it.
    pub(super) fn fills(self, screen: &Self) -> bool {
        self.width >= screen.width && self.height >= screen.height
    }

    fn area(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    fn shared(self, other: &Self) -> u64 {
        let width = overlap((self.x, self.width), (other.x, other.width));
        width * overlap((self.y, self.height), (other.y, other.height))
    }
}

fn overlap((a, a_length): (i32, u32), (b, b_length): (i32, u32)) -> u64 {
    let (a, b) = (i64::from(a), i64::from(b));
    let end = (a + i64::from(a_length)).min(b + i64::from(b_length));
    u64::try_from(end - a.max(b)).unwrap_or(0)
}

/// The nearest beginning of something that lies wholly within a range at least as long.
fn within(start: i32, length: u32, low: i32, range: u32) -> i32 {
    let high = i64::from(low) + i64::from(range) - i64::from(length);
    let start = i64::from(start).min(high).max(i64::from(low));
    i32::try_from(start).unwrap_or(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEFT: Rect = Rect { x: 0, y: 0, width: 1920, height: 1080 };
    const RIGHT: Rect = Rect { x: 1920, y: 0, width: 1280, height: 1024 };

    fn window(x: i32, y: i32, width: u32, height: u32) -> Rect {
        Rect { x, y, width, height }
    }

    #[test]
    fn a_window_that_can_be_seen_and_moved_stays() {
        for window in [
            window(100, 100, 800, 600),
            window(2000, 50, 800, 600),
            window(1500, 100, 800, 600),
            window(-300, 100, 800, 600),
            LEFT,
        ] {
            assert_eq!(window.on(&[LEFT, RIGHT]), Some(window));
        }
    }

    #[test]
    fn one_whose_screen_is_gone_comes_to_one_that_is_there() {
        assert_eq!(window(2500, 100, 600, 500).on(&[LEFT]), Some(window(1320, 100, 600, 500)));
        assert_eq!(window(-5000, -80, 600, 500).on(&[LEFT, RIGHT]), Some(window(0, 0, 600, 500)));
        let huge = window(i32::MAX, i32::MIN, u32::MAX, u32::MAX);
        assert_eq!(huge.on(&[LEFT]), Some(LEFT));
        assert_eq!(LEFT.on(&[]), None);
    }

    #[test]
    fn one_that_nobody_could_take_hold_of_comes_back() {
        assert_eq!(window(100, -200, 800, 600).on(&[LEFT]), Some(window(100, 0, 800, 600)));
        assert_eq!(window(100, 1070, 800, 600).on(&[LEFT]), Some(window(100, 480, 800, 600)));
        assert_eq!(window(3000, 10, 800, 600).on(&[LEFT, RIGHT]), Some(window(2400, 10, 800, 600)));
    }

    #[test]
    fn an_empty_window_is_no_reason_to_panic() {
        assert_eq!(window(10, 10, 0, 0).on(&[LEFT]), Some(window(10, 10, 0, 0)));
    }
}
