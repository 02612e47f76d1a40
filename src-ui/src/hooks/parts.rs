//! Long lists that are drawn in parts, so that many rows that come at once do not hold the page up.

use gloo_timers::callback::Timeout;
use yew::prelude::*;

/// Most rows that are drawn for the first time in one go.
const PART: usize = 8;

/// Which of the rows with these ids are to be drawn: all that were drawn before, and of the others the first few; the rest follow by
/// themselves.
#[hook]
pub fn use_parts(ids: &[&str]) -> Vec<bool> {
    let drawn = use_mut_ref(Vec::<String>::new);
    let next = use_mut_ref(|| None::<Timeout>);
    let update = use_force_update();
    let (shown, is_all) = part(&drawn.borrow(), ids);
    let kept = ids.iter().zip(&shown).filter(|(_, is_shown)| **is_shown);
    drawn.replace(kept.map(|(id, _)| (*id).to_owned()).collect());
    next.replace((!is_all).then(|| Timeout::new(0, move || update.force_update())));
    shown
}

/// As [`use_parts`], and whether that is all of them.
fn part(drawn: &[String], ids: &[&str]) -> (Vec<bool>, bool) {
    let mut new = 0;
    let shown = ids.iter().map(|id| {
        let is_new = !drawn.iter().any(|other| other == id);
        new += usize::from(is_new);
        !is_new || new <= PART
    });
    (shown.collect(), new <= PART)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_drawn_stays_and_what_is_new_comes_in_parts() {
        let ids: Vec<String> = (0..20).map(|n| n.to_string()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let drawn = ["18".to_owned(), "19".to_owned()];
        let (shown, is_all) = part(&drawn, &ids);
        let first = (0..20).map(|n| !(PART..18).contains(&n)).collect::<Vec<_>>();
        assert_eq!((shown, is_all), (first, false));
        let drawn: Vec<String> = ids[4..].iter().map(|id| (*id).to_owned()).collect();
        assert_eq!(part(&drawn, &ids), (vec![true; 20], true));
    }
}
