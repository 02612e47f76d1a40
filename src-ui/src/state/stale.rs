//! What the news makes stale: parts of the page that hold something they asked a server for.
//!
//! The registry of it. A part joins by a name and a rule here, and asks anew whenever its number grows.

/// A part of the page that asks for what it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The inbox, and with it the count on the bell.
    Inbox,
    /// The rules of alerts, and how they stand.
    Alerts,
    /// The jobs.
    Jobs,
    /// The past of the charts.
    Charts,
}

/// Something happened.
#[derive(Clone, Copy, Debug)]
pub enum News<'a> {
    /// The stream is open, for the first time or again.
    Connected,
    /// Events of these topics are lost.
    Lost(&'a [String]),
    /// Events were dropped between the feed and this page.
    Dropped,
    /// A notification came, from this source.
    Notified(Option<&'a str>),
    /// More notifications came than are held, and older ones went.
    LetGo,
}

struct Rule {
    part: Part,
    by: fn(News<'_>) -> bool,
}

/// Which news makes which part stale.
const RULES: &[Rule] = &[
    Rule {
        part: Part::Inbox,
        by: |news| match news {
            News::Connected | News::Dropped | News::LetGo => true,
            News::Lost(topics) => notifications_are_among(topics),
            // It brings all that there is to know of it.
            News::Notified(_) => false,
        },
    },
    Rule {
        part: Part::Alerts,
        by: |news| match news {
            News::Notified(source) => source == Some("alerts"),
            News::Dropped => true,
            News::Lost(topics) => notifications_are_among(topics),
            // Whoever shows them looks at every connection and every few seconds; old ones tell nothing new.
            News::Connected | News::LetGo => false,
        },
    },
    Rule {
        part: Part::Jobs,
        by: |news| match news {
            News::Connected | News::Dropped => true,
            News::Lost(topics) => are_among(topics, "jobs/"),
            News::Notified(_) | News::LetGo => false,
        },
    },
    Rule { part: Part::Charts, by: |news| matches!(news, News::Connected | News::Dropped) },
];

fn notifications_are_among(topics: &[String]) -> bool {
    are_among(topics, "notifications/")
}

fn are_among(topics: &[String], prefix: &str) -> bool {
    topics.iter().any(|topic| topic.starts_with(prefix))
}

/// How often each part became stale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stale([u64; RULES.len()]);

impl Stale {
    /// Takes news.
    pub fn take(&mut self, news: News<'_>) {
        for (rule, number) in RULES.iter().zip(&mut self.0) {
            *number += u64::from((rule.by)(news));
        }
    }

    /// How often `part` became stale; it asks anew when that grows.
    #[must_use]
    pub fn of(&self, part: Part) -> u64 {
        RULES.iter().zip(self.0).filter(|(rule, _)| rule.part == part).map(|(_, n)| n).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stales(part: Part, news: News<'_>) -> bool {
        let mut stale = Stale::default();
        stale.take(news);
        stale.of(part) > 0
    }

    fn stales_the_inbox(news: News<'_>) -> bool {
        stales(Part::Inbox, news)
    }

    #[test]
    fn rules_are_asked_for_anew_when_a_notification_tells_of_one_or_may_be_lost() {
        let stales = |news| stales(Part::Alerts, news);
        let topics = vec!["notifications/u1".to_owned()];
        assert!(stales(News::Notified(Some("alerts"))));
        assert!(stales(News::Lost(&topics)));
        assert!(stales(News::Dropped));
        assert!(!stales(News::Notified(Some("ci"))));
        assert!(!stales(News::Notified(None)));
        assert!(!stales(News::Connected));
    }

    #[test]
    fn jobs_are_asked_for_anew_after_whatever_may_have_hidden_an_end() {
        let stales = |news| stales(Part::Jobs, news);
        assert!(stales(News::Connected));
        assert!(stales(News::Dropped));
        let of_jobs = vec!["metrics/box".to_owned(), "jobs/u1~0f".to_owned()];
        let of_others = vec!["jobsite/1".to_owned()];
        assert!(stales(News::Lost(&of_jobs)));
        assert!(!stales(News::Lost(&of_others)));
        assert!(!stales(News::Notified(Some("jobs"))));
    }

    #[test]
    fn the_inbox_is_asked_for_anew_after_whatever_may_have_hidden_a_change() {
        let topics = |topic: &str| vec!["metrics/box".to_owned(), topic.to_owned()];
        assert!(stales_the_inbox(News::Connected));
        assert!(stales_the_inbox(News::Dropped));
        assert!(stales_the_inbox(News::LetGo));
        assert!(stales_the_inbox(News::Lost(&topics("notifications/u1"))));
        assert!(!stales_the_inbox(News::Lost(&topics("builds/site"))));
        assert!(!stales_the_inbox(News::Notified(Some("ci"))));
    }
}
