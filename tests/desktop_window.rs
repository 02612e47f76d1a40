//! The desktop's window as one of the desktop: started twice, closed, hidden, and back again.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use harness::{DEADLINE, NoticeService, Screen, Server, TrayService, WINDOW_WITHIN, until};
use serde_json::{Value, json};

/// Waits until the window can be seen, or not.
async fn wait_for_shown(screen: &Screen, is_shown: bool) -> Result<()> {
    until(&format!("that the window is shown is {is_shown}"), DEADLINE, || async {
        Ok((screen.is_shown().await? == is_shown).then_some(()))
    })
    .await
}

/// Chooses the entry of the tray's menu that says `label`.
async fn choose(service: &TrayService, label: &str) -> Result<()> {
    let entry = until(&format!("the tray has {label}"), DEADLINE, || async {
        Ok(service.menu().await?.into_iter().find(|entry| entry.label == label))
    })
    .await?;
    service.choose(entry.id).await
}

/// A file of the app in `home`, as soon as it is there.
async fn kept(home: &Path, name: &str) -> Result<Value> {
    let file = home.join("dev.tidings.desktop").join(name);
    until(&format!("{name} is there"), DEADLINE, || async {
        let text = std::fs::read(&file).with_context(|| file.display().to_string())?;
        Ok(Some(serde_json::from_slice(&text)?))
    })
    .await
}

#[tokio::test]
async fn a_second_start_shows_the_window_of_the_first_and_ends() -> Result<()> {
    let (server, service) = (Server::start().await?, TrayService::start().await?);
    let home = tempfile::tempdir()?;
    let screen = Screen::desktop_at(&server, service.address(), home.path()).await?;
    screen.mark().await?;
    screen.hide().await?;
    screen.wait_for("nobody looks at the window", "return !document.hasFocus();").await?;
    let ended = screen.start_again(&[]).await?;
    ensure!(ended.success(), "the second start ended with {ended}");
    screen.wait_for("the window has the focus", "return document.hasFocus();").await?;
    ensure!(screen.is_marked().await?, "it is the same page");
    let apps = screen.processes()?.into_iter().filter(|it| it.program == "tidings-desktop").count();
    ensure!(apps == 1, "there are {apps} apps");
    screen.close().await
}

#[tokio::test]
async fn a_window_that_is_closed_goes_to_the_tray_which_is_said_once_and_shows_it_again()
-> Result<()> {
    let (server, service) = (Server::start().await?, TrayService::start().await?);
    let notices = NoticeService::on(service.address()).await?;
    let home = tempfile::tempdir()?;
    let screen = Screen::desktop_at(&server, service.address(), home.path()).await?;
    screen.mark().await?;
    choose(&service, "Show Tidings").await?;
    for _ in 0..2 {
        screen.strike("ctrl+w").await?;
        wait_for_shown(&screen, false).await?;
        until("it is said where the app is", DEADLINE, || async {
            let titles = notices.titles();
            ensure!(titles == ["Tidings goes on in the tray"], "{titles:?}");
            Ok(Some(()))
        })
        .await?;
        choose(&service, "Show Tidings").await?;
        wait_for_shown(&screen, true).await?;
    }
    ensure!(screen.is_marked().await?, "it is the same page");
    screen.strike("ctrl+q").await?;
    screen.wait_for_end().await?;
    ensure!(kept(home.path(), "window.json").await?["toldOfTray"] == true, "it is kept");
    Ok(())
}

#[tokio::test]
async fn without_a_tray_the_app_ends_with_its_window() -> Result<()> {
    let (server, notices) = (Server::start().await?, NoticeService::start().await?);
    let home = tempfile::tempdir()?;
    let screen = Screen::desktop_at(&server, notices.address(), home.path()).await?;
    screen.strike("ctrl+w").await?;
    screen.wait_for_end().await?;
    ensure!(notices.titles().is_empty(), "{:?}", notices.titles());
    Ok(())
}

#[tokio::test]
async fn whoever_wants_it_has_the_app_end_with_its_window() -> Result<()> {
    let (server, service) = (Server::start().await?, TrayService::start().await?);
    let home = tempfile::tempdir()?;
    set(home.path(), &json!({ "levels": ["error"], "window": { "closeToTray": false } }))?;
    let screen = Screen::desktop_at(&server, service.address(), home.path()).await?;
    choose(&service, "Show Tidings").await?;
    screen.strike("ctrl+w").await?;
    screen.wait_for_end().await
}

