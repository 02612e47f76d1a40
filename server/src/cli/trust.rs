//! Asks the person at the terminal whether a server is the right one.

use std::io::{self, BufRead, IsTerminal, Write};

use tidings_client::{
    Client, ClientConfig, ClientError, Credentials, Distrust, TrustError, Untrusted,
};

use super::say;

/// Why a server is not asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error(
        "{0}. Compare it with what `tidings serve` prints there; if it is the same, pass it as \
         --fingerprint or TIDINGS_FINGERPRINT, or run this in a terminal to trust it from now on"
    )]
    Unknown(Box<Untrusted>),
    #[error(transparent)]
    Untrusted(Box<Untrusted>),
    #[error("{0} is not trusted")]
    No(String),
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// A client of a server whose key is trusted, after asking for it where that is not known yet. One that cannot be
/// reached is tried by whoever asked for it, and not trusted then either.
pub(super) async fn client(credentials: Credentials) -> Result<Client, Refused> {
    let Credentials { server, token, trust } = credentials;
    let is_settled = server.scheme() != "https" || trust.is_settled();
    let store = trust.store.clone();
    let client = Client::new(ClientConfig { trust, ..ClientConfig::new(server, token) })?;
    if is_settled {
        return Ok(client);
    }
    let Err(untrusted) = client.check_trust().await else { return Ok(client) };
    if !matches!(untrusted.reason, Distrust::Unknown(_)) {
        return Err(Refused::Untrusted(untrusted));
    }
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Refused::Unknown(untrusted));
    }
    let name = untrusted.server.clone();
    let fingerprint = untrusted.fingerprint;
    let asked = tokio::task::spawn_blocking(move || ask(&untrusted)).await;
    if !asked.is_ok_and(|asked| asked.unwrap_or(false)) {
        return Err(Refused::No(name));
    }
    client.trust(fingerprint)?;
    if let Some(store) = store {
        say::note(format_args!("{name} is trusted from now on, by {}", store.path().display()));
    }
    Ok(client)
}

/// Shows the key, and waits for a yes.
fn ask(Untrusted { server, fingerprint, reason }: &Untrusted) -> io::Result<bool> {
    let mut error = io::stderr();
    if let Distrust::Unknown(why) = reason {
        say::note(format_args!("nobody whom this machine trusts vouches for {server} ({why})"));
    }
    write!(
        error,
        "  its key is {fingerprint}\n  Compare it with what `tidings serve` prints there. \
         Trust this server from now on? [y/N] "
    )?;
    error.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
