//! Alerts: the rules of the server as the page has them.
//!
//! - [`draft`]: a rule as somebody writes it, and what is wrong with it.
//! - [`scale`]: numbers and times as people write them.
//! - [`names`]: which figures there are to choose from.
//! - [`words`]: what is said of a rule.
//! - [`wire`]: rules in requests and answers.

pub mod draft;
pub mod names;
mod refusal;
pub mod scale;
pub mod wire;
pub mod words;

use std::rc::Rc;

use super::freshness::List;
use super::request_error::RequestError;
use tidings_protocol::alert::{Alert, AlertSource, AlertState};

/// How the first list is coming along.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Load {
    /// No answer yet.
    #[default]
    Waiting,
    /// The last answer was none, for this reason; what there was before stays.
    Failed(RequestError),
    /// The last answer was a list.
    Done,
    /// The same, and then one answer did not come: the next may.
    Missed,
}

impl Load {
    /// What it says of the list's freshness.
    #[must_use]
    pub fn list(&self) -> List {
        match self {
            Self::Waiting => List::Waiting,
            Self::Failed(_) => List::Failed,
            Self::Done | Self::Missed => List::Here,
        }
    }

    /// What it is once the list did not come for this reason. Nobody is told of one that did not come in time: the machine may have had none
    /// for it, and the list is asked for again at once.
    #[must_use]
    pub fn failed(&self, why: RequestError) -> Self {
        if *self == Self::Done && why.may_pass() { Self::Missed } else { Self::Failed(why) }
    }
}

/// What a server refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The rule it is about.
    pub id: String,
    /// Why.
    pub why: RequestError,
}

/// Something happened.
#[derive(Clone, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "there is one at a time; for WebAssembly it is not large"
)]
pub enum Action {
    /// A list came, or none. It was asked for when there had been so many [`changes`](Alerts::changes).
    Listed(u64, Result<Vec<Alert>, RequestError>),
    /// A change of the rule with this id is under way.
    Asked(String),
    /// A rule was made or changed.
    Changed(Alert),
    /// The rule with this id is gone.
    Removed(String),
    /// The rule with this id was not changed.
    Refused(String, RequestError),
    /// Somebody is at the list: it must not be put in another order. Or nobody is any more.
    Hold(bool),
}

/// The rules of the server, those first that are broken.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alerts {
    rules: Vec<Rc<Alert>>,
    /// How the list is coming along.
    pub load: Load,
    /// What was refused last.
    pub refused: Option<Refused>,
    busy: Vec<String>,
    changes: u64,
    is_held: bool,
}

impl Alerts {
    /// The rules, in the order they are shown.
    #[must_use]
    pub fn rules(&self) -> &[Rc<Alert>] {
        &self.rules
    }

