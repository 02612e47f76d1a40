//! Light, dark, or as the system has it; remembered.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Document, Event, EventTarget, Storage};
use yew::prelude::*;

use crate::text::text;
use crate::view::use_effect_with;

/// `scripts/theme.js` reads the same key before the first paint.
const KEY: &str = "tidings.theme";

/// Told to the document after each change, for what style sheets do not reach.
const CHANGED: &str = "tidings-theme";

/// What a person chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// As the system has it.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The one after it, for a switch that goes round.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::System => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::System,
        }
    }

    /// What it is called.
    #[must_use]
    pub fn label(self) -> &'static str {
        let settings = &text().settings;
        match self {
            Self::System => settings.system,
            Self::Light => settings.light,
            Self::Dark => settings.dark,
        }
    }

    /// As it is remembered, and as the document has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn remembered() -> Self {
        match storage().and_then(|s| s.get_item(KEY).ok().flatten()).as_deref() {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::System,
        }
    }

    fn apply(self) {
        if let Some(document) = document() {
            if let Some(root) = document.document_element() {
                let _ = root.set_attribute("data-theme", self.name());
            }
            if let Ok(event) = Event::new(CHANGED) {
                let _ = document.dispatch_event(&event);
            }
        }
        // A private window may have no storage; the choice then lasts as long as the page.
        if let Some(storage) = storage() {
            let _ = storage.set_item(KEY, self.name());
        }
    }
}

fn document() -> Option<Document> {
    web_sys::window()?.document()
}

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}

/// The theme, and a callback to choose another.
#[hook]
pub fn use_theme() -> (Theme, Callback<Theme>) {
    let theme = use_state_eq(Theme::remembered);
    let choose = {
        let theme = theme.setter();
        Callback::from(move |next: Theme| {
            next.apply();
            theme.set(next);
        })
    };
    (*theme, choose)
}

/// A number that changes whenever colours do, by choice or because the system's theme changed.
#[hook]
pub fn use_scheme() -> u32 {
    let scheme = use_reducer_eq(Scheme::default);
    {
        let dispatch = scheme.dispatcher();
        use_effect_with((), move |()| {
            let closure = Closure::<dyn FnMut(Event)>::new(move |_: Event| dispatch.dispatch(()));
            let system = web_sys::window().and_then(|window| {
                window.match_media("(prefers-color-scheme: dark)").ok().flatten()
            });
            let targets: Vec<(EventTarget, &str)> = system
                .into_iter()
                .map(|query| (query.into(), "change"))
                .chain(document().map(|document| (document.into(), CHANGED)))
                .collect();
            for (target, name) in &targets {
                let function = closure.as_ref().unchecked_ref();
                let _ = target.add_event_listener_with_callback(name, function);
            }
            move || {
                for (target, name) in &targets {
                    let function = closure.as_ref().unchecked_ref();
                    let _ = target.remove_event_listener_with_callback(name, function);
                }
            }
        });
    }
    scheme.0
}

#[derive(Clone, Copy, Default, PartialEq)]
struct Scheme(u32);

impl Reducible for Scheme {
    type Action = ();

    fn reduce(self: std::rc::Rc<Self>, (): ()) -> std::rc::Rc<Self> {
        Self(self.0.wrapping_add(1)).into()
    }
}
