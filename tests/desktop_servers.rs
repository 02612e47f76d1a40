//! Remote servers in the desktop's window: added, seen at a glance, chosen, lost, removed.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use harness::{
    DEADLINE, Keyring, NoticeService, Screen, Server, ServerOptions, WINDOW_WITHIN, established,
    free_address, until,
};
use serde_json::json;

/// A page may be loaded anew within this, on a machine with much to do.
const SOON: Duration = WINDOW_WITHIN;

/// The desktop app with its own server, with what it keeps in `home`.
async fn desktop(bus: &str, home: &Path) -> Result<Screen> {
    Screen::desktop_kept(bus, home, &[]).await
}

/// Writes of a server that is to be added.
async fn write(screen: &Screen, url: &str, token: &str, name: &str) -> Result<()> {
    let fields = [("url", url), ("token", token), ("name", name)];
    for (field, text) in fields.into_iter().filter(|(_, text)| !text.is_empty()) {
        screen.fill(&format!("[data-testid=server-form] [name={field}]"), text).await?;
    }
    Ok(())
}

/// Opens the form for a new server, from the dialog.
async fn begin(screen: &Screen) -> Result<()> {
    screen.click("servers").await?;
    screen.click("server-add-here").await
}

async fn wait_for_row(screen: &Screen, name: &str, what: &str) -> Result<()> {
    let script = format!(
        "const row = [...document.querySelectorAll('.servers .server')]
             .find(row => row.querySelector('.server-name').textContent === '{name}');
         return !!(row && ({what}));"
    );
    screen.wait_for(&format!("of {name}: {what}"), &script).await
}

