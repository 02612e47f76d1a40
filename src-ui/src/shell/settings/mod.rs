//! What a person can choose for this browser, or for the desktop's window.
//!
//! - [`arrange`]: which panels are shown, and in which order.

mod arrange;

use yew::prelude::*;

use super::inbox::{notice_choice, toast_choice};
use super::ranges::span_choice;
use crate::components::{Button, Choice, Modal, Symbol, choice};
use crate::hooks::{Theme, use_actions, use_charts, use_notice_settings, use_settings};
use arrange::Arrange;

/// Properties of [`Settings`].
#[derive(Properties, PartialEq)]
pub struct SettingsProps {
    /// The theme in use.
    pub theme: Theme,
    /// Called with another theme.
    pub on_theme: Callback<Theme>,
    /// Called to show the help in the place of the settings.
    pub on_help: Callback<()>,
    /// Called when they are left.
    pub on_close: Callback<()>,
}

/// The settings, open for as long as they are there.
#[component]
pub fn Settings(props: &SettingsProps) -> Html {
    let actions = use_actions();
    let settings = use_settings();
    let charts = use_charts();
    let (words, change) = use_notice_settings();
    {
        // What the application has is asked for by a word that changes nothing.
        let (change, is_desktop) = (change.clone(), actions.is_desktop());
        use_effect_with((), move |()| {
            if is_desktop {
                change.emit(String::new());
            }
        });
    }
    let on_theme = props.on_theme.reform(|place: usize| Theme::ALL[place]);
    let themes = Theme::ALL.into_iter().map(|theme| Choice {
        value: theme.name(),
        label: theme.label(),
        key: None,
        is_on: theme == props.theme,
    });
    html! {
        <Modal title="Settings" testid="settings-dialog" wide={true} on_leave={props.on_close.clone()}
            on_close={props.on_close.clone()}>
            <h3 class="dialog-part">{ "Theme" }</h3>
            { choice("theme", "Theme", themes, &on_theme) }
            <h3 class="dialog-part">{ "Charts" }</h3>
            { span_choice("settings-range", charts.span, &actions) }
            <h3 class="dialog-part">{ "Panels" }</h3>
            <Arrange />
            <h3 class="dialog-part">{ "Notifications" }</h3>
            <div class="settings-notices">
                { toast_choice(&actions, &settings) }
                { notice_choice(&words, &change) }
            </div>
            <Button label="All keys" symbol={Symbol::Help} keys="?" testid="settings-keys"
                onclick={props.on_help.clone()} />
        </Modal>
    }
}
