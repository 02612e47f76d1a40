//! What a person can choose for this browser, or for the desktop's window.
//!
//! - [`arrange`]: which panels are shown, and in which order.

mod arrange;

use yew::prelude::*;

use super::inbox::{notice_choice, toast_choice};
use super::ranges::span_choice;
use crate::components::{Button, Choice, Modal, Symbol, choice};
use crate::hooks::{Theme, use_actions, use_charts, use_notice_settings, use_settings};
use crate::text::{Language, text};
use crate::view::{html, use_effect_with};
use arrange::Arrange;

/// Languages to be chosen; none is that of the system.
const LANGUAGES: [Option<Language>; 3] = [None, Some(Language::English), Some(Language::German)];

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
    let (notices, change) = use_notice_settings();
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
    let on_language = {
        let actions = actions.clone();
        Callback::from(move |place: usize| actions.choose_language(LANGUAGES[place]))
    };
    let languages = LANGUAGES.into_iter().map(|language| Choice {
        value: language.map_or("system", Language::code),
        label: language.map_or(text().settings.system, Language::name),
        key: None,
        is_on: language == settings.language,
    });
    let words = &text().settings;
    html! {
        <Modal title={text().shell.settings} testid="settings-dialog" wide={true} on_leave={props.on_close.clone()}
            on_close={props.on_close.clone()}>
            <h3 class="dialog-part">{ words.theme }</h3>
            { choice("theme", words.theme, themes, &on_theme) }
            <h3 class="dialog-part">{ words.language }</h3>
            { choice("language", words.language, languages, &on_language) }
            <h3 class="dialog-part">{ words.charts }</h3>
            { span_choice("settings-range", charts.span, &actions) }
            <h3 class="dialog-part">{ words.panels }</h3>
            <Arrange />
            <h3 class="dialog-part">{ text().shell.notifications }</h3>
            <div class="settings-notices">
                { toast_choice(&actions, &settings) }
                { notice_choice(&notices, &change) }
            </div>
            <Button label={words.all_keys} symbol={Symbol::Help} keys="?" testid="settings-keys"
                onclick={props.on_help.clone()} />
        </Modal>
    }
}
