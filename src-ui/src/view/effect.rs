//! Effects, which are one to Yew as components are: each that it knows is a type with code of its own.

use std::any::Any;
use std::rc::Rc;

use yew::functional::TearDown;
use yew::prelude::hook;

/// What an effect depends on, whatever it is.
trait Dependency: Any {
    fn is(&self, other: &dyn Any) -> bool;
}

impl<D: PartialEq + 'static> Dependency for D {
    fn is(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<Self>().is_some_and(|other| self == other)
    }
}

struct AnyDependency(Rc<dyn Dependency>);

impl PartialEq for AnyDependency {
    fn eq(&self, other: &Self) -> bool {
        self.0.is(&*other.0)
    }
}

type AnyEffect = Box<dyn FnOnce() -> Box<dyn FnOnce()>>;

/// Runs an effect once the component is drawn, and anew when what it depends on is another; as Yew's hook of this name.
#[hook]
pub fn use_effect_with<D, F, T>(dependency: D, effect: F)
where
    D: PartialEq + 'static,
    F: FnOnce(&D) -> T + 'static,
    T: TearDown,
{
    let dependency = Rc::new(dependency);
    let known = dependency.clone();
    use_any_effect(
        AnyDependency(dependency),
        Box::new(move || {
            let end = effect(&known);
            Box::new(move || end.tear_down())
        }),
    );
}

#[hook]
fn use_any_effect(dependency: AnyDependency, effect: AnyEffect) {
    yew::functional::use_effect_with(dependency, move |_| effect());
}
