//! Effects and contexts in components of ours, in a real browser, and what draws all of them anew: what changes is drawn, and nothing is
//! made anew.

#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

mod page;

use std::cell::{Cell, RefCell};

use gloo_timers::future::TimeoutFuture;
use page::Page;
// The macro names it as its own crate does.
use tidings_ui::view;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::HtmlInputElement;
use yew::prelude::*;

wasm_bindgen_test_configure!(run_in_browser);

thread_local! {
    /// What components told since somebody looked.
    static TOLD: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    /// What no property tells.
    static WORD: Cell<&'static str> = const { Cell::new("one") };
}

fn tell(what: String) {
    TOLD.with_borrow_mut(|told| told.push(what));
}

fn told() -> Vec<String> {
    TOLD.take()
}

#[derive(PartialEq, Properties)]
struct WatchProps {
    about: u32,
    step: u32,
}

/// Tells when its effect begins and ends.
#[component]
fn Watch(props: &WatchProps) -> Html {
    view::use_effect_with(props.about, |about| {
        let about = *about;
        tell(format!("begins {about}"));
        move || tell(format!("ends {about}"))
    });
    view::html! { <p>{ props.step }</p> }
}

#[wasm_bindgen_test]
async fn an_effect_runs_when_what_it_depends_on_is_another_and_is_cleaned_up_before_that_and_at_the_end()
 {
    let mut page = Page::new(|step| {
        view::html! { <div>if step < 4 { <Watch about={step / 2} {step} /> }</div> }
    });
    assert!(page.shown().await.contains(">0</p>"));
    assert_eq!(told(), ["begins 0"]);
    for (step, expected) in [
        (1, &[][..]),
        (2, &["ends 0", "begins 1"]),
        (3, &[]),
        (1, &["ends 1", "begins 0"]),
        (4, &["ends 0"]),
        (2, &["begins 1"]),
    ] {
        page.step(step);
        let shown = page.shown().await;
        assert_eq!(shown.contains(&format!(">{step}</p>")), step < 4, "{shown}");
        assert_eq!(told(), expected, "at step {step}");
    }
    page.app.destroy();
    TimeoutFuture::new(0).await;
    assert_eq!(told(), ["ends 1"], "with the page");
}

/// Tells that it is drawn, shows the context, and how much it was when this was made.
#[component]
fn Heard() -> Html {
    let context = use_context::<u32>();
    let first = use_state(|| context);
    tell(format!("heard {context:?}"));
    view::html! { <b>{ format!("{context:?}, at first {:?}", *first) }</b> }
}

/// Tells that it is drawn.
#[component]
fn Between() -> Html {
    tell("between".to_owned());
    view::html! { <p><Heard /></p> }
}

#[wasm_bindgen_test]
async fn a_context_that_changes_draws_those_anew_that_use_it_and_makes_none_anew() {
    let mut page = Page::new(|step| {
        // The provider is no component of ours.
        yew::html! {
            <ContextProvider<u32> context={step / 2}>{ view::html! { <Between /> } }</ContextProvider<u32>>
        }
    });
    let first = page.shown().await;
    assert!(first.contains("Some(0), at first Some(0)"), "{first}");
    assert_eq!(told(), ["between", "heard Some(0)"]);
    let first = page.shown().await;
    page.step(1);
    assert_eq!(page.shown().await, first);
    assert!(told().is_empty(), "it is the same");
    page.step(2);
    assert_eq!(page.shown().await, first.replacen("Some(0)", "Some(1)", 1), "the same elements");
    assert_eq!(told(), ["heard Some(1)"]);
    page.app.destroy();
}

/// Shows what no property tells, and what it was when this was made; somebody can write in it.
#[component]
fn Worded() -> Html {
    let first = use_state(|| WORD.get());
    view::use_effect_with((), |()| {
        tell("begins".to_owned());
        || tell("ends".to_owned())
    });
    view::html! { <p title={*first}><input type="text" />{ WORD.get() }</p> }
}

/// Has nothing that could change.
#[component]
fn Around() -> Html {
    view::html! { <div><Worded /></div> }
}

#[wasm_bindgen_test]
async fn what_all_read_draws_every_component_anew_once_it_is_said_to_be_another_and_makes_none_anew()
 {
    let mut page = Page::new(|_| view::html! { <section><Around /></section> });
    page.shown().await;
    let first = page.shown().await;
    assert!(first.contains(r#"title="one""#) && first.contains(">one</p>"), "{first}");
    let field: HtmlInputElement = page.all("input")[0].clone().unchecked_into();
    field.set_value("half a word");
    field.focus().unwrap();
    WORD.set("two");
    page.step(1);
    assert!(page.shown().await.contains(">one</p>"), "nobody knows");
    view::renew();
    page.step(2);
    let second = page.shown().await;
    WORD.set("one");
    let expected = first.replace(">one</p>", ">two</p>").replace(r#"\"\""#, r#"\"half a word\""#);
    assert_eq!(second, expected, "the same elements");
    assert!(field.is_connected(), "it is the same element");
    let focused = web_sys::window().unwrap().document().unwrap().active_element();
    assert!(focused.as_ref() == Some(field.as_ref()), "with the focus");
    assert_eq!(told(), ["begins"]);
    page.app.destroy();
    TimeoutFuture::new(0).await;
    assert_eq!(told(), ["ends"]);
}
