//! The other tabs of this browser that show the same: a lock that one of them holds, and a channel among them all.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{BroadcastChannel, MessageEvent};

#[wasm_bindgen]
extern "C" {
    // Declared here because web-sys has it among what is unstable. Browsers have it since 2022.
    #[wasm_bindgen(js_namespace = ["navigator", "locks"], js_name = request, catch)]
    fn request(name: &str, options: &Object, granted: &JsValue) -> Result<Promise, JsValue>;
}

/// The tabs that may share a stream: those whose `name` is the same. Left when dropped.
pub(super) struct Group {
    pub(super) name: String,
    channel: BroadcastChannel,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    /// The newest request for the lock, waiting or granted.
    lock: RefCell<Option<Lock>>,
}

impl Group {
    /// Joins; `on_word` gets what others say. None where the browser has no locks, or the page came over a plain connection from
    /// another machine: browsers give it none then.
    pub(super) fn join(name: String, mut on_word: impl FnMut(String) + 'static) -> Option<Self> {
        let navigator = web_sys::window()?.navigator();
        if !Reflect::has(&navigator, &"locks".into()).unwrap_or(false) {
            return None;
        }
        let channel = BroadcastChannel::new(&name).ok()?;
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            if let Some(word) = event.data().as_string() {
                on_word(word);
            }
        });
        channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        Some(Self { name, channel, _on_message: on_message, lock: RefCell::new(None) })
    }

    /// Says a word to all others.
    pub(super) fn post(&self, word: &str) {
        let _ = self.channel.post_message(&word.into());
    }

    /// Asks for the lock in the place of what was asked before, or takes it away from its holder. `on_change` is told when it is
    /// granted, and when another has taken it.
    pub(super) fn request(&self, steals: bool, on_change: impl Fn(bool) + 'static) {
        let lock = Lock::request(&self.name, steals, Rc::new(on_change));
        drop(self.lock.replace(lock));
    }

    /// Gives the lock back, or asks no longer for it.
    pub(super) fn release(&self) {
        drop(self.lock.take());
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.channel.set_onmessage(None);
        self.channel.close();
    }
}

/// A request for a lock of the browser's, and then the lock; given back when dropped.
struct Lock {
    is_wanted: Rc<Cell<bool>>,
    /// Ends the promise for as long as which the browser keeps it.
    release: Function,
}

impl Lock {
    fn request(name: &str, steals: bool, on_change: Rc<dyn Fn(bool)>) -> Option<Self> {
        let mut release = None;
        let held = Promise::new(&mut |done, _| release = Some(done));
        let is_wanted = Rc::new(Cell::new(true));
        let granted = {
            let (is_wanted, on_change) = (is_wanted.clone(), on_change.clone());
            // One that is not wanted any more is granted all the same, and given back at once.
            Closure::once_into_js(move |_: JsValue| -> Promise {
                if is_wanted.get() {
                    on_change(true);
                }
                held
            })
        };
        let options = Object::new();
        let _ = Reflect::set(&options, &"steal".into(), &steals.into());
        let ended = request(name, &options, &granted).ok()?;
        let lock = Self { is_wanted: is_wanted.clone(), release: release? };
        spawn_local(async move {
            if JsFuture::from(ended).await.is_err() && is_wanted.get() {
                on_change(false);
            }
        });
        Some(lock)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.is_wanted.set(false);
        let _ = self.release.call0(&JsValue::NULL);
    }
}
