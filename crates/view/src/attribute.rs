//! What a tag is given: `name="value"`, `name={value}`, `{name}`.

use std::fmt;

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Block, Error, Expr, ExprBlock, ExprLit, Ident, Lit, LitStr, Result, Stmt, Token, token};

/// An attribute or a property.
pub(crate) struct Attribute {
    /// How it is called.
    pub(crate) name: Name,
    /// What it is.
    pub(crate) value: Expr,
}

/// The name of an attribute or an element, which may have dashes.
pub(crate) struct Name {
    first: Ident,
    rest: String,
}

/// Attributes that are there or not.
const FLAGS: &[&str] = &[
    "allowfullscreen",
    "async",
    "autofocus",
    "autoplay",
    "controls",
    "default",
    "defer",
    "disabled",
    "formnovalidate",
    "hidden",
    "ismap",
    "itemscope",
    "loop",
    "multiple",
    "muted",
    "nomodule",
    "novalidate",
    "open",
    "playsinline",
    "readonly",
    "required",
    "reversed",
    "selected",
];

impl Attribute {
    /// Whether it is there or not.
    pub(crate) fn is_flag(&self) -> bool {
        FLAGS.iter().any(|flag| self.name.is(flag))
    }

    /// Its value, where that is written down.
    pub(crate) fn literal(&self) -> Result<Option<LitStr>> {
        match &self.value {
            Expr::Lit(ExprLit { lit, .. }) => text_of(lit).map(Some),
            _ => Ok(None),
        }
    }

    /// Its value, where that is `true` or `false`.
    pub(crate) fn is_on(&self) -> Option<bool> {
        match &self.value {
            Expr::Lit(ExprLit { lit: Lit::Bool(on), .. }) => Some(on.value),
            _ => None,
        }
    }
}

impl Name {
    /// Whether it is that one.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.to_string() == name
    }

    /// Where it is written.
    pub(crate) fn span(&self) -> Span {
        self.first.span()
    }

    /// As one of Rust.
    pub(crate) fn ident(&self) -> Result<&Ident> {
        if self.rest.is_empty() {
            Ok(&self.first)
        } else {
            Err(Error::new(self.span(), format!("`{self}` is no name of Rust")))
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{}", self.first.unraw(), self.rest)
    }
}

impl Parse for Name {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let first = Ident::parse_any(input)?;
        let mut rest = String::new();
        while input.peek(Token![-]) {
            input.parse::<Token![-]>()?;
            rest.push('-');
            rest.push_str(&Ident::parse_any(input)?.to_string());
        }
        Ok(Self { first, rest })
    }
}

impl Parse for Attribute {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(token::Brace) {
            let value = in_braces(input)?;
            let Expr::Path(path) = &value else {
                return Err(Error::new_spanned(value, "only a name can stand for itself"));
            };
            let first = path.path.require_ident()?.clone();
            return Ok(Self { name: Name { first, rest: String::new() }, value });
        }
        if input.peek(Token![~]) {
            return Err(input.error("properties of an element cannot be set"));
        }
        if input.peek(Token![..]) {
            return Err(input.error("properties are given one by one"));
        }
        let name: Name = input.parse()?;
        if !input.peek(Token![=]) {
            return Err(Error::new(name.span(), format!("`{name}` has no value: `{name}=true`?")));
        }
        input.parse::<Token![=]>()?;
        let value = if input.peek(token::Brace) {
            in_braces(input)?
        } else {
            let written = input.parse::<Lit>();
            let lit = written.map_err(|error| {
                Error::new(error.span(), "expected a literal, or an expression in braces")
            })?;
            Expr::Lit(ExprLit { attrs: Vec::new(), lit })
        };
        Ok(Self { name, value })
    }
}

/// What is in braces: one expression, or a block with statements.
fn in_braces(input: ParseStream<'_>) -> Result<Expr> {
    let block: Block = input.parse()?;
    Ok(match &*block.stmts {
        [Stmt::Expr(expr, None)] => expr.clone(),
        _ => Expr::Block(ExprBlock { attrs: Vec::new(), label: None, block }),
    })
}

/// A literal as it is shown.
pub(crate) fn text_of(literal: &Lit) -> Result<LitStr> {
    let text = match literal {
        Lit::Str(text) => return Ok(text.clone()),
        Lit::Char(char) => char.value().to_string(),
        Lit::Int(int) => int.base10_digits().to_owned(),
        Lit::Float(float) => float.base10_digits().to_owned(),
        Lit::Bool(on) => on.value.to_string(),
        _ => return Err(Error::new_spanned(literal, "this literal is no text")),
    };
    Ok(LitStr::new(&text, literal.span()))
}
