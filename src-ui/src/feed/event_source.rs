//! `EventSource`: one connection (`Source`), and one that comes back by itself ([`Stream`]).

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use gloo_timers::callback::Timeout;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, EventSource, MessageEvent};

type OnMessage = Closure<dyn FnMut(MessageEvent)>;

/// Called with each message of one name.
pub(super) type OnNamed = Box<dyn FnMut(Message)>;

/// One connection; closed when dropped, after which none of its callbacks is called.
pub(super) struct Source {
    source: EventSource,
    named: Vec<(String, OnMessage)>,
    _on_open: Closure<dyn FnMut()>,
    _on_error: Closure<dyn FnMut()>,
    _on_message: OnMessage,
}

/// What a [`Source`] calls.
pub(super) struct Handlers {
    pub(super) on_open: Box<dyn FnMut()>,
    pub(super) on_error: Box<dyn FnMut()>,
    pub(super) on_message: Box<dyn FnMut(Message)>,
    pub(super) named: Vec<(String, OnNamed)>,
}

/// A message as the browser hands it over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its data.
    pub data: String,
    /// The id last seen on the stream; empty where there was none.
    pub last_event_id: String,
}

impl Source {
    /// Opens `url`; fails only where it is no URL.
    pub(super) fn open(url: &str, mut handlers: Handlers) -> Result<Self, StreamError> {
        let source = EventSource::new(url).map_err(|_| StreamError::NotAUrl)?;
        let on_open = Closure::new(handlers.on_open);
        let on_error = Closure::new(handlers.on_error);
        let on_message = Closure::new(move |event| (handlers.on_message)(message(&event)));
        source.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        source.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        source.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        let mut named = Vec::new();
        for (name, mut handler) in handlers.named {
            let listener: OnMessage = Closure::new(move |event: MessageEvent| {
                // The browser's own `error` and `open` go by the same names and carry no data.
                if event.is_instance_of::<MessageEvent>() {
                    handler(message(&event));
                }
            });
            let function = listener.as_ref().unchecked_ref();
            let _ = source.add_event_listener_with_callback(&name, function);
            named.push((name, listener));
        }
        Ok(Self { source, named, _on_open: on_open, _on_error: on_error, _on_message: on_message })
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.source.set_onopen(None);
        self.source.set_onerror(None);
        self.source.set_onmessage(None);
        for (name, listener) in &self.named {
            let function = listener.as_ref().unchecked_ref();
            let _ = self.source.remove_event_listener_with_callback(name, function);
        }
        self.source.close();
    }
}

fn message(event: &MessageEvent) -> Message {
    Message {
        data: event.data().as_string().unwrap_or_default(),
        last_event_id: event.last_event_id(),
    }
}

/// Why a stream is not connected. A browser tells no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamError {
    /// The connection could not be made, or broke.
    Lost,
    /// The address is no URL.
    NotAUrl,
}

impl std::fmt::Display for StreamError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Lost => "the connection could not be made, or broke",
            Self::NotAUrl => "the address is no URL",
        })
    }
}

/// What a [`Stream`] tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamEvent {
    /// The connection is open.
    Open,
    /// The connection is lost; another attempt may follow.
    Error(StreamError),
    /// A message without a name.
    Message(Message),
    /// A message of one of the names asked for.
    Named(String, Message),
}

/// How a [`Stream`] connects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamConfig {
    /// Address.
    pub url: String,
    /// Names of events to listen to.
    pub names: Vec<String>,
    /// Whether to connect again after an error.
    pub reconnect: bool,
    /// How long after it.
    pub reconnect_interval: Duration,
}

/// A connection that is made again after an error, until disconnected or dropped.
#[derive(Clone)]
pub struct Stream(Rc<Inner>);

struct Inner {
    config: StreamConfig,
    sink: Box<dyn Fn(StreamEvent)>,
    source: RefCell<Option<Source>>,
    timer: RefCell<Option<Timeout>>,
    /// Guards against an error that is told twice.
    failed: Cell<bool>,
}

impl Stream {
    /// Connects at once.
    #[must_use]
    pub fn open(config: StreamConfig, sink: impl Fn(StreamEvent) + 'static) -> Self {
        let stream = Self(Rc::new(Inner {
            config,
            sink: Box::new(sink),
            source: RefCell::new(None),
            timer: RefCell::new(None),
            failed: Cell::new(false),
        }));
        stream.connect();
        stream
    }

    /// Closes what is open, forgets a waiting attempt, and connects.
    pub fn connect(&self) {
        self.disconnect();
        self.0.failed.set(false);
        let tell = |make: fn(Message) -> StreamEvent| -> Box<dyn FnMut(Message)> {
            let inner = Rc::downgrade(&self.0);
            Box::new(move |message| Inner::tell(&inner, make(message)))
        };
        let (open, error) = (Rc::downgrade(&self.0), Rc::downgrade(&self.0));
        let named = self.0.config.names.iter().map(|name| {
            let (inner, name_of) = (Rc::downgrade(&self.0), name.clone());
            let handler: Box<dyn FnMut(Message)> = Box::new(move |message| {
                Inner::tell(&inner, StreamEvent::Named(name_of.clone(), message));
            });
            (name.clone(), handler)
        });
        let handlers = Handlers {
            on_open: Box::new(move || Inner::tell(&open, StreamEvent::Open)),
            on_error: Box::new(move || {
                if let Some(inner) = error.upgrade() {
                    Self(inner).fail(StreamError::Lost);
                }
            }),
            on_message: tell(StreamEvent::Message),
            named: named.collect(),
        };
        match Source::open(&self.0.config.url, handlers) {
            Ok(source) => *self.0.source.borrow_mut() = Some(source),
            Err(error) => (self.0.sink)(StreamEvent::Error(error)),
        }
    }

    /// Closes what is open and forgets a waiting attempt.
    pub fn disconnect(&self) {
        // Dropping a timer cancels it: no attempt follows a disconnect.
        drop(self.0.timer.take());
        drop(self.0.source.take());
    }

    fn fail(&self, error: StreamError) {
        if self.0.failed.replace(true) {
            return;
        }
        // Left to itself the browser tries again at its own pace, and only after some errors.
        drop(self.0.source.take());
        if self.0.config.reconnect {
            let inner = Rc::downgrade(&self.0);
            let ms =
                u32::try_from(self.0.config.reconnect_interval.as_millis()).unwrap_or(u32::MAX);
            let again = move || {
                if let Some(inner) = inner.upgrade() {
                    drop(inner.timer.take());
                    Self(inner).connect();
                }
            };
            *self.0.timer.borrow_mut() = Some(Timeout::new(ms, again));
        }
        (self.0.sink)(StreamEvent::Error(error));
    }
}

impl Inner {
    fn tell(inner: &Weak<Self>, event: StreamEvent) {
        if let Some(inner) = inner.upgrade() {
            (inner.sink)(event);
        }
    }
}

/// Calls `handler` at each `name` event of `target`, until dropped.
pub(super) struct Listener {
    target: web_sys::EventTarget,
    name: &'static str,
    closure: Closure<dyn FnMut(Event)>,
}

impl Listener {
    pub(super) fn new(
        target: &web_sys::EventTarget,
        name: &'static str,
        mut handler: impl FnMut() + 'static,
    ) -> Self {
        let closure = Closure::new(move |_: Event| handler());
        let function = closure.as_ref().unchecked_ref();
        let _ = target.add_event_listener_with_callback(name, function);
        Self { target: target.clone(), name, closure }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let function = self.closure.as_ref().unchecked_ref();
        let _ = self.target.remove_event_listener_with_callback(self.name, function);
    }
}
