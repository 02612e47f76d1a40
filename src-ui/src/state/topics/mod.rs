//! What programs publish: of each topic that is none of the server's own the newest event, and what its numbers were.
//!
//! - `numbers`: which numbers an event has, and what is left of it without them; `series`: what one of them was.

mod numbers;
mod series;
#[cfg(test)]
mod tests;

use std::rc::Rc;
use std::time::Duration;

use tidings_protocol::topic::{JOBS, METRICS, PERSONAL};

use super::events::Entry;
use super::json::Json;
pub use numbers::rest;
pub use series::Series;

/// Most topics that are kept: their names come from outside.
pub const MAX_TOPICS: usize = 50;

/// Most numbers of a topic that have a line.
pub const MAX_SERIES: usize = 24;

/// Most points of a line.
pub const MAX_POINTS: usize = 300;

/// Most bytes of newest events, all topics together.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// An event of more bytes is shown as a tree alone: to look for numbers in each of them would take the page's time.
pub const MAX_READ: usize = 64 * 1024;

/// Whether a program published to `topic`, and not the server itself.
#[must_use]
pub fn is_published(topic: &str) -> bool {
    let first = topic.split('/').next().unwrap_or_default();
    first != METRICS && first != JOBS && !PERSONAL.contains(&first)
}

/// One topic.
#[derive(Clone, Debug)]
pub struct Topic {
    /// Its newest event.
    pub newest: Rc<Entry>,
    /// How old that was when it arrived, by the server's clock.
    pub age_on_arrival: Duration,
    /// How many came so far.
    pub count: u64,
    /// Its numbers, in the order they were first heard of.
    pub series: Vec<Series>,
    /// Numbers of the newest event that have no line.
    pub more: usize,
}

impl Topic {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.newest.topic
    }

    /// How old the newest event is.
    #[must_use]
    pub fn age(&self, now: Duration) -> Duration {
        now.saturating_sub(self.newest.arrived) + self.age_on_arrival
    }

    /// The number at `path`.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<&Series> {
        self.series.iter().find(|series| *series.path == *path)
    }

    /// Whether the newest event was too large to look for numbers.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        self.newest.body.len() > MAX_READ
    }

    /// Whether `series` is of the newest event.
    #[must_use]
    pub fn is_new(&self, series: &Series) -> bool {
        series.heard == self.newest.key
    }

    fn read(&mut self) {
        let (key, at) = (self.newest.key, self.newest.at.unwrap_or_default());
        self.more = 0;
        if self.is_too_large() {
            self.series.iter_mut().for_each(Series::tear);
            return;
        }
        let (found, count) = numbers::numbers(&Json::read(&self.newest.body));
        for number in &found {
            if let Some(series) = self.series.iter_mut().find(|s| *s.path == *number.path) {
                series.take(key, at, number);
            }
        }
        for number in found.iter().filter(|number| !number.value.is_nan()) {
            if self.find(&number.path).is_some() {
                continue;
            }
            let mut new = Series::new(number.path.as_str().into());
            new.take(key, at, number);
            if self.series.len() < MAX_SERIES {
                self.series.push(new);
            } else if let Some(oldest) = self.series.iter_mut().min_by_key(|series| series.heard)
                && oldest.heard != key
            {
                *oldest = new;
            }
        }
        let shown = self.series.iter().filter(|series| series.heard == key && !series.is_torn());
        self.more = count.saturating_sub(shown.count());
    }
}

/// All topics, by name.
#[derive(Clone, Debug, Default)]
pub struct Topics {
    list: Vec<Rc<Topic>>,
    gone: u64,
}

impl Topics {
    /// Takes an event that was `age` old when it arrived.
    pub fn take(&mut self, entry: &Rc<Entry>, age: Duration) {
        let newest = entry.clone();
        match self.list.binary_search_by(|topic| topic.name().cmp(&entry.topic)) {
            Ok(at) => {
                let topic = Rc::make_mut(&mut self.list[at]);
                topic.newest = newest;
                topic.age_on_arrival = age;
                topic.count += 1;
                topic.read();
            }
            Err(at) => {
                let mut topic =
                    Topic { newest, age_on_arrival: age, count: 1, series: Vec::new(), more: 0 };
                topic.read();
                self.list.insert(at, Rc::new(topic));
            }
        }
        // The newest stays however large it is.
        while self.list.len() > MAX_TOPICS || (self.list.len() > 1 && self.bytes() > MAX_BYTES) {
            let heard = |(_, topic): &(usize, &Rc<Topic>)| topic.newest.key;
            let Some((oldest, _)) = self.list.iter().enumerate().min_by_key(heard) else { break };
            self.list.remove(oldest);
            self.gone += 1;
        }
    }

    /// Events of these topics are lost, which may be selectors: lines break.
    pub fn lose(&mut self, lost: &[String]) {
        for topic in &mut self.list {
            let is_lost = lost.iter().any(|lost| match lost.strip_suffix('*') {
                Some(start) => topic.name().starts_with(start),
                None => topic.name() == lost,
            });
            if is_lost {
                Rc::make_mut(topic).series.iter_mut().for_each(Series::tear);
            }
        }
    }

    /// All of them.
    #[must_use]
    pub fn list(&self) -> &[Rc<Topic>] {
        &self.list
    }

    /// How many were let go of for others.
    #[must_use]
    pub fn gone(&self) -> u64 {
        self.gone
    }

    /// The topic of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Rc<Topic>> {
        self.list.iter().find(|topic| topic.name() == name)
    }

    fn bytes(&self) -> usize {
        self.list.iter().map(|topic| topic.newest.body.len()).sum()
    }
}
