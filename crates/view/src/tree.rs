//! What stands in a view.

use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, Ident, Lit, LitStr, Result, Token, braced, token};

use crate::attribute::text_of;
use crate::tag::{Component, Element, close_fragment};

/// All of a view.
pub(crate) struct View(pub(crate) Vec<Node>);

/// A part of a view.
pub(crate) enum Node {
    /// `{ "text" }`
    Text(LitStr),
    /// `{ expression }`
    Value(Expr),
    /// `{ for iterator }`
    Each(Expr),
    /// `if … { … } else { … }`
    If(If),
    /// `<> … </>`
    Fragment(Vec<Node>),
    /// `<p> … </p>`
    Element(Element),
    /// `<Button />`
    Component(Component),
}

/// What is there under a condition.
pub(crate) struct If {
    /// With `let`, too.
    pub(crate) condition: Expr,
    /// What is there then.
    pub(crate) then: Vec<Node>,
    /// What is there else.
    pub(crate) otherwise: Otherwise,
}

/// The other way of an [`If`].
pub(crate) enum Otherwise {
    /// `else if`
    If(Box<If>),
    /// What is there; nothing where no `else` is written.
    Nodes(Vec<Node>),
}

impl Parse for View {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let is_tree = input.peek(Token![<]) || input.peek(Token![if]) || input.peek(token::Brace);
        let root = if is_tree { input.parse()? } else { value(input)? };
        if !input.is_empty() {
            return Err(input.error("a view is one node: several go into a fragment, `<> … </>`"));
        }
        Ok(Self(vec![root]))
    }
}

impl Parse for Node {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(token::Brace) {
            let content;
            braced!(content in input);
            let node = if content.peek(Token![for]) {
                content.parse::<Token![for]>()?;
                Self::Each(content.parse()?)
            } else {
                value(&content)?
            };
            return if content.is_empty() { Ok(node) } else { Err(content.error("expected `}`")) };
        }
        if input.peek(Token![if]) {
            return input.parse().map(Self::If);
        }
        if input.peek(Token![for]) {
            return Err(input.error("a loop is written as `{ for iterator }`"));
        }
        if !input.peek(Token![<]) {
            return Err(input.error("expected an element, or an expression in braces"));
        }
        if input.peek2(Token![>]) {
            input.parse::<Token![<]>()?;
            input.parse::<Token![>]>()?;
            let children = nodes(input)?;
            close_fragment(input)?;
            return Ok(Self::Fragment(children));
        }
        if input.peek2(Token![/]) {
            return Err(input.error("this closes nothing"));
        }
        if input.peek2(Token![@]) {
            return Err(input.error("the name of an element cannot be an expression"));
        }
        let ahead = input.fork();
        ahead.parse::<Token![<]>()?;
        let name = Ident::parse_any(&ahead)?;
        if name.to_string().starts_with(char::is_uppercase) || ahead.peek(Token![::]) {
            return input.parse().map(Self::Component);
        }
        input.parse().map(Self::Element)
    }
}

impl Parse for If {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        input.parse::<Token![if]>()?;
        let condition = Expr::parse_without_eager_brace(input)?;
        let then = branch(input)?;
        let otherwise = if !input.peek(Token![else]) {
            Otherwise::Nodes(Vec::new())
        } else {
            input.parse::<Token![else]>()?;
            if input.peek(Token![if]) {
                Otherwise::If(input.parse()?)
            } else {
                Otherwise::Nodes(branch(input)?)
            }
        };
        Ok(Self { condition, then, otherwise })
    }
}

/// All nodes up to the closing tag, or to the end.
pub(crate) fn nodes(input: ParseStream<'_>) -> Result<Vec<Node>> {
    let mut nodes = Vec::new();
    let is_closing = || input.peek(Token![<]) && input.peek2(Token![/]);
    while !input.is_empty() && !is_closing() {
        nodes.push(input.parse()?);
    }
    Ok(nodes)
}

fn branch(input: ParseStream<'_>) -> Result<Vec<Node>> {
    let content;
    braced!(content in input);
    let nodes = nodes(&content)?;
    if content.is_empty() { Ok(nodes) } else { Err(content.error("this closes nothing")) }
}

fn value(input: ParseStream<'_>) -> Result<Node> {
    let expr: Expr = input.parse()?;
    Ok(match &expr {
        Expr::Lit(literal) if !matches!(literal.lit, Lit::ByteStr(_) | Lit::CStr(_)) => {
            Node::Text(text_of(&literal.lit)?)
        }
        _ => Node::Value(expr),
    })
}
