//! A session bus with a tray and a dock that show nothing, and tell what they would show.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use futures_util::StreamExt;
use tokio::task::JoinHandle;
use zbus::message::Header;
use zbus::{
    Connection, MatchRule, Message, MessageStream, OwnedVariant, Variant, connection, interface,
};

use crate::bus::Bus;

const WATCHER: &str = "org.kde.StatusNotifierWatcher";
const WATCHER_PATH: &str = "/StatusNotifierWatcher";
const ITEM: &str = "org.kde.StatusNotifierItem";
const MENU: &str = "com.canonical.dbusmenu";
const LAUNCHER: &str = "com.canonical.Unity.LauncherEntry";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// A line of a menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MenuEntry {
    /// Its number.
    pub id: i32,
    /// What it says; empty for a rule.
    pub label: String,
    /// Whether it can be chosen.
    pub enabled: bool,
    /// Whether it has a mark; false of one that cannot have any.
    pub checked: bool,
}

/// Where an icon lives: the name of its program on the bus, and a path.
type Place = (String, String);

#[derive(Debug, Default)]
struct Seen {
    icons: Vec<Place>,
    /// The bars of a dock's button: of which app, and how far.
    bars: Vec<(String, Option<f64>)>,
}

type Shared = Arc<Mutex<Seen>>;

/// The bus, the tray and the dock; they end when this is dropped.
#[derive(Debug)]
pub struct TrayService {
    bus: Bus,
    connection: Connection,
    seen: Shared,
    dock: JoinHandle<()>,
}

struct Watcher(Shared);

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, service: String, #[zbus(header)] header: Header<'_>) {
        let sender = header.sender().map(ToString::to_string).unwrap_or_default();
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.icons.push((sender, service));
    }

    fn register_status_notifier_host(&self, _service: String) {}

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }
}

impl TrayService {
    /// Starts them.
    ///
    /// # Errors
    ///
    /// If there is no `dbus-daemon`, or it does not come up.
    pub async fn start() -> Result<Self> {
        let bus = Bus::start().await?;
        let seen = Shared::default();
        let connection = connection::Builder::address(bus.address())
            .serve_at(WATCHER_PATH, Watcher(seen.clone()))
            .name(WATCHER)
            .build()
            .await?;
        let rule = MatchRule::builder()
            .msg_type(zbus::message::Type::Signal)
            .interface(LAUNCHER)
            .member("Update")
            .build()?;
        let mut updates = MessageStream::for_match_rule(rule, &connection, None).await?;
        let noted = seen.clone();
        let dock = tokio::spawn(async move {
            while let Some(update) = updates.next().await {
                let Some(bar) = update.ok().and_then(|update| bar(&update)) else { continue };
                noted.lock().unwrap_or_else(PoisonError::into_inner).bars.push(bar);
            }
        });
        Ok(Self { bus, connection, seen, dock })
    }

    /// The bus, for `DBUS_SESSION_BUS_ADDRESS`.
    #[must_use]
    pub fn address(&self) -> &str {
        self.bus.address()
    }

    /// The bars that a dock was told to show, each with the app; null where it was told to show none.
    #[must_use]
    pub fn bars(&self) -> Vec<(String, Option<f64>)> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).bars.clone()
    }

    /// Forgets the icons of programs that have ended.
    pub fn forget_icons(&self) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).icons.clear();
    }

    /// What stands beside the icon.
    ///
    /// # Errors
    ///
    /// If there is no icon, or it does not answer.
    pub async fn title(&self) -> Result<String> {
        Ok(self.property("XAyatanaLabel").await?.try_into()?)
    }

    /// The icon's menu.
    ///
    /// # Errors
    ///
    /// If there is no icon, or it does not answer.
    pub async fn menu(&self) -> Result<Vec<MenuEntry>> {
        let (program, path) = self.menu_place().await?;
        let asked = (0_i32, -1_i32, Vec::<String>::new());
        let answer = self.call(&program, &path, MENU, "GetLayout", &asked).await?;
        type Properties = HashMap<String, OwnedVariant>;
        type Layout = (i32, Properties, Vec<OwnedVariant>);
        let body = answer.body();
        let (_, (_, _, children)): (u32, Layout) = body.deserialize()?;
        let mut entries = Vec::new();
        for child in children {
            let (id, mut properties, _): Layout = child.try_into()?;
            let label = properties.remove("label").map(String::try_from).transpose()?;
            let enabled = properties.remove("enabled").map(bool::try_from).transpose()?;
            let mark = properties.remove("toggle-state").map(i32::try_from).transpose()?;
            let (label, enabled) = (label.unwrap_or_default(), enabled.unwrap_or(true));
            entries.push(MenuEntry { id, label, enabled, checked: mark == Some(1) });
        }
        Ok(entries)
    }

    /// Chooses the entry of that number.
    ///
    /// # Errors
    ///
    /// If there is no icon, or it does not answer.
    pub async fn choose(&self, id: i32) -> Result<()> {
        let (program, path) = self.menu_place().await?;
        let event = (id, "clicked", Variant::from(0_i32), 0_u32);
        self.call(&program, &path, MENU, "Event", &event).await.map(drop)
    }

    /// Chooses the entry that says `label`.
    ///
    /// # Errors
    ///
    /// If there is none, or the icon does not answer.
    pub async fn choose_line(&self, label: &str) -> Result<()> {
        let menu = self.menu().await?;
        let entry = menu.iter().find(|entry| entry.label == label);
        self.choose(entry.with_context(|| format!("no {label} in {menu:?}"))?.id).await
    }

    /// Which picture the icon is.
    ///
    /// # Errors
    ///
    /// If there is no icon, or it does not answer.
    pub async fn picture(&self) -> Result<String> {
        Ok(self.property("IconName").await?.try_into()?)
    }

    async fn menu_place(&self) -> Result<Place> {
        let (program, _) = self.icon()?;
        let path: zbus::OwnedObjectPath = self.property("Menu").await?.try_into()?;
        Ok((program, path.to_string()))
    }

    fn icon(&self) -> Result<Place> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.icons.last().cloned().context("there is no icon in the tray")
    }

    async fn property(&self, name: &str) -> Result<OwnedVariant> {
        let (program, path) = self.icon()?;
        let answer = self.call(&program, &path, PROPERTIES, "Get", &(ITEM, name)).await?;
        Ok(answer.body().deserialize()?)
    }

    async fn call<B: serde::Serialize + zbus::DynamicType>(
        &self,
        program: &str,
        path: &str,
        interface: &str,
        method: &str,
        body: &B,
    ) -> Result<Message> {
        let called =
            self.connection.call_method(Some(program), path, Some(interface), method, body);
        Ok(called.await?)
    }
}

impl Drop for TrayService {
    fn drop(&mut self) {
        self.dock.abort();
    }
}

/// What a dock is told to show.
fn bar(update: &Message) -> Option<(String, Option<f64>)> {
    let body = update.body();
    let (app, mut properties): (String, HashMap<String, OwnedVariant>) = body.deserialize().ok()?;
    let is_visible = bool::try_from(properties.remove("progress-visible")?).ok()?;
    let progress = f64::try_from(properties.remove("progress")?).ok()?;
    Some((app, is_visible.then_some(progress)))
}
