//! What can stand in braces between elements.

use std::rc::Rc;

use yew::virtual_dom::{AttrValue, VNode, VText};

/// Something that is a node, or nothing.
pub trait Child {
    /// The node.
    fn into_node(self) -> Option<VNode>;
}

impl Child for VNode {
    fn into_node(self) -> Option<VNode> {
        Some(self)
    }
}

impl<C: Child> Child for Option<C> {
    fn into_node(self) -> Option<VNode> {
        self.and_then(C::into_node)
    }
}

impl Child for AttrValue {
    fn into_node(self) -> Option<VNode> {
        Some(VNode::VText(VText::new(self)))
    }
}

impl Child for &AttrValue {
    fn into_node(self) -> Option<VNode> {
        self.clone().into_node()
    }
}

impl Child for Rc<str> {
    fn into_node(self) -> Option<VNode> {
        AttrValue::Rc(self).into_node()
    }
}

impl Child for &str {
    fn into_node(self) -> Option<VNode> {
        Rc::<str>::from(self).into_node()
    }
}

impl Child for &String {
    fn into_node(self) -> Option<VNode> {
        self.as_str().into_node()
    }
}

impl Child for String {
    fn into_node(self) -> Option<VNode> {
        Rc::<str>::from(self).into_node()
    }
}

/// What is shown as it is displayed.
macro_rules! displayed {
    ($($kind:ty),*) => {$(
        impl Child for $kind {
            fn into_node(self) -> Option<VNode> {
                self.to_string().into_node()
            }
        }
    )*};
}

displayed!(usize, u32, u64);
