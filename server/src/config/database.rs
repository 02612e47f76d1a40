//! Where a database is, and how to sign in to it.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use url::Url;

/// Parameters that a URL may have, besides `options[NAME]`.
const PARAMETERS: [&str; 12] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "user",
];

/// What `sslmode` may be.
const SSL_MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// `postgres://USER:PASSWORD@HOST:PORT/NAME?sslmode=…`, as libpq has it; what it leaves out comes from `PGHOST`, `PGUSER`,
/// `PGPASSWORD`, `PGPASSFILE` and the like. May hold a password: nothing shows it but a configuration that is written down as a whole.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DatabaseUrl(String);

/// What is wrong with the URL of a database; never repeats what may be a password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDatabaseUrl {
    /// No URL at all.
    #[error("it is no URL; write it as postgres://USER@HOST/NAME")]
    NoUrl,
    /// Of a database there is no backend for.
    #[error(
        "`{0}` is no kind of database there is; write postgres://USER@HOST/NAME, or nothing for a file in the data folder"
    )]
    Scheme(String),
    /// A parameter that means nothing here.
    #[error("there is no parameter `{0}`")]
    Parameter(String),
    /// A parameter or a part whose value means nothing.
    #[error("a part of it cannot be understood")]
    Value,
    /// A character that ends the password, or would if it were one.
    #[error(
        "in a user, a password or a parameter write `@` as %40, `/` as %2F, `?` as %3F, `#` as %23"
    )]
    Unencoded,
}

impl DatabaseUrl {
    /// Whether it has a password, or may have one where it cannot be understood.
    #[must_use]
    pub fn may_have_password(&self) -> bool {
        self.is_ambiguous()
            || self.parse().map_or(self.0.contains('@'), |url| {
                url.password().is_some()
                    || url.query_pairs().any(|(key, _)| key.contains("password"))
            })
    }

    /// Checks that it can be used.
    ///
    /// # Errors
    ///
    /// If it is no URL, of an unknown kind, or has a parameter that is unknown or means nothing.
    pub fn check(&self) -> Result<(), InvalidDatabaseUrl> {
        if self.is_ambiguous() {
            return Err(InvalidDatabaseUrl::Unencoded);
        }
        let url = self.parse()?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(InvalidDatabaseUrl::Scheme(url.scheme().to_owned()));
        }
        for (key, value) in url.query_pairs() {
            // The database's driver would pass over it, and write its value to the log.
            if !PARAMETERS.contains(&&*key) && !key.starts_with("options[") {
                // What looks like no name may be a part of a password.
                let is_name = key.chars().all(|char| matches!(char, 'a'..='z' | '_'));
                return Err(match is_name {
                    true => InvalidDatabaseUrl::Parameter(key.into_owned()),
                    false => InvalidDatabaseUrl::Value,
                });
            }
            let is_understood = match &*key {
                "sslmode" => SSL_MODES.contains(&&*value),
                "port" => value.parse::<u16>().is_ok(),
                "hostaddr" => value.parse::<IpAddr>().is_ok(),
                _ => true,
            };
            if !is_understood {
                return Err(InvalidDatabaseUrl::Value);
            }
        }
        Ok(())
    }

    /// The text itself; take care where it goes.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Whether what lies behind the address may be the rest of a password: one with a `/`, `?` or `#` would end there, and be
    /// taken for the name of a database or a parameter.
    fn is_ambiguous(&self) -> bool {
        let Some((_, rest)) = self.0.split_once("://") else { return false };
        let Some((_, behind)) = rest.split_once(['/', '?', '#']) else { return false };
        rest.contains('#') || behind.contains('@')
    }

    fn parse(&self) -> Result<Url, InvalidDatabaseUrl> {
        // Without them the text before the first colon would pass for a scheme.
        if !self.0.contains("://") {
            return Err(InvalidDatabaseUrl::NoUrl);
        }
        Url::parse(&self.0).map_err(|_| InvalidDatabaseUrl::NoUrl)
    }
}

impl From<String> for DatabaseUrl {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DatabaseUrl(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> DatabaseUrl {
        DatabaseUrl::from(text.to_owned())
    }

    #[test]
    fn what_cannot_be_used_is_refused_without_repeating_a_password() {
        for (text, expected) in [
            ("postgres://hunter2", None),
            ("postgresql://u:hunter2@db.lan:5433/tidings?sslmode=verify-full", None),
            ("postgres:///tidings?host=/run/postgresql", None),
            ("mysql://u:hunter2@h/x", Some("`mysql` is no kind")),
            ("u:hunter2@h/x", Some("no URL")),
            ("postgres://u:hunter2@h:port/x", Some("no URL")),
            ("postgres://h/x?pasword=hunter2", Some("no parameter `pasword`")),
            ("postgres://h/x?sslmode=hunter2", Some("cannot be understood")),
            ("postgres://h/x?port=hunter2", Some("cannot be understood")),
            ("postgres://h/x?hunter2", Some("cannot be understood")),
            ("postgres://u:5?hunter2@h/x", Some("%40")),
            ("postgres://u:5/hunter2@h/x", Some("%40")),
            ("postgres://u:5#hunter2@h/x", Some("%40")),
            ("postgres://u:5#hunter2", Some("%23")),
            ("postgres://u:a%2Fb%3F%40hunter2@h/x?application_name=a%40b", None),
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
            ("postgres://u@h/x", false),
            ("postgres:///x", false),
            ("postgres://u:p@h/x", true),
            ("postgres://u@h/x?password=p", true),
            ("u:p@h/x", true),
            ("postgres://u:5?p@h/x", true),
            ("postgres://u:5/p@h/x", true),
            ("postgres://u:5#p@h/x", true),
        ] {
            assert_eq!(url(text).may_have_password(), expected, "{text}");
            assert_eq!(format!("{:?}", url(text)), "DatabaseUrl(…)");
        }
    }
}
