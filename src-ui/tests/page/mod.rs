//! A page with one view, and what it shows.

use gloo_timers::future::TimeoutFuture;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};
use yew::prelude::*;
use yew::{AppHandle, Renderer};

#[derive(Clone, Properties)]
pub(crate) struct ProbeProps {
    view: fn(u32) -> Html,
    step: u32,
}

impl PartialEq for ProbeProps {
    fn eq(&self, other: &Self) -> bool {
        // A page has one view.
        self.step == other.step
    }
}

#[component]
pub(crate) fn Probe(props: &ProbeProps) -> Html {
    (props.view)(props.step)
}

/// A page with one view.
pub(crate) struct Page {
    root: Element,
    pub(crate) app: AppHandle<Probe>,
    view: fn(u32) -> Html,
    /// How many elements have a number.
    marked: u32,
}

impl Page {
    pub(crate) fn new(view: fn(u32) -> Html) -> Self {
        let document = web_sys::window().unwrap().document().unwrap();
        let root = document.create_element("main").unwrap();
        document.body().unwrap().append_child(&root).unwrap();
        let props = ProbeProps { view, step: 0 };
        let app = Renderer::<Probe>::with_root_and_props(root.clone(), props).render();
        Self { root, app, view, marked: 0 }
    }

    pub(crate) fn step(&mut self, step: u32) {
        self.app.update(ProbeProps { view: self.view, step });
    }

    /// What it shows, with a number on each element that it keeps for as long as it is there.
    pub(crate) async fn shown(&mut self) -> String {
        TimeoutFuture::new(0).await;
        let shown = self.root.inner_html();
        for element in self.all("*:not([mark])") {
            element.set_attribute("mark", &self.marked.to_string()).unwrap();
            self.marked += 1;
        }
        let inputs = self.all("input").into_iter().map(|input| {
            let input: HtmlInputElement = input.unchecked_into();
            format!("{:?} {}", input.value(), input.checked())
        });
        format!("{shown} {:?}", inputs.collect::<Vec<_>>())
    }

    pub(crate) fn all(&self, selector: &str) -> Vec<Element> {
        let found = self.root.query_selector_all(selector).unwrap();
        (0..found.length()).map(|at| found.item(at).unwrap().unchecked_into()).collect()
    }
}