    /// The rule with this id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Rc<Alert>> {
        self.rules.iter().find(|alert| alert.id == id)
    }

    /// Whether a change of the rule with this id is under way.
    #[must_use]
    pub fn is_busy(&self, id: &str) -> bool {
        self.busy.iter().any(|other| other == id)
    }

    /// How often something was changed from here: a list that was asked for before a change may be older than it.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// How many rules are in this state.
    #[must_use]
    pub fn count(&self, state: AlertState) -> usize {
        self.rules.iter().filter(|alert| alert.state == state).count()
    }

    /// What they become.
    #[must_use]
    pub fn after(&self, action: Action) -> Self {
        let mut next = self.clone();
        match action {
            Action::Listed(changes, _) if changes != self.changes => {}
            Action::Listed(_, Ok(list)) => {
                next.take(list);
                next.load = Load::Done;
            }
            Action::Listed(_, Err(error)) => next.load = self.load.failed(error),
            Action::Asked(id) => {
                next.refused = None;
                next.changes += 1;
                next.busy.push(id);
            }
            Action::Changed(alert) => {
                next.settle(&alert.id);
                match next.rules.iter_mut().find(|known| known.id == alert.id) {
                    Some(known) => *known = Rc::new(alert),
                    None => next.rules.push(Rc::new(alert)),
                }
                next.sort();
            }
            Action::Removed(id) => {
                next.settle(&id);
                next.rules.retain(|alert| alert.id != id);
            }
            Action::Refused(id, why) => {
                next.settle(&id);
                next.refused = Some(Refused { id, why });
            }
            Action::Hold(is_held) => {
                next.is_held = is_held;
                next.sort();
            }
        }
        next
    }

    fn settle(&mut self, id: &str) {
        self.changes += 1;
        self.busy.retain(|other| other != id);
    }

    /// Rules that did not change keep their address, so that their rows need not be drawn again.
    fn take(&mut self, list: Vec<Alert>) {
        let mut list: Vec<Option<Alert>> = list.into_iter().map(Some).collect();
        let mut rules = Vec::with_capacity(list.len());
        for known in &self.rules {
            let new = list.iter_mut().find(|new| new.as_ref().is_some_and(|n| n.id == known.id));
            if let Some(new) = new.and_then(Option::take) {
                rules.push(if new == **known { known.clone() } else { Rc::new(new) });
            }
        }
        rules.extend(list.into_iter().flatten().map(Rc::new));
        self.rules = rules;
        self.sort();
    }

    /// The worst first, and by name. While the list is held everything stays where it is.
    fn sort(&mut self) {
        if self.is_held {
            return;
        }
        // A library's sort would be ten times this, and there are two hundred rules at most.
        let mut sorted: Vec<Rc<Alert>> = Vec::with_capacity(self.rules.len());
        for alert in self.rules.drain(..) {
            let at = sorted.iter().position(|other| comes_before(&alert, other));
            sorted.insert(at.unwrap_or(sorted.len()), alert);
        }
        self.rules = sorted;
    }
}

fn comes_before(alert: &Alert, other: &Alert) -> bool {
    let (own, its) = (rank(alert.state), rank(other.state));
    let letters = |alert: &Alert| alert.rule.name.to_ascii_lowercase();
    own > its || (own == its && letters(alert) < letters(other))
}

/// How much a state wants to be seen.
fn rank(state: AlertState) -> u8 {
    match state {
        AlertState::Firing => 6,
        AlertState::Missing => 5,
        AlertState::Pending => 4,
        AlertState::Waiting | AlertState::Unknown => 3,
        AlertState::Ok => 2,
        AlertState::Elsewhere => 1,
        AlertState::Disabled => 0,
    }
}

/// Whether the rule can be changed by a request.
#[must_use]
pub fn is_stored(alert: &Alert) -> bool {
    alert.source == AlertSource::Store
}

/// Why a list did not come, for people.
#[must_use]
pub fn why_not_listed(error: &RequestError) -> String {
    error.explain_list(crate::text::text().alerts.too_old)
}

/// Servers write messages without a capital letter and a full stop, to stand in sentences.
#[must_use]
pub fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase().to_string());
    let end = if message.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{}{}{end}", first.unwrap_or_default(), letters.as_str())
}

#[cfg(test)]
pub(super) mod tests {
    use tidings_protocol::api::ErrorCode;

    use super::super::request_error::tests::refused;
    use super::*;

