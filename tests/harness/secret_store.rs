//! A session bus with a store of secrets that a test locks, and whose question whether to open it the test answers.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use zbus::{
    Connection, ObjectServer, OwnedObjectPath, OwnedVariant, Variant, connection, fdo, interface,
};

use crate::bus::Bus;

const NAME: &str = "org.freedesktop.secrets";
const PATH: &str = "/org/freedesktop/secrets";
const COLLECTION: &str = "/org/freedesktop/secrets/collection/login";
const SESSION: &str = "/org/freedesktop/secrets/session/s1";
const PROMPT: &str = "/org/freedesktop/secrets/prompt/p1";
const NONE: &str = "/";

/// A secret as it travels: session, parameters, value, content type.
type Secret = (OwnedObjectPath, Vec<u8>, Vec<u8>, String);

#[derive(Debug, Default)]
struct State {
    is_locked: bool,
    /// Whether whoever is asked opens it.
    opens: bool,
    asked: usize,
    made: usize,
    kept: BTreeMap<String, Kept>,
}

#[derive(Debug)]
struct Kept {
    label: String,
    attributes: HashMap<String, String>,
    secret: Vec<u8>,
}

#[derive(Clone, Debug, Default)]
struct Shared(Arc<Mutex<State>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> fdo::Result<MutexGuard<'_, State>> {
        let state = self.lock();
        if state.is_locked { Err(fdo::Error::Failed("it is locked".to_owned())) } else { Ok(state) }
    }
}

fn path(path: &str) -> fdo::Result<OwnedObjectPath> {
    OwnedObjectPath::try_from(path.to_owned())
        .map_err(|error| fdo::Error::Failed(error.to_string()))
}

/// The bus and the store; they end when this is dropped.
#[derive(Debug)]
pub struct SecretStore {
    bus: Bus,
    connection: Connection,
    shared: Shared,
}

struct Service(Shared);

#[interface(name = "org.freedesktop.Secret.Service")]
impl Service {
    fn open_session(
        &self,
        _algorithm: &str,
        _input: OwnedVariant,
    ) -> fdo::Result<(Variant<'static>, OwnedObjectPath)> {
        Ok((Variant::from(""), path(SESSION)?))
    }

    fn read_alias(&self, _name: &str) -> fdo::Result<OwnedObjectPath> {
        path(COLLECTION)
    }

    fn search_items(
        &self,
        wanted: HashMap<String, String>,
    ) -> fdo::Result<(Vec<OwnedObjectPath>, Vec<OwnedObjectPath>)> {
        let state = self.0.lock();
        let has = |kept: &Kept| {
            wanted.iter().all(|(name, value)| kept.attributes.get(name) == Some(value))
        };
        let found = state.kept.iter().filter(|(_, kept)| has(kept)).map(|(at, _)| path(at));
        let found = found.collect::<fdo::Result<Vec<_>>>()?;
        Ok(if state.is_locked { (Vec::new(), found) } else { (found, Vec::new()) })
    }

    fn unlock(
        &self,
        objects: Vec<OwnedObjectPath>,
    ) -> fdo::Result<(Vec<OwnedObjectPath>, OwnedObjectPath)> {
        let is_locked = self.0.lock().is_locked;
        Ok(if is_locked { (Vec::new(), path(PROMPT)?) } else { (objects, path(NONE)?) })
    }
}

struct Collection(Shared);

