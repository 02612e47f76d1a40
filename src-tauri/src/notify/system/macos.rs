//! macOS: the notification centre. It wants a bundled app; one that was started without its bundle shows nothing, and says so
//! once in the log.

use std::collections::HashMap;

use mac_usernotifications::{Error, Notification, close_delivered, request_auth};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use super::{Click, Complaint};
use crate::notify::popup::{Popup, Slot, group};

/// Clicks that may wait; nobody clicks so fast.
const MOST_CLICKS: usize = 16;

/// See [`super`].
pub(in crate::notify) struct System {
    /// What the names of this server's begin with.
    group: String,
    complaint: Complaint,
    /// Null until somebody was asked.
    is_allowed: Option<bool>,
    /// What is shown, each with the task that waits for a click.
    shown: HashMap<Slot, AbortOnDropHandle<()>>,
    clicks: (mpsc::Sender<Click>, mpsc::Receiver<Click>),
}

impl System {
    pub(in crate::notify) fn new(_identifier: &str, server: &str) -> Self {
        Self {
            group: group(server),
            complaint: Complaint::default(),
            is_allowed: None,
            shown: HashMap::new(),
            clicks: mpsc::channel(MOST_CLICKS),
        }
    }

    pub(in crate::notify) async fn show(&mut self, popup: &Popup) {
        if self.is_allowed.is_none() {
            self.is_allowed = self.complaint.hear(request_auth().await);
        }
        if self.is_allowed != Some(true) {
            return;
        }
        self.shown.retain(|_, task| !task.is_finished());
        let sent = self.send(popup).await;
        if let Some(waiting) = self.complaint.hear(sent) {
            self.shown.insert(popup.slot.clone(), waiting);
        }
    }

    pub(in crate::notify) async fn close(&mut self, slot: &Slot) {
        if self.shown.remove(slot).is_some() {
            close_delivered(&self.name(slot)).await;
        }
    }

    pub(in crate::notify) async fn close_all(&mut self) {
        for slot in std::mem::take(&mut self.shown).into_keys() {
            close_delivered(&self.name(&slot)).await;
        }
    }

    pub(in crate::notify) async fn clicked(&mut self) -> Click {
        match self.clicks.1.recv().await {
            Some(click) => click,
            // This holds a sender.
            None => std::future::pending().await,
        }
    }

    async fn send(&self, popup: &Popup) -> Result<AbortOnDropHandle<()>, Error> {
        let handle = Notification::new()
            .id(&self.name(&popup.slot))
            .title(&popup.title)
            .message(&popup.body)
            .send()
            .await?;
        let (clicks, opens) = (self.clicks.0.clone(), popup.opens.clone());
        Ok(AbortOnDropHandle::new(tokio::spawn(async move {
            if let Ok(response) = handle.response().await
                && response.is_default_action()
            {
                // Where too many wait, the window comes to the front by one of them.
                drop(clicks.try_send(Click { opens, token: None }));
            }
        })))
    }

    /// What comes later by the same name takes the place of the one before.
    fn name(&self, slot: &Slot) -> String {
        format!("{}/{}", self.group, slot.tag())
    }
}
