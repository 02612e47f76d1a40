//! What the macro writes: what never changes as data, and the rest as calls in the order of that data.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, Result};

use crate::attribute::Attribute;
use crate::tag::{Component, Element};
use crate::tree::{If, Node, Otherwise};

/// A node, from a slot. These signs are those of `src-ui/src/view/template.rs`.
const NODE: char = '\u{1}';
/// Any number of nodes, from slots.
const EACH: char = '\u{2}';
/// Behind it are branches.
const IF: char = '\u{3}';
/// Behind it is the next branch.
const ELSE: char = '\u{4}';
/// Behind it is what is in a fragment.
const LIST: char = '\u{5}';
/// Here an element, a fragment or the last branch ends.
const END: char = '\u{6}';

/// The template of some nodes, and the calls that fill it.
#[derive(Default)]
struct Written {
    /// What never changes, and signs where the rest goes.
    template: String,
    /// Statements.
    fills: TokenStream,
}

/// An expression that is the view.
pub(crate) fn view(nodes: &[Node]) -> TokenStream {
    written(nodes).map_or_else(|error| error.to_compile_error(), |written| built(&written))
}

/// The name of what is filled, which no expression of a view can see.
fn slots() -> Ident {
    Ident::new("slots", Span::mixed_site())
}

fn built(Written { template, fills }: &Written) -> TokenStream {
    let slots = slots();
    if fills.is_empty() {
        return quote! { crate::view::Slots::new().build(#template) };
    }
    // A clone makes the view the same whatever comes behind it.
    quote! {{
        let mut #slots = crate::view::Slots::new();
        #[allow(clippy::redundant_clone)]
        { #fills }
        #slots.build(#template)
    }}
}

fn written(nodes: &[Node]) -> Result<Written> {
    let mut written = Written::default();
    written.nodes(nodes)?;
    Ok(written)
}

impl Written {
    fn nodes(&mut self, nodes: &[Node]) -> Result<()> {
        nodes.iter().try_for_each(|node| self.node(node))
    }

    fn node(&mut self, node: &Node) -> Result<()> {
        let slots = slots();
        match node {
            Node::Text(text) if is_plain(&text.value(), '<') => self.template += &text.value(),
            Node::Text(text) => {
                self.template.push(NODE);
                self.fill(quote! { #slots.node(::yew::AttrValue::Static(#text)); });
            }
            Node::Value(value) => {
                self.template.push(NODE);
                self.fill(quote_spanned! {value.span()=> #slots.node(#value); });
            }
            Node::Each(iterator) => {
                self.template.push(EACH);
                self.fill(quote_spanned! {iterator.span()=>
                    for node in #iterator { #slots.node(node); }
                    #slots.end();
                });
            }
            Node::If(choice) => {
                self.template.push(IF);
                let fills = self.branches(choice, 0)?;
                self.fill(fills);
                self.template.push(END);
            }
            Node::Fragment(children) => {
                self.template.push(LIST);
                self.nodes(children)?;
                self.template.push(END);
            }
            Node::Element(element) => self.element(element)?,
            Node::Component(component) => {
                self.template.push(NODE);
                self.fill(mounted(component)?);
            }
        }
        Ok(())
    }

    fn fill(&mut self, fill: TokenStream) {
        self.fills.extend(fill);
    }

    /// The template gets the branches, and the code in which they fill it is the answer.
    fn branches(&mut self, choice: &If, at: usize) -> Result<TokenStream> {
        let If { condition, then, otherwise } = choice;
        let then = self.branch(then, at)?;
        self.template.push(ELSE);
        let otherwise = match otherwise {
            Otherwise::If(next) => self.branches(next, at + 1)?,
            Otherwise::Nodes(nodes) => self.branch(nodes, at + 1)?,
        };
        Ok(quote_spanned! {condition.span()=> if #condition { #then } else { #otherwise } })
    }

    fn branch(&mut self, nodes: &[Node], at: usize) -> Result<TokenStream> {
        let slots = slots();
        let Written { template, fills } = written(nodes)?;
        self.template += &template;
        Ok(quote! { #slots.branch(#at); #fills })
    }

    /// The order is that of Yew's macro: what a view moves into one attribute it has lent to another before.
    fn element(&mut self, Element { name, attributes, children }: &Element) -> Result<()> {
        let slots = slots();
        let is_input = name.is("input");
        self.template += &format!("<{name}");
        for (name, call) in
            [("value", "attribute"), ("checked", "flag"), ("ref", "place"), ("key", "key")]
        {
            if let Some(Attribute { value, .. }) = attributes.iter().find(|one| one.name.is(name))
                && (is_input || name != "value")
            {
                self.template += &format!(" @{name}");
                let call = Ident::new(call, Span::call_site());
                self.fill(quote_spanned! {value.span()=> #slots.#call(#value); });
            }
        }
        let is_special = |one: &&Attribute| {
            let is = |name: &&str| one.name.is(name);
            ["ref", "key", "checked"].iter().any(is) || is_input && one.name.is("value")
        };
        let (listeners, plain): (Vec<_>, Vec<_>) = attributes
            .iter()
            .filter(|one| !is_special(one))
            .partition(|one| one.name.to_string().starts_with("on"));
        let is_class = |one: &&&Attribute| one.name.is("class");
        let normal = plain.iter().filter(|one| !one.is_flag() && !is_class(one));
        let flags = plain.iter().filter(|one| one.is_flag());
        for attribute in normal.chain(flags).chain(plain.iter().filter(is_class)) {
            self.attribute(attribute)?;
        }
        for Attribute { name, value } in &listeners {
            self.template += " @on";
            let name = name.ident()?;
            self.fill(quote_spanned! {value.span()=> #slots.#name(#value); });
        }
        self.template.push('>');
        self.nodes(children)?;
        self.template.push(END);
        Ok(())
    }

    fn attribute(&mut self, attribute: &Attribute) -> Result<()> {
        let slots = slots();
        let Attribute { name, value } = attribute;
        let is_flag = attribute.is_flag();
        let known = match attribute.is_on().filter(|_| is_flag) {
            Some(false) => return Ok(()),
            Some(true) => Some(name.to_string()),
            None => attribute.literal()?.map(|text| text.value()),
        };
        match known.filter(|text| is_plain(text, '"')) {
            Some(text) => self.template += &format!(" {name}=\"{text}\""),
            None => {
                self.template += &format!(" {name}");
                let call =
                    Ident::new(if is_flag { "flag" } else { "attribute" }, Span::call_site());
                self.fill(quote_spanned! {value.span()=> #slots.#call(#value); });
            }
        }
        Ok(())
    }
}

/// Whether a text can stand in a template as it is.
fn is_plain(text: &str, end: char) -> bool {
    !text.contains(|char: char| char < ' ' || char == end)
}

/// The properties by Yew's own builder, which says what is missing.
fn mounted(Component { path, properties, key, children }: &Component) -> Result<TokenStream> {
    let slots = slots();
    let [builder, token] = ["properties", "token"].map(|name| Ident::new(name, Span::mixed_site()));
    let mut set = TokenStream::new();
    for Attribute { name, value } in properties {
        let name = name.ident()?;
        set.extend(if matches!(value, Expr::Path(path) if path.path.is_ident("None")) {
            let name = format_ident!("{name}_none");
            quote_spanned! {value.span()=> let #token = #builder.#name(#token); }
        } else {
            quote_spanned! {value.span()=> let #token = #builder.#name(#token, #value); }
        });
    }
    if !children.is_empty() {
        let children = built(&written(children)?);
        set.extend(quote! { let #token = #builder.children(#token, #children); });
    }
    let key = match key {
        Some(Attribute { value, .. }) => quote_spanned! {value.span()=>
            ::std::option::Option::Some(::std::convert::Into::<::yew::virtual_dom::Key>::into(#value))
        },
        None => quote! { ::std::option::Option::None },
    };
    Ok(quote_spanned! {path.span()=> {
        let mut #builder =
            <<#path as ::yew::html::BaseComponent>::Properties as ::yew::html::Properties>::builder();
        let #token = ::yew::html::AssertAllProps;
        #set
        let #builder = ::yew::html::Buildable::prepare_build(#builder, &#token).build();
        #slots.component::<#path>(#builder, #key);
    }})
}
