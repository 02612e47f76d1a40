//! What users are to be told of a rule.

use std::collections::BTreeMap;

use tidings_protocol::alert::{AlertRule, AlertSource};
use tidings_protocol::notification::NewNotification;

use super::judged::Judged;
use super::machine::{Message, Now, Series};
use super::outlet::Whom;
use super::text::{About, Group};

/// Of so many figures of a rule each is told for itself. Of more one notification says how many: they would push everything else
/// out of an inbox, and nobody would read them.
const MOST_OF_A_RULE: usize = 10;

/// What users are to be told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Notice {
    pub(super) rule: String,
    /// Null: that there are no samples, which is no rule's.
    pub(super) spec: Option<AlertRule>,
    /// Where the rule stands, which says how it has its users.
    pub(super) source: AlertSource,
    /// What it tells of, by name.
    pub(super) series: Vec<String>,
    pub(super) message: Message,
    pub(super) notification: NewNotification,
}

impl Notice {
    /// Whom it is for.
    pub(super) fn whom(&self) -> Whom<'_> {
        match (self.spec.as_ref().and_then(|spec| spec.users.as_deref()), self.source) {
            (None, _) => Whom::Admins,
            (Some(ids), AlertSource::Store) => Whom::Users(ids),
            (Some(names), _) => Whom::Named(names),
        }
    }

    /// Whether both say of the same figure that it is missing.
    pub(super) fn tells_the_same(&self, other: &Self) -> bool {
        self.message == Message::Missing
            && (self.message, &self.rule, &self.spec, &self.series)
                == (other.message, &other.rule, &other.spec, &other.series)
    }
}

/// What users are to be told of a rule by now, on the machine `host` whose last sample had figures of these `names`.
pub(super) fn notices(
    judged: &Judged,
    host: &str,
    names: &[String],
    patience: std::time::Duration,
    now: Now,
) -> Vec<Notice> {
    let rule = &judged.rule;
    let mut due: BTreeMap<Message, Vec<(&str, &Series)>> = BTreeMap::new();
    for (name, series) in judged.all() {
        if let Some(message) = series.due(now) {
            due.entry(message).or_default().push((name, series));
        }
    }
    let notice = |series: &[(&str, &Series)], message, notification| Notice {
        rule: rule.id.clone(),
        spec: Some(rule.spec.clone()),
        source: rule.source,
        series: series.iter().map(|(name, _)| (*name).to_owned()).collect(),
        message,
        notification,
    };
    let mut notices = Vec::new();
    for (message, figures) in due {
        if figures.len() > MOST_OF_A_RULE {
            let group = Group { rule, host, series: &figures };
            notices.push(notice(&figures, message, group.notification(message)));
            continue;
        }
        for figure in &figures {
            let about = About { rule, host, metric: figure.0, series: figure.1 };
            let notification = about.notification(message, names, patience);
            notices.push(notice(std::slice::from_ref(figure), message, notification));
        }
    }
    notices
}
