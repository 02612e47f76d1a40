//! From the client to the web view: the long poll behind `poll_feed`.
//!
//! The page asks for what is newer than the batch it has. An answer waits until there is something, at
//! most [`LONGEST_WAIT`], and never comes sooner than [`SHORTEST_ROUND`] after the one before: ten
//! messages a second, however fast events come. Neither Tauri's events nor its channels are used, since
//! both leak in WebKitGTK when they carry much.

mod ledger;

use std::time::Duration;

use tidings_client::{Client, Handle, Subscription, TrustError};
use tidings_feed::Batch;
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep, sleep_until};

use ledger::Ledger;

/// Shortest time between two answers.
const SHORTEST_ROUND: Duration = Duration::from_millis(100);

/// After this an answer comes even if nothing is new.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// Numbers of batches begin with that of their bridge, above so many bits: a page that shows the server of another has no number
/// of this one. The page keeps 53 bits exactly.
const BATCH_BITS: u32 = 32;
const BRIDGES: u64 = 1 << (53 - BATCH_BITS);

/// The page is of another server than the one that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("another server is shown by now, and this page has to be loaded anew")]
pub struct OtherPage;

/// Hands what a subscription brings to the web view.
#[derive(Debug)]
pub struct Bridge {
    handle: Handle,
    /// Whose subscription it is; none in tests that ask nothing of it.
    client: Option<Client>,
    /// Which of the app's bridges it is.
    place: u64,
    /// Number of the newest poll. A page that was reloaded leaves a poll behind that nobody waits for:
    /// it gives way.
    turn: watch::Sender<u64>,
    reader: Mutex<Reader>,
}

#[derive(Debug)]
struct Reader {
    subscription: Subscription,
    ledger: Ledger,
    answered: Option<Instant>,
}

impl Bridge {
    /// A bridge that reads `subscription`.
    #[must_use]
    pub fn new(subscription: Subscription) -> Self {
        let handle = subscription.handle();
        let ledger = Ledger::default();
        let reader = Reader { subscription, ledger, answered: None };
        let (turn, reader) = (watch::Sender::new(0), Mutex::new(reader));
        Self { handle, client: None, place: 0, turn, reader }
    }

    /// The same bridge, which takes the place of another: whoever has batches of that one gets none of this.
    #[must_use]
    pub(crate) fn after(mut self, before: &Self) -> Self {
        self.place = (before.place + 1) % BRIDGES;
        self.reader.get_mut().ledger = Ledger::from_seq(self.place << BATCH_BITS);
        self
    }

    /// The same bridge, whose page may say which key of the client's server is the right one.
    #[must_use]
    pub fn with_client(mut self, client: Client) -> Self {
        self.client = Some(client);
        self
    }

    /// Trusts the server whose key has this fingerprint from now on, and connects.
    ///
    /// # Errors
    ///
    /// If it is no fingerprint, or not that of the key which the server shows and nobody knows, or cannot be kept.
    pub fn trust(&self, fingerprint: &str) -> Result<(), TrustError> {
        let fingerprint = fingerprint.parse()?;
        if let Some(client) = &self.client {
            client.trust(fingerprint)?;
        }
        self.handle.retry();
        Ok(())
    }

    /// Ends the poll that waits, since another server is shown: nobody is to wait for news of this one.
    pub(crate) fn close(&self) {
        self.turn.send_modify(|newest| *newest += 1);
        self.handle.disconnect();
    }

    /// What steers the subscription.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Everything newer than batch `since`, as soon as there is something. `0` is a page that knows
    /// nothing: it gets the newest metrics again, at once.
    ///
    /// Until `seen` is ready nobody sees the page: what is replaced by the next of its kind anyway, above all metrics, is held back then.
    /// Drawing it would cost more than all else the app does.
    ///
    /// # Errors
    ///
    /// If that is a batch of another bridge.
    pub async fn poll(
        &self,
        since: u64,
        seen: impl Future<Output = ()>,
    ) -> Result<Batch, OtherPage> {
        if since != 0 && since >> BATCH_BITS != self.place {
            return Err(OtherPage);
        }
        let mut turn = self.turn.subscribe();
        let mut mine = 0;
        self.turn.send_modify(|newest| {
            *newest += 1;
            mine = *newest;
        });
        let mut reader = self.reader.lock().await;
        tokio::select! {
            // An error would mean that the bridge is gone, which holds the sender.
            _ = turn.wait_for(|newest| *newest != mine) => {}
            () = reader.fill(since, seen) => {}
        }
        Ok(reader.answer())
    }
}

impl Reader {
    /// Waits until there is something to answer with. Nothing is lost if the wait is given up.
    async fn fill(&mut self, since: u64, seen: impl Future<Output = ()>) {
        let has_everything = self.ledger.acknowledge(since);
        if let Some(answered) = self.answered {
            sleep_until(answered + SHORTEST_ROUND).await;
        }
        if has_everything {
            tokio::select! {
                update = self.subscription.next() => self.ledger.add(update),
                () = sleep(LONGEST_WAIT) => {}
            }
            tokio::select! {
                biased;
                () = seen => {}
                () = self.gather() => {}
                () = sleep(LONGEST_WAIT) => {}
            }
        } else if self.ledger.has_room()
            && let Some(update) = self.subscription.try_next()
        {
            self.ledger.add(update);
        }
    }

    /// Takes what comes, until something is among it that nothing will replace.
    async fn gather(&mut self) {
        while self.ledger.has_room() {
            let update = self.subscription.next().await;
            self.ledger.add(update);
        }
    }

    fn answer(&mut self) -> Batch {
        self.answered = Some(Instant::now());
        let batch = self.ledger.batch(self.subscription.status());
        tracing::debug!(
            seq = batch.seq,
            deliveries = batch.deliveries.len(),
            dropped = batch.dropped,
            "answered the page"
        );
        batch
    }
}
