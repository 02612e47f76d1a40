//! `use_event_source` in a real browser, against the server of `runner.mjs`.

#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use gloo_timers::future::TimeoutFuture;
use tidings_ui::hooks::{
    EventSourceHandle, EventSourceOptions, Message, NamedEvent, Payload, StreamError,
    use_event_source,
};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use yew::prelude::*;

wasm_bindgen_test_configure!(run_in_browser);

type Log = Rc<RefCell<Vec<String>>>;
type Seen = Rc<RefCell<Option<EventSourceHandle>>>;

#[derive(Clone, PartialEq, Properties)]
struct ProbeProps {
    url: String,
    reconnect: bool,
    interval_ms: u64,
    /// Stands before each entry, to tell which callbacks were called.
    mark: String,
    log: Log,
    /// Ids the callbacks were given.
    ids: Log,
    seen: Seen,
}

/// Writes down what the hook calls and returns.
#[component]
fn Probe(props: &ProbeProps) -> Html {
    let write = |name: &'static str| {
        let (log, mark) = (props.log.clone(), props.mark.clone());
        move |detail: String| log.borrow_mut().push(format!("{mark}{name}{detail}"))
    };
    let (open, error, message) = (write("open"), write("error"), write("message "));
    let named = |name: &'static str| {
        let write = write(name);
        let ids = props.ids.clone();
        let callback = Callback::from(move |event: NamedEvent| {
            ids.borrow_mut().push(event.last_event_id);
            write(match event.payload {
                Payload::Json(value) => format!(" json {value}"),
                Payload::Raw(text) => format!(" raw {text}"),
            });
        });
        (name.to_owned(), callback)
    };
    let ids = props.ids.clone();
    let handle = use_event_source(
        &props.url,
        EventSourceOptions {
            on_open: Some(Callback::from(move |()| open(String::new()))),
            on_error: Some(Callback::from(move |_: StreamError| error(String::new()))),
            on_message: Some(Callback::from(move |event: Message| {
                ids.borrow_mut().push(event.last_event_id);
                message(event.data);
            })),
            events: vec![named("tick"), named("words")],
            reconnect: props.reconnect,
            reconnect_interval: Duration::from_millis(props.interval_ms),
        },
    );
    let state = if handle.is_connected { "shows connected" } else { "shows unconnected" };
    props.log.borrow_mut().push(state.to_owned());
    props.seen.replace(Some(handle));
    Html::default()
}

/// A mounted [`Probe`].
struct Mounted {
    app: yew::AppHandle<Probe>,
    props: ProbeProps,
    name: &'static str,
}

impl Mounted {
    async fn new(kind: &str, name: &'static str, reconnect: bool, interval_ms: u64) -> Self {
        let props = ProbeProps {
            url: format!("http://sse.test/{kind}?name={name}"),
            reconnect,
            interval_ms,
            mark: String::new(),
            log: Log::default(),
            ids: Log::default(),
            seen: Seen::default(),
        };
        let root = document().create_element("div").unwrap();
        let app = yew::Renderer::<Probe>::with_root_and_props(root, props.clone()).render();
        let probe = Self { app, props, name };
        probe.until("rendered", |probe| probe.props.seen.borrow().is_some()).await;
        probe
    }

    fn count(&self, entry: &str) -> usize {
        self.props.log.borrow().iter().filter(|logged| *logged == entry).count()
    }

    fn handle(&self) -> EventSourceHandle {
        self.props.seen.borrow().clone().unwrap()
    }

    async fn until(&self, what: &str, done: impl Fn(&Self) -> bool) {
        for _ in 0..200 {
            if done(self) {
                return;
            }
            TimeoutFuture::new(20).await;
        }
        panic!("not {what} in time; so far: {:?}", self.props.log.borrow());
    }

    /// Connections made, and connections open, as the server counts them.
    async fn counts(&self) -> (u64, u64) {
        counts(self.name).await
    }
}

