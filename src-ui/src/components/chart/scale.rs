//! What a vertical axis measures.

use wasm_bindgen::JsValue;

use crate::components::uplot::{list, object};
use crate::state::format;
use crate::text::marks;

/// What the vertical axis measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// 0 to 100.
    Percent,
    /// Bytes a second, from 0 to whatever comes.
    Rate,
    /// Numbers of no known unit.
    Plain,
}

impl Scale {
    /// A value with its unit.
    #[must_use]
    pub fn show(self, value: f64) -> String {
        match self {
            Self::Percent => format::percent(value as f32).to_string(),
            Self::Rate => format::rate(value).to_string(),
            Self::Plain => plain(value),
        }
    }

    pub(super) fn tick(self, value: f64) -> String {
        match self {
            Self::Percent => format!("{}%", value.round() as i64),
            Self::Rate => {
                let nothing: String = [marks().decimal, '0'].iter().collect();
                format::rate(value).to_string().replace(&nothing, "")
            }
            Self::Plain => plain(value),
        }
    }

    /// Distances that ticks may have.
    pub(super) fn steps(self) -> JsValue {
        match self {
            Self::Percent => list([25.into(), 50.into()]),
            Self::Rate => list((0..5).flat_map(|power| {
                let unit = 1024_f64.powi(power);
                (0..10).map(move |doubled| (2_f64.powi(doubled) * unit).into())
            })),
            // As uPlot has them.
            Self::Plain => JsValue::UNDEFINED,
        }
    }

    pub(super) fn range(self) -> JsValue {
        let limit = |members: [(&str, JsValue); 3]| object(members).into();
        match self {
            Self::Percent => list([0.into(), 100.into()]),
            Self::Rate => object([
                ("min", limit([("pad", 0.into()), ("soft", 0.into()), ("mode", 1.into())])),
                // A quiet line lies at the bottom instead of being blown up to full height.
                ("max", limit([("pad", 0.15.into()), ("soft", 4_096.into()), ("mode", 1.into())])),
            ])
            .into(),
            Self::Plain => JsValue::UNDEFINED,
        }
    }
}

/// So many digits as tell something, as the browser writes them: a formatter of floats would weigh ten kilobytes.
fn plain(value: f64) -> String {
    let short = js_sys::Number::from(value).to_precision(6).unwrap_or_default();
    marks().point(number(js_sys::parse_float(&String::from(short))))
}

/// All digits of a number, with a point: for programs.
#[must_use]
pub fn number(value: f64) -> String {
    js_sys::Number::from(value).to_string_with_radix(10).map(String::from).unwrap_or_default()
}
