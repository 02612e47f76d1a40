//! Tokens of remote servers in the desktop's window: in a store that is locked, that is gone, and beside a list that cannot be written.

use std::path::Path;

use anyhow::{Result, ensure};
use harness::{DEADLINE, NoticeService, Screen, SecretStore, Server, run, until};

/// The desktop app with its own server, with what it keeps in `home`.
async fn desktop(bus: &str, home: &Path) -> Result<Screen> {
    Screen::desktop_kept(bus, home, &[]).await
}

async fn fill(screen: &Screen, field: &str, text: &str) -> Result<()> {
    screen.fill(&format!("[data-testid=server-form] [name={field}]"), text).await
}

/// Writes of a server that is to be added, and has it tried and kept.
async fn add(screen: &Screen, url: &str, token: &str, name: &str) -> Result<()> {
    screen.click("servers").await?;
    screen.click("server-add-here").await?;
    for (field, text) in [("url", url), ("token", token), ("name", name)] {
        fill(screen, field, text).await?;
    }
    screen.click("server-save").await
}

async fn wait_for_row(screen: &Screen, name: &str, what: &str) -> Result<()> {
    let script = format!(
        "const row = [...document.querySelectorAll('.servers .server')]
             .find(row => row.querySelector('.server-name').textContent === '{name}');
         return !!(row && ({what}));"
    );
    screen.wait_for(&format!("of {name}: {what}"), &script).await
}

async fn wait_for_word(screen: &Screen, test_id: &str, word: &str) -> Result<()> {
    let script = format!(
        "return !!document.querySelector('[data-testid={test_id}]')?.innerText.includes('{word}');"
    );
    screen.wait_for(word, &script).await
}

/// Another token of the owner of a server.
async fn another_token(server: &Server) -> Result<String> {
    let create = ["token", "create", "--name", "another", "--scope", "read:*", "--scope", "inbox"];
    let made = run(server, &create, b"").await?;
    ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Ok(String::from_utf8(made.stdout)?.trim().to_owned())
}

fn list(home: &Path) -> Result<String> {
    Ok(std::fs::read_to_string(home.join("dev.tidings.desktop/servers.json"))?)
}

fn kept(token: &str) -> Vec<(String, String)> {
    vec![("Tidings: Hub".to_owned(), token.to_owned())]
}

#[tokio::test]
async fn whoever_wants_a_server_is_asked_once_to_open_the_store_and_nobody_else_ever() -> Result<()>
{
    let (server, store) = (Server::start().await?, SecretStore::start().await?);
    let home = tempfile::tempdir()?;
    let (url, token) = (server.url("/"), server.token()?);
    let screen = desktop(store.address(), home.path()).await?;
    add(&screen, &url, &token, "Hub").await?;
    wait_for_row(&screen, "Hub", "row.dataset.state === 'live'").await?;
    ensure!(store.content() == kept(&token) && store.asked() == 0, "it was open");
    screen.close().await?;

    store.lock(false);
    let screen = desktop(store.address(), home.path()).await?;
    wait_for_row(&screen, "Hub", "row.dataset.state === 'locked'").await?;
    ensure!(store.asked() == 0, "the start asked somebody");
    let hub = "document.querySelectorAll('.servers [data-testid=server]')[1].click();";
    screen.run(hub).await?;
    wait_for_word(&screen, "servers-problem", "stays locked: choose the server again").await?;
    ensure!(store.asked() == 1, "asked {} times", store.asked());
    screen.wait_for_state("live", DEADLINE).await?;

    screen.click("server-change").await?;
    screen.click("server-save").await?;
    wait_for_word(&screen, "server-problem", "Try again and unlock it").await?;
    ensure!(store.asked() == 2, "asked {} times", store.asked());
    let anyway = "return !!document.querySelector('[data-testid=server-anyway]');";
    ensure!(screen.run(anyway).await? == false, "a token that nobody knows cannot be kept");
    screen.picture("desktop-server-locked").await?;
    screen.click("server-close").await?;

    store.lock(true);
    screen.run(hub).await?;
    wait_for_row(
        &screen,
        "Hub",
        "row.querySelector('[aria-current]') && row.dataset.state === 'live'",
    )
    .await?;
    ensure!(store.asked() == 3 && store.content() == kept(&token), "it was opened");
    screen.close().await
}

