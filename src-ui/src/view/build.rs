//! Makes Yew's nodes of a template and of what fills it.

use std::rc::Rc;
use std::vec::IntoIter;

use yew::virtual_dom::{
    AttrValue, AttributeOrProperty, Attributes, Listeners, VList, VNode, VTag, VText,
};

use super::slots::{Slot, Slots};
use super::template::{self, Element, Part};

impl Slots {
    /// The view of this template.
    #[inline(never)]
    pub fn build(self, template: &'static str) -> VNode {
        Builder(self.0.into_iter()).one(template::parts(template))
    }
}

struct Builder(IntoIter<Slot>);

impl Builder {
    /// What is there inside something: one node is itself, as in Yew's macro. What it is depends on the template alone, so
    /// that an element is not made anew because another came beside it.
    fn one(&mut self, parts: &'static [Part]) -> VNode {
        let is_one = matches!(parts, [part] if !matches!(part, Part::Each));
        let mut nodes = self.nodes(parts);
        if is_one { nodes.pop().unwrap_or_default() } else { list(nodes) }
    }

    fn nodes(&mut self, parts: &'static [Part]) -> Vec<VNode> {
        let mut nodes = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Part::Text(text) => nodes.push(VText::new(*text).into()),
                Part::Node => {
                    if let Some(Slot::Node(node)) = self.0.next() {
                        nodes.extend(node);
                    }
                }
                Part::Each => {
                    while let Some(Slot::Node(node)) = self.0.next() {
                        nodes.extend(node);
                    }
                }
                Part::If(branches) => {
                    let branch = match self.0.next() {
                        Some(Slot::Branch(branch)) => branches.get(branch).copied(),
                        _ => None,
                    };
                    nodes.push(list(self.nodes(branch.unwrap_or_default())));
                }
                Part::List(parts) => nodes.push(list(self.nodes(parts))),
                Part::Element(element) => nodes.push(self.element(element)),
            }
        }
        nodes
    }

    fn element(&mut self, element: &'static Element) -> VNode {
        let value = if element.value { self.attribute("") } else { None };
        let checked = match element.checked.then(|| self.0.next()) {
            Some(Some(Slot::Flag(is_on))) => Some(is_on),
            _ => None,
        };
        let place = match element.place.then(|| self.0.next()) {
            Some(Some(Slot::Place(place))) => place,
            _ => Default::default(),
        };
        let key = match element.key.then(|| self.0.next()) {
            Some(Some(Slot::Key(key))) => Some(key),
            _ => None,
        };
        let attributes = match element.fixed {
            Some(fixed) => Attributes::Static(fixed),
            None => {
                let known = element.names.iter().zip(element.values);
                let values = known.map(|(name, value)| {
                    let known = value.map(AttrValue::Static);
                    let value = known.or_else(|| self.attribute(name));
                    value.map(AttributeOrProperty::Attribute)
                });
                Attributes::Dynamic { values: values.collect(), keys: element.names }
            }
        };
        let listeners = if element.listeners == 0 {
            Listeners::None
        } else {
            let listeners = self.0.by_ref().take(element.listeners).map(|slot| match slot {
                Slot::Listener(listener) => listener,
                _ => None,
            });
            Listeners::Pending(listeners.collect())
        };
        // What Yew's macro calls: `VTag::new` would make a string of each name, and cannot make an `<input>` of one piece.
        let tag = if element.tag == "input" {
            VTag::__new_input(value, checked, place, key, attributes, listeners)
        } else {
            let children = self.one(element.children);
            let tag = AttrValue::Static(element.tag);
            VTag::__new_other(tag, place, key, attributes, listeners, children)
        };
        VNode::VTag(Rc::new(tag))
    }

    /// The next value of an attribute of this name.
    fn attribute(&mut self, name: &'static str) -> Option<AttrValue> {
        match self.0.next()? {
            Slot::Attribute(value) => value,
            Slot::Flag(is_there) => is_there.then_some(AttrValue::Static(name)),
            _ => None,
        }
    }
}

fn list(nodes: Vec<VNode>) -> VNode {
    VNode::VList(Rc::new(VList::with_children(nodes, None)))
}
