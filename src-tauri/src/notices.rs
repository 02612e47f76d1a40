//! What the page, the window and the task of [`notify`](crate::notify) share about notifications of the system.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tidings_feed::NoticeSettings;
use tokio::sync::watch;

use crate::settings::{Settings, SettingsFile};

/// After this a page that waits for what is chosen is answered all the same.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// A notification that somebody chose outside of the window, for the page to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// By this the page says that it was shown.
    pub key: String,
    /// Its id; null where it is the whole inbox.
    pub id: Option<String>,
}

/// What was asked of the connection last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Order {
    /// To be there.
    #[default]
    Connect,
    /// Not to be there.
    Disconnect,
}

/// The settings, what was chosen, and whether somebody looks.
#[derive(Debug)]
pub struct Notices {
    settings: Arc<SettingsFile>,
    chosen: watch::Sender<Option<Chosen>>,
    orders: watch::Sender<Order>,
    hints: watch::Sender<Option<Hint>>,
    is_attended: watch::Sender<bool>,
    unread: watch::Sender<Option<u64>>,
}

/// A word of the app itself, such as where it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hint {
    pub(crate) title: Cow<'static, str>,
    pub(crate) body: &'static str,
}

impl Default for Notices {
    fn default() -> Self {
        Self::new(Arc::default())
    }
}

impl Notices {
    /// With the settings of a file. One that is not there or cannot be read has the defaults; it stays as it is until they are
    /// changed.
    #[must_use]
    pub fn read(path: PathBuf) -> Self {
        Self::new(Arc::new(SettingsFile::read(path)))
    }

    pub(crate) fn new(settings: Arc<SettingsFile>) -> Self {
        Self {
            settings,
            chosen: watch::Sender::new(None),
            orders: watch::Sender::new(Order::Connect),
            hints: watch::Sender::new(None),
            is_attended: watch::Sender::new(false),
            unread: watch::Sender::new(None),
        }
    }

    /// What was chosen.
    #[must_use]
    pub fn settings(&self) -> NoticeSettings {
        self.settings.get().notices
    }

    /// Changes what a [word](NoticeSettings::changed) says; it holds at once, and after a restart. A word that says nothing changes
    /// nothing.
    ///
    /// # Errors
    ///
    /// If it cannot be kept; nothing changes then.
    pub fn change_settings(&self, word: &str) -> io::Result<()> {
        self.settings.change(|settings| {
            let notices = settings.notices.changed(word)?;
            Some(Settings { notices, ..settings })
        })
    }

    /// What was chosen outside of the window, once there is something that the page has not shown. `shown` is the key of
    /// the newest that it has, empty of a page that has shown nothing. Null if there is nothing for a while.
    pub async fn next_chosen(&self, shown: &str) -> Option<Chosen> {
        let mut chosen = self.chosen.subscribe();
        self.chosen.send_if_modified(|chosen| {
            let is_shown = chosen.as_ref().is_some_and(|chosen| chosen.key == shown);
            is_shown && chosen.take().is_some()
        });
        let is_there = chosen.wait_for(Option::is_some);
        let waited = tokio::time::timeout(LONGEST_WAIT, is_there).await;
        // An error would mean that this is gone.
        waited.ok()?.ok()?.clone()
    }

    /// Somebody chose one, or the whole inbox.
    pub(crate) fn choose(&self, id: Option<String>) {
        // Keys of an app that was started anew must not look like those that a page has shown.
        let key = rand::random::<u64>().to_string();
        self.chosen.send_replace(Some(Chosen { key, id }));
    }

    pub(crate) fn order(&self, order: Order) {
        self.orders.send_replace(order);
    }

    pub(crate) fn attend(&self, is_attended: bool) {
        self.is_attended.send_replace(is_attended);
    }

    pub(crate) fn is_attended(&self) -> bool {
        *self.is_attended.borrow()
    }

    /// Notes how many are unread.
    pub(crate) fn note_unread(&self, count: u64) {
        self.unread.send_if_modified(|noted| noted.replace(count) != Some(count));
    }

    /// The window shows another server, of which so many are known to be unread.
    pub(crate) fn turn_to(&self, unread: Option<u64>) {
        self.unread.send_replace(unread);
    }

    /// How many are unread, as far as the server has said.
    pub(crate) fn watch_unread(&self) -> watch::Receiver<Option<u64>> {
        self.unread.subscribe()
    }

    /// Shows it as a notification of the system, whether or not somebody looks at the window: it answers to what was just done.
    pub(crate) fn hint(&self, hint: Hint) {
        self.hints.send_replace(Some(hint));
    }

    /// All settings, and where they are changed.
    pub(crate) fn settings_file(&self) -> &Arc<SettingsFile> {
        &self.settings
    }

    pub(crate) fn watch_settings(&self) -> watch::Receiver<Settings> {
        self.settings.watch()
    }

    pub(crate) fn watch_hints(&self) -> watch::Receiver<Option<Hint>> {
        self.hints.subscribe()
    }

    pub(crate) fn watch_orders(&self) -> watch::Receiver<Order> {
        self.orders.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_hold_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        let notices = Notices::read(path.clone());
        assert_eq!(notices.settings(), NoticeSettings::default());
        let changed = NoticeSettings::default().changed("info").unwrap();
        notices.change_settings("info").unwrap();
        notices.change_settings("no word").unwrap();
        assert_eq!(notices.settings(), changed);
        assert_eq!(Notices::read(path.clone()).settings(), changed);
        std::fs::write(&path, "{").unwrap();
        assert_eq!(Notices::read(path.clone()).settings(), NoticeSettings::default());
        assert_eq!(std::fs::read(&path).unwrap(), b"{", "a person may want to mend it");
    }

    #[test]
    fn changes_at_the_same_time_all_hold() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        let notices = Notices::read(path.clone());
        std::thread::scope(|scope| {
            for word in ["info", "quiet", "monday", "from=01:00", "to=02:00", "errors-pass"] {
                let notices = &notices;
                scope.spawn(move || notices.change_settings(word).unwrap());
            }
        });
        let words = notices.settings().words();
        let told = "success warning error quiet errors-pass \
            tuesday wednesday thursday friday saturday sunday from=01:00 to=02:00";
        assert_eq!(words, told);
        assert_eq!(Notices::read(path).settings(), notices.settings());
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_chosen_is_given_until_it_is_shown() {
        let notices = Notices::default();
        assert_eq!(notices.next_chosen("").await, None);
        notices.choose(Some("a".into()));
        let chosen = notices.next_chosen("").await.unwrap();
        assert_eq!(chosen.id.as_deref(), Some("a"));
        assert_eq!(notices.next_chosen("").await.as_ref(), Some(&chosen), "the page was reloaded");
        assert_eq!(notices.next_chosen(&chosen.key).await, None);
        assert_eq!(notices.next_chosen("").await, None);
    }
}
