//! Linux and its like: `org.freedesktop.Notifications` on the session bus.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::StreamExt;
use zbus::{Connection, Variant, proxy};

use super::{Click, Complaint};
use crate::notify::popup::{Popup, Slot, escaped};

/// Longest the service may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The only action: a click on the notification itself.
const CLICK: &str = "default";

/// Name of the installed `.desktop` file, by which desktops know the app's name and icon.
const DESKTOP_ENTRY: &str = "Tidings";

/// Name of the installed icon.
const ICON: &str = "tidings-desktop";

#[proxy(
    interface = "org.freedesktop.Notifications",
    default_service = "org.freedesktop.Notifications",
    default_path = "/org/freedesktop/Notifications"
)]
trait Notifications {
    fn get_capabilities(&self) -> zbus::Result<Vec<String>>;

    #[allow(clippy::too_many_arguments, reason = "the service has it so")]
    fn notify(
        &self,
        app_name: &str,
        replaces_id: u32,
        app_icon: &str,
        summary: &str,
        body: &str,
        actions: &[&str],
        hints: &HashMap<&str, Variant<'_>>,
        expire_timeout: i32,
    ) -> zbus::Result<u32>;

    fn close_notification(&self, id: u32) -> zbus::Result<()>;

    #[zbus(signal)]
    fn action_invoked(&self, id: u32, action_key: String) -> zbus::Result<()>;

    #[zbus(signal)]
    fn notification_closed(&self, id: u32, reason: u32) -> zbus::Result<()>;

    #[zbus(signal)]
    fn activation_token(&self, id: u32, activation_token: String) -> zbus::Result<()>;
}

/// See [`super`].
#[derive(Default)]
pub(in crate::notify) struct System {
    session: Option<Session>,
    complaint: Complaint,
}

/// A connection to the session bus; made when there is something to show, and anew after it was lost.
struct Session {
    service: NotificationsProxy<'static>,
    actions: ActionInvokedStream,
    closed: NotificationClosedStream,
    tokens: ActivationTokenStream,
    /// Whether the body is read as markup.
    has_markup: bool,
    /// What is shown, by the service's number.
    shown: HashMap<u32, Shown>,
}

struct Shown {
    slot: Slot,
    opens: Option<String>,
    token: Option<String>,
}

enum Signal {
    Action(u32, String),
    Closed(u32),
    Token(u32, String),
}

impl System {
    pub(in crate::notify) fn new(_identifier: &str, _server: &str) -> Self {
        Self::default()
    }

    pub(in crate::notify) async fn show(&mut self, popup: &Popup) {
        if self.session.is_none() {
            let session = patiently(Session::open()).await;
            self.session = self.complaint.hear(session);
        }
        let Some(session) = &mut self.session else { return };
        let shown = patiently(session.show(popup)).await;
        self.complaint.hear(shown);
    }

    pub(in crate::notify) async fn close(&mut self, slot: &Slot) {
        let Some(session) = &mut self.session else { return };
        let Some(id) = session.find(slot) else { return };
        session.shown.remove(&id);
        // One that is gone by itself is as good.
        drop(patiently(session.service.close_notification(id)).await);
    }

    pub(in crate::notify) async fn close_all(&mut self) {
        let Some(session) = self.session.take() else { return };
        for id in session.shown.keys() {
            drop(patiently(session.service.close_notification(*id)).await);
        }
    }

    pub(in crate::notify) async fn clicked(&mut self) -> Click {
        loop {
            let Some(session) = &mut self.session else { return std::future::pending().await };
            match session.signal().await {
                Some(signal) => {
                    if let Some(click) = session.take(signal) {
                        return click;
                    }
                }
                // The bus is gone.
                None => self.session = None,
            }
        }
    }
}

impl Session {
    async fn open() -> zbus::Result<Self> {
        let connection = Connection::session().await?;
        let service = NotificationsProxy::new(&connection).await?;
        let actions = service.receive_action_invoked().await?;
        let closed = service.receive_notification_closed().await?;
        let tokens = service.receive_activation_token().await?;
        let has_markup = service.get_capabilities().await?.iter().any(|can| can == "body-markup");
        Ok(Self { service, actions, closed, tokens, has_markup, shown: HashMap::new() })
    }

    fn find(&self, slot: &Slot) -> Option<u32> {
        self.shown.iter().find(|(_, shown)| shown.slot == *slot).map(|(id, _)| *id)
    }

    async fn show(&mut self, popup: &Popup) -> zbus::Result<()> {
        let before = self.find(&popup.slot);
        let body = if self.has_markup { escaped(&popup.body) } else { popup.body.clone() };
        let hints = HashMap::from([("desktop-entry", Variant::from(DESKTOP_ENTRY))]);
        let (title, actions) = (&*popup.title, [CLICK, "Open"]);
        let id = self
            .service
            .notify("Tidings", before.unwrap_or(0), ICON, title, &body, &actions, &hints, -1)
            .await?;
        if let Some(before) = before {
            self.shown.remove(&before);
        }
        let shown = Shown { slot: popup.slot.clone(), opens: popup.opens.clone(), token: None };
        self.shown.insert(id, shown);
        Ok(())
    }

    /// The next signal; null once the bus is gone.
    async fn signal(&mut self) -> Option<Signal> {
        // A token comes before the click that it belongs to, and the end of a notification after it.
        tokio::select! {
            biased;
            signal = self.tokens.next() => {
                let signal = signal?;
                let token = signal.args().ok();
                Some(token.map_or(Signal::Closed(0), |it| Signal::Token(it.id, it.activation_token)))
            }
            signal = self.actions.next() => {
                let signal = signal?;
                let action = signal.args().ok();
                Some(action.map_or(Signal::Closed(0), |it| Signal::Action(it.id, it.action_key)))
            }
            signal = self.closed.next() => {
                let signal = signal?;
                Some(Signal::Closed(signal.args().map_or(0, |it| it.id)))
            }
        }
    }

    /// Everybody on the bus hears of everybody's notifications: what is not known is another program's.
    fn take(&mut self, signal: Signal) -> Option<Click> {
        match signal {
            Signal::Token(id, token) => {
                self.shown.get_mut(&id)?.token = Some(token);
                None
            }
            Signal::Closed(id) => {
                self.shown.remove(&id);
                None
            }
            Signal::Action(id, key) if key == CLICK => {
                let shown = self.shown.get(&id)?;
                Some(Click { opens: shown.opens.clone(), token: shown.token.clone() })
            }
            Signal::Action(..) => None,
        }
    }
}

async fn patiently<T>(work: impl Future<Output = zbus::Result<T>>) -> zbus::Result<T> {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(done) => done,
        Err(_) => Err(zbus::Error::Failure(format!("no answer within {PATIENCE:?}"))),
    }
}
