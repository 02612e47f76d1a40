//! Bars. Widths are SVG attributes, because the page's security policy forbids style attributes.

use yew::prelude::*;

/// Properties of [`Bar`] and [`Column`].
#[derive(Properties, PartialEq)]
pub struct BarProps {
    /// How much of it is filled, in percent.
    pub share: f32,
    /// What it measures, for those who do not see it.
    pub label: AttrValue,
    /// From here on it is worth a look, in percent.
    #[prop_or(90.0)]
    pub high: f32,
}

impl BarProps {
    /// Tenths of a percent are enough, and equal text leaves the document alone.
    fn size(&self) -> String {
        let tenths = (self.share.clamp(0.0, 100.0) * 10.0).round() as u32;
        format!("{}.{}%", tenths / 10, tenths % 10)
    }

    fn class(&self, shape: &'static str) -> Classes {
        classes!(shape, (self.share >= self.high).then_some("high"))
    }
}

/// A horizontal bar.
#[component]
pub fn Bar(props: &BarProps) -> Html {
    html! {
        <svg class={props.class("bar")} role="img" aria-label={props.label.clone()}>
            <rect class="bar-fill" width={props.size()} height="100%" />
        </svg>
    }
}

/// A bar that grows upwards.
#[component]
pub fn Column(props: &BarProps) -> Html {
    html! {
        <svg class={props.class("column")} role="img" aria-label={props.label.clone()}>
            <title>{ props.label.clone() }</title>
            // Turned over by the style sheet, so that it grows from below.
            <rect class="bar-fill" width="100%" height={props.size()} />
        </svg>
    }
}
