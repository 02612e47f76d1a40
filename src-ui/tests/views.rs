//! `html!` of our own beside Yew's, in a real browser: each form of syntax makes the same page, keeps the same elements when something
//! changes, and hears the same events.

#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

mod page;

use std::rc::Rc;

use page::Page;
// The macro names it as its own crate does.
use tidings_ui::view;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

wasm_bindgen_test_configure!(run_in_browser);

fn click(page: &Page) {
    for element in page.all("button") {
        element.unchecked_into::<HtmlElement>().click();
    }
}

/// Shows both ways of one view, changes them and clicks on what they have. Answers what was shown.
async fn compare(ours: fn(u32) -> Html, yews: fn(u32) -> Html) -> Vec<String> {
    let (mut ours, mut yews) = (Page::new(ours), Page::new(yews));
    let mut seen = Vec::new();
    for step in [0, 1, 2, 1, 0, 3] {
        ours.step(step);
        yews.step(step);
        let shown = ours.shown().await;
        assert_eq!(shown, yews.shown().await, "at step {step}");
        seen.push(shown);
        click(&ours);
        click(&yews);
        assert_eq!(ours.shown().await, yews.shown().await, "clicked at step {step}");
    }
    ours.app.destroy();
    yews.app.destroy();
    assert!(seen.iter().any(|shown| *shown != seen[0]), "nothing changed: {}", seen[0]);
    seen
}

/// The page by our macro, and by Yew's.
macro_rules! both {
    (|$step:ident| { $($view:tt)* }) => {{
        fn ours($step: u32) -> Html {
            use tidings_ui::view::html;
            html! { $($view)* }
        }
        fn yews($step: u32) -> Html {
            use yew::html;
            html! { $($view)* }
        }
        compare(ours, yews).await
    }};
}

#[derive(PartialEq, Properties)]
struct CountProps {
    #[prop_or_default]
    label: AttrValue,
    #[prop_or(7)]
    from: u32,
    #[prop_or_default]
    note: Option<AttrValue>,
    #[prop_or_default]
    children: Html,
}

/// Counts clicks from a number that it was given first.
#[component]
fn Count(props: &CountProps) -> Html {
    let count = use_state(|| props.from);
    let onclick = {
        let count = count.clone();
        move |_: MouseEvent| count.set(*count + 1)
    };
    yew::html! {
        <button {onclick} title={props.note.clone()}>
            { props.label.clone() }{ *count }{ props.children.clone() }
        </button>
    }
}

/// Looks the same, and is another one.
#[component]
fn Other(props: &CountProps) -> Html {
    let text = use_state(|| format!("other {}", props.from));
    yew::html! { <button title={props.note.clone()}>{ (*text).clone() }</button> }
}

#[wasm_bindgen_test]
async fn attributes_are_there_or_not() {
    both!(|step| {
        <p class="a" id={format!("p{step}")} data-level={(step > 0).then_some("high")} tabindex="-1"
            hidden={step == 2} aria-busy="true" title={if step > 1 { "much" } else { "little" }}>
            { "a < b" }{ " and " }<b lang="en" draggable=true>{ 7 }</b>
        </p>
    });
}

#[wasm_bindgen_test]
async fn flags_that_never_change_are_written_down() {
    both!(|step| {
        <form novalidate=true autocomplete="off">
            <input type="text" required=true disabled=false maxlength=3 placeholder={step.to_string()} />
            <label for="x" title="say \"x\"">{ 'c' }</label>
        </form>
    });
}

#[wasm_bindgen_test]
async fn what_an_input_shows_follows_the_view() {
    let seen = both!(|step| {
        <div>
            <input type="checkbox" name="on" checked={step % 2 == 1} />
            <input type="text" value={format!("{step}")} />
            <select><option value="0" selected={step == 0} /><option value={step.to_string()}>{ step }</option></select>
        </div>
    });
    assert!(!seen[0].contains("on\\\" true") && seen[1].contains("on\\\" true"), "{}", seen[1]);
}