/// Whether a file below `folder` holds that text.
fn holds(folder: &Path, text: &str) -> Result<bool> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let kind = path.symlink_metadata()?.file_type();
        let found = if kind.is_dir() {
            holds(&path, text)?
        } else if kind.is_file() {
            // What goes meanwhile holds nothing.
            let content = std::fs::read(&path).unwrap_or_default();
            content.windows(text.len()).any(|window| window == text.as_bytes())
        } else {
            false
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn remove(screen: &Screen) -> Result<()> {
    screen.click("server-change").await?;
    screen.click("server-remove").await?;
    screen.click("server-remove-really").await?;
    let gone = "return !document.querySelector('.servers .server');";
    screen.wait_for("it is the only one that is left", gone).await
}

#[tokio::test]
async fn a_remote_server_is_tried_added_seen_chosen_lost_and_removed_with_its_token() -> Result<()>
{
    let (mut server, service) =
        (Server::start().await?, NoticeService::start().await?.without_secrets().await?);
    let home = tempfile::tempdir()?;
    let (url, token) = (server.url("/"), server.token()?);
    let screen = desktop(service.address(), home.path()).await?;
    screen.click("servers").await?;
    let alone = screen.text("servers-alone").await?;
    ensure!(alone.contains("Only this computer so far"), "{alone}");
    screen.click("server-add-here").await?;

    write(&screen, &url, "wrong", "Hub").await?;
    screen.click("server-save").await?;
    let refused = "return document.querySelector('[data-testid=server-problem]')?.innerText.includes('does not take this token');";
    screen.wait_for("a word of the token", refused).await?;
    ensure!(!home.path().join("dev.tidings.desktop/servers.json").exists(), "nothing is kept");
    screen.fill("[name=token]", &token).await?;
    screen.click("server-test").await?;
    let well = "return document.querySelector('[data-testid=server-well]')?.innerText.includes('owner, admin');";
    screen.wait_for("a word of who it is", well).await?;
    screen.click("server-save").await?;
    wait_for_row(
        &screen,
        "Hub",
        "row.dataset.state === 'live' && /CPU \\d+%, memory \\d+%/.test(row.innerText)",
    )
    .await?;
    ensure!(holds(home.path(), &token)?, "without a store of secrets the token lies in a file");
    let list = std::fs::read_to_string(home.path().join("dev.tidings.desktop/servers.json"))?;
    ensure!(!list.contains(&token), "and that is not the list");

    // What one server tells the other never shows.
    server.publish("app/queue")?.json(&json!({ "depth": 7 })).send().await?.error_for_status()?;
    let user = server.get("/api/session")?.send().await?.json::<serde_json::Value>().await?;
    let note = json!({ "userId": user["user"]["id"], "title": "Disk is full", "message": "" });
    server.post("/api/notifications")?.json(&note).send().await?.error_for_status()?;
    wait_for_row(
        &screen,
        "Hub",
        "row.querySelector('[data-testid=server-unread]')?.innerText.startsWith('1')",
    )
    .await?;
    until("the notification says where it is from", DEADLINE, || async {
        Ok(service.titles().contains(&"Hub: Disk is full".to_owned()).then_some(()))
    })
    .await?;
    let topics = "return document.querySelectorAll('[data-testid=topic]').length;";
    ensure!(screen.run(topics).await? == 0, "the first server's page has a topic of the other");
    screen.picture("desktop-servers").await?;

    screen.key("\u{E00A}2").await?;
    wait_for_row(&screen, "Hub", "row.querySelector('[aria-current]')").await?;
    screen.wait_for_state("live", SOON).await?;
    server.publish("app/queue")?.json(&json!({ "depth": 8 })).send().await?.error_for_status()?;
    let depth =
        "return document.querySelector('[data-path=depth] .number-value')?.innerText === '8';";
    screen.wait_for("the chosen server's topic", depth).await?;

    screen.key("\u{E00A}1").await?;
    wait_for_row(&screen, "This computer", "row.querySelector('[aria-current]')").await?;
    screen.wait_for_state("live", SOON).await?;
    ensure!(screen.run(topics).await? == 0, "something of the other server is left");
    server.kill().await?;
    wait_for_row(&screen, "Hub", "row.dataset.state === 'reconnecting'").await?;
    screen.wait_for_state("live", SOON).await?;

    remove(&screen).await?;
    ensure!(!holds(home.path(), &token)?, "something of the token is left");
    screen.close().await
}

#[tokio::test]
async fn a_token_in_the_systems_store_is_in_no_file_serves_the_next_start_and_goes_with_its_server()
-> Result<()> {
    let (server, keyring) = (Server::start().await?, Keyring::start().await?);
    let home = tempfile::tempdir()?;
    let (url, token) = (server.url("/"), server.token()?);
    let screen = desktop(keyring.address(), home.path()).await?;
    begin(&screen).await?;
    write(&screen, &url, &token, "Hub").await?;
    screen.click("server-save").await?;
    wait_for_row(&screen, "Hub", "row.dataset.state === 'live'").await?;
    ensure!(keyring.secrets().await? == std::slice::from_ref(&token), "it lies in the store");
    ensure!(!holds(home.path(), &token)?, "and in a file as well");
    screen.run("document.querySelectorAll('.servers [data-testid=server]')[1].click();").await?;
    wait_for_row(&screen, "Hub", "row.querySelector('[aria-current]')").await?;
    screen.close().await?;

    let screen = desktop(keyring.address(), home.path()).await?;
    wait_for_row(
        &screen,
        "Hub",
        "row.querySelector('[aria-current]') && row.dataset.state === 'live'",
    )
    .await?;
    remove(&screen).await?;
    screen.wait_for_state("live", SOON).await?;
    ensure!(keyring.secrets().await?.is_empty(), "the store has it still");
    ensure!(!holds(home.path(), &token)?, "it came to lie in a file");
    until("no connection to it is left", DEADLINE, || async {
        Ok((established(server.address())? == 0).then_some(()))
    })
    .await?;
    screen.close().await
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_shows_its_key_to_compare_and_no_other_will_do()
-> Result<()> {
    let service = NoticeService::start().await?.without_secrets().await?;
    let options = ServerOptions::default().with_args(["--tls-self-signed"]);
    let server = Server::start_with(options).await?;
    let home = tempfile::tempdir()?;
    let key = std::fs::read_to_string(server.data_dir().join("tls-fingerprint"))?;
    let screen = desktop(service.address(), home.path()).await?;
    begin(&screen).await?;
    write(&screen, &server.url("/"), &server.token()?, "").await?;
    screen.click("server-save").await?;
    let asked = "return !!document.querySelector('[data-testid=server-key]');";
    screen.wait_for("the key is shown", asked).await?;
    ensure!(
        screen.text("server-key").await? == key.trim(),
        "it is the key that the server printed"
    );
    screen.picture("desktop-server-key").await?;
    screen.click("server-trust").await?;
    wait_for_row(&screen, "127.0.0.1", "row.dataset.state === 'live'").await?;
    let list = std::fs::read_to_string(home.path().join("dev.tidings.desktop/servers.json"))?;
    ensure!(list.contains(key.trim()), "the next start takes no other: {list}");
    remove(&screen).await?;
    screen.close().await
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_kept_only_if_somebody_says_so() -> Result<()> {
    let service = NoticeService::start().await?.without_secrets().await?;
    let home = tempfile::tempdir()?;
    let screen = desktop(service.address(), home.path()).await?;
    let url = format!("http://{}", free_address()?);
    begin(&screen).await?;
    write(&screen, &url, "some-token", "Hub").await?;
    screen.click("server-save").await?;
    let refused = "return document.querySelector('[data-testid=server-problem]')?.innerText.includes('cannot be reached');";
    screen.wait_for("a word of why", refused).await?;
    screen.click("server-anyway").await?;
    wait_for_row(&screen, "Hub", "row.dataset.state === 'reconnecting'").await?;
    let file = home.path().join("dev.tidings.desktop/servers.json");
    let list = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    ensure!(list.contains(&url), "{list}");
    remove(&screen).await?;
    screen.close().await
}
