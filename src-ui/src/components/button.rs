//! Buttons.

use yew::prelude::*;

use super::icon::{Symbol, icon};
use crate::view::html;

/// How much a button stands out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    /// Bordered.
    #[default]
    Plain,
    /// The one thing to do next.
    Primary,
    /// Only its icon.
    Bare,
}

/// Properties of [`Button`].
#[derive(Properties, PartialEq)]
pub struct ButtonProps {
    /// What it says; of a bare button, what it is called.
    pub label: AttrValue,
    /// Its icon.
    #[prop_or_default]
    pub symbol: Option<Symbol>,
    /// How much it stands out.
    #[prop_or_default]
    pub look: Look,
    /// For tests.
    #[prop_or_default]
    pub testid: Option<AttrValue>,
    /// The key that does the same.
    #[prop_or_default]
    pub keys: Option<AttrValue>,
    /// Whether it is on, of a button that stays.
    #[prop_or_default]
    pub pressed: Option<bool>,
    /// Whether it can be pressed.
    #[prop_or(true)]
    pub enabled: bool,
    /// Whether Tab comes to it.
    #[prop_or(true)]
    pub tabbed: bool,
    /// Called when it is pressed.
    pub onclick: Callback<()>,
    /// Shown behind the label.
    #[prop_or_default]
    pub children: Html,
}

/// A button.
#[component]
pub fn Button(props: &ButtonProps) -> Html {
    let onclick = props.onclick.reform(|_: MouseEvent| ());
    let look = match props.look {
        Look::Plain => "plain",
        Look::Primary => "primary",
        Look::Bare => "bare",
    };
    let bare = props.look == Look::Bare;
    html! {
        <button type="button" class="button" data-look={look} {onclick}
            disabled={!props.enabled} tabindex={(!props.tabbed).then_some("-1")}
            data-testid={props.testid.clone()}
            title={bare.then(|| props.label.clone())}
            aria-label={bare.then(|| props.label.clone())}
            aria-keyshortcuts={props.keys.clone()}
            aria-pressed={props.pressed.map(|on| if on { "true" } else { "false" })}>
            if let Some(symbol) = props.symbol {
                { icon(symbol) }
            }
            if !bare {
                <span class="button-label">{ props.label.clone() }</span>
            }
            { props.children.clone() }
        </button>
    }
}
