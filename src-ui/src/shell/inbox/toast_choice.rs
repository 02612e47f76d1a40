//! Which levels become toasts.

use tidings_protocol::notification::Level;
use yew::prelude::*;

use crate::components::level_icon;
use crate::hooks::Actions;
use crate::state::settings::Settings;
use crate::state::toasts::name;

/// A box for each level; what is chosen holds for this browser.
pub(super) fn toast_choice(actions: &Actions, settings: &Settings) -> Html {
    html! {
        <fieldset class="toast-choice" data-testid="toast-choice">
            <legend>{ "Show a toast in this browser for" }</legend>
            { for Level::ALL.into_iter().map(|level| {
                let actions = actions.clone();
                let onchange = Callback::from(move |_: Event| actions.toggle_toasts_of(level));
                html! {
                    <label key={level.as_str()}>
                        <input type="checkbox" name={level.as_str()} checked={settings.toasts(level)} {onchange} />
                        { level_icon(level) }{ name(level) }
                    </label>
                }
            }) }
        </fieldset>
    }
}
