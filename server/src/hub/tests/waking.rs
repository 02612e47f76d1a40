//! Whom the hub wakes, and for what.

use std::task::{Context, Wake};

use super::*;

/// Counts how often it is woken.
#[derive(Default)]
struct Count(std::sync::atomic::AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Count {
    fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

#[test]
fn publishing_wakes_only_those_whose_topic_it_is() {
    let hub = hub(10);
    let counts = [Arc::new(Count::default()), Arc::new(Count::default())];
    let mut subscriptions =
        [subscribe(&hub, &["a"], Start::Fresh), subscribe(&hub, &["b"], Start::Fresh)];
    publish(&hub, "a");
    for (subscription, count) in subscriptions.iter_mut().zip(&counts) {
        drain(subscription);
        let waker = Arc::clone(count).into();
        assert!(subscription.poll_next(&mut Context::from_waker(&waker)).is_pending());
    }
    publish(&hub, "a");
    assert_eq!(counts.each_ref().map(|count| count.get()), [1, 0]);
}

#[test]
fn whoever_asked_for_a_drain_is_woken_by_it_though_it_asked_for_nothing_since() {
    let hub = hub(10);
    let subscription = subscribe(&hub, &["a"], Start::Fresh);
    let count = Arc::new(Count::default());
    let waker = Arc::clone(&count).into();
    let cx = Context::from_waker(&waker);
    assert!(subscription.poll_drain(&cx).is_pending());
    hub.drain(Duration::from_secs(1));
    assert_eq!(count.get(), 1);
    assert_eq!(subscription.poll_drain(&cx), std::task::Poll::Ready(Duration::from_secs(1)));
}
