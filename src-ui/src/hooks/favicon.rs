//! The icon in the tab says how many notifications are unread.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, Document, HtmlCanvasElement, HtmlLinkElement};
use yew::prelude::*;

use crate::state::format::capped;

/// Large enough for a sharp screen; browsers make it smaller by themselves.
const SIZE: f64 = 64.0;

/// Keeps the icon true. It is drawn once for each count, and is the page's own again at zero.
#[hook]
pub fn use_favicon(unread: u64) {
    let own = use_mut_ref(|| None::<String>);
    // More than one digit cannot be read at this size.
    let words = (unread > 0).then(|| capped(unread, 9));
    use_effect_with(words, move |words| {
        let Some(document) = web_sys::window().and_then(|window| window.document()) else { return };
        let Some(link) = link(&document) else { return };
        let own = own.borrow_mut().get_or_insert_with(|| link.href()).clone();
        let drawn = words.as_ref().and_then(|words| draw(&document, words).ok());
        // The type belongs to the address, and browsers go by it.
        link.set_type(if drawn.is_some() { "image/png" } else { "image/svg+xml" });
        link.set_href(&drawn.unwrap_or(own));
    });
}

fn link(document: &Document) -> Option<HtmlLinkElement> {
    document.query_selector("link[rel=icon]").ok()??.dyn_into().ok()
}

/// The mark with a disc and the words on it, as a data URL.
fn draw(document: &Document, words: &str) -> Result<String, JsValue> {
    let canvas: HtmlCanvasElement = document.create_element("canvas")?.dyn_into()?;
    canvas.set_width(SIZE as u32);
    canvas.set_height(SIZE as u32);
    let context = canvas.get_context("2d")?.ok_or(JsValue::NULL)?;
    let pen: CanvasRenderingContext2d = context.dyn_into()?;
    mark(&pen)?;
    disc(&pen, words)?;
    canvas.to_data_url()
}

/// As `icons/icon.svg` has it, without its fine print.
fn mark(pen: &CanvasRenderingContext2d) -> Result<(), JsValue> {
    let unit = SIZE / 512.0;
    pen.save();
    pen.scale(unit, unit)?;
    pen.set_fill_style_str("#1a6aa6");
    pen.begin_path();
    pen.round_rect_with_f64(20.0, 20.0, 472.0, 472.0, 112.0)?;
    pen.fill();
    pen.set_stroke_style_str("#ffffff");
    pen.set_line_width(50.0);
    pen.set_line_cap("round");
    pen.begin_path();
    pen.move_to(84.0, 296.0);
    pen.bezier_curve_to(132.0, 296.0, 136.0, 152.0, 196.0, 152.0);
    pen.bezier_curve_to(256.0, 152.0, 248.0, 360.0, 308.0, 360.0);
    pen.stroke();
    pen.restore();
    Ok(())
}

fn disc(pen: &CanvasRenderingContext2d, words: &str) -> Result<(), JsValue> {
    const RADIUS: f64 = 21.0;
    let (x, y) = (SIZE - RADIUS - 1.0, SIZE - RADIUS - 1.0);
    pen.set_fill_style_str("#d92d20");
    pen.set_stroke_style_str("#ffffff");
    pen.set_line_width(3.0);
    pen.begin_path();
    pen.arc(x, y, RADIUS, 0.0, std::f64::consts::TAU)?;
    pen.fill();
    pen.stroke();
    pen.set_fill_style_str("#ffffff");
    let size = if words.len() > 1 { 24 } else { 31 };
    pen.set_font(&format!("bold {size}px system-ui, sans-serif"));
    pen.set_text_align("center");
    pen.set_text_baseline("middle");
    pen.fill_text(words, x, y + 2.0)
}
