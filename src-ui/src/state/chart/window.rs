//! The part of time that a chart shows.

/// Shortest time that can be zoomed to, in seconds.
const CLOSEST: f64 = 5.0;

/// What of time is shown, in seconds since the epoch.
pub type Window = (f64, f64);

/// As much of `all` as somebody wants to see; none if that is as much as all, and goes on.
#[must_use]
pub fn part((first, last): Window, (from, to): Window) -> Option<Window> {
    let width = (to - from).max(CLOSEST);
    let from = from.clamp(first, (last - width).max(first));
    (width < (last - first) * 0.99).then_some((from, from + width))
}

/// So much of `shown` as it is times a factor, about a moment, which stays where it is.
#[must_use]
pub fn about((from, to): Window, at: Option<f64>, factor: f64) -> Window {
    let at = at.filter(|at| (from..=to).contains(at)).unwrap_or(to);
    (at - (at - from) * factor, at + (to - at) * factor)
}
