//! uPlot, as far as it is used here. The page loads its script before this program starts.

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::Element;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = uPlot)]
    pub(super) type UPlot;

    #[wasm_bindgen(constructor, js_class = "uPlot", catch)]
    pub(super) fn new(options: &Object, data: &Array, target: &Element) -> Result<UPlot, JsValue>;

    #[wasm_bindgen(method, js_name = setData)]
    pub(super) fn set_data(this: &UPlot, data: &Array, reset_scales: bool);

    #[wasm_bindgen(method, js_name = setScale)]
    pub(super) fn set_scale(this: &UPlot, name: &str, limits: &Object);

    #[wasm_bindgen(method, js_name = setSize)]
    pub(super) fn set_size(this: &UPlot, size: &Object);

    #[wasm_bindgen(method)]
    pub(super) fn destroy(this: &UPlot);

    #[wasm_bindgen(method, getter)]
    pub(super) fn cursor(this: &UPlot) -> Cursor;

    #[wasm_bindgen(js_name = Object)]
    pub(super) type Cursor;

    /// Index of the point under the pointer; null or absent without one.
    #[wasm_bindgen(method, getter)]
    pub(super) fn idx(this: &Cursor) -> Option<f64>;
}

/// An object literal.
pub(super) fn object<const N: usize>(members: [(&str, JsValue); N]) -> Object {
    let object = Object::new();
    for (key, value) in members {
        // Setting a member of a fresh object cannot fail.
        let _ = Reflect::set(&object, &JsValue::from_str(key), &value);
    }
    object
}

/// A list literal.
pub(super) fn list(items: impl IntoIterator<Item = JsValue>) -> JsValue {
    items.into_iter().collect::<Array>().into()
}
