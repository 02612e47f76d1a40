//! The dashboard in another language: the browser's, or the one that somebody chose.

use anyhow::{Result, ensure};
use harness::{DEADLINE, Screen, Server, ServerOptions};

/// A rule that is the case at once.
const CONFIG: &str = r#"
[[alerts]]
name = "Voll"
metric = "memory.used"
above = 0
"#;

const ESCAPE: &str = "\u{e00c}";

async fn wait_for_language(screen: &Screen, code: &str) -> Result<()> {
    let script = format!("return document.documentElement.lang === {code:?};");
    screen.wait_for(&format!("the page is in {code}"), &script).await
}

/// The first digits of the processor's use, up to its unit.
async fn wait_for_mark(screen: &Screen, mark: char) -> Result<()> {
    let script = format!(
        "const shown = document.querySelector('[data-testid=cpu-total]');
        return shown !== null && /^\\d+\\{mark}\\d/.test(shown.textContent);"
    );
    screen.wait_for(&format!("figures have a {mark}"), &script).await
}

async fn heading(screen: &Screen, panel: &str) -> Result<String> {
    let script = format!("return document.getElementById('panel-{panel}').textContent;");
    Ok(screen.run(&script).await?.as_str().unwrap_or_default().to_owned())
}

async fn choose(screen: &Screen, code: &str) -> Result<()> {
    screen.press(&format!("input[name=language][value={code}]")).await
}

async fn german(server: &Server) -> Result<Screen> {
    let screen = Screen::browser_in("de-DE,de").await?;
    screen.open(&server.sign_in_link()).await?;
    screen.wait_for_state("live", DEADLINE).await?;
    Ok(screen)
}

#[tokio::test]
async fn a_german_browser_shows_the_page_in_german_and_goes_over_to_english_at_once() -> Result<()>
{
    let server = Server::start().await?;
    let screen = german(&server).await?;
    wait_for_language(&screen, "de").await?;
    wait_for_mark(&screen, ',').await?;
    ensure!(heading(&screen, "memory").await? == "Arbeitsspeicher");
    ensure!(screen.text("updated").await?.starts_with("Stand "));
    screen.wait_for_figure("cpu-total", "").await?;

    screen.click("settings").await?;
    choose(&screen, "en").await?;
    wait_for_language(&screen, "en").await?;
    wait_for_mark(&screen, '.').await?;
    ensure!(heading(&screen, "memory").await? == "Memory");
    let is_kept = "return document.activeElement.closest('[data-testid=settings-dialog]') !== null
        && document.activeElement.value === 'en'
        && document.getElementById('modal-title').textContent === 'Settings';";
    screen.wait_for("the dialog stays, with the focus where it was", is_kept).await?;
    screen.key_here(ESCAPE).await?;
    let is_back = "return document.activeElement.dataset.testid === 'settings';";
    screen.wait_for("the focus is on the button of the settings again", is_back).await?;

    screen.open(&server.url("/")).await?;
    screen.wait_for_state("live", DEADLINE).await?;
    wait_for_language(&screen, "en").await?;
    wait_for_mark(&screen, '.').await?;
    screen.click("settings").await?;
    choose(&screen, "system").await?;
    wait_for_language(&screen, "de").await?;
    wait_for_mark(&screen, ',').await?;
    screen.close().await
}

#[tokio::test]
async fn axe_finds_nothing_in_german_and_nothing_is_wider_than_a_narrow_window() -> Result<()> {
    let mut server = Server::start_with(ServerOptions::with_config(CONFIG)).await?;
    let screen = german(&server).await?;
    wait_for_mark(&screen, ',').await?;
    screen.judge("german").await?;
    screen.resize(360, 780).await?;
    let fits = "return [...document.querySelectorAll('html, dialog[open], .inbox:popover-open')]
        .every((part) => part.scrollWidth <= part.clientWidth);";
    screen.wait_for("the page is no wider than its window", fits).await?;
    screen.judge("german-narrow").await?;
    screen.click("settings").await?;
    screen.judge("german-narrow-settings").await?;
    screen.wait_for("the settings are no wider than the window", fits).await?;
    screen.key_here(ESCAPE).await?;
    screen.key("?").await?;
    screen.judge("german-narrow-help").await?;
    screen.wait_for("the help is no wider than the window", fits).await?;
    screen.key_here(ESCAPE).await?;
    screen.click("bell").await?;
    screen.judge("german-narrow-inbox").await?;
    screen.wait_for("the inbox is no wider than the window", fits).await?;

    // What every part says of its age takes room as well.
    server.stop().await?;
    screen.wait_for_state("reconnecting", DEADLINE).await?;
    screen.wait_for("the old inbox is no wider than the window", fits).await?;
    screen.key(ESCAPE).await?;
    screen.judge("german-narrow-reconnecting").await?;
    screen.wait_for("the old page is no wider than its window", fits).await?;
    screen.close().await
}
