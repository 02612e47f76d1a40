//! What of a view is known only when it is drawn.

use std::rc::Rc;

use yew::functional::FunctionProvider;
use yew::html::{IntoEventCallback, IntoPropValue, NodeRef};
use yew::virtual_dom::{AttrValue, Key, Listener, VNode};

use super::{Child, mount};

/// One thing that a template wants to know.
pub(super) enum Slot {
    /// For `Part::Node` and `Part::Each`; nothing of an `Option` that is none.
    Node(Option<VNode>),
    /// Of `Part::Each` that was all.
    End,
    /// For `Part::If`.
    Branch(usize),
    /// The value of an attribute, if it is there.
    Attribute(Option<AttrValue>),
    /// Whether an attribute is there.
    Flag(bool),
    /// Where an element is to be known.
    Place(NodeRef),
    /// The key of an element.
    Key(Key),
    /// Who hears of an event, if anybody.
    Listener(Option<Rc<dyn Listener>>),
}

/// All that a view tells its template, one after another. Views call these functions often: none of them may be inlined.
#[derive(Default)]
pub struct Slots(pub(super) Vec<Slot>);

impl Slots {
    /// None so far.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    #[inline(never)]
    fn push(&mut self, slot: Slot) {
        self.0.push(slot);
    }

    /// A node.
    #[inline(never)]
    pub fn node<C: Child>(&mut self, child: C) {
        self.push(Slot::Node(child.into_node()));
    }

    /// A component.
    #[inline(never)]
    pub fn component<C>(&mut self, properties: C::Properties, key: Option<Key>)
    where
        C: FunctionProvider<Properties: 'static> + 'static,
    {
        self.node(mount::node::<C>(properties, key));
    }

    /// There are no more nodes for one part.
    #[inline(never)]
    pub fn end(&mut self) {
        self.push(Slot::End);
    }

    /// Which branch is there.
    #[inline(never)]
    pub fn branch(&mut self, branch: usize) {
        self.push(Slot::Branch(branch));
    }

    /// The value of an attribute.
    #[inline(never)]
    pub fn attribute(&mut self, value: impl IntoPropValue<Option<AttrValue>>) {
        self.push(Slot::Attribute(value.into_prop_value()));
    }

    /// Whether an attribute is there.
    #[inline(never)]
    pub fn flag(&mut self, is_there: bool) {
        self.push(Slot::Flag(is_there));
    }

    /// Where an element is to be known.
    #[inline(never)]
    pub fn place(&mut self, place: impl IntoPropValue<NodeRef>) {
        self.push(Slot::Place(place.into_prop_value()));
    }

    /// The key of an element.
    #[inline(never)]
    pub fn key(&mut self, key: impl Into<Key>) {
        self.push(Slot::Key(key.into()));
    }

    #[inline(never)]
    fn listener(&mut self, listener: Option<Rc<dyn Listener>>) {
        self.push(Slot::Listener(listener));
    }
}

/// A function for each event that a view listens to.
macro_rules! events {
    ($($name:ident),*) => {
        impl Slots {$(
            /// Who hears of the event of this name.
            #[inline(never)]
            pub fn $name(&mut self, callback: impl IntoEventCallback<yew::html::$name::Event>) {
                self.listener(yew::html::$name::Wrapper::__macro_new(callback));
            }
        )*}
    };
}

events!(
    oncancel,
    onchange,
    onclick,
    onclose,
    ondblclick,
    onfocusin,
    onfocusout,
    oninput,
    onkeydown,
    onmouseenter,
    onmouseleave,
    onpointermove,
    onscroll,
    onsubmit,
    ontoggle
);
