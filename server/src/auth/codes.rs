//! One-time codes: what a sign-in link carries instead of the token.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::{Digested, Secret};

/// How long a code can be spent.
pub const LIFETIME: Duration = Duration::from_secs(5 * 60);

/// Most codes at once; the oldest gives way.
const MOST: usize = 16;

/// Codes that are not spent yet.
#[derive(Debug, Default)]
pub struct Codes(Mutex<Vec<(Digested, Instant)>>);

impl Codes {
    /// A new code, good once and for [`LIFETIME`].
    pub fn issue(&self) -> Secret {
        let code = Secret::generate();
        let mut codes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if codes.len() == MOST {
            codes.remove(0);
        }
        codes.push((Digested::of(code.expose()), Instant::now() + LIFETIME));
        code
    }

    /// Whether `code` was good; it is not any more.
    pub fn spend(&self, code: Digested) -> bool {
        let mut codes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        codes.retain(|(_, expires)| now < *expires);
        let found = codes.iter().position(|(known, _)| known.matches(code));
        found.map(|index| codes.remove(index)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(code: &Secret) -> Digested {
        Digested::of(code.expose())
    }

    #[tokio::test]
    async fn a_code_is_good_once() {
        let codes = Codes::default();
        let code = codes.issue();
        assert!(!codes.spend(Digested::of("another")));
        assert!(codes.spend(digest(&code)));
        assert!(!codes.spend(digest(&code)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_code_is_good_for_five_minutes() {
        let codes = Codes::default();
        let (early, late) = (codes.issue(), codes.issue());
        tokio::time::advance(LIFETIME - Duration::from_millis(1)).await;
        assert!(codes.spend(digest(&early)));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(!codes.spend(digest(&late)));
    }

    #[tokio::test]
    async fn codes_are_bounded_and_the_oldest_gives_way() {
        let codes = Codes::default();
        let all: Vec<_> = (0..=MOST).map(|_| codes.issue()).collect();
        assert!(!codes.spend(digest(&all[0])));
        assert!(all[1..].iter().all(|code| codes.spend(digest(code))));
    }
}
