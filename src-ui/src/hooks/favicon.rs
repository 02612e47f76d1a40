//! The icon in the tab says how many notifications are unread.

use wasm_bindgen::JsCast;
use web_sys::HtmlLinkElement;
use yew::prelude::*;

use crate::state::format::capped;
use crate::view::use_effect_with;

/// Keeps the icon true. It is made once for each count, and is the page's own again at zero.
#[hook]
pub fn use_favicon(unread: u64) {
    let own = use_mut_ref(|| None::<String>);
    // More than one digit cannot be read at this size.
    let words = (unread > 0).then(|| capped(unread, 9));
    use_effect_with(words, move |words| {
        let Some(link) = link() else { return };
        let own = own.borrow_mut().get_or_insert_with(|| link.href()).clone();
        link.set_href(&words.as_ref().map_or(own, |words| drawn(words)));
    });
}

fn link() -> Option<HtmlLinkElement> {
    let document = web_sys::window()?.document()?;
    document.query_selector("link[rel=icon]").ok()??.dyn_into().ok()
}

/// The mark of `icons/icon.svg`, without its fine print, with a disc and the words on it, as a data URL.
fn drawn(words: &str) -> String {
    let size = if words.len() > 1 { 24 } else { 31 };
    let svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 64 64'>\
         <rect x='2.5' y='2.5' width='59' height='59' rx='14' fill='#1a6aa6'/>\
         <path d='M10.5 37C16.5 37 17 19 24.5 19S31 45 38.5 45' fill='none' stroke='#fff' \
         stroke-width='6.25' stroke-linecap='round'/>\
         <circle cx='42' cy='42' r='20.5' fill='#d92d20' stroke='#fff' stroke-width='3'/>\
         <text x='42' y='43' fill='#fff' font-family='system-ui,sans-serif' font-weight='700' \
         font-size='{size}' text-anchor='middle' dominant-baseline='central'>{words}</text></svg>"
    );
    format!("data:image/svg+xml,{}", String::from(js_sys::encode_uri_component(&svg)))
}