fn document() -> web_sys::Document {
    web_sys::window().unwrap().document().unwrap()
}

async fn counts(name: &str) -> (u64, u64) {
    let url = format!("http://sse.test/counts?name={name}");
    let answer = JsFuture::from(web_sys::window().unwrap().fetch_with_str(&url)).await.unwrap();
    let response: web_sys::Response = answer.unchecked_into();
    let text = JsFuture::from(response.text().unwrap()).await.unwrap().as_string().unwrap();
    let counts: serde_json::Value = serde_json::from_str(&text).unwrap();
    (counts["opened"].as_u64().unwrap(), counts["open"].as_u64().unwrap())
}

async fn until_closed(name: &str) {
    for _ in 0..100 {
        if counts(name).await.1 == 0 {
            return;
        }
        TimeoutFuture::new(20).await;
    }
    panic!("{name} is still open");
}

#[wasm_bindgen_test]
async fn an_open_stream_is_connected_and_delivers_its_messages() {
    let probe = Mounted::new("stream", "messages", true, 3_000).await;
    probe.until("connected", |probe| probe.handle().is_connected).await;
    assert_eq!(probe.props.log.borrow()[0], "shows unconnected", "not before it is open");
    probe.until("told", |probe| probe.count("message hello 1") == 1).await;
    assert_eq!(probe.count("open"), 1);
    assert_eq!(probe.handle().error, None);
    probe.app.destroy();
}