#[tokio::test]
async fn the_window_is_where_it_was_and_as_large_unless_that_screen_is_gone() -> Result<()> {
    let (server, service) = (Server::start().await?, TrayService::start().await?);
    let home = tempfile::tempdir()?;
    let screen = Screen::desktop_at(&server, service.address(), home.path()).await?;
    let place = [120, 60, 900, 640];
    screen.put(place).await?;
    until("the window is there", DEADLINE, || async {
        let now = screen.place().await?;
        ensure!(now == place, "it is at {now:?}");
        Ok(Some(()))
    })
    .await?;
    screen.strike("ctrl+minus").await?;
    screen.wait_for("the page is smaller", "return window.innerWidth > 950;").await?;
    screen.strike("ctrl+q").await?;
    screen.wait_for_end().await?;
    drop(screen);

    let screen = Screen::desktop_at(&server, service.address(), home.path()).await?;
    let now = screen.place().await?;
    ensure!(now == place, "it is at {now:?}");
    screen.wait_for("the page is as large as it was", "return window.innerWidth > 950;").await?;
    screen.strike("ctrl+q").await?;
    screen.wait_for_end().await?;
    drop(screen);

    let mut window = kept(home.path(), "window.json").await?;
    window["place"]["x"] = json!(5000);
    let file = home.path().join("dev.tidings.desktop").join("window.json");
    std::fs::write(file, window.to_string())?;
    let screen = Screen::desktop_at(&server, service.address(), home.path()).await?;
    let now = screen.place().await?;
    ensure!(now == [380, 60, 900, 640], "it is at {now:?}");
    screen.close().await
}

#[tokio::test]
async fn the_menu_has_a_shortcut_for_what_is_done_often() -> Result<()> {
    let (server, service) = (Server::start().await?, TrayService::start().await?);
    let home = tempfile::tempdir()?;
    let screen = Screen::desktop_at(&server, service.address(), home.path()).await?;
    screen.strike("ctrl+slash").await?;
    screen.wait_for("the help", "return !!document.querySelector('dialog[open]');").await?;
    screen.mark().await?;
    screen.strike("ctrl+r").await?;
    screen.wait_for("the page is another", "return window.__mark !== 'kept';").await?;
    screen.wait_for_state("live", WINDOW_WITHIN).await?;
    screen.picture("desktop-menu").await?;
    screen.close().await
}

/// Chooses what `settings.json` in `home` says from the start.
fn set(home: &Path, settings: &Value) -> Result<()> {
    let folder = home.join("dev.tidings.desktop");
    std::fs::create_dir_all(&folder)?;
    Ok(std::fs::write(folder.join("settings.json"), settings.to_string())?)
}

/// How long it took each time until the page had figures, by the log.
async fn times_to_live(home: &Path, count: usize) -> Result<Vec<u64>> {
    let log = home.join("dev.tidings.desktop").join("logs").join("tidings.log");
    until(&format!("the page was live {count} times"), WINDOW_WITHIN, || async {
        let text = std::fs::read_to_string(&log)?;
        let lines = text.lines().filter(|line| line.contains("the page is live"));
        let times = lines.filter_map(|line| line.split_once("milliseconds=")?.1.parse().ok());
        let times: Vec<u64> = times.collect();
        ensure!(times.len() == count, "{times:?} in {text}");
        Ok(Some(times))
    })
    .await
}

#[tokio::test]
async fn a_window_that_is_closed_for_long_is_released_and_comes_back_live() -> Result<()> {
    let (server, service) = (Server::start().await?, TrayService::start().await?);
    let notices = NoticeService::on(service.address()).await?;
    let home = tempfile::tempdir()?;
    set(home.path(), &json!({ "window": { "releaseAfterSeconds": 1 } }))?;
    let screen = Screen::desktop_at(&server, service.address(), home.path()).await?;
    choose(&service, "Show Tidings").await?;
    times_to_live(home.path(), 1).await?;
    let before = screen.pss()?;
    for round in 2..=3 {
        screen.strike("ctrl+w").await?;
        until("the web view is gone", DEADLINE, || async {
            let left = screen.processes()?;
            let is_page = |program: &str| program.starts_with("WebKitWebProc");
            ensure!(!left.iter().any(|it| is_page(&it.program)), "{left:?}");
            Ok(Some(()))
        })
        .await?;
        println!("released: {} MiB of {}", screen.pss()? >> 20, before >> 20);
        let title = format!("in round {round}");
        server.post("/api/notifications")?.json(&json!({ "title": title })).send().await?;
        until("a notification comes up", DEADLINE, || async {
            let titles = notices.titles();
            ensure!(titles.contains(&title), "{titles:?}");
            Ok(Some(()))
        })
        .await?;
        choose(&service, "Show Tidings").await?;
        wait_for_shown(&screen, true).await?;
        println!("live after {:?} ms", times_to_live(home.path(), round).await?);
    }
    choose(&service, "Quit").await?;
    screen.wait_for_end().await
}

