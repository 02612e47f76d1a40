//! Bars. Sizes are SVG attributes, because the page's security policy forbids style attributes.

use yew::prelude::*;

use crate::view::html;

/// From here on a bar that can be full is worth a look, in percent.
pub const HIGH: f32 = 90.0;

/// A horizontal bar filled to `share` percent; `label` says so to those who do not see it.
pub fn bar(share: f32, label: String) -> Html {
    html! {
        <svg class="bar" role="img" aria-label={label}>
            <rect class="bar-fill" width={size(share)} height="100%" />
        </svg>
    }
}

/// A bar that tells how far something called `label` is, in percent, and in words; null if nobody knows how far.
pub fn progress(share: Option<f32>, label: AttrValue, words: String) -> Html {
    html! {
        <svg class="bar" data-unknown={share.is_none().then_some("true")} role="progressbar" aria-label={label}
            aria-valuemin="0" aria-valuemax="100" aria-valuenow={share.map(tenths)} aria-valuetext={words}>
            <rect class="bar-fill" width={size(share.unwrap_or_default())} height="100%" />
        </svg>
    }
}

/// A [`bar`] that warns when it is nearly full.
pub fn warning_bar(share: f32, label: String) -> Html {
    html! { <div data-high={(share >= HIGH).then_some("true")}>{ bar(share, label) }</div> }
}

/// A bar that grows upwards.
pub fn column(share: f32, label: String) -> Html {
    html! {
        <svg class="column" role="img" aria-label={label.clone()}>
            <title>{ label }</title>
            // Turned over by the style sheet, so that it grows from below.
            <rect class="bar-fill" width="100%" height={size(share)} />
        </svg>
    }
}

/// Tenths of a percent are enough, and equal text leaves the document alone.
fn size(share: f32) -> String {
    tenths(share) + "%"
}

fn tenths(share: f32) -> String {
    let tenths = (share.clamp(0.0, 100.0) * 10.0).round() as u32;
    format!("{}.{}", tenths / 10, tenths % 10)
}
