//! How often somebody may try to sign in.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Digested;

/// Attempts at once.
const BURST: u32 = 5;

/// Time after which there is one more.
const EACH: Duration = Duration::from_secs(10);

/// Most addresses, and most names, that are remembered; the one that was used longest ago gives way.
const MOST: usize = 10_000;

/// Too many attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts to sign in; try again in {} s", .wait.as_secs_f64().ceil())]
pub struct TooOften {
    /// How long until there is one more.
    pub wait: Duration,
}

/// Attempts to sign in with a password: per address they come from, and per name, known or not. One that succeeds
/// counts like any other.
#[derive(Debug, Default)]
pub struct Attempts {
    of_address: Mutex<Buckets<IpAddr>>,
    /// By digest, so that a long name takes no more room.
    of_name: Mutex<Buckets<Digested>>,
}

/// When each will have all attempts again.
#[derive(Debug)]
struct Buckets<K>(HashMap<K, Instant>);

impl Attempts {
    /// Counts an attempt from `address` on the user who goes by the name `folded`.
    ///
    /// # Errors
    ///
    /// If there were too many of the one or the other; nothing may be tried then.
    pub fn spend(&self, address: IpAddr, folded: &str) -> Result<(), TooOften> {
        self.of_address.lock().unwrap_or_else(PoisonError::into_inner).spend(network(address))?;
        self.spend_name(folded)
    }

    /// Counts an attempt on a password by somebody who is signed in.
    ///
    /// # Errors
    ///
    /// If there were too many.
    pub fn spend_name(&self, folded: &str) -> Result<(), TooOften> {
        let name = Digested::of(folded);
        self.of_name.lock().unwrap_or_else(PoisonError::into_inner).spend(name)
    }
}

/// Whoever has one address of IPv6 has 2⁶⁴ of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

impl<K> Default for Buckets<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Copy + Eq + Hash> Buckets<K> {
    fn spend(&mut self, key: K) -> Result<(), TooOften> {
        let now = Instant::now();
        let full_at = self.0.get(&key).copied().unwrap_or(now).max(now) + EACH;
        if let Some(wait) = full_at.checked_duration_since(now + EACH * BURST)
            && !wait.is_zero()
        {
            return Err(TooOften { wait });
        }
        if self.0.len() >= MOST && !self.0.contains_key(&key) {
            self.make_room(now);
        }
        self.0.insert(key, full_at);
        Ok(())
    }

    fn make_room(&mut self, now: Instant) {
        self.0.retain(|_, full_at| *full_at > now);
        if self.0.len() >= MOST
            && let Some(oldest) = self.0.iter().min_by_key(|(_, at)| **at).map(|(key, _)| *key)
        {
            self.0.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[tokio::test(start_paused = true)]
    async fn there_are_five_attempts_and_then_one_each_ten_seconds() {
        let attempts = Attempts::default();
        for _ in 0..5 {
            attempts.spend(address(1), "ada").unwrap();
        }
        let refused = attempts.spend(address(1), "bob").unwrap_err();
        assert_eq!(refused, TooOften { wait: EACH });
        tokio::time::advance(EACH - Duration::from_millis(1)).await;
        let refused = attempts.spend(address(1), "bob").unwrap_err();
        assert_eq!(refused.to_string(), "too many attempts to sign in; try again in 1 s");
        tokio::time::advance(Duration::from_millis(1)).await;
        attempts.spend(address(1), "bob").unwrap();
        assert!(attempts.spend(address(1), "bob").is_err());
        tokio::time::advance(EACH * 100).await;
        for _ in 0..5 {
            attempts.spend(address(1), "bob").unwrap();
        }
        assert!(attempts.spend(address(1), "bob").is_err(), "there are never more");
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_is_tried_no_more_often_from_many_addresses() {
        let attempts = Attempts::default();
        for n in 0..5 {
            attempts.spend(address(n), "ada").unwrap();
        }
        assert!(attempts.spend(address(9), "ada").is_err());
        attempts.spend(address(9), "bob").unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn the_addresses_of_one_network_are_one() {
        let attempts = Attempts::default();
        let v6 = |text: &str| text.parse::<IpAddr>().unwrap();
        for n in 0..5 {
            attempts.spend(v6(&format!("2001:db8::{n}")), &n.to_string()).unwrap();
        }
        assert!(attempts.spend(v6("2001:db8::99"), "x").is_err());
        attempts.spend(v6("2001:db8:0:1::1"), "x").unwrap();
        assert_eq!(network(v6("::ffff:192.0.2.1")), address(1));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_is_bounded_and_the_oldest_gives_way() {
        let attempts = Attempts::default();
        for _ in 0..5 {
            attempts.spend_name("last").unwrap();
        }
        for n in 0..MOST {
            attempts.spend_name(&n.to_string()).unwrap();
        }
        assert_eq!(attempts.of_name.lock().unwrap().0.len(), MOST);
        assert!(attempts.spend_name("last").is_err(), "others were nearer to be full again");
        tokio::time::advance(EACH).await;
        attempts.spend_name("one more").unwrap();
        assert!(attempts.of_name.lock().unwrap().0.len() < 10, "who has all again is forgotten");
    }
}
