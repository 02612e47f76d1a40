//! Numbers.

use yew::prelude::*;

use crate::state::format::Quantity;
use crate::view::html;

/// The one number of a panel and a note behind it; a dash while there is none.
pub fn big(quantity: Option<Quantity>, testid: &'static str, note: Option<String>) -> Html {
    let (value, unit) = match quantity {
        Some(quantity) => (quantity.value, quantity.unit),
        None => ("–".to_owned(), ""),
    };
    html! {
        <p class="big">
            <span class="big-number" data-testid={testid}>
                { value }<span class="unit">{ "\u{202f}" }{ unit }</span>
            </span>
            <span class="big-note">{ note }</span>
        </p>
    }
}

/// A small number with its name; a dash while there is none.
pub fn stat(label: &'static str, value: Option<String>) -> Html {
    line_stat(label, value, "")
}

/// A [`stat`] that has a line in a chart, by the line's name.
pub fn line_stat(label: &'static str, value: Option<String>, line: &'static str) -> Html {
    html! {
        <div class="stat">
            <dt class="stat-label">
                if !line.is_empty() {
                    { swatch(line) }
                }
                { label }
            </dt>
            <dd class="stat-value">{ value.unwrap_or_else(|| "–".to_owned()) }</dd>
        </div>
    }
}

/// A dot in the colour of a line.
pub fn swatch(line: &'static str) -> Html {
    html! { <span class="swatch" data-line={line} aria-hidden="true" /> }
}
