//! A session bus with a real store of secrets, GNOME's.

use std::collections::HashMap;
use std::process::Stdio;

use anyhow::{Context, Result};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use zbus::fdo::DBusProxy;
use zbus::{Connection, OwnedObjectPath, OwnedVariant, Variant, connection};

use crate::bus::Bus;
use crate::{DEADLINE, until};

const NAME: &str = "org.freedesktop.secrets";
const PATH: &str = "/org/freedesktop/secrets";
const INTERFACE: &str = "org.freedesktop.Secret.Service";

/// A secret as it travels: session, parameters, value, content type.
type Secret = (OwnedObjectPath, Vec<u8>, Vec<u8>, String);

/// The bus and the store, which is open; they end when this is dropped.
#[derive(Debug)]
pub struct Keyring {
    _daemon: Child,
    bus: Bus,
    _home: TempDir,
    connection: Connection,
}

impl Keyring {
    /// Starts them.
    ///
    /// # Errors
    ///
    /// If there is no `dbus-daemon` or `gnome-keyring-daemon`, or one does not come up.
    pub async fn start() -> Result<Self> {
        let (bus, home) = (Bus::start().await?, tempfile::tempdir()?);
        let mut daemon = Command::new("gnome-keyring-daemon")
            .args(["--unlock", "--foreground", "--components=secrets"])
            .env("DBUS_SESSION_BUS_ADDRESS", bus.address())
            .envs(["HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"].map(|name| (name, home.path())))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start gnome-keyring-daemon; `cargo xtask setup` installs it")?;
        // The password of the collection that it makes, to its end.
        let mut input = daemon.stdin.take().context("standard input is piped")?;
        input.write_all(b"password").await?;
        drop(input);
        let connection = connection::Builder::address(bus.address()).build().await?;
        let keyring = Self { _daemon: daemon, bus, _home: home, connection };
        let names = DBusProxy::new(&keyring.connection).await?;
        until("the store is open", DEADLINE, || async {
            // Whoever asks for it before would have the bus start the one of the machine.
            if !names.name_has_owner(NAME.try_into()?).await? {
                return Ok(None);
            }
            let body = ("default",);
            let call = keyring.connection.call_method(
                Some(NAME),
                PATH,
                Some(INTERFACE),
                "ReadAlias",
                &body,
            );
            let Ok(answer) = call.await else { return Ok(None) };
            let path: OwnedObjectPath = answer.body().deserialize()?;
            Ok((path.as_str() != "/").then_some(()))
        })
        .await?;
        Ok(keyring)
    }

    /// The bus, for `DBUS_SESSION_BUS_ADDRESS`.
    #[must_use]
    pub fn address(&self) -> &str {
        self.bus.address()
    }

    /// All that the app has in the store.
    ///
    /// # Errors
    ///
    /// If the store does not answer.
    pub async fn secrets(&self) -> Result<Vec<String>> {
        let asked = ("plain", Variant::from(""));
        let answer = self
            .connection
            .call_method(Some(NAME), PATH, Some(INTERFACE), "OpenSession", &asked)
            .await?;
        let (_, session): (OwnedVariant, OwnedObjectPath) = answer.body().deserialize()?;
        let asked = (HashMap::from([("application", "dev.tidings.desktop")]),);
        let answer = self
            .connection
            .call_method(Some(NAME), PATH, Some(INTERFACE), "SearchItems", &asked)
            .await?;
        let (items, _): (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) =
            answer.body().deserialize()?;
        let asked = (items, session);
        let answer = self
            .connection
            .call_method(Some(NAME), PATH, Some(INTERFACE), "GetSecrets", &asked)
            .await?;
        let secrets: HashMap<OwnedObjectPath, Secret> = answer.body().deserialize()?;
        Ok(secrets.into_values().map(|it| String::from_utf8_lossy(&it.2).into_owned()).collect())
    }
}
