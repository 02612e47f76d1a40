//! How uPlot is to draw.

use js_sys::{Array, Object};
use wasm_bindgen::JsValue;
use web_sys::{CssStyleDeclaration, Element};

use super::{Line, Scale};
use crate::components::uplot::{list, object};

/// Seconds that marks of time may lie apart. By itself uPlot goes from a minute to five, and on a phone that leaves one mark or none.
const TIMES: [u32; 23] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 14_400, 21_600,
    28_800, 43_200, 86_400, 172_800, 259_200, 604_800,
];

/// All that uPlot is told when it begins.
pub(super) fn options(
    style: &CssStyleDeclaration,
    element: &Element,
    lines: &[Line],
    scale: Scale,
    is_banded: bool,
    [ticks, times, on_cursor, on_select]: [&JsValue; 4],
) -> Object {
    let color = |name: &str| -> JsValue {
        style.get_property_value(name).unwrap_or_default().trim().to_owned().into()
    };
    let property = |name: &str| style.get_property_value(name).unwrap_or_default();
    // The browser reads the number: a float parser of our own would weigh ten kilobytes.
    let font_size = js_sys::parse_float(&property("font-size")).round();
    // In whole pixels: what uPlot scales for dense screens are the digits before `px`, without a point.
    let font: JsValue = format!("{}px {}", font_size as u32, property("font-family")).into();
    let grid = object([("stroke", color("--chart-grid")), ("width", 1.into())]);
    let no_ticks = object([("show", false.into())]);
    let width = if scale == Scale::Percent { 3.7 } else { 5.9 };
    let y_axis = object([
        ("stroke", color("--text-3")),
        ("font", font.clone()),
        ("grid", grid.into()),
        ("ticks", no_ticks.clone().into()),
        ("size", (font_size * width).into()),
        ("gap", 6.into()),
        ("space", (font_size * 3.0).into()),
        ("incrs", scale.steps()),
        ("values", ticks.clone()),
    ]);
    let x_axis = object([
        ("stroke", color("--text-3")),
        ("font", font),
        ("grid", object([("show", false.into())]).into()),
        ("ticks", no_ticks.into()),
        ("size", (font_size * 1.9).into()),
        ("gap", 4.into()),
        ("space", (font_size * 6.0).into()),
        ("incrs", list(TIMES.map(|seconds| seconds.into()))),
        ("values", times.clone()),
    ]);
    let series = lines.iter().flat_map(|line| {
        let fill = color(&format!("{}-fill", line.color));
        let stroke = color(line.color);
        if is_banded {
            // The edges are seen by what lies between them.
            let edge = || one_series(JsValue::NULL, JsValue::NULL, 0.0);
            vec![edge(), edge(), one_series(stroke, JsValue::NULL, 1.5)]
        } else {
            vec![one_series(stroke, fill, 1.5)]
        }
    });
    let bands = lines.iter().enumerate().filter(|_| is_banded).map(|(place, line)| {
        let upper = place as u32 * 3 + 1;
        object([
            ("series", list([upper.into(), (upper + 1).into()])),
            ("fill", color(&format!("{}-band", line.color))),
        ])
        .into()
    });
    let cursor = object([
        ("y", false.into()),
        // What is dragged over is zoomed to, in all charts.
        (
            "drag",
            object([
                ("x", true.into()),
                ("y", false.into()),
                ("setScale", false.into()),
                ("dist", 6.into()),
            ])
            .into(),
        ),
        ("points", object([("size", 6.into())]).into()),
        // One crosshair through all charts: what happened at that moment elsewhere?
        ("sync", object([("key", "tidings".into())]).into()),
    ]);
    let no_legend = object([("show", false.into())]);
    let options = size(element);
    let members = object([
        ("series", list(std::iter::once(Object::new().into()).chain(series))),
        ("axes", list([x_axis.into(), y_axis.into()])),
        (
            "scales",
            object([
                ("x", object([("time", true.into())]).into()),
                ("y", object([("range", scale.range())]).into()),
            ])
            .into(),
        ),
        ("bands", list(bands)),
        ("cursor", cursor.into()),
        ("legend", no_legend.into()),
        // On the right half of a time must fit, which is centred on its tick.
        ("padding", list([8.into(), (font_size * 2.2).into(), 0.into(), 0.into()])),
        (
            "hooks",
            object([
                ("setCursor", list([on_cursor.clone()])),
                ("setSelect", list([on_select.clone()])),
            ])
            .into(),
        ),
    ]);
    Object::assign(&options, &members)
}

fn one_series(stroke: JsValue, fill: JsValue, width: f64) -> JsValue {
    object([
        ("stroke", stroke),
        ("fill", fill),
        ("width", width.into()),
        ("points", object([("show", false.into())]).into()),
        ("spanGaps", false.into()),
    ])
    .into()
}

/// As large as the element is.
pub(super) fn size(element: &Element) -> Object {
    let (width, height) = (element.client_width(), element.client_height());
    object([("width", width.max(1).into()), ("height", height.max(1).into())])
}

/// Columns without a point.
pub(super) fn empty(lines: &[Line], is_banded: bool) -> Array {
    let columns = lines.len() * if is_banded { 3 } else { 1 };
    (0..=columns).map(|_| JsValue::from(Array::new())).collect()
}
