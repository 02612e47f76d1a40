//! A server at a glance: how the app stands with it, what is unread, its load.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tidings_client::Delivery;
use tidings_client::Item;
use tidings_protocol::metrics::Snapshot;
use tidings_protocol::topic::metrics_host;
use tokio::sync::watch;

use crate::progress::Standing;

/// A machine that said nothing for so long gives its place to another.
const SILENT: Duration = Duration::from_secs(30);

/// What is known of a server.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Seen {
    pub(super) standing: Standing,
    /// Whether its token cannot be had from where it lies.
    pub(super) is_locked: bool,
    pub(super) unread: Option<u64>,
    /// The machine whose load it is: the first that the server tells of.
    host: Option<String>,
    /// In whole percent.
    pub(super) cpu: Option<u8>,
    pub(super) memory: Option<u8>,
}

/// Where its newest figures are put, and whether the window shows that server.
#[derive(Debug)]
pub(crate) struct Glance {
    seen: Mutex<Seen>,
    /// When the machine was heard last whose load it is.
    heard: Mutex<Option<Instant>>,
    is_shown: AtomicBool,
    /// Rung when something is new; all servers share it.
    news: Arc<watch::Sender<u64>>,
}

impl Glance {
    pub(super) fn new(news: Arc<watch::Sender<u64>>) -> Self {
        Self {
            seen: Mutex::default(),
            heard: Mutex::default(),
            is_shown: AtomicBool::new(false),
            news,
        }
    }

    pub(super) fn get(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the window shows this server.
    pub(crate) fn is_shown(&self) -> bool {
        self.is_shown.load(Ordering::Relaxed)
    }

    pub(super) fn show(&self, is_shown: bool) {
        self.is_shown.store(is_shown, Ordering::Relaxed);
    }

    pub(crate) fn stand(&self, next: impl FnOnce(Standing) -> Standing) {
        self.change(|seen| {
            seen.standing = next(seen.standing);
            seen.is_locked = false;
        });
    }

    pub(super) fn lock(&self) {
        self.change(|seen| seen.is_locked = true);
    }

    pub(crate) fn count(&self, unread: u64) {
        self.change(|seen| seen.unread = Some(unread));
    }

    /// Takes the load out of what arrived.
    pub(crate) fn hear(&self, delivery: &Delivery) {
        let Item::Event(event) = &delivery.item else { return };
        let Some(host) = metrics_host(&event.topic) else { return };
        // A machine that is gone is told of for as long as the server knows it.
        if delivery.age_ms > SILENT.as_millis() as u64 {
            return;
        }
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let is_silent = heard.is_none_or(|heard| heard.elapsed() > SILENT);
        self.change(|seen| {
            if seen.host.as_deref() != Some(host) {
                if !is_silent {
                    return;
                }
                seen.host = Some(host.to_owned());
            }
            *heard = Some(Instant::now());
            let Ok(sample) = serde_json::from_str::<Snapshot>(event.data.get()) else { return };
            seen.cpu = sample.cpu.map(|cpu| whole(cpu.total.into()));
            seen.memory = sample
                .memory
                .filter(|memory| memory.total > 0)
                .map(|memory| whole(memory.used as f64 * 100.0 / memory.total as f64));
        });
    }

    fn change(&self, change: impl FnOnce(&mut Seen)) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let before = seen.clone();
        change(&mut seen);
        if *seen != before {
            self.news.send_modify(|version| *version += 1);
        }
    }
}

fn whole(percent: f64) -> u8 {
    percent.round().clamp(0.0, 100.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_feed::decode;

    fn sample(host: &str, cpu: f64) -> Delivery {
        let data = serde_json::json!({
            "type": "metrics", "id": "00000001-1", "topic": format!("metrics/{host}"), "at": 1,
            "data": {
                "intervalMs": 1000, "host": {"name": host, "os": "", "kernel": "", "uptime": 1},
                "cpu": {"total": cpu, "cores": [], "load": null},
                "memory": {"total": 200, "used": 50, "available": 150, "swapTotal": 0, "swapUsed": 0},
                "disks": [], "network": [], "temperatures": [], "processes": null,
            },
        });
        let item = Item::from_message(decode(&data.to_string()).unwrap()).unwrap();
        Delivery { age_ms: 0, item }
    }

    #[test]
    fn a_machine_that_is_gone_has_no_load_and_keeps_no_place() {
        let glance = Glance::new(Arc::new(watch::Sender::new(0)));
        glance.hear(&Delivery { age_ms: 86_400_000, ..sample("gone", 97.0) });
        assert_eq!(glance.get().cpu, None);
        glance.hear(&sample("box", 12.0));
        assert_eq!(glance.get().cpu, Some(12));
    }

    #[test]
    fn the_load_is_that_of_one_machine_and_news_are_rung_only_where_something_changed() {
        let news = Arc::new(watch::Sender::new(0));
        let glance = Glance::new(news.clone());
        glance.hear(&sample("box", 12.4));
        assert_eq!((glance.get().cpu, glance.get().memory), (Some(12), Some(25)));
        assert_eq!(*news.borrow(), 1);
        glance.hear(&sample("box", 12.1));
        glance.hear(&sample("other", 99.0));
        assert_eq!((glance.get().cpu, *news.borrow()), (Some(12), 1));
        glance.hear(&Delivery { age_ms: 60_000, ..sample("box", 99.0) });
        assert_eq!(glance.get().cpu, Some(12), "what is old is nobody's load");
        glance.count(3);
        glance.count(3);
        assert_eq!((glance.get().unread, *news.borrow()), (Some(3), 2));
    }
}
