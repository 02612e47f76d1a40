//! A session bus with a service of notifications that shows nothing and remembers everything.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use zbus::{Connection, OwnedVariant, connection, interface};

use crate::bus::Bus;

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// What a program asked the service for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeCall {
    /// To show a notification.
    Shown {
        /// Its number.
        id: u32,
        /// Number of the one whose place it takes; 0 where it takes none.
        replaces: u32,
        /// Its title.
        title: String,
        /// Its body, as it was sent.
        body: String,
        /// Keys and labels, by turns.
        actions: Vec<String>,
    },
    /// To take away the one of that number.
    Closed(u32),
}

type Calls = Arc<Mutex<Vec<NoticeCall>>>;

/// The bus and the service; they end when this is dropped.
#[derive(Debug)]
pub struct NoticeService {
    /// Null where the test has one.
    _bus: Option<Bus>,
    address: String,
    connection: Connection,
    calls: Calls,
}

struct Service(Calls);

#[interface(name = "org.freedesktop.Notifications")]
impl Service {
    fn get_capabilities(&self) -> Vec<&str> {
        vec!["body", "body-markup", "actions"]
    }

    #[allow(clippy::too_many_arguments, reason = "the service has it so")]
    fn notify(
        &self,
        _app_name: &str,
        replaces: u32,
        _app_icon: &str,
        title: String,
        body: String,
        actions: Vec<String>,
        _hints: HashMap<String, OwnedVariant>,
        _expire_timeout: i32,
    ) -> u32 {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let id = if replaces > 0 { replaces } else { calls.len() as u32 + 1 };
        calls.push(NoticeCall::Shown { id, replaces, title, body, actions });
        id
    }

    fn close_notification(&self, id: u32) {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        calls.push(NoticeCall::Closed(id));
    }
}

impl NoticeService {
    /// Starts them.
    ///
    /// # Errors
    ///
    /// If there is no `dbus-daemon`, or it does not come up.
    pub async fn start() -> Result<Self> {
        let bus = Bus::start().await?;
        let address = bus.address().to_owned();
        let service = Self::on(&address).await?;
        Ok(Self { _bus: Some(bus), ..service })
    }

    /// Starts the service on a bus that is there.
    ///
    /// # Errors
    ///
    /// If there is no such bus, or it has one.
    pub async fn on(address: &str) -> Result<Self> {
        let calls = Calls::default();
        let connection = connection::Builder::address(address)
            .serve_at(PATH, Service(calls.clone()))
            .name(NAME)
            .build()
            .await?;
        Ok(Self { _bus: None, address: address.to_owned(), connection, calls })
    }

    /// Answers for the store of secrets, as one that has nothing: otherwise the bus may start the one of the machine.
    ///
    /// # Errors
    ///
    /// If there is one already.
    pub async fn without_secrets(self) -> Result<Self> {
        self.connection.request_name("org.freedesktop.secrets").await?;
        Ok(self)
    }

    /// The bus, for `DBUS_SESSION_BUS_ADDRESS`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// All that was asked for so far.
    #[must_use]
    pub fn calls(&self) -> Vec<NoticeCall> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The titles of all that was shown so far.
    #[must_use]
    pub fn titles(&self) -> Vec<String> {
        let title = |call| match call {
            NoticeCall::Shown { title, .. } => Some(title),
            NoticeCall::Closed(_) => None,
        };
        self.calls().into_iter().filter_map(title).collect()
    }

    /// Clicks on the notification of that number.
    ///
    /// # Errors
    ///
    /// If the bus does not answer.
    pub async fn click(&self, id: u32) -> Result<()> {
        let none = None::<&str>;
        let token = ("ActivationToken", (id, "tidings_TIME1"));
        self.connection.emit_signal(none, PATH, NAME, token.0, &token.1).await?;
        let click = (id, "default");
        Ok(self.connection.emit_signal(none, PATH, NAME, "ActionInvoked", &click).await?)
    }
}
