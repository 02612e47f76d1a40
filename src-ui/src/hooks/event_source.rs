//! `use_event_source`: any stream of server-sent events in a component.

use std::rc::Rc;
use std::time::Duration;

use yew::prelude::*;

pub use crate::feed::event_source::{Message, StreamError};
use crate::feed::event_source::{Stream, StreamConfig, StreamEvent};
use crate::view::use_effect_with;

/// Data of a named event.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload {
    /// The data is JSON.
    Json(serde_json::Value),
    /// The data is anything else, as it came.
    Raw(String),
}

impl Payload {
    fn read(data: String) -> Self {
        serde_json::from_str(&data).map_or(Self::Raw(data), Self::Json)
    }
}

/// A named event.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedEvent {
    /// Its data.
    pub payload: Payload,
    /// The id last seen on the stream; empty where there was none.
    pub last_event_id: String,
}

/// How [`use_event_source`] connects, and whom it calls. Changed callbacks are used from then on and do
/// not disturb the connection; anything else that changes makes a new one.
#[derive(Clone)]
pub struct EventSourceOptions {
    /// Called when the connection is open.
    pub on_open: Option<Callback<()>>,
    /// Called when the connection could not be made, or broke.
    pub on_error: Option<Callback<StreamError>>,
    /// Called with each message that has no name.
    pub on_message: Option<Callback<Message>>,
    /// Called with each event of that name.
    pub events: Vec<(String, Callback<NamedEvent>)>,
    /// Whether to connect again after an error; it is, unless set otherwise.
    pub reconnect: bool,
    /// How long after it; 3 s unless set otherwise.
    pub reconnect_interval: Duration,
}

impl Default for EventSourceOptions {
    fn default() -> Self {
        Self {
            on_open: None,
            on_error: None,
            on_message: None,
            events: Vec::new(),
            reconnect: true,
            reconnect_interval: Duration::from_secs(3),
        }
    }
}

/// State of the connection, and what can be done about it.
#[derive(Clone, PartialEq)]
pub struct EventSourceHandle {
    /// Whether the connection is open.
    pub is_connected: bool,
    /// Why it is not; null while nothing is wrong.
    pub error: Option<StreamError>,
    disconnect: Callback<()>,
    reconnect: Callback<()>,
}

impl EventSourceHandle {
    /// Closes the connection; no attempt follows by itself.
    pub fn disconnect(&self) {
        self.disconnect.emit(());
    }

    /// Connects anew, at once.
    pub fn reconnect(&self) {
        self.reconnect.emit(());
    }
}

/// Connects to `url` for as long as the component lives.
#[hook]
pub fn use_event_source(url: &str, options: EventSourceOptions) -> EventSourceHandle {
    let is_connected = use_state_eq(|| false);
    let error = use_state_eq(|| None);
    let stream = use_mut_ref(|| None::<Stream>);

    let config = StreamConfig {
        url: url.to_owned(),
        names: options.events.iter().map(|(name, _)| name.clone()).collect(),
        reconnect: options.reconnect,
        reconnect_interval: options.reconnect_interval,
    };
    let current = Rc::new(options);
    let latest = use_mut_ref(|| current.clone());
    latest.replace(current);

    {
        let (is_connected, error) = (is_connected.setter(), error.setter());
        let stream = stream.clone();
        use_effect_with(config, move |config| {
            let (connected, forget) = (is_connected.clone(), error.clone());
            let sink = move |event| {
                match &event {
                    StreamEvent::Open => {
                        connected.set(true);
                        error.set(None);
                    }
                    StreamEvent::Error(why) => {
                        connected.set(false);
                        error.set(Some(*why));
                    }
                    _ => {}
                }
                let options = latest.borrow().clone();
                options.call(event);
            };
            // A connection to an address that is no longer wanted is closed before the new one opens.
            stream.take();
            stream.replace(Some(Stream::open(config.clone(), sink)));
            move || {
                is_connected.set(false);
                // What went wrong at one address says nothing about the next.
                forget.set(None);
                if let Some(stream) = stream.take() {
                    stream.disconnect();
                }
            }
        });
    }

    let disconnect = {
        let (stream, is_connected) = (stream.clone(), is_connected.setter());
        let error = error.setter();
        use_callback((), move |(), ()| {
            if let Some(stream) = &*stream.borrow() {
                stream.disconnect();
            }
            is_connected.set(false);
            error.set(None);
        })
    };
    let connected = is_connected.setter();
    let reconnect = use_callback((), move |(), ()| {
        connected.set(false);
        if let Some(stream) = &*stream.borrow() {
            stream.connect();
        }
    });
    EventSourceHandle { is_connected: *is_connected, error: *error, disconnect, reconnect }
}

impl EventSourceOptions {
    fn call(&self, event: StreamEvent) {
        match event {
            StreamEvent::Open => emit(self.on_open.as_ref(), ()),
            StreamEvent::Error(error) => emit(self.on_error.as_ref(), error),
            StreamEvent::Message(message) => emit(self.on_message.as_ref(), message),
            StreamEvent::Named(name, Message { data, last_event_id }) => {
                let handler = self.events.iter().find(|(of, _)| *of == name);
                let event = NamedEvent { payload: Payload::read(data), last_event_id };
                emit(handler.map(|(_, handler)| handler), event);
            }
        }
    }
}

fn emit<T: 'static>(callback: Option<&Callback<T>>, value: T) {
    if let Some(callback) = callback {
        callback.emit(value);
    }
}
