//! Which panels are shown, and in which order, as a person chose.

/// What was chosen of one panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The panel's name in the registry.
    pub id: String,
    /// Whether it stands before all that are not.
    pub pinned: bool,
    /// Whether it is not shown.
    pub hidden: bool,
}

/// All that was chosen; nothing at first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout(Vec<Place>);

/// What a person does to a panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It changes places with the one before.
    Up,
    /// It changes places with the one behind.
    Down,
    /// It is hidden, or shown again.
    Hide,
    /// It is pinned, or not any more.
    Pin,
}

impl Layout {
    /// Reads what was remembered: names in their order, `+` before those that are pinned and `-` before those that are hidden.
    #[must_use]
    pub fn read<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        let places = words.map(|word| {
            let id = word.trim_start_matches(['+', '-']);
            let marks = &word[..word.len() - id.len()];
            Place { id: id.to_owned(), pinned: marks.contains('+'), hidden: marks.contains('-') }
        });
        Self(places.collect())
    }

    /// The words to remember, a space before each.
    #[must_use]
    pub fn write(&self) -> String {
        let mut words = String::new();
        for place in &self.0 {
            words.push(' ');
            words.push_str(if place.pinned { "+" } else { "" });
            words.push_str(if place.hidden { "-" } else { "" });
            words.push_str(&place.id);
        }
        words
    }

    /// Whether nothing was chosen.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.0.is_empty()
    }

    /// The panels that there are, each once, in the order that was chosen: those that are pinned come first, one that was not known
    /// then stands behind the one that it is behind by itself, and what is no panel any more is left out.
    #[must_use]
    pub fn arranged(&self, known: &[&str]) -> Vec<Place> {
        let mut places: Vec<Place> = Vec::with_capacity(known.len());
        for place in &self.0 {
            let is_twice = places.iter().any(|other| other.id == place.id);
            if known.contains(&&*place.id) && !is_twice {
                places.push(place.clone());
            }
        }
        for (index, id) in known.iter().enumerate() {
            if places.iter().any(|place| place.id == *id) {
                continue;
            }
            let before = index.checked_sub(1).map(|before| known[before]);
            let at = before.and_then(|id| places.iter().position(|place| place.id == id));
            let new = Place { id: (*id).to_owned(), pinned: false, hidden: false };
            places.insert(at.map_or(0, |at| at + 1), new);
        }
        pinned_first(places)
    }

    /// The same after a change; none if there is nothing to change, as for the first that is to go up.
    #[must_use]
    pub fn changed(&self, known: &[&str], id: &str, change: Change) -> Option<Self> {
        let mut places = self.arranged(known);
        let at = places.iter().position(|place| place.id == id)?;
        match change {
            Change::Hide => places[at].hidden = !places[at].hidden,
            Change::Pin => {
                places[at].pinned = !places[at].pinned;
                places = pinned_first(places);
            }
            Change::Up | Change::Down => {
                let to = if change == Change::Up { at.checked_sub(1)? } else { at + 1 };
                // What is pinned stays before what is not.
                if places.get(to)?.pinned != places[at].pinned {
                    return None;
                }
                places.swap(at, to);
            }
        }
        Some(Self(places))
    }

    /// Whether a panel is hidden.
    #[must_use]
    pub fn hides(&self, id: &str) -> bool {
        self.0.iter().any(|place| place.id == id && place.hidden)
    }
}

/// Without a sort, which would weigh two kilobytes of the page.
fn pinned_first(places: Vec<Place>) -> Vec<Place> {
    let (mut first, others): (Vec<_>, Vec<_>) = places.into_iter().partition(|place| place.pinned);
    first.extend(others);
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&str] = &["cpu", "memory", "jobs", "events"];

    fn read(text: &str) -> Layout {
        Layout::read(text.split_whitespace())
    }

    fn shown(layout: &Layout, known: &[&str]) -> String {
        Layout(layout.arranged(known)).write()
    }

    #[test]
    fn nothing_chosen_is_the_order_of_the_registry() {
        let layout = Layout::default();
        assert_eq!(shown(&layout, KNOWN), " cpu memory jobs events");
        assert!(layout.is_default() && !layout.hides("cpu"));
    }

    #[test]
    fn what_was_chosen_is_read_again() {
        let layout = read("+jobs cpu -memory +-events");
        assert_eq!(layout.write(), " +jobs cpu -memory +-events");
        assert_eq!(read(&layout.write()), layout);
        assert!(layout.hides("memory") && layout.hides("events") && !layout.hides("cpu"));
    }

    #[test]
    fn pinned_panels_come_first_and_keep_their_order() {
        assert_eq!(shown(&read("cpu +jobs memory +events"), KNOWN), " +jobs +events cpu memory");
    }

    #[test]
    fn names_of_another_release_are_ignored_and_new_panels_stand_where_they_belong() {
        let layout = read("events gone jobs cpu events");
        assert_eq!(shown(&layout, KNOWN), " events jobs cpu memory");
        assert_eq!(
            shown(&layout, &["new", "cpu", "memory", "jobs", "other", "events"]),
            " new events jobs other cpu memory"
        );
        assert_eq!(shown(&read("+ - -- +cpu"), KNOWN), " +cpu memory jobs events");
    }

    #[test]
    fn a_panel_goes_up_and_down_and_no_further_than_there_are_others() {
        let up = Layout::default().changed(KNOWN, "jobs", Change::Up).unwrap();
        assert_eq!(up.write(), " cpu jobs memory events");
        let down = up.changed(KNOWN, "jobs", Change::Down).unwrap();
        assert_eq!(down.write(), " cpu memory jobs events");
        assert_eq!(up.changed(KNOWN, "cpu", Change::Up), None);
        assert_eq!(up.changed(KNOWN, "events", Change::Down), None);
        assert_eq!(up.changed(KNOWN, "no panel", Change::Up), None);
    }

    #[test]
    fn nothing_passes_a_pinned_panel() {
        let pinned = Layout::default().changed(KNOWN, "events", Change::Pin).unwrap();
        assert_eq!(pinned.write(), " +events cpu memory jobs");
        assert_eq!(pinned.changed(KNOWN, "cpu", Change::Up), None);
        assert_eq!(pinned.changed(KNOWN, "events", Change::Down), None);
        let loose = pinned.changed(KNOWN, "events", Change::Pin).unwrap();
        assert_eq!(loose.write(), " events cpu memory jobs", "it stays where it is");
    }

    #[test]
    fn a_hidden_panel_keeps_its_place() {
        let hidden = Layout::default().changed(KNOWN, "memory", Change::Hide).unwrap();
        assert_eq!(hidden.write(), " cpu -memory jobs events");
        let shown = hidden.changed(KNOWN, "memory", Change::Hide).unwrap();
        assert_eq!(shown.write(), " cpu memory jobs events");
    }
}
