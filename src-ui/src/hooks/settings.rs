//! Where settings are remembered: the one place that knows.

use web_sys::Storage;

use crate::state::settings::Settings;

const KEY: &str = "tidings.settings";

/// What was remembered; at first, and where nothing can be, the defaults.
pub(super) fn remembered() -> Settings {
    let text = storage().and_then(|storage| storage.get_item(KEY).ok().flatten());
    Settings::read(&text.unwrap_or_default())
}

/// A private window may have no storage; what was chosen then lasts as long as the page.
pub(super) fn remember(settings: &Settings) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(KEY, &settings.write());
    }
}

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}
