//! A bus that opens whenever it is asked, and soon fails beside the reads.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tidings_protocol::event::EventId;
use tidings_protocol::topic::Topic;

use crate::hub::{
    Batch, Bus, BusError, Hub, HubLimits, JournalError, Opened, Outgoing, Page, PageRequest,
    Refusal, Session, Standing,
};

/// Counts how often it was opened.
#[derive(Debug, Default)]
struct Restless(AtomicUsize);

impl Bus for Restless {
    fn open(self: Arc<Self>, _: Option<EventId>) -> BoxFuture<'static, Result<Opened, BusError>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        let session: Arc<dyn Session> = self;
        async { Ok(Opened { session, standing: Standing::default() }) }.boxed()
    }
}

impl Session for Restless {
    fn publish(self: Arc<Self>, _: Outgoing) -> BoxFuture<'static, Result<EventId, Refusal>> {
        async { Err(Refusal::Ended) }.boxed()
    }

    fn read(self: Arc<Self>, _: u64, _: bool) -> BoxFuture<'static, Result<Batch, BusError>> {
        let batch = Batch { is_whole: true, ..Batch::default() };
        tokio::time::sleep(Duration::from_millis(5)).map(|()| Ok(batch)).boxed()
    }

    fn page(self: Arc<Self>, _: PageRequest) -> BoxFuture<'static, Result<Page, JournalError>> {
        async { Err(JournalError::Unreachable) }.boxed()
    }

    fn trim(self: Arc<Self>) -> BoxFuture<'static, Result<bool, BusError>> {
        tokio::time::sleep(Duration::from_millis(20)).map(|()| Err(BusError)).boxed()
    }

    fn forget(self: Arc<Self>, _: Topic) -> BoxFuture<'static, ()> {
        async {}.boxed()
    }

    fn close(self: Arc<Self>) -> BoxFuture<'static, ()> {
        async {}.boxed()
    }
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_opens_and_fails_is_not_opened_over_and_over() {
    let bus = Arc::new(Restless::default());
    let (_hub, follower) =
        Hub::join(HubLimits::default(), Arc::<Restless>::clone(&bus)).await.unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(10), follower.run()).await;
    assert!(ended.is_err());
    let opened = bus.0.load(Ordering::Relaxed);
    assert!((5..100).contains(&opened), "opened {opened} times in ten seconds");
}
