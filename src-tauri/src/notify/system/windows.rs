//! Windows: toasts of the installed app, whose shortcut carries its identifier. One that was never installed shows nothing,
//! and says so once in the log.

use tokio::sync::mpsc;
use windows::Data::Xml::Dom::XmlDocument;
use windows::Foundation::TypedEventHandler;
use windows::UI::Notifications::{
    ToastNotification, ToastNotificationManager, ToastNotifier, ToastTemplateType,
};
use windows::core::{HSTRING, IInspectable, Result};

use super::{Click, Complaint};
use crate::notify::popup::{Popup, Slot, group};

/// Clicks that may wait; nobody clicks so fast.
const MOST_CLICKS: usize = 16;

/// See [`super`].
pub(in crate::notify) struct System {
    identifier: HSTRING,
    /// Toasts of one group are told apart by their tag.
    group: HSTRING,
    notifier: Option<ToastNotifier>,
    complaint: Complaint,
    clicks: (mpsc::Sender<Click>, mpsc::Receiver<Click>),
}

impl System {
    pub(in crate::notify) fn new(identifier: &str, server: &str) -> Self {
        Self {
            identifier: HSTRING::from(identifier),
            group: HSTRING::from(group(server)),
            notifier: None,
            complaint: Complaint::default(),
            clicks: mpsc::channel(MOST_CLICKS),
        }
    }

    pub(in crate::notify) async fn show(&mut self, popup: &Popup) {
        let shown = self.try_show(popup);
        self.complaint.hear(shown);
    }

    pub(in crate::notify) async fn close(&mut self, slot: &Slot) {
        // One that is gone by itself is as good.
        let _ = ToastNotificationManager::History().and_then(|history| {
            history.RemoveGroupedTagWithId(
                &HSTRING::from(slot.tag()),
                &self.group,
                &self.identifier,
            )
        });
    }

    pub(in crate::notify) async fn close_all(&mut self) {
        let _ = ToastNotificationManager::History()
            .and_then(|history| history.RemoveGroupWithId(&self.group, &self.identifier));
    }

    pub(in crate::notify) async fn clicked(&mut self) -> Click {
        match self.clicks.1.recv().await {
            Some(click) => click,
            // This holds a sender.
            None => std::future::pending().await,
        }
    }

    fn try_show(&mut self, popup: &Popup) -> Result<()> {
        let toast = ToastNotification::CreateToastNotification(&content(popup)?)?;
        toast.SetTag(&HSTRING::from(popup.slot.tag()))?;
        toast.SetGroup(&self.group)?;
        let (clicks, opens) = (self.clicks.0.clone(), popup.opens.clone());
        let clicked = TypedEventHandler::<ToastNotification, IInspectable>::new(move |_, _| {
            // Where too many wait, the window comes to the front by one of them.
            drop(clicks.try_send(Click { opens: opens.clone(), token: None }));
            Ok(())
        });
        toast.Activated(&clicked)?;
        let notifier = match self.notifier.take() {
            Some(notifier) => notifier,
            None => ToastNotificationManager::CreateToastNotifierWithId(&self.identifier)?,
        };
        self.notifier.insert(notifier).Show(&toast)
    }
}

/// The document of a toast; its texts are nodes, in which nothing is markup.
fn content(popup: &Popup) -> Result<XmlDocument> {
    let document = ToastNotificationManager::GetTemplateContent(ToastTemplateType::ToastText02)?;
    let texts = document.GetElementsByTagName(&HSTRING::from("text"))?;
    for (place, text) in (0..).zip([&popup.title, &popup.body]) {
        let node = document.CreateTextNode(&HSTRING::from(text))?;
        texts.Item(place)?.AppendChild(&node)?;
    }
    Ok(document)
}
