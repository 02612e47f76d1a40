//! `html!`, as Yew has it, for views that weigh little.
//!
//! Yew's own macro writes code for each element and each attribute. This one writes what never changes as a text, and code
//! for the rest alone: `src-ui/src/view` puts the two together into the same nodes.
//!
//! - `tree`: what the macro reads; `tag`: its elements and components; `attribute`: what they are given.
//! - `expand`: what it writes.

mod attribute;
mod expand;
mod tag;
mod tree;

use proc_macro::TokenStream;

/// A view: elements, components, fragments, expressions in braces, `{ for … }`, `if`, `if let` and `else`, as in Yew's macro
/// of this name. The crate it is used in has the module `view`.
#[proc_macro]
pub fn html(input: TokenStream) -> TokenStream {
    let view = syn::parse::<tree::View>(input);
    view.map_or_else(|error| error.to_compile_error(), |view| expand::view(&view.0)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(view: &str) -> String {
        let read = syn::parse_str::<tree::View>(view);
        let written = read.map(|view| expand::view(&view.0).to_string());
        written.map_or_else(|error| error.to_string(), |written| panic!("it was taken: {written}"))
    }

    fn written(view: &str) -> String {
        let view = syn::parse_str::<tree::View>(view).unwrap();
        expand::view(&view.0).to_string()
    }

    #[test]
    fn what_never_changes_is_one_text() {
        let view = "<ul id=\"a\" hidden=true open=false class=\"b\"><li>{ \"text\" }</li></ul>";
        let written = written(view);
        let text = r#"<ul id=\"a\" hidden=\"hidden\" class=\"b\"><li>text\u{6}\u{6}"#;
        assert!(written.contains(text), "{written}");
        assert!(!written.contains("slots ."), "nothing is to be filled: {written}");
    }

    #[test]
    fn what_would_end_a_text_too_early_is_filled_in() {
        let written = written("<p title=\"say \\\"so\\\"\">{ \"a < b\" }</p>");
        assert!(written.contains(r#""<p title>\u{1}\u{6}""#), "{written}");
        assert!(written.contains(r#"attribute ("say \"so\"")"#), "{written}");
    }

    #[test]
    fn what_is_not_taken_is_told() {
        for (view, told) in [
            ("<p></div>", "`p` was opened, and `div` is closed"),
            ("<p>", "something is not closed"),
            ("</p>", "this closes nothing"),
            ("<p /><p />", "several go into a fragment"),
            ("<p>text</p>", "an expression in braces"),
            ("<p id=\"a\" id=\"b\" />", "`id` is given twice"),
            ("<p id=a />", "a literal, or an expression in braces"),
            ("<p hidden />", "`hidden=true`?"),
            ("<p {a.b} />", "only a name can stand for itself"),
            ("<p ~id=\"a\" />", "properties of an element cannot be set"),
            ("<p checked={on} />", "only an <input> is checked"),
            ("<input>{ 1 }</input>", "<input> has nothing inside"),
            ("<textarea />", "no view has a <textarea> so far"),
            ("<@{name} />", "cannot be an expression"),
            ("<>for a in b { <p /> }</>", "`{ for iterator }`"),
            ("<Row ..row />", "properties are given one by one"),
            ("<Row ref={place} />", "a component has no `ref`"),
            ("<Row></Card>", "`Row` was opened, and `Card` is closed"),
        ] {
            let error = error(view);
            assert!(error.contains(told), "{view}: {error}");
        }
    }
}
