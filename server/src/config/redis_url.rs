//! Where Redis is, and how to sign in to it.

use serde::{Deserialize, Serialize};
use url::Url;

/// Schemes of a Redis that listens on a port, and on a socket of this machine.
const BY_PORT: [&str; 4] = ["redis", "rediss", "valkey", "valkeys"];
const BY_SOCKET: [&str; 3] = ["unix", "redis+unix", "valkey+unix"];

/// `redis://USER:PASSWORD@HOST:PORT/DATABASE`, `rediss://` with TLS, or `unix:///PATH?db=…&user=…&pass=…`. May hold a
/// password: nothing shows it but a configuration that is written down as a whole.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RedisUrl(String);

/// What is wrong with the URL of a Redis; never repeats what may be a password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRedisUrl {
    /// No URL at all.
    #[error("it is no URL; write it as redis://HOST:PORT/0, or rediss:// for TLS")]
    NoUrl,
    /// Of something else.
    #[error("`{0}` is no Redis; write redis://HOST:PORT/0, or rediss:// for TLS")]
    Scheme(String),
    /// Of several.
    #[error(
        "Redis Sentinel and Redis Cluster are not supported: name one Redis, or an address that leads to the one that writes"
    )]
    Several,
    /// A parameter that means nothing here.
    #[error("there is no parameter `{0}`")]
    Parameter(String),
    /// A database that is no number.
    #[error("its database is no number from 0 to 65535")]
    Database,
    /// Something behind a `#`: other programs switch checks off there.
    #[error("nothing may stand behind a # in it")]
    Fragment,
}

impl RedisUrl {
    /// Whether it has a password, or may have one where it cannot be understood.
    #[must_use]
    pub fn may_have_password(&self) -> bool {
        self.parse().map_or(self.0.contains('@'), |url| {
            url.password().is_some() || url.query_pairs().any(|(key, _)| key == "pass")
        })
    }

    /// Whether the connection is to be encrypted.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.parse().is_ok_and(|url| matches!(url.scheme(), "rediss" | "valkeys"))
    }

    /// Checks that it can be used.
    ///
    /// # Errors
    ///
    /// If it is no URL, of an unknown kind or of several servers, or has a part that means nothing.
    pub fn check(&self) -> Result<(), InvalidRedisUrl> {
        let scheme = self.0.split("://").next().unwrap_or_default().to_ascii_lowercase();
        let authority = self.0.split("://").nth(1).and_then(|rest| rest.split('/').next());
        let hosts = authority.and_then(|authority| authority.rsplit('@').next());
        if scheme.contains("sentinel")
            || scheme.contains("cluster")
            || hosts.is_some_and(|hosts| hosts.contains(','))
        {
            return Err(InvalidRedisUrl::Several);
        }
        let url = self.parse()?;
        let is_socket = BY_SOCKET.contains(&url.scheme());
        if !is_socket && !BY_PORT.contains(&url.scheme()) {
            return Err(InvalidRedisUrl::Scheme(url.scheme().to_owned()));
        }
        if url.fragment().is_some() {
            return Err(InvalidRedisUrl::Fragment);
        }
        for (key, value) in url.query_pairs() {
            match &*key {
                "db" if is_socket => database(&value)?,
                "user" | "pass" if is_socket => {}
                _ => return Err(InvalidRedisUrl::Parameter(key.into_owned())),
            }
        }
        if is_socket {
            let path = url.to_file_path();
            return path.map(|_| ()).map_err(|()| InvalidRedisUrl::NoUrl);
        }
        if url.host().is_none() {
            return Err(InvalidRedisUrl::NoUrl);
        }
        match url.path().trim_matches('/') {
            "" => Ok(()),
            number => database(number),
        }
    }

    /// The text itself; take care where it goes.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    fn parse(&self) -> Result<Url, InvalidRedisUrl> {
        // Without them the text before the first colon would pass for a scheme.
        if !self.0.contains("://") {
            return Err(InvalidRedisUrl::NoUrl);
        }
        Url::parse(&self.0).map_err(|_| InvalidRedisUrl::NoUrl)
    }
}

fn database(number: &str) -> Result<(), InvalidRedisUrl> {
    number.parse::<u16>().map(|_| ()).map_err(|_| InvalidRedisUrl::Database)
}

impl From<String> for RedisUrl {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RedisUrl(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> RedisUrl {
        RedisUrl::from(text.to_owned())
    }

    #[test]
    fn what_cannot_be_used_is_refused_without_repeating_a_password() {
        for (text, expected) in [
            ("redis://cache.lan", None),
            ("rediss://u:hunter2@cache.lan:6380/3", None),
            ("redis://:hunter2,@cache.lan", None),
            ("unix:///run/redis.sock?db=2&user=u&pass=hunter2", None),
            ("redis+sentinel://u:hunter2@a:26379/x", Some("Sentinel")),
            ("redis-cluster://u:hunter2@a", Some("Cluster")),
            ("redis://u:hunter2@a:1,b:2/0", Some("Cluster")),
            ("http://u:hunter2@a/x", Some("`http` is no Redis")),
            ("u:hunter2@a/0", Some("no URL")),
            ("redis://u:hunter2@a:port/0", Some("no URL")),
            ("redis://u:hunter2@a/hunter2", Some("database")),
            ("redis://a/0?timeout=hunter2", Some("no parameter `timeout`")),
            ("rediss://u:hunter2@a/0#insecure", Some("#")),
        ] {
            let told = url(text).check().err().map(|error| format!("{error} {error:?}"));
            match (told, expected) {
                (None, None) => {}
                (Some(told), Some(expected)) => {
                    assert!(told.contains(expected) && !told.contains("hunter2"), "{text}: {told}");
                }
                (told, _) => panic!("{text}: {told:?}"),
            }
        }
    }

    #[test]
    fn a_password_is_found_wherever_it_may_be_and_not_shown() {
        for (text, expected) in [
            ("redis://a", false),
            ("redis://u@a/0", false),
            ("redis://:p@a", true),
            ("unix:///run/redis.sock?pass=p", true),
            ("u:p@a", true),
        ] {
            assert_eq!(url(text).may_have_password(), expected, "{text}");
            assert_eq!(format!("{:?}", url(text)), "RedisUrl(…)");
        }
    }
}