    /// A rule in a state, as a server lists it.
    pub(in crate::state) fn alert(id: &str, state: &str) -> Alert {
        let text = format!(
            r#"{{"id":"{id}","source":"store","unit":"percent","recoversAt":85.5,"state":"{state}","quiet":false,
            "rule":{{"name":"{id}","metric":"cpu.total","above":90,"host":"box"}},
            "series":[{{"metric":"cpu.total","state":"{state}","since":5,"value":93.1}}]}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    fn listed(list: &[(&str, &str)]) -> Alerts {
        let list = list.iter().map(|(id, state)| alert(id, state)).collect();
        Alerts::default().after(Action::Listed(0, Ok(list)))
    }

    fn ids(alerts: &Alerts) -> Vec<&str> {
        alerts.rules().iter().map(|alert| &*alert.id).collect()
    }

    #[test]
    fn what_is_wrong_comes_first_and_the_rest_by_name() {
        let list = [
            ("off", "disabled"),
            ("b", "ok"),
            ("A", "ok"),
            ("gone", "missing"),
            ("soon", "pending"),
            ("now", "firing"),
        ];
        assert_eq!(ids(&listed(&list)), ["now", "gone", "soon", "A", "b", "off"]);
    }

    #[test]
    fn a_held_list_keeps_its_order_until_it_is_let_go() {
        let alerts = listed(&[("a", "ok"), ("b", "ok")]).after(Action::Hold(true));
        let list = vec![alert("c", "ok"), alert("b", "firing"), alert("a", "ok")];
        let alerts = alerts.after(Action::Listed(0, Ok(list)));
        assert_eq!(ids(&alerts), ["a", "b", "c"], "what is new stands behind");
        assert_eq!(alerts.rules()[1].state, AlertState::Firing, "its state is told all the same");
        assert_eq!(ids(&alerts.after(Action::Hold(false))), ["b", "a", "c"]);
    }

    #[test]
    fn a_list_that_may_be_older_than_a_change_is_not_believed() {
        let alerts = listed(&[("a", "ok")]).after(Action::Asked("a".to_owned()));
        assert!(alerts.is_busy("a"));
        let alerts = alerts.after(Action::Changed(alert("a", "firing")));
        assert!(!alerts.is_busy("a"));
        let late = alerts.after(Action::Listed(0, Ok(vec![alert("a", "ok")])));
        assert_eq!(late.rules()[0].state, AlertState::Firing);
        let fresh = alerts.after(Action::Listed(alerts.changes(), Ok(vec![alert("a", "ok")])));
        assert_eq!(fresh.rules()[0].state, AlertState::Ok);
    }

    #[test]
    fn a_list_that_fails_twice_leaves_what_there_was_and_says_why() {
        let lost = || Action::Listed(0, Err(RequestError::network(String::new())));
        let alerts = listed(&[("a", "ok")]).after(lost());
        assert_eq!(alerts.load.list(), List::Here, "the next may come");
        let alerts = alerts.after(lost());
        assert_eq!((ids(&alerts), alerts.load.list()), (vec!["a"], List::Failed));
        let why = |alerts: Alerts| match alerts.load {
            Load::Failed(error) => why_not_listed(&error),
            other => panic!("{other:?}"),
        };
        assert_eq!(why(alerts), "The server could not be reached.");
        let old = Action::Listed(0, Err(refused(ErrorCode::NotFound, "no such route")));
        let why = why(Alerts::default().after(old));
        assert!(why.contains("newer release"), "{why}");
    }

    #[test]
    fn what_is_refused_is_told_at_its_rule_until_the_next_attempt() {
        let refuse = refused(ErrorCode::Forbidden, "this alert stands in the configuration");
        let alerts = listed(&[("a", "ok")]).after(Action::Asked("a".to_owned()));
        let alerts = alerts.after(Action::Refused("a".to_owned(), refuse));
        let refused = alerts.refused.clone().unwrap();
        assert_eq!(refused.id, "a");
        assert_eq!(refused.why.explain(), "This alert stands in the configuration.");
        assert!(!alerts.is_busy("a"));
        assert!(alerts.after(Action::Asked("a".to_owned())).refused.is_none());
    }

    #[test]
    fn rules_come_and_go_and_those_that_stay_keep_their_address() {
        let alerts = listed(&[("a", "ok"), ("b", "ok")]);
        let made = alerts.after(Action::Changed(alert("c", "firing")));
        assert_eq!(ids(&made), ["c", "a", "b"]);
        assert_eq!(ids(&made.after(Action::Removed("a".to_owned()))), ["c", "b"]);
        let list = vec![alert("b", "firing"), alert("a", "ok")];
        let next = alerts.after(Action::Listed(0, Ok(list)));
        assert!(Rc::ptr_eq(next.find("a").unwrap(), alerts.find("a").unwrap()));
        assert!(!Rc::ptr_eq(next.find("b").unwrap(), alerts.find("b").unwrap()));
        assert_eq!(next.count(AlertState::Firing), 1);
    }
}