#[interface(name = "org.freedesktop.Secret.Collection")]
impl Collection {
    async fn create_item(
        &self,
        mut properties: HashMap<String, OwnedVariant>,
        secret: Secret,
        _replace: bool,
        #[zbus(object_server)] server: &ObjectServer,
    ) -> fdo::Result<(OwnedObjectPath, OwnedObjectPath)> {
        let mut property = |name: &str| {
            let property = properties.remove(&format!("org.freedesktop.Secret.Item.{name}"));
            property.ok_or_else(|| fdo::Error::InvalidArgs(format!("no {name}")))
        };
        let failed = |_| fdo::Error::InvalidArgs("of another type".to_owned());
        let label = String::try_from(property("Label")?).map_err(failed)?;
        let attributes = HashMap::try_from(property("Attributes")?).map_err(failed)?;
        let at = {
            let mut state = self.0.open()?;
            state.made += 1;
            let at = format!("{COLLECTION}/{}", state.made);
            state.kept.insert(at.clone(), Kept { label, attributes, secret: secret.2 });
            at
        };
        server.at(&*at, Item(at.clone(), self.0.clone())).await?;
        Ok((path(&at)?, path(NONE)?))
    }
}

struct Item(String, Shared);

#[interface(name = "org.freedesktop.Secret.Item")]
impl Item {
    fn get_secret(&self, session: OwnedObjectPath) -> fdo::Result<Secret> {
        let state = self.1.open()?;
        let kept = state.kept.get(&self.0);
        let kept = kept.ok_or_else(|| fdo::Error::UnknownObject("it is gone".to_owned()))?;
        Ok((session, Vec::new(), kept.secret.clone(), "text/plain".to_owned()))
    }

    fn delete(&self) -> fdo::Result<OwnedObjectPath> {
        self.1.open()?.kept.remove(&self.0);
        path(NONE)
    }
}

struct Prompt(Shared);

#[interface(name = "org.freedesktop.Secret.Prompt")]
impl Prompt {
    async fn prompt(
        &self,
        _window: &str,
        #[zbus(connection)] connection: &Connection,
    ) -> fdo::Result<()> {
        let is_dismissed = {
            let mut state = self.0.lock();
            state.asked += 1;
            state.is_locked &= !state.opens;
            !state.opens
        };
        let (interface, answer) =
            ("org.freedesktop.Secret.Prompt", (is_dismissed, Variant::from("")));
        connection.emit_signal(None::<&str>, PROMPT, interface, "Completed", &answer).await?;
        Ok(())
    }

    fn dismiss(&self) {}
}

struct Session;

#[interface(name = "org.freedesktop.Secret.Session")]
impl Session {
    fn close(&self) {}
}

impl SecretStore {
    /// Starts them; the store is open and empty.
    ///
    /// # Errors
    ///
    /// If there is no `dbus-daemon`, or it does not come up.
    pub async fn start() -> Result<Self> {
        let (bus, shared) = (Bus::start().await?, Shared::default());
        let connection = connection::Builder::address(bus.address())
            .serve_at(PATH, Service(shared.clone()))
            .serve_at(COLLECTION, Collection(shared.clone()))
            .serve_at(PROMPT, Prompt(shared.clone()))
            .serve_at(SESSION, Session)
            .name(NAME)
            .build()
            .await?;
        Ok(Self { bus, connection, shared })
    }

    /// The bus, for `DBUS_SESSION_BUS_ADDRESS`.
    #[must_use]
    pub fn address(&self) -> &str {
        self.bus.address()
    }

    /// Locks it. Whoever is asked to open it does so, or does not.
    pub fn lock(&self, opens: bool) {
        let mut state = self.shared.lock();
        (state.is_locked, state.opens) = (true, opens);
    }

    /// How often somebody was asked to open it.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.shared.lock().asked
    }

    /// What is in it, by labels.
    #[must_use]
    pub fn content(&self) -> Vec<(String, String)> {
        let state = self.shared.lock();
        let kept = state.kept.values();
        kept.map(|it| (it.label.clone(), String::from_utf8_lossy(&it.secret).into_owned()))
            .collect()
    }

    /// Answers nothing any more, as after its program was removed.
    ///
    /// # Errors
    ///
    /// If the bus is gone.
    pub async fn vanish(&self) -> Result<()> {
        self.connection.object_server().remove::<Service, _>(PATH).await?;
        Ok(())
    }
}