#[tokio::test]
async fn a_token_that_a_locked_store_does_not_take_lies_in_a_file_only_if_somebody_says_so()
-> Result<()> {
    let (server, store) = (Server::start().await?, SecretStore::start().await?);
    let home = tempfile::tempdir()?;
    let (url, token) = (server.url("/"), server.token()?);
    let screen = desktop(store.address(), home.path()).await?;
    store.lock(false);
    add(&screen, &url, &token, "Hub").await?;
    wait_for_word(&screen, "server-problem", "Try again and unlock it").await?;
    let folder = home.path().join("dev.tidings.desktop");
    let files = ["servers.json", "server-tokens.json"].map(|name| folder.join(name));
    ensure!(files.iter().all(|file| !file.exists()), "something is kept");
    screen.click("server-anyway").await?;
    wait_for_row(&screen, "Hub", "row.dataset.state === 'live'").await?;
    ensure!(store.asked() == 1, "what was passed over is not asked again");
    ensure!(std::fs::read_to_string(&files[1])?.contains(&token) && store.content().is_empty());

    // What lies there goes to the store with the next token, and is left nowhere.
    store.lock(true);
    let next = another_token(&server).await?;
    screen.click("server-change").await?;
    ensure!(screen.text("server-in-file").await?.contains("did not take it"));
    fill(&screen, "token", &next).await?;
    screen.click("server-save").await?;
    until("the token lies in the store", DEADLINE, || async {
        Ok((store.content() == kept(&next) && !files[1].exists()).then_some(()))
    })
    .await?;
    wait_for_row(&screen, "Hub", "row.dataset.state === 'live'").await?;
    screen.close().await
}

#[tokio::test]
async fn a_server_whose_store_is_gone_can_be_removed_and_it_is_said_what_may_be_left_there()
-> Result<()> {
    let (server, store) = (Server::start().await?, SecretStore::start().await?);
    let home = tempfile::tempdir()?;
    let screen = desktop(store.address(), home.path()).await?;
    add(&screen, &server.url("/"), &server.token()?, "Hub").await?;
    wait_for_row(&screen, "Hub", "row.dataset.state === 'live'").await?;
    // The page of the one that goes is loaded anew, and what is to be said outlives that.
    screen.run("document.querySelectorAll('.servers [data-testid=server]')[1].click();").await?;
    wait_for_row(&screen, "Hub", "row.querySelector('[aria-current]')").await?;
    screen.wait_for_state("live", DEADLINE).await?;

    store.vanish().await?;
    screen.click("server-change").await?;
    screen.click("server-remove").await?;
    screen.click("server-remove-really").await?;
    wait_for_word(&screen, "servers-problem", "as “Tidings: Hub”").await?;
    screen.picture("desktop-server-left").await?;
    ensure!(!list(home.path())?.contains("Hub"), "it is in the list still");
    let gone = "return !document.querySelector('.servers .server');";
    screen.wait_for("it is the only one that is left", gone).await?;
    screen.wait_for_state("live", DEADLINE).await?;

    screen.press("[data-testid=servers-dialog] [data-testid=modal-close]").await?;
    screen.click("servers").await?;
    screen.text("servers-alone").await?;
    let said = "return !!document.querySelector('[data-testid=servers-problem]');";
    ensure!(screen.run(said).await? == false, "it is said once");
    screen.close().await
}