#[wasm_bindgen_test]
async fn named_events_come_as_json_and_else_as_text() {
    let probe = Mounted::new("stream", "named", true, 3_000).await;
    probe.until("told", |probe| probe.count("words raw not json") == 1).await;
    assert_eq!(probe.count(r#"tick json {"n":1}"#), 1);
    assert_eq!(*probe.props.ids.borrow(), ["6", "7", "7"], "an id holds until the next");
    let log = probe.props.log.borrow().join("; ");
    assert!(!log.contains("unheard"), "nobody asked for it: {log}");
    drop(log);
    probe.app.destroy();
}

#[wasm_bindgen_test]
async fn a_lost_connection_is_told_and_made_again_after_the_interval() {
    let probe = Mounted::new("ending", "again", true, 400).await;
    probe.until("lost", |probe| probe.count("error") == 1).await;
    probe.until("told of the error", |probe| probe.handle().error == Some(StreamError::Lost)).await;
    assert!(!probe.handle().is_connected);
    TimeoutFuture::new(200).await;
    assert_eq!(probe.counts().await.0, 1, "not before the interval is over");
    probe.until("connected again", |probe| probe.count("message hello 2") == 1).await;
    assert_eq!(probe.count("open"), 2);
    probe.app.destroy();
}

#[wasm_bindgen_test]
async fn a_refused_connection_is_tried_again_as_well() {
    let probe = Mounted::new("refused", "refused", true, 50).await;
    probe.until("refused twice", |probe| probe.count("error") >= 2).await;
    assert_eq!(probe.count("open"), 0);
    probe.app.destroy();
}

#[wasm_bindgen_test]
async fn without_reconnection_an_error_is_the_end() {
    let probe = Mounted::new("ending", "once", false, 10).await;
    probe.until("lost", |probe| probe.count("error") == 1).await;
    TimeoutFuture::new(300).await;
    assert_eq!(probe.counts().await, (1, 0));
    probe.app.destroy();
}

#[wasm_bindgen_test]
async fn disconnect_closes_the_connection_at_the_server() {
    let probe = Mounted::new("stream", "closed", true, 20).await;
    probe.until("connected", |probe| probe.handle().is_connected).await;
    probe.handle().disconnect();
    probe.until("disconnected", |probe| !probe.handle().is_connected).await;
    until_closed("closed").await;
    TimeoutFuture::new(200).await;
    assert_eq!(probe.counts().await, (1, 0), "no attempt follows");
    assert_eq!(probe.count("error"), 0, "a wish is no error");
    probe.app.destroy();
}

#[wasm_bindgen_test]
async fn disconnect_cancels_an_attempt_that_waits() {
    let probe = Mounted::new("ending", "cancelled", true, 150).await;
    probe.until("lost", |probe| probe.count("error") == 1).await;
    probe.until("told of the error", |probe| probe.handle().error.is_some()).await;
    probe.handle().disconnect();
    probe.until("without an error", |probe| probe.handle().error.is_none()).await;
    TimeoutFuture::new(400).await;
    assert_eq!(probe.counts().await.0, 1);
    probe.app.destroy();
}

#[wasm_bindgen_test]
async fn reconnect_opens_a_new_connection_at_once() {
    let probe = Mounted::new("stream", "anew", true, 60_000).await;
    probe.until("connected", |probe| probe.handle().is_connected).await;
    probe.handle().disconnect();
    probe.handle().reconnect();
    probe.until("connected again", |probe| probe.count("message hello 2") == 1).await;
    probe.handle().reconnect();
    probe.until("connected anew", |probe| probe.count("message hello 3") == 1).await;
    TimeoutFuture::new(100).await;
    assert_eq!(probe.counts().await, (3, 1), "the one before was closed");
    probe.app.destroy();
}

#[wasm_bindgen_test]
async fn a_component_that_goes_takes_its_connection_along() {
    let probe = Mounted::new("stream", "gone", true, 20).await;
    probe.until("connected", |probe| probe.handle().is_connected).await;
    probe.app.destroy();
    until_closed("gone").await;
    TimeoutFuture::new(200).await;
    assert_eq!(counts("gone").await, (1, 0));
}

#[wasm_bindgen_test]
async fn a_component_that_goes_cancels_an_attempt_that_waits() {
    let probe = Mounted::new("ending", "gone-waiting", true, 150).await;
    probe.until("lost", |probe| probe.count("error") == 1).await;
    probe.app.destroy();
    TimeoutFuture::new(400).await;
    assert_eq!(counts("gone-waiting").await.0, 1);
}

#[wasm_bindgen_test]
async fn changed_callbacks_are_used_without_a_new_connection() {
    let mut probe = Mounted::new("ending", "callbacks", true, 200).await;
    probe.until("told", |probe| probe.count("message hello 1") == 1).await;
    let props = ProbeProps { mark: "new ".to_owned(), ..probe.props.clone() };
    probe.app.update(props);
    TimeoutFuture::new(20).await;
    assert_eq!(probe.counts().await.0, 1);
    probe.until("told anew", |probe| probe.count("new message hello 2") == 1).await;
    probe.app.destroy();
}

#[wasm_bindgen_test]
async fn another_address_is_another_connection() {
    let mut probe = Mounted::new("stream", "first", true, 3_000).await;
    probe.until("connected", |probe| probe.handle().is_connected).await;
    let url = "http://sse.test/stream?name=second".to_owned();
    probe.app.update(ProbeProps { url, ..probe.props.clone() });
    probe.until("connected there", |probe| probe.count("message hello 1") == 2).await;
    until_closed("first").await;
    assert_eq!(counts("second").await, (1, 1));
    probe.app.destroy();
}

#[wasm_bindgen_test]
async fn another_address_begins_without_the_error_of_the_one_before() {
    let mut probe = Mounted::new("refused", "wrong", false, 3_000).await;
    probe.until("told of the error", |probe| probe.handle().error.is_some()).await;
    let url = "http://sse.test/stream?name=right".to_owned();
    probe.app.update(ProbeProps { url, ..probe.props.clone() });
    probe.until("without an error", |probe| probe.handle().error.is_none()).await;
    probe.app.destroy();
}

#[wasm_bindgen_test]
fn the_interval_is_three_seconds_unless_set_otherwise() {
    let options = EventSourceOptions::default();
    assert!(options.reconnect);
    assert_eq!(options.reconnect_interval, Duration::from_secs(3));
}
