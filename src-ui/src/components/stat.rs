//! Numbers.

use yew::prelude::*;

use crate::state::format::Quantity;

/// Properties of [`Big`].
#[derive(Properties, PartialEq)]
pub struct BigProps {
    /// The number; a dash while there is none.
    pub quantity: Option<Quantity>,
    /// For tests.
    #[prop_or_default]
    pub testid: Option<AttrValue>,
    /// Stands behind it.
    #[prop_or_default]
    pub children: Html,
}

/// The one number of a panel.
#[component]
pub fn Big(props: &BigProps) -> Html {
    let (value, unit) = match &props.quantity {
        Some(quantity) => (quantity.value.clone(), quantity.unit),
        None => ("–".to_owned(), ""),
    };
    html! {
        <p class="big">
            <span class="big-number" data-testid={props.testid.clone()}>
                { value }<span class="unit">{ "\u{202f}" }{ unit }</span>
            </span>
            <span class="big-note">{ props.children.clone() }</span>
        </p>
    }
}

/// Properties of [`Stat`].
#[derive(Properties, PartialEq)]
pub struct StatProps {
    /// What it is.
    pub label: AttrValue,
    /// The value; a dash while there is none.
    pub value: Option<AttrValue>,
    /// Class of the line it belongs to in a chart.
    #[prop_or_default]
    pub line: Option<&'static str>,
}

/// A small number with its name.
#[component]
pub fn Stat(props: &StatProps) -> Html {
    html! {
        <div class="stat">
            <dt class="stat-label">
                if let Some(line) = props.line {
                    <span class={classes!("swatch", line)} aria-hidden="true" />
                }
                { props.label.clone() }
            </dt>
            <dd class="stat-value">{ props.value.clone().unwrap_or(AttrValue::Static("–")) }</dd>
        </div>
    }
}