#[tokio::test]
async fn a_change_that_the_list_does_not_take_leaves_the_token_as_it_was_too() -> Result<()> {
    let (server, store) = (Server::start().await?, SecretStore::start().await?);
    let home = tempfile::tempdir()?;
    let (url, token, next) = (server.url("/"), server.token()?, another_token(&server).await?);
    let screen = desktop(store.address(), home.path()).await?;
    add(&screen, &url, &token, "Hub").await?;
    wait_for_row(&screen, "Hub", "row.dataset.state === 'live'").await?;
    let before = list(home.path())?;

    // The list is written beside itself first, where something stands in the way.
    let way = home.path().join("dev.tidings.desktop/servers.new");
    std::fs::create_dir(&way)?;
    screen.click("server-change").await?;
    fill(&screen, "token", &next).await?;
    fill(&screen, "name", "Lab").await?;
    screen.click("server-save").await?;
    wait_for_word(&screen, "server-problem", "The app cannot keep it").await?;
    ensure!(store.content() == kept(&token), "{:?}", store.content());
    ensure!(list(home.path())? == before, "the list is another");
    wait_for_row(&screen, "Hub", "row.dataset.state === 'live'").await?;

    std::fs::remove_dir(&way)?;
    screen.click("server-save").await?;
    wait_for_row(&screen, "Lab", "row.dataset.state === 'live'").await?;
    until("the store has the new one alone", DEADLINE, || async {
        let now = vec![("Tidings: Lab".to_owned(), next.clone())];
        Ok((store.content() == now).then_some(()))
    })
    .await?;
    screen.close().await?;
    let screen = desktop(store.address(), home.path()).await?;
    wait_for_row(&screen, "Lab", "row.dataset.state === 'live'").await?;
    screen.close().await
}

#[tokio::test]
async fn what_is_unread_elsewhere_stands_on_the_button_where_the_list_has_no_room() -> Result<()> {
    let (server, service) =
        (Server::start().await?, NoticeService::start().await?.without_secrets().await?);
    let home = tempfile::tempdir()?;
    let screen = desktop(service.address(), home.path()).await?;
    add(&screen, &server.url("/"), &server.token()?, "Hub").await?;
    wait_for_row(&screen, "Hub", "row.dataset.state === 'live'").await?;
    screen.put([0, 0, 700, 700]).await?;
    let label = |label: &str| {
        format!(
            "const button = document.querySelector('[data-testid=servers]');
             return button.getClientRects().length > 0 && button.ariaLabel === '{label}';"
        )
    };
    screen.wait_for("a button that counts nothing", &label("Servers")).await?;
    let user = server.get("/api/session")?.send().await?.json::<serde_json::Value>().await?;
    for title in ["Disk is full", "Disk is fuller"] {
        let note =
            serde_json::json!({ "userId": user["user"]["id"], "title": title, "message": "" });
        server.post("/api/notifications")?.json(&note).send().await?.error_for_status()?;
    }
    screen.wait_for("a button that says it", &label("Servers, 2 unread")).await?;
    ensure!(screen.text("servers-unread").await? == "2");
    screen.picture("desktop-servers-narrow").await?;
    screen.close().await
}

#[tokio::test]
async fn a_token_whose_store_is_gone_can_be_written_anew_and_the_old_one_is_named() -> Result<()> {
    let (server, store) = (Server::start().await?, SecretStore::start().await?);
    let home = tempfile::tempdir()?;
    let screen = desktop(store.address(), home.path()).await?;
    add(&screen, &server.url("/"), &server.token()?, "Hub").await?;
    wait_for_row(&screen, "Hub", "row.dataset.state === 'live'").await?;
    store.vanish().await?;
    screen.click("server-change").await?;
    fill(&screen, "token", &another_token(&server).await?).await?;
    screen.click("server-save").await?;
    wait_for_word(&screen, "servers-problem", "as “Tidings: Hub”").await?;
    wait_for_row(&screen, "Hub", "row.dataset.state === 'live'").await?;
    ensure!(home.path().join("dev.tidings.desktop/server-tokens.json").exists());
    screen.close().await
}
