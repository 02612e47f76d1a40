//! The servers that the desktop knows: beside the panels where there is room, and in a dialog.
//!
//! - [`row`]: one of them; [`form`]: it is added or changed; [`words`]: what a trial found.

mod form;
mod row;
mod words;

use yew::prelude::*;

use crate::components::{Button, Modal, Symbol, form_button, remark};
use crate::hooks::{choose_server, is_behind_dialog, remove_server, use_keys, use_servers};
use crate::state::servers::{Server, Servers as All};
use crate::text::{fill, text};
use crate::view::{edition, html, use_effect_with};
use form::Form;
use row::list;

/// What the dialog shows.
#[derive(Clone, PartialEq)]
enum View {
    /// All servers.
    List,
    /// One that is added, or changed.
    Form(Option<Server>),
    /// One that is to be removed.
    Removal(Server),
}

/// Properties of [`Servers`].
#[derive(Properties, PartialEq)]
pub struct ServersProps {
    /// Whether somebody wants to see them all in the dialog.
    pub open: bool,
    /// Called when that is over.
    pub on_close: Callback<()>,
    /// Called with how many notifications are unread on servers that the page does not show; empty where there are none.
    pub on_unread: Callback<String>,
}

/// The servers; nothing in a browser, and where the desktop watches the one that its environment names.
#[component]
pub fn Servers(props: &ServersProps) -> Html {
    let view = use_state_eq(|| None::<View>);
    let why = use_state_eq(|| None::<String>);
    let on_left = {
        let (view, why) = (view.setter(), why.setter());
        Callback::from(move |left: String| {
            why.set(Some(fill(text().servers.left, &[&left])));
            // It is seen, however narrow the window is.
            view.set(Some(View::List));
        })
    };
    let (servers, news) = use_servers(&props.on_unread, on_left);
    {
        // It goes with its language.
        let why = why.setter();
        use_effect_with(edition(), move |_| why.set(None));
    }
    let failed = {
        let why = why.setter();
        Callback::from(move |error: String| why.set(Some(error)))
    };
    let on_choose = {
        let (chosen, failed) = (servers.as_ref().map(|it| it.chosen.clone()), failed.clone());
        let (view, on_close) = (view.setter(), props.on_close.clone());
        Callback::from(move |id: String| {
            if chosen.as_ref() == Some(&id) {
                view.set(None);
                on_close.emit(());
            } else {
                choose_server(id, failed.clone());
            }
        })
    };
    {
        let (servers, on_choose) = (servers.clone(), on_choose.clone());
        use_keys(move |key| {
            let at = key.strip_prefix("Alt+").and_then(|digit| digit.parse::<usize>().ok());
            let server = servers.as_ref().zip(at).and_then(|(servers, at)| servers.all.get(at - 1));
            let server = server.filter(|_| !is_behind_dialog());
            server.inspect(|server| on_choose.emit(server.id.clone())).is_some()
        });
    }
    let Some(servers) = servers else { return Html::default() };
    let turn = |next: Option<View>| {
        let (view, why) = (view.setter(), why.setter());
        Callback::from(move |()| {
            why.set(None);
            view.set(next.clone());
        })
    };
    let on_change = {
        let (view, servers) = (view.setter(), servers.clone());
        Callback::from(move |id: String| {
            let server = servers.all.iter().find(|server| server.id == id);
            view.set(Some(View::Form(server.cloned())));
        })
    };
    let close = {
        let (view, why, on_close) = (view.setter(), why.setter(), props.on_close.clone());
        Callback::from(move |()| {
            why.set(None);
            view.set(None);
            on_close.emit(());
        })
    };
    let add = |testid: &'static str| {
        html! {
            <Button symbol={Symbol::Plus} label={text().servers.add} {testid} onclick={turn(Some(View::Form(None)))} />
        }
    };
    let is_alone = servers.all.len() < 2;
    let words = &text().servers;
    let shown = (*view).clone().or_else(|| props.open.then_some(View::List));
    let trouble = why
        .as_ref()
        .map(|why| remark(Some("error"), Symbol::Alert, "servers-problem", why.clone().into()));
    html! {
        <>
            <nav class="servers" aria-label={words.title} data-alone={is_alone.then_some("true")}>
                if !is_alone {
                    <h2 class="servers-title">{ words.title }</h2>
                    { list(&servers, &on_choose, &on_change) }
                    { add("server-add") }
                    if shown.is_none() {
                        { trouble.clone() }
                    }
                }
            </nav>
            <p class="unseen" role="status">{ news }</p>
            { match shown {
                None => Html::default(),
                Some(View::List) => html! {
                    <Modal title={words.title} testid="servers-dialog" on_leave={close.clone()} on_close={close}>
                        { list(&servers, &on_choose, &on_change) }
                        if is_alone {
                            <p class="field-hint" data-testid="servers-alone">
                                { words.alone }
                            </p>
                        }
                        if servers.all.iter().any(|server| server.is_in_file) {
                            <p class="field-hint">{ words.in_file }</p>
                        }
                        { trouble }
                        <div class="form-acts">{ add("server-add-here") }</div>
                    </Modal>
                },
                Some(View::Form(server)) => html! {
                    <Modal title={if server.is_some() { words.change_title } else { words.add }} wide={true} key="form"
                        testid="server-dialog" on_leave={close.clone()} on_close={close.clone()}>
                        <Form is_shown={server.as_ref().is_some_and(|it| it.id == servers.chosen)} on_close={close}
                            on_remove={turn(server.clone().map(View::Removal))} {server} />
                    </Modal>
                },
                Some(View::Removal(server)) => removal(&servers, &server, trouble, &failed, &close),
            } }
        </>
    }
}

/// The question whether a server is to go. What keeps it has the focus.
fn removal(
    servers: &All,
    server: &Server,
    trouble: Option<Html>,
    failed: &Callback<String>,
    close: &Callback<()>,
) -> Html {
    let is_shown = servers.chosen == server.id;
    let remove = {
        let (id, failed, close) = (server.id.clone(), failed.clone(), close.clone());
        Callback::from(move |_: MouseEvent| {
            let (failed, close) = (failed.clone(), close.clone());
            let done = Callback::from(move |error: Option<String>| match error {
                Some(error) => failed.emit(error),
                None => close.emit(()),
            });
            remove_server(id.clone(), is_shown, done);
        })
    };
    let words = &text().servers;
    html! {
        <Modal title={words.remove_title} testid="server-removal" key="removal" on_leave={close.clone()} on_close={close.clone()}>
            <p class="removal-name">{ &server.name }</p>
            <p class="removal-text">
                { words.remove_text }
            </p>
            { trouble }
            <div class="form-acts">
                { form_button("plain", "button", "server-keep", words.keep, close.reform(|_: MouseEvent| ())) }
                { form_button("danger", "button", "server-remove-really", words.remove, remove) }
            </div>
        </Modal>
    }
}
