//! uPlot, as far as it is used here. The page loads its script before this program starts.

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::Element;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = uPlot)]
    pub(in crate::components) type UPlot;

    #[wasm_bindgen(constructor, js_class = "uPlot", catch)]
    pub(in crate::components) fn new(
        options: &Object,
        data: &Array,
        target: &Element,
    ) -> Result<UPlot, JsValue>;

    #[wasm_bindgen(method, js_name = setData)]
    pub(in crate::components) fn set_data(this: &UPlot, data: &Array, reset_scales: bool);

    #[wasm_bindgen(method, js_name = setScale)]
    pub(in crate::components) fn set_scale(this: &UPlot, name: &str, limits: &Object);

    #[wasm_bindgen(method, js_name = setSize)]
    pub(in crate::components) fn set_size(this: &UPlot, size: &Object);

    #[wasm_bindgen(method, js_name = setCursor)]
    pub(in crate::components) fn set_cursor(this: &UPlot, place: &Object);

    #[wasm_bindgen(method, js_name = setSelect)]
    pub(in crate::components) fn set_select(this: &UPlot, part: &Object, tells: bool);

    /// The value at so many pixels from the left.
    #[wasm_bindgen(method, js_name = posToVal)]
    pub(in crate::components) fn pos_to_val(this: &UPlot, left: f64, scale: &str) -> f64;

    /// The other way round.
    #[wasm_bindgen(method, js_name = valToPos)]
    pub(in crate::components) fn val_to_pos(this: &UPlot, value: f64, scale: &str) -> f64;

    #[wasm_bindgen(method, getter)]
    pub(in crate::components) fn select(this: &UPlot) -> Select;

    #[wasm_bindgen(method)]
    pub(in crate::components) fn destroy(this: &UPlot);

    #[wasm_bindgen(method, getter)]
    pub(in crate::components) fn cursor(this: &UPlot) -> Cursor;

    #[wasm_bindgen(js_name = Object)]
    pub(in crate::components) type Select;

    #[wasm_bindgen(method, getter)]
    pub(in crate::components) fn left(this: &Select) -> f64;

    #[wasm_bindgen(method, getter)]
    pub(in crate::components) fn width(this: &Select) -> f64;

    #[wasm_bindgen(js_name = Object)]
    pub(in crate::components) type Cursor;

    /// Index of the point under the pointer; null or absent without one.
    #[wasm_bindgen(method, getter)]
    pub(in crate::components) fn idx(this: &Cursor) -> Option<f64>;
}

/// An object literal.
pub(in crate::components) fn object<const N: usize>(members: [(&str, JsValue); N]) -> Object {
    let object = Object::new();
    for (key, value) in members {
        // Setting a member of a fresh object cannot fail.
        let _ = Reflect::set(&object, &JsValue::from_str(key), &value);
    }
    object
}

/// A list literal.
pub(in crate::components) fn list(items: impl IntoIterator<Item = JsValue>) -> JsValue {
    items.into_iter().collect::<Array>().into()
}
