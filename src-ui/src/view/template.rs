//! What of a view never changes.
//!
//! The macro writes it as a text much like HTML, which compresses best, with a sign where something is to be filled in. It is
//! read once, before the view is drawn for the first time.

use std::cell::RefCell;

use yew::virtual_dom::AttributeOrProperty;

/// A node, from a slot.
const NODE: u8 = 1;
/// Any number of nodes, from slots.
const EACH: u8 = 2;
/// Behind it are branches.
const IF: u8 = 3;
/// Behind it is the next branch.
const ELSE: u8 = 4;
/// Behind it is what is in a fragment.
const LIST: u8 = 5;
/// Here an element, a fragment or the last branch ends.
const END: u8 = 6;

/// A piece of a view. Whatever is not known while it is compiled comes from the [`Slots`](super::Slots), in this order.
pub(super) enum Part {
    /// A text that is always the same.
    Text(&'static str),
    /// Any node, from a slot.
    Node,
    /// Any number of nodes, from slots up to the end that they say.
    Each,
    /// The branch that a slot says.
    If(Parts<&'static [Self]>),
    /// A fragment.
    List(Parts<Self>),
    /// An element.
    Element(Element),
}

/// What is kept for as long as the page is there: as much as there are views.
type Parts<T> = &'static [T];

/// An element. What it has of the first four comes from slots, then what is missing in its attributes, then listeners, then
/// whatever its children need.
#[derive(Default)]
pub(super) struct Element {
    /// Its name.
    pub(super) tag: &'static str,
    /// Whether its `value` is a property, which follows what is shown and not only what was written.
    pub(super) value: bool,
    /// Whether it has a `checked`, likewise.
    pub(super) checked: bool,
    /// Whether somebody wants to know where it is.
    pub(super) place: bool,
    /// Whether it has a key.
    pub(super) key: bool,
    /// The names of its attributes.
    pub(super) names: Parts<&'static str>,
    /// Their values, where they are known.
    pub(super) values: Parts<Option<&'static str>>,
    /// All of them where all are known. Yew compares these by their address.
    pub(super) fixed: Option<Parts<(&'static str, AttributeOrProperty)>>,
    /// How many listeners it has.
    pub(super) listeners: usize,
    /// What is inside.
    pub(super) children: Parts<Part>,
}

/// Where a text is, and how long.
type Place = (usize, usize);

thread_local! {
    /// Those that were read, in the order of their places.
    static KNOWN: RefCell<Vec<(Place, Parts<Part>)>> = const { RefCell::new(Vec::new()) };
}

/// What a text means.
pub(super) fn parts(text: &'static str) -> Parts<Part> {
    KNOWN.with_borrow_mut(|known| {
        let place = (text.as_ptr() as usize, text.len());
        match known.binary_search_by_key(&place, |(place, _)| *place) {
            Ok(at) => known[at].1,
            Err(at) => {
                let parts = Reader(text).parts();
                known.insert(at, (place, parts));
                parts
            }
        }
    })
}

/// What is still to be read.
struct Reader(&'static str);

impl Reader {
    /// Up to an end, or to the next branch.
    fn parts(&mut self) -> Parts<Part> {
        let mut parts = Vec::new();
        while let Some(&sign) = self.0.as_bytes().first() {
            if sign == END || sign == ELSE {
                break;
            }
            parts.push(match sign {
                b'<' => Part::Element(self.element()),
                NODE => self.next(Part::Node),
                EACH => self.next(Part::Each),
                IF => {
                    self.skip();
                    Part::If(self.branches())
                }
                LIST => {
                    self.skip();
                    let parts = self.parts();
                    self.next(Part::List(parts))
                }
                _ => Part::Text(self.until(|sign| sign < ' ' || sign == '<')),
            });
        }
        parts.leak()
    }

    /// A part behind whose sign it goes on.
    fn next(&mut self, part: Part) -> Part {
        self.skip();
        part
    }

    fn branches(&mut self) -> Parts<Parts<Part>> {
        let mut branches = Vec::new();
        loop {
            branches.push(self.parts());
            let sign = self.0.as_bytes().first();
            let is_last = sign != Some(&ELSE);
            self.skip();
            if is_last {
                return branches.leak();
            }
        }
    }

    fn element(&mut self) -> Element {
        self.skip();
        let mut element = Element { tag: self.name(), ..Element::default() };
        let (mut names, mut values) = (Vec::new(), Vec::new());
        while self.0.starts_with(' ') {
            self.skip();
            match self.name() {
                "@value" => element.value = true,
                "@checked" => element.checked = true,
                "@ref" => element.place = true,
                "@key" => element.key = true,
                "@on" => element.listeners += 1,
                name => {
                    names.push(name);
                    values.push(self.0.starts_with('=').then(|| {
                        self.skip();
                        self.skip();
                        let value = self.until(|sign| sign == '"');
                        self.skip();
                        value
                    }));
                }
            }
        }
        self.skip();
        let fixed = names.iter().zip(&values);
        let fixed =
            fixed.map(|(name, value)| Some((*name, AttributeOrProperty::Static((*value)?))));
        element.fixed = fixed.collect::<Option<Vec<_>>>().map(|fixed| &*fixed.leak());
        element.names = names.leak();
        element.values = values.leak();
        element.children = self.parts();
        self.skip();
        element
    }

    fn name(&mut self) -> &'static str {
        self.until(|sign| matches!(sign, ' ' | '=' | '>'))
    }

    fn until(&mut self, is_end: impl Fn(char) -> bool) -> &'static str {
        let at = self.0.find(is_end).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(at);
        self.0 = rest;
        taken
    }

    /// Passes over one sign, which is of one byte.
    fn skip(&mut self) {
        self.0 = self.0.get(1..).unwrap_or_default();
    }
}
