//! Linux and its like: the Secret Service on the session bus, which GNOME's keyring, KWallet and KeePassXC are.
//!
//! Secrets travel on the bus as they are: it is the user's own, and whoever may listen on it may ask the service as well.

use std::collections::HashMap;

use zbus::{Connection, ObjectPath, OwnedObjectPath, OwnedVariant, Variant, proxy};

use super::StoreError;

/// By these the service finds what is the app's.
const APP: (&str, &str) = ("application", "dev.tidings.desktop");
const ID: &str = "server";

/// What the service calls the collection that it opens when its user signs in.
const COLLECTION: &str = "default";

/// A secret as it travels: session, parameters, value, content type.
type Secret = (OwnedObjectPath, Vec<u8>, Vec<u8>, String);

#[proxy(
    interface = "org.freedesktop.Secret.Service",
    default_service = "org.freedesktop.secrets",
    default_path = "/org/freedesktop/secrets"
)]
trait Service {
    fn open_session(
        &self,
        algorithm: &str,
        input: &Variant<'_>,
    ) -> zbus::Result<(OwnedVariant, OwnedObjectPath)>;
    fn read_alias(&self, name: &str) -> zbus::Result<OwnedObjectPath>;
    fn search_items(
        &self,
        attributes: &HashMap<&str, &str>,
    ) -> zbus::Result<(Vec<OwnedObjectPath>, Vec<OwnedObjectPath>)>;
    fn unlock(
        &self,
        objects: &[ObjectPath<'_>],
    ) -> zbus::Result<(Vec<OwnedObjectPath>, OwnedObjectPath)>;
}

#[proxy(
    interface = "org.freedesktop.Secret.Collection",
    default_service = "org.freedesktop.secrets"
)]
trait Collection {
    fn create_item(
        &self,
        properties: &HashMap<&str, Variant<'_>>,
        secret: &Secret,
        replace: bool,
    ) -> zbus::Result<(OwnedObjectPath, OwnedObjectPath)>;
}

#[proxy(interface = "org.freedesktop.Secret.Item", default_service = "org.freedesktop.secrets")]
trait Item {
    fn get_secret(&self, session: &ObjectPath<'_>) -> zbus::Result<Secret>;
    fn delete(&self) -> zbus::Result<OwnedObjectPath>;
}

#[proxy(interface = "org.freedesktop.Secret.Session", default_service = "org.freedesktop.secrets")]
trait Session {
    fn close(&self) -> zbus::Result<()>;
}

pub(super) async fn read(id: &str) -> Result<Option<String>, StoreError> {
    let store = Store::open().await?;
    let read = store.read(id).await;
    store.close().await;
    read
}

pub(super) async fn keep(id: &str, name: &str, secret: &str) -> Result<(), StoreError> {
    let store = Store::open().await?;
    let kept = store.keep(id, name, secret).await;
    store.close().await;
    kept
}

pub(super) async fn remove(id: &str) -> Result<(), StoreError> {
    let store = Store::open().await?;
    let removed = store.remove(id).await;
    store.close().await;
    removed
}

/// The service, and a session with it.
struct Store {
    connection: Connection,
    service: ServiceProxy<'static>,
    session: OwnedObjectPath,
}

impl Store {
    async fn open() -> Result<Self, StoreError> {
        let connection = Connection::session().await?;
        let service = ServiceProxy::new(&connection).await?;
        let (_, session) = service.open_session("plain", &Variant::from("")).await?;
        Ok(Self { connection, service, session })
    }

    async fn close(self) {
        // The service closes it with the connection, otherwise.
        if let Ok(session) = SessionProxy::new(&self.connection, self.session).await {
            drop(session.close().await);
        }
    }

    async fn read(&self, id: &str) -> Result<Option<String>, StoreError> {
        let Some(item) = self.find(id).await? else { return Ok(None) };
        let (_, _, value, _) = self.item(&item).await?.get_secret(&self.session).await?;
        let no_text = |_| StoreError("what is kept is no text".to_owned());
        String::from_utf8(value).map(Some).map_err(no_text)
    }

    async fn keep(&self, id: &str, name: &str, secret: &str) -> Result<(), StoreError> {
        let collection = self.service.read_alias(COLLECTION).await?;
        if is_none(&collection) {
            return Err(StoreError("it has no collection to keep it in".to_owned()));
        }
        self.unlock(&collection).await?;
        let attributes = HashMap::from([APP, (ID, id)]);
        let properties = HashMap::from([
            ("org.freedesktop.Secret.Item.Label", Variant::from(format!("Tidings: {name}"))),
            ("org.freedesktop.Secret.Item.Attributes", Variant::from(attributes)),
        ]);
        let value = secret.as_bytes().to_vec();
        let secret = (self.session.clone(), Vec::new(), value, "text/plain".to_owned());
        let collection = CollectionProxy::new(&self.connection, collection).await?;
        let (item, prompt) = collection.create_item(&properties, &secret, true).await?;
        if is_none(&item) || !is_none(&prompt) {
            return Err(StoreError("it wants to ask first".to_owned()));
        }
        Ok(())
    }

    async fn remove(&self, id: &str) -> Result<(), StoreError> {
        while let Some(item) = self.find(id).await? {
            let prompt = self.item(&item).await?.delete().await?;
            if !is_none(&prompt) {
                return Err(StoreError("it wants to ask first".to_owned()));
            }
        }
        Ok(())
    }

    /// Where the secret of a server lies, unlocked.
    async fn find(&self, id: &str) -> Result<Option<OwnedObjectPath>, StoreError> {
        let attributes = HashMap::from([APP, (ID, id)]);
        let (open, locked) = self.service.search_items(&attributes).await?;
        if let Some(item) = open.into_iter().next() {
            return Ok(Some(item));
        }
        let Some(item) = locked.into_iter().next() else { return Ok(None) };
        self.unlock(&item).await?;
        Ok(Some(item))
    }

    /// Unlocks what can be without a word: nobody is asked for a password by a program in the tray.
    async fn unlock(&self, object: &OwnedObjectPath) -> Result<(), StoreError> {
        let (_, prompt) = self.service.unlock(&[object.as_ref()]).await?;
        if is_none(&prompt) { Ok(()) } else { Err(StoreError("it is locked".to_owned())) }
    }

    async fn item(&self, path: &OwnedObjectPath) -> Result<ItemProxy<'static>, StoreError> {
        Ok(ItemProxy::new(&self.connection, path.clone()).await?)
    }
}

/// Whether a path says that there is nothing, as the service writes it.
fn is_none(path: &OwnedObjectPath) -> bool {
    path.as_str() == "/"
}

impl From<zbus::Error> for StoreError {
    fn from(error: zbus::Error) -> Self {
        Self(error.to_string())
    }
}
