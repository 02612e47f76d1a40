//! Linux and its like: the Secret Service on the session bus, which GNOME's keyring, KWallet and KeePassXC are.
//!
//! Secrets travel on the bus as they are: it is the user's own, and whoever may listen on it may ask the service as well.

use std::collections::HashMap;

use futures_util::StreamExt as _;
use tokio::time::timeout;
use zbus::{Connection, ObjectPath, OwnedObjectPath, OwnedVariant, Variant, proxy};

use super::{Asks, PATIENCE, PERSON_PATIENCE, StoreError};

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

#[proxy(interface = "org.freedesktop.Secret.Prompt", default_service = "org.freedesktop.secrets")]
trait Prompt {
    fn prompt(&self, window: &str) -> zbus::Result<()>;
    fn dismiss(&self) -> zbus::Result<()>;
    #[zbus(signal)]
    fn completed(&self, is_dismissed: bool, result: OwnedVariant) -> zbus::Result<()>;
}

#[proxy(interface = "org.freedesktop.Secret.Session", default_service = "org.freedesktop.secrets")]
trait Session {
    fn close(&self) -> zbus::Result<()>;
}

/// By what a person finds an entry there.
pub(super) fn called(_id: &str, name: &str) -> String {
    format!("Tidings: {name}")
}

pub(super) async fn read(id: &str, asks: Asks) -> Result<Option<String>, StoreError> {
    let store = Store::open(asks).await?;
    let read = store.read(id).await;
    store.close().await;
    read
}

pub(super) async fn keep(id: &str, name: &str, secret: &str, asks: Asks) -> Result<(), StoreError> {
    let store = Store::open(asks).await?;
    let kept = store.keep(id, name, secret).await;
    store.close().await;
    kept
}

pub(super) async fn remove(id: &str, asks: Asks) -> Result<(), StoreError> {
    let store = Store::open(asks).await?;
    let removed = store.remove(id).await;
    store.close().await;
    removed
}

/// The service, and a session with it.
struct Store {
    connection: Connection,
    service: ServiceProxy<'static>,
    session: OwnedObjectPath,
    asks: Asks,
}

impl Store {
    async fn open(asks: Asks) -> Result<Self, StoreError> {
        patiently(async {
            let connection = Connection::session().await?;
            let service = ServiceProxy::new(&connection).await?;
            let (_, session) = service.open_session("plain", &Variant::from("")).await?;
            zbus::Result::Ok(Self { connection, service, session, asks })
        })
        .await
    }

    async fn close(self) {
        // The service closes it with the connection, otherwise.
        let closed = async {
            SessionProxy::new(&self.connection, self.session.clone()).await?.close().await
        };
        drop(patiently(closed).await);
    }

    async fn read(&self, id: &str) -> Result<Option<String>, StoreError> {
        let Some(item) = self.find(id).await? else { return Ok(None) };
        let item = self.item(&item).await?;
        let (_, _, value, _) = patiently(item.get_secret(&self.session)).await?;
        let no_text = |_| StoreError::Other("what is kept is no text".to_owned());
        String::from_utf8(value).map(Some).map_err(no_text)
    }

    async fn keep(&self, id: &str, name: &str, secret: &str) -> Result<(), StoreError> {
        let collection = patiently(self.service.read_alias(COLLECTION)).await?;
        if is_none(&collection) {
            return Err(StoreError::Other("it has no collection to keep it in".to_owned()));
        }
        self.unlock(&collection).await?;
        let attributes = HashMap::from([APP, (ID, id)]);
        let properties = HashMap::from([
            ("org.freedesktop.Secret.Item.Label", Variant::from(called(id, name))),
            ("org.freedesktop.Secret.Item.Attributes", Variant::from(attributes)),
        ]);
        let value = secret.as_bytes().to_vec();
        let secret = (self.session.clone(), Vec::new(), value, "text/plain".to_owned());
        let made = async {
            let collection = CollectionProxy::new(&self.connection, collection).await?;
            collection.create_item(&properties, &secret, true).await
        };
        let (item, prompt) = patiently(made).await?;
        if is_none(&item) && is_none(&prompt) {
            return Err(StoreError::Other("it did not take it".to_owned()));
        }
        self.settle(prompt).await
    }

    async fn remove(&self, id: &str) -> Result<(), StoreError> {
        while let Some(item) = self.find(id).await? {
            let item = self.item(&item).await?;
            let prompt = patiently(item.delete()).await?;
            self.settle(prompt).await?;
        }
        Ok(())
    }

    /// Where the secret of that id lies, unlocked.
    async fn find(&self, id: &str) -> Result<Option<OwnedObjectPath>, StoreError> {
        let attributes = HashMap::from([APP, (ID, id)]);
        let (open, locked) = patiently(self.service.search_items(&attributes)).await?;
        if let Some(item) = open.into_iter().next() {
            return Ok(Some(item));
        }
        let Some(item) = locked.into_iter().next() else { return Ok(None) };
        self.unlock(&item).await?;
        Ok(Some(item))
    }

    async fn unlock(&self, object: &OwnedObjectPath) -> Result<(), StoreError> {
        let (_, prompt) = patiently(self.service.unlock(&[object.as_ref()])).await?;
        self.settle(prompt).await
    }

    /// Has the service ask what it must ask before it does something, where it may, and waits for the answer.
    async fn settle(&self, prompt: OwnedObjectPath) -> Result<(), StoreError> {
        if is_none(&prompt) {
            return Ok(());
        }
        // Nobody is asked for a password by a program in the tray.
        if self.asks == Asks::Nobody {
            return Err(StoreError::Locked);
        }
        let (prompt, mut answers) = patiently(async {
            let prompt = PromptProxy::new(&self.connection, prompt).await?;
            let answers = prompt.receive_completed().await?;
            prompt.prompt("").await?;
            zbus::Result::Ok((prompt, answers))
        })
        .await?;
        let Ok(answer) = timeout(PERSON_PATIENCE, answers.next()).await else {
            // It would stand there with nobody to hear the answer.
            drop(patiently(prompt.dismiss()).await);
            return Err(StoreError::Locked);
        };
        let lost = || StoreError::Other("it went away while it asked".to_owned());
        let answer = answer.ok_or_else(lost)?;
        if answer.args()?.is_dismissed { Err(StoreError::Locked) } else { Ok(()) }
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
        Self::Other(error.to_string())
    }
}

async fn patiently<T, E: Into<StoreError>>(
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, StoreError> {
    match timeout(PATIENCE, work).await {
        Ok(done) => done.map_err(Into::into),
        Err(_) => Err(StoreError::Other(format!("no answer within {PATIENCE:?}"))),
    }
}
