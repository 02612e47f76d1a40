//! Where settings are remembered: the one place that knows.

use web_sys::Storage;

use super::store::Actions;
use crate::state::layout::Layout;
use crate::state::settings::Settings;

const KEY: &str = "tidings.settings";

/// What was remembered; at first, and where nothing can be, the defaults.
pub(super) fn remembered() -> Settings {
    let text = storage().and_then(|storage| storage.get_item(KEY).ok().flatten());
    Settings::read(&text.unwrap_or_default())
}

/// A private window may have no storage; what was chosen then lasts as long as the page.
fn remember(settings: &Settings) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(KEY, &settings.write());
    }
}

impl Actions {
    /// Changes what was chosen, and remembers it.
    pub(super) fn set(&self, change: impl FnOnce(&mut Settings)) {
        let settings = self.with_reader(|reader| {
            let mut settings = (*reader.settings).clone();
            change(&mut settings);
            reader.settings = settings.into();
            reader.settings.clone()
        });
        remember(&settings);
    }

    /// Shows the panels so from now on.
    pub fn arrange(&self, layout: Layout) {
        self.set(|settings| settings.layout = layout);
    }
}

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}