#[tokio::test]
async fn diagnostics_are_in_the_clipboard_without_a_token() -> Result<()> {
    let (server, service) = (Server::start().await?, TrayService::start().await?);
    let notices = NoticeService::on(service.address()).await?;
    let home = tempfile::tempdir()?;
    let screen = Screen::desktop_at(&server, service.address(), home.path()).await?;
    // The log says it once the page has said that it has its figures.
    times_to_live(home.path(), 1).await?;
    screen.strike("ctrl+shift+d").await?;
    until("it is said that they are copied", DEADLINE, || async {
        Ok(notices.titles().contains(&"Diagnostics copied".to_owned()).then_some(()))
    })
    .await?;
    screen
        .run(
            "const field = document.createElement('textarea'); field.id = 'pasted';
            document.body.prepend(field); field.focus(); return null;",
        )
        .await?;
    screen.strike("ctrl+v").await?;
    let is_there = "return document.querySelector('#pasted').value.includes('Tidings: ');";
    screen.wait_for("they are pasted", is_there).await?;
    let pasted = screen.run("return document.querySelector('#pasted').value;").await?;
    let pasted = pasted.as_str().context("text")?;
    println!("{pasted}");
    for part in ["System: ", "Web view: 2.", "Server: on this machine, http: version ", "live"] {
        ensure!(pasted.contains(part), "no {part} in {pasted}");
    }
    ensure!(!pasted.contains(&server.token()?), "there is a token in {pasted}");
    screen.close().await
}

#[tokio::test]
async fn an_app_that_starts_with_the_session_is_in_the_tray_alone_until_it_is_wanted() -> Result<()>
{
    let (server, service) = (Server::start().await?, TrayService::start().await?);
    let home = tempfile::tempdir()?;
    let screen = Screen::desktop_at(&server, service.address(), home.path()).await?;
    let file = home.path().join("autostart").join("dev.tidings.desktop.desktop");
    ensure!(!file.exists(), "nobody asked for it");
    screen.strike("alt+f").await?;
    screen.strike("s").await?;
    let entry = until("the session starts the app", DEADLINE, || async {
        Ok(Some(std::fs::read_to_string(&file)?))
    })
    .await?;
    let exec = entry.lines().find_map(|line| line.strip_prefix("Exec=")).context("a command")?;
    ensure!(exec.ends_with("tidings-desktop\" --hidden"), "{entry}");
    screen.strike("alt+f").await?;
    screen.strike("s").await?;
    until("the session starts it no more", DEADLINE, || async {
        Ok((!file.exists()).then_some(()))
    })
    .await?;
    times_to_live(home.path(), 1).await?;
    screen.strike("ctrl+q").await?;
    screen.wait_for_end().await?;
    service.forget_icons();

    let mut hidden = screen.start(&["--hidden"])?;
    until("there is an icon", DEADLINE, || async {
        Ok(service.menu().await?.iter().any(|entry| entry.label == "No jobs").then_some(()))
    })
    .await?;
    ensure!(!screen.is_shown().await?, "there is a window");
    let programs: Vec<_> = screen.processes()?.into_iter().map(|it| it.program).collect();
    ensure!(programs == ["tidings-desktop"], "{programs:?}");
    ensure!(screen.start_again(&["--hidden"]).await?.success(), "the session was begun twice");
    ensure!(!screen.is_shown().await?, "there is a window");
    choose(&service, "Show Tidings").await?;
    wait_for_shown(&screen, true).await?;
    times_to_live(home.path(), 2).await?;
    choose(&service, "Quit").await?;
    ensure!(hidden.wait().await?.success(), "it ended otherwise");
    Ok(())
}

#[tokio::test]
async fn a_link_leads_to_its_place_in_the_window_and_does_nothing_there() -> Result<()> {
    let (server, service) = (Server::start().await?, TrayService::start().await?);
    let home = tempfile::tempdir()?;
    let screen = Screen::desktop_at(&server, service.address(), home.path()).await?;
    let job = server.post("/api/jobs")?.json(&json!({ "name": "rsync" })).send().await?;
    let job: Value = job.json().await?;
    let id = job["id"].as_str().context("an id")?;
    screen.mark().await?;
    screen.hide().await?;
    ensure!(screen.start_again(&[&format!("tidings://jobs/{id}")]).await?.success());
    wait_for_shown(&screen, true).await?;
    screen.wait_for("the job", &format!("return location.hash === '#jobs/{id}';")).await?;
    ensure!(screen.start_again(&["tidings://notifications"]).await?.success());
    screen.wait_for("the inbox", "return !!document.querySelector('.inbox-head');").await?;
    let other = "tidings://server?url=http://127.0.0.1:1/&token=x";
    ensure!(screen.start_again(&[other]).await?.success());
    ensure!(screen.start_again(&["tidings://jobs/');window.__mark=1//"]).await?.success());
    ensure!(screen.is_marked().await?, "it is the same page");
    screen.wait_for_state("live", DEADLINE).await?;
    screen.close().await
}