#[wasm_bindgen_test]
async fn branches_follow_their_conditions() {
    both!(|step| {
        <div>
            if step == 0 {
                <p>{ "none" }</p>
                { step }
            } else if let Some(rest) = step.checked_sub(2) {
                <p>{ rest }</p>
            } else {
                <p class="one">{ "one" }</p>
            }
            if let (1, true) = (step, true) { <i>{ "more" }</i> }
            if step > 5 {}
            <span>if step > 0 { { "some" } }</span>
        </div>
    });
}

#[wasm_bindgen_test]
async fn rows_keep_their_elements_by_their_keys() {
    both!(|step| {
        <>
            <ul>{ for (0..step + 1).rev().map(|at| html! { <li key={at}>{ at }</li> }) }</ul>
            <ol>
                <li key="first">{ "first" }</li>
                { for (0..step).map(|at| html! { <li key={format!("{at}")} id={at.to_string()} /> }) }
                if step > 1 { <li>{ "end" }</li> }
            </ol>
            <p>{ for [1, 2].into_iter().map(|at| html! { <b>{ at + step }</b> }) }</p>
        </>
    });
}

#[wasm_bindgen_test]
async fn expressions_are_nodes_or_nothing() {
    both!(|step| {
        <div>
            <p>{ step.to_string() }</p>
            <p>{ AttrValue::from("shared") }{ Rc::<str>::from("text") }</p>
            <p>{ (step > 0).then(|| html! { <b>{ "there" }</b> }) }</p>
            <p>{ (step > 0).then_some("alone") }</p>
            <p>{ "between " }{ (step > 1).then_some("texts") }{ " two" }</p>
            { match step { 0 => html! { "zero" }, 1 => html! {}, _ => html! { <><i /><b /></> } } }
        </div>
    });
}

#[wasm_bindgen_test]
async fn a_drawing_has_the_names_of_svg() {
    let seen = both!(|step| {
        <svg viewBox="0 0 8 8" role="img" aria-label={step.to_string()}>
            <defs><linearGradient id="g"><stop offset="0" stop-color="#fff" /></linearGradient></defs>
            <rect x="1" y={step.to_string()} width="2" stroke-width="1.5" />
        </svg>
    });
    assert!(seen[0].contains("viewBox"), "{}", seen[0]);
}

#[wasm_bindgen_test]
async fn components_get_what_they_are_given_and_keep_their_state() {
    let seen = both!(|step| {
        <div>
            <Count label="n " from={step} note={None} />
            <Count from=3 note={(step == 1).then(|| AttrValue::from("note"))}>
                if step > 1 { <b>{ step }</b> }
                { "child" }
            </Count>
            <Count><i>{ step }</i></Count>
            { for (0..=step % 3).rev().map(|at| html! { <Count key={at} from={at} /> }) }
        </div>
    });
    assert!(seen[2].contains("n 2"), "two clicks: {}", seen[2]);
}

#[wasm_bindgen_test]
async fn another_component_in_the_same_place_is_a_new_one() {
    let seen = both!(|step| {
        <div>
            if step == 1 { <Other from={step} /> } else { <Count from={step} /> }
            { if step == 2 { html! { <Other from={step} /> } } else { html! { <Count from={step} /> } } }
        </div>
    });
    assert!(seen[1].contains("other 1") && seen[2].contains("other 2"), "{seen:?}");
}

#[wasm_bindgen_test]
async fn a_place_is_known_once_it_is_drawn() {
    #[component]
    fn Place() -> Html {
        let place = use_node_ref();
        let name = use_state(String::new);
        {
            let (place, name) = (place.clone(), name.clone());
            use_effect_with((), move |()| {
                name.set(place.cast::<Element>().map_or_else(String::new, |it| it.tag_name()));
            });
        }
        tidings_ui::view::html! { <em ref={place} title={(*name).clone()}>{ "here" }</em> }
    }
    let mut page = Page::new(|_| tidings_ui::view::html! { <Place /> });
    page.shown().await;
    let shown = page.shown().await;
    assert!(shown.contains("title=\"EM\""), "{shown}");
    page.app.destroy();
}
