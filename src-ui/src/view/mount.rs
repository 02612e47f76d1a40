//! Components. To Yew all are one, [`Mounted`], which asks the component itself what it shows: Yew has a kilobyte and more of
//! code for each that it knows.

use std::any::Any;
use std::cell::Cell;
use std::rc::Rc;

use yew::functional::{FunctionProvider, Hook, HookContext};
use yew::prelude::*;
use yew::virtual_dom::{Key, VChild, VList, VNode};

/// A component with its properties, whichever it is.
trait Body: Any {
    fn view(&self, context: &mut HookContext) -> Html;
    fn is(&self, other: &dyn Any) -> bool;
}

struct Known<C: FunctionProvider>(C::Properties);

impl<C: FunctionProvider<Properties: 'static> + 'static> Body for Known<C> {
    fn view(&self, context: &mut HookContext) -> Html {
        // Nothing here is ever suspended.
        C::run(context, &self.0).unwrap_or_default()
    }

    fn is(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<Self>().is_some_and(|other| self.0 == other.0)
    }
}

#[derive(Clone)]
struct AnyBody(Rc<dyn Body>);

impl PartialEq for AnyBody {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0) || self.0.is(&*other.0)
    }
}

thread_local! {
    static EDITION: Cell<u32> = const { Cell::new(0) };
}

/// Has each component drawn anew that is drawn by another from now on, though its properties are the same: what all of them read
/// besides is another. None is made anew, so that whatever a person left in it stays.
pub fn renew() {
    EDITION.set(EDITION.get() + 1);
}

/// How often that was so. What is kept of views goes by it.
#[must_use]
pub fn edition() -> u32 {
    EDITION.get()
}

#[derive(Properties, PartialEq)]
struct MountedProps {
    body: AnyBody,
    edition: u32,
}

#[component]
fn Mounted(props: &MountedProps) -> Html {
    use_body(&props.body)
}

/// What the component shows; its hooks are those of [`Mounted`].
fn use_body(body: &AnyBody) -> impl Hook<Output = Html> {
    Shown(body.clone())
}

struct Shown(AnyBody);

impl Hook for Shown {
    type Output = Html;

    fn run(self, context: &mut HookContext) -> Html {
        self.0.0.view(context)
    }
}

/// The node of a component. Its key has the name of its type: another component in its place is another node, with hooks of its
/// own.
pub(super) fn node<C>(properties: C::Properties, key: Option<Key>) -> VNode
where
    C: FunctionProvider<Properties: 'static> + 'static,
{
    mounted(Rc::new(Known::<C>(properties)), std::any::type_name::<C>(), key)
}

fn mounted(body: Rc<dyn Body>, name: &str, key: Option<Key>) -> VNode {
    let own = key.as_ref().map_or_else(|| name.into(), |key| Key::from([name, key].join(" ")));
    let component =
        VChild::<Mounted>::new(MountedProps { body: AnyBody(body), edition: edition() }, Some(own))
            .into();
    // A component without a key has to look like one to its siblings.
    if key.is_some() { component } else { VNode::VList(Rc::new(VList::from(component))) }
}
