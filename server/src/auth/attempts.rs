//! How often somebody may try to sign in.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Digested;

/// Attempts at once, and the time after which there is one more.
const FEW: (u32, Duration) = (5, Duration::from_secs(10));

/// The same for a name, wherever they come from: so many that no stranger uses them up for whoever has it, and too few
/// for guessing.
const MANY: (u32, Duration) = (50, Duration::from_secs(1));

/// Most of each kind that are remembered; the one that was used longest ago gives way.
const MOST: usize = 10_000;

/// Too many attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts to sign in; try again in {} s", .wait.as_secs_f64().ceil())]
pub struct TooOften {
    /// How long until there is one more.
    pub wait: Duration,
}

/// Where an attempt comes from.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// The address.
    pub address: IpAddr,
    /// Whether that is no client's but a proxy's, behind which anybody may be: it is not counted by itself then.
    pub is_proxy: bool,
}

/// Attempts to sign in with a password: few from an address, few on a name (known or not) from an address, and not too many
/// on a name. One that succeeds counts like any other.
#[derive(Debug)]
pub struct Attempts {
    of_address: Mutex<Buckets<IpAddr>>,
    /// Names by digest, so that a long one takes no more room.
    of_both: Mutex<Buckets<(Digested, IpAddr)>>,
    of_name: Mutex<Buckets<Digested>>,
    /// By somebody who is signed in, on the own password: no stranger counts here.
    of_user: Mutex<Buckets<Digested>>,
}

/// When each will have all attempts again.
#[derive(Debug)]
struct Buckets<K> {
    burst: u32,
    each: Duration,
    full_at: HashMap<K, Instant>,
}

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        Self { address, is_proxy: false }
    }
}

impl Default for Attempts {
    fn default() -> Self {
        Self {
            of_address: Mutex::new(Buckets::new(FEW)),
            of_both: Mutex::new(Buckets::new(FEW)),
            of_name: Mutex::new(Buckets::new(MANY)),
            of_user: Mutex::new(Buckets::new(FEW)),
        }
    }
}

impl Attempts {
    /// Counts an attempt from `source` on the user who goes by the name `folded`.
    ///
    /// # Errors
    ///
    /// If there were too many of one kind; nothing may be tried then.
    pub fn spend(&self, source: Source, folded: &str) -> Result<(), TooOften> {
        let (network, name) = (network(source.address), Digested::of(folded));
        if !source.is_proxy {
            spend(&self.of_address, network)?;
        }
        spend(&self.of_both, (name, network))?;
        // Last: what is refused before takes nothing from whoever has the name.
        spend(&self.of_name, name)
    }

    /// Counts an attempt on the own password by the user `id`, who is signed in.
    ///
    /// # Errors
    ///
    /// If there were too many.
    pub fn spend_user(&self, id: &str) -> Result<(), TooOften> {
        spend(&self.of_user, Digested::of(id))
    }
}

fn spend<K: Copy + Eq + Hash>(of: &Mutex<Buckets<K>>, key: K) -> Result<(), TooOften> {
    of.lock().unwrap_or_else(PoisonError::into_inner).spend(key)
}

/// Whoever has one address of IPv6 has 2⁶⁴ of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

impl<K: Copy + Eq + Hash> Buckets<K> {
    fn new((burst, each): (u32, Duration)) -> Self {
        Self { burst, each, full_at: HashMap::new() }
    }

    fn spend(&mut self, key: K) -> Result<(), TooOften> {
        let now = Instant::now();
        let full_at = self.full_at.get(&key).copied().unwrap_or(now).max(now) + self.each;
        if let Some(wait) = full_at.checked_duration_since(now + self.each * self.burst)
            && !wait.is_zero()
        {
            return Err(TooOften { wait });
        }
        if self.full_at.len() >= MOST && !self.full_at.contains_key(&key) {
            self.make_room(now);
        }
        self.full_at.insert(key, full_at);
        Ok(())
    }

    fn make_room(&mut self, now: Instant) {
        self.full_at.retain(|_, full_at| *full_at > now);
        if self.full_at.len() >= MOST
            && let Some(oldest) =
                self.full_at.iter().min_by_key(|(_, at)| **at).map(|(key, _)| *key)
        {
            self.full_at.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EACH: Duration = FEW.1;

    fn address(last: u8) -> Source {
        IpAddr::from([192, 0, 2, last]).into()
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
    async fn who_tries_a_name_too_often_does_not_keep_out_whoever_has_it() {
        let attempts = Attempts::default();
        for _ in 0..100 {
            let _ = attempts.spend(address(1), "ada");
        }
        assert!(attempts.spend(address(1), "ada").is_err());
        attempts.spend(address(2), "ada").unwrap();
        for _ in 0..5 {
            attempts.spend_user("3f2a").unwrap();
        }
        assert_eq!(attempts.spend_user("3f2a"), Err(TooOften { wait: EACH }));
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_is_not_guessed_from_many_addresses_at_any_rate() {
        let attempts = Attempts::default();
        for n in 0..50 {
            attempts.spend(address(n), "ada").unwrap();
        }
        let refused = attempts.spend(address(99), "ada").unwrap_err();
        assert_eq!(refused, TooOften { wait: MANY.1 });
        attempts.spend(address(99), "bob").unwrap();
        tokio::time::advance(MANY.1).await;
        attempts.spend(address(98), "ada").unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_everybody_comes_from_is_not_counted_by_itself() {
        let attempts = Attempts::default();
        let proxy = Source { is_proxy: true, ..address(1) };
        for n in 0..40 {
            attempts.spend(proxy, &n.to_string()).unwrap();
        }
        for _ in 0..5 {
            attempts.spend(proxy, "ada").unwrap();
        }
        assert!(attempts.spend(proxy, "ada").is_err(), "a name from there is");
        attempts.spend(address(1), "bob").unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn the_addresses_of_one_network_are_one() {
        let attempts = Attempts::default();
        let v6 = |text: &str| Source::from(text.parse::<IpAddr>().unwrap());
        for n in 0..5 {
            attempts.spend(v6(&format!("2001:db8::{n}")), &n.to_string()).unwrap();
        }
        assert!(attempts.spend(v6("2001:db8::99"), "x").is_err());
        attempts.spend(v6("2001:db8:0:1::1"), "x").unwrap();
        assert_eq!(network(v6("::ffff:192.0.2.1").address), address(1).address);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_is_bounded_and_the_oldest_gives_way() {
        let attempts = Attempts::default();
        for _ in 0..5 {
            attempts.spend_user("last").unwrap();
        }
        for n in 0..MOST {
            attempts.spend_user(&n.to_string()).unwrap();
        }
        assert_eq!(attempts.of_user.lock().unwrap().full_at.len(), MOST);
        assert!(attempts.spend_user("last").is_err(), "others were nearer to be full again");
        tokio::time::advance(EACH).await;
        attempts.spend_user("one more").unwrap();
        assert!(
            attempts.of_user.lock().unwrap().full_at.len() < 10,
            "who has all again is forgotten"
        );
    }
}
