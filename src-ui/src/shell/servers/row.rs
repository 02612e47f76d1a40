//! A server of the list.

use yew::prelude::*;

use crate::components::{Button, Look, Symbol, freshness_icon, icon};
use crate::state::freshness::Freshness;
use crate::state::servers::{Server, Servers};
use crate::text::{fill, text};
use crate::view::html;

/// The list: what each is called, how it stands, what is unread, and how busy it is.
pub(super) fn list(
    servers: &Servers,
    on_choose: &Callback<String>,
    on_change: &Callback<String>,
) -> Html {
    html! {
        <ul class="server-list">
            { for servers.all.iter().enumerate().map(|(at, server)| {
                row(server, at, server.id == servers.chosen, on_choose, on_change)
            }) }
        </ul>
    }
}

fn row(
    server: &Server,
    at: usize,
    is_shown: bool,
    on_choose: &Callback<String>,
    on_change: &Callback<String>,
) -> Html {
    let words = &text().servers;
    let load = server.load();
    let is_live = server.state == Some(Freshness::Live);
    let act = |callback: &Callback<String>| {
        let (callback, id) = (callback.clone(), server.id.clone());
        Callback::from(move |()| callback.emit(id.clone()))
    };
    let onclick = act(on_choose).reform(|_: MouseEvent| ());
    let unread = server.unread.filter(|unread| *unread > 0);
    html! {
        <li class="server" key={server.id.clone()} data-state={server.state.map_or("locked", Freshness::name)}>
            <button type="button" class="server-choose" data-testid="server" {onclick} title={format!("{} {}", server.name, server.url)}
                aria-current={is_shown.then_some("true")}
                aria-keyshortcuts={(at < 9).then(|| format!("Alt+{}", at + 1))}>
                { server.state.map_or_else(|| icon(Symbol::Lock), freshness_icon) }
                <span class="server-name">{ &server.name }</span>
                if let Some(unread) = unread {
                    <span class="count" data-testid="server-unread">
                        { unread }<span class="unseen">{ format!(" {}", words.unread) }</span>
                    </span>
                }
                <span class="server-load">
                    if !is_live || load.is_empty() {
                        <span class="server-state">{ server.standing() }</span>
                    }
                    <span class="server-figures">{ load }</span>
                </span>
            </button>
            if !server.url.is_empty() {
                <Button look={Look::Bare} symbol={Symbol::Pencil} label={fill(words.change, &[&server.name])}
                    testid="server-change" onclick={act(on_change)} />
            }
        </li>
    }
}
