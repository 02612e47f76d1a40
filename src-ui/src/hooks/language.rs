//! The language: the one that was chosen, else the first of the browser's that the page has.

use js_sys::{Array, Function, Intl, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use super::store::{Actions, use_part};
use crate::text::{self, Language, Marks};
use crate::view::renew;

/// A number that shows all marks of a locale.
const SAMPLE: f64 = 1_234_567.5;

/// Goes over to a language; the system's where none was chosen.
pub(super) fn speak(chosen: Option<Language>) {
    let window = web_sys::window();
    let known = window.as_ref().map(|window| window.navigator().languages()).unwrap_or_default();
    let tags: Vec<String> = known.iter().filter(is_tag).filter_map(|tag| tag.as_string()).collect();
    let found = chosen.or_else(|| tags.iter().find_map(|tag| Language::of(tag)));
    let language = found.unwrap_or_default();
    let own = tags.into_iter().find(|tag| Language::of(tag) == Some(language));
    // Whoever reads English because the page has no better has dates of their own.
    let locale = own.or_else(|| found.map(|language| language.code().to_owned()));
    let locale = locale.unwrap_or_default();
    let marks = sample(if locale.is_empty() { language.code() } else { &locale });
    text::choose(language, &locale, marks.unwrap_or(Marks::ENGLISH));
    renew();
    let root = window.and_then(|window| window.document()?.document_element());
    if let Some(root) = root {
        let _ = root.set_attribute("lang", language.code());
    }
}

/// Whether `Intl` takes the tag; some browsers tell the system's own, as in `en-US@posix`, and a formatter would throw.
fn is_tag(tag: &JsValue) -> bool {
    let canonical = Reflect::get(&js_sys::global(), &"Intl".into())
        .and_then(|intl| Reflect::get(&intl, &"getCanonicalLocales".into()))
        .and_then(|canonical| canonical.dyn_into::<Function>());
    canonical.is_ok_and(|canonical| canonical.call1(&JsValue::UNDEFINED, tag).is_ok())
}

fn sample(locale: &str) -> Option<Marks> {
    let format: Function =
        Intl::NumberFormat::new(&Array::of1(&locale.into()), &Object::new()).format();
    let sample = format.call1(&JsValue::UNDEFINED, &SAMPLE.into()).ok()?;
    Marks::read(&sample.as_string()?)
}

impl Actions {
    /// Goes over to another language, and remembers it; to the system's if that is none.
    pub fn choose_language(&self, language: Option<Language>) {
        speak(language);
        self.hush();
        self.set(|settings| settings.language = language);
    }
}

/// What was chosen; the component renders again with another, and with it all that it draws.
#[yew::hook]
pub fn use_language() -> Option<Language> {
    use_part(|store| store.reader.settings.language)
}
