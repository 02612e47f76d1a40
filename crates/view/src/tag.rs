//! Elements and components.

use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Result, Token, TypePath};

use crate::attribute::{Attribute, Name};
use crate::tree::{Node, nodes};

/// An element of HTML or SVG.
pub(crate) struct Element {
    /// Its name.
    pub(crate) name: Name,
    /// Its attributes, as they are written.
    pub(crate) attributes: Vec<Attribute>,
    /// What is inside.
    pub(crate) children: Vec<Node>,
}

/// A component of Yew.
pub(crate) struct Component {
    /// Its type.
    pub(crate) path: TypePath,
    /// Its properties, as they are written.
    pub(crate) properties: Vec<Attribute>,
    /// Its key.
    pub(crate) key: Option<Attribute>,
    /// Its property `children`.
    pub(crate) children: Vec<Node>,
}

/// Elements that have nothing inside.
const VOID: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr",
];

impl Parse for Element {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        input.parse::<Token![<]>()?;
        let name: Name = input.parse()?;
        if name.is("textarea") {
            return Err(Error::new(name.span(), "no view has a <textarea> so far"));
        }
        let (attributes, is_closed) = attributes(input)?;
        let strange = attributes.iter().find(|one| one.name.is("checked"));
        if let Some(strange) = strange.filter(|_| !name.is("input")) {
            return Err(Error::new(strange.name.span(), "only an <input> is checked"));
        }
        if is_closed {
            return Ok(Self { name, attributes, children: Vec::new() });
        }
        if VOID.iter().any(|void| name.is(void)) {
            let error = format!("<{name}> has nothing inside, and ends by `/>`");
            return Err(Error::new(name.span(), error));
        }
        let children = nodes(input)?;
        close(input, |input| {
            let closing: Name = input.parse()?;
            Ok((closing.span(), closing.to_string()))
        })
        .and_then(|(span, closing)| same(span, &closing, &name.to_string()))?;
        Ok(Self { name, attributes, children })
    }
}

impl Parse for Component {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        input.parse::<Token![<]>()?;
        let path = input.parse::<TypePath>()?;
        let (mut properties, is_closed) = attributes(input)?;
        let key = properties.iter().position(|one| one.name.is("key"));
        let key = key.map(|at| properties.remove(at));
        if let Some(one) = properties.iter().find(|one| one.name.is("ref")) {
            return Err(Error::new(one.name.span(), "a component has no `ref`"));
        }
        if is_closed {
            return Ok(Self { path, properties, key, children: Vec::new() });
        }
        let children = nodes(input)?;
        let name = |path: &TypePath| path.to_token_stream().to_string();
        close(input, |input| {
            let closing = input.parse::<TypePath>()?;
            Ok((syn::spanned::Spanned::span(&closing), name(&closing)))
        })
        .and_then(|(span, closing)| same(span, &closing, &name(&path)))?;
        Ok(Self { path, properties, key, children })
    }
}

/// The end of a fragment.
pub(crate) fn close_fragment(input: ParseStream<'_>) -> Result<()> {
    close(input, |_| Ok(()))
}

/// What a tag is given, and whether it is its own end.
fn attributes(input: ParseStream<'_>) -> Result<(Vec<Attribute>, bool)> {
    let mut attributes: Vec<Attribute> = Vec::new();
    while !input.peek(Token![>]) && !input.peek(Token![/]) {
        let next: Attribute = input.parse()?;
        if attributes.iter().any(|one| one.name.to_string() == next.name.to_string()) {
            let error = format!("`{}` is given twice", next.name);
            return Err(Error::new(next.name.span(), error));
        }
        attributes.push(next);
    }
    let is_closed = input.peek(Token![/]);
    if is_closed {
        input.parse::<Token![/]>()?;
    }
    input.parse::<Token![>]>()?;
    Ok((attributes, is_closed))
}

fn close<T>(input: ParseStream<'_>, name: impl FnOnce(ParseStream<'_>) -> Result<T>) -> Result<T> {
    if input.is_empty() {
        return Err(input.error("something is not closed"));
    }
    input.parse::<Token![<]>()?;
    input.parse::<Token![/]>()?;
    let name = name(input)?;
    input.parse::<Token![>]>()?;
    Ok(name)
}

fn same(span: proc_macro2::Span, closing: &str, opened: &str) -> Result<()> {
    if closing == opened {
        return Ok(());
    }
    Err(Error::new(span, format!("`{opened}` was opened, and `{closing}` is closed")))
}
