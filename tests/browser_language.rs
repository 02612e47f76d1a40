//! The dashboard in another language: the browser's, or the one that somebody chose.

use std::path::Path;

use anyhow::{Result, ensure};
use harness::{DEADLINE, Screen, Server, ServerOptions, until};
use serde_json::json;

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

/// Fixed parts of all texts of a language, between what is filled in; short ones may be anything.
fn parts(language: &str) -> Result<Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-ui/src/text").join(language);
    let mut parts = Vec::new();
    for file in std::fs::read_dir(folder)? {
        let source = std::fs::read_to_string(file?.path())?;
        let lines = source.lines().filter(|line| !line.trim_start().starts_with("//"));
        for text in lines.filter_map(|line| line.split_once(": \"")?.1.strip_suffix("\",")) {
            let fixed =
                text.split(['{', '}', '|']).map(|part| part.trim_matches([' ', ':', '.', ',']));
            parts.extend(fixed.filter(|part| part.len() >= 6).map(str::to_owned));
        }
    }
    Ok(parts)
}

/// Waits until nothing on the page is in German, to whoever sees it or hears it.
async fn wait_for_no_german(screen: &Screen) -> Result<()> {
    let english = parts("en")?.join("\n");
    let german: Vec<_> =
        parts("de")?.into_iter().filter(|part| !english.contains(&**part)).collect();
    ensure!(german.len() > 500, "the texts are read: {}", german.len());
    let texts = "const texts = [document.title], names = ['title', 'aria-label', 'aria-roledescription', 'aria-valuetext', 'placeholder'];
        const nodes = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (nodes.nextNode()) if (!nodes.currentNode.parentElement.closest('script, style')) texts.push(nodes.currentNode.data);
        for (const name of names) for (const element of document.querySelectorAll(`[${name}]`)) texts.push(element.getAttribute(name));
        return texts;";
    until("nothing is in German", DEADLINE, || async {
        let texts: Vec<String> = serde_json::from_value(screen.run(texts).await?)?;
        let is_german = |text: &&String| german.iter().any(|part| text.contains(&**part));
        let left: Vec<_> = texts.iter().filter(is_german).collect();
        ensure!(left.is_empty(), "{left:?}");
        Ok(Some(()))
    })
    .await
}

/// Goes over to another language by the settings, and sees that nothing is made anew or said once more for that.
async fn go_over(screen: &Screen, code: &str) -> Result<()> {
    screen.click("settings").await?;
    let is_open = "return document.querySelector('[data-testid=settings-dialog]')?.open === true;";
    screen.wait_for("the settings are open", is_open).await?;
    screen
        .run(
            "window.anew = [];
            window.watch = new MutationObserver(changes => {
                for (const { addedNodes } of changes) for (const node of addedNodes)
                    if (node.nodeType === Node.ELEMENT_NODE)
                        for (const found of [node, ...node.querySelectorAll('*')])
                            if (found.matches('[role=alert], [role=status], [aria-live]')) window.anew.push(found.outerHTML);
            });
            window.watch.observe(document.body, { subtree: true, childList: true });",
        )
        .await?;
    choose(screen, code).await?;
    wait_for_language(screen, code).await?;
    wait_for_mark(screen, if code == "de" { ',' } else { '.' }).await?;
    let anew = screen.run("window.watch.disconnect(); return window.anew;").await?;
    ensure!(anew == json!([]), "said once more: {anew}");
    let hushed = "return [...document.querySelectorAll('[data-testid=said], .unseen[role=alert], [data-testid=jobs-said]')]
        .every((said) => said.textContent === '');";
    screen.wait_for("nothing is left of what was said", hushed).await?;
    let focus = format!("return document.activeElement.value === {code:?};");
    screen.wait_for("the focus is where the language was chosen", &focus).await?;
    screen.key_here(ESCAPE).await?;
    let is_back = "return document.activeElement.dataset.testid === 'settings';";
    screen.wait_for("the focus is on the button of the settings again", is_back).await
}

/// What somebody had before them stands there: the same elements, with what was written, and with rows and lines in them.
async fn wait_until_all_is_kept(screen: &Screen) -> Result<()> {
    let kept = "return window.kept.every((element) => element?.isConnected)
        && document.querySelector('#job-form input[type=text]').value === '/half/a/path'
        && document.querySelector('[data-testid=alert][data-name=Voll]').dataset.state === 'firing'
        && document.querySelectorAll('.proc-row[aria-selected]').length > 3
        && document.querySelectorAll('.chart[data-points]:not([data-empty])').length >= 3;";
    screen.wait_for("all stands there as before", kept).await
}

/// For how many seconds nothing was heard of the jobs, as the page says.
async fn silence(screen: &Screen) -> Result<u64> {
    let said = "const said = document.querySelector('[data-testid=jobs-age]')?.textContent ?? '';
        const [, count, unit] = said.match(/(\\d+)\\s(s|min)/) ?? [null, 0, 's'];
        return count * (unit === 's' ? 1 : 60);";
    Ok(screen.run(said).await?.as_u64().unwrap_or_default())
}

#[tokio::test]
async fn a_change_of_language_keeps_what_one_was_doing_on_a_page_that_is_held_and_without_its_server()
-> Result<()> {
    let mut server = Server::start_with(ServerOptions::with_config(CONFIG)).await?;
    let screen = german(&server).await?;
    let rule = "[data-testid=alert][data-name=Voll]";
    screen.wait_for_attribute(rule, "data-state", "firing", DEADLINE).await?;
    let job = json!({ "name": "Backup" });
    server.post("/api/jobs")?.json(&job).send().await?.error_for_status()?;
    screen.wait_for_attribute("[data-testid=job]", "data-name", "Backup", DEADLINE).await?;
    screen.press("[data-testid=job-new]").await?;
    screen
        .run(
            "const field = document.querySelector('#job-form input[type=text]'); field.value = '/half/a/path';
            field.dispatchEvent(new InputEvent('input', { bubbles: true }));",
        )
        .await?;
    screen.run("document.querySelector('[data-testid=processes-all]').click();").await?;
    let rows = "return document.querySelectorAll('.proc-row[aria-selected]').length > 3;";
    screen.run("document.querySelector('[data-panel=processes]').scrollIntoView();").await?;
    screen.wait_for("there are processes", rows).await?;
    let note = json!({ "title": "Disk", "message": "full", "level": "error" });
    server.post("/api/notifications")?.json(&note).send().await?.error_for_status()?;
    let said = "return document.querySelector('.unseen[role=alert]').textContent.startsWith('Fehler: Disk');";
    screen.wait_for("it is said that something went wrong", said).await?;
    screen.run("document.querySelector('[data-testid=pause]').click();").await?;
    screen.wait_for_attribute("[data-testid=pause]", "aria-pressed", "true", DEADLINE).await?;
    screen
        .run(
            "window.kept = ['[data-testid=alert][data-name=Voll]', '[data-testid=job]', '#job-form', '#job-form input[type=text]',
                '[data-testid=process-grid]', '.chart', '[data-testid=toast]', '[data-testid=status]', '[data-testid=updated]']
                .map((css) => document.querySelector(css));",
        )
        .await?;
    wait_until_all_is_kept(&screen).await?;

    go_over(&screen, "en").await?;
    wait_until_all_is_kept(&screen).await?;
    wait_for_no_german(&screen).await?;
    screen.picture("language-held").await?;

    server.kill().await?;
    screen.wait_for_state("reconnecting", DEADLINE).await?;
    let silent = until("nothing was heard of the jobs for a while", DEADLINE, || async {
        Ok(Some(silence(&screen).await?).filter(|seconds| *seconds >= 3))
    })
    .await?;
    go_over(&screen, "de").await?;
    ensure!(silence(&screen).await? >= silent, "it is as long ago as before");
    wait_until_all_is_kept(&screen).await?;

    // Who goes on without a server is told so, in the language of then.
    screen.run("document.querySelector('[data-testid=pause]').click();").await?;
    let why = "return document.querySelector('[data-testid=processes-why]')?.textContent.includes('nicht erreichbar');";
    screen.wait_for("it is said why there is no newer table", why).await?;
    screen.run("document.querySelector('[data-testid=pause]').click();").await?;
    screen.wait_for_attribute("[data-testid=pause]", "aria-pressed", "true", DEADLINE).await?;
    go_over(&screen, "en").await?;
    wait_until_all_is_kept(&screen).await?;
    wait_for_no_german(&screen).await?;
    let why = "return document.querySelector('[data-testid=processes-why]')?.textContent.includes('could not be reached');";
    screen.wait_for("what was said of the table is said in English", why).await?;
    screen.picture("language-away").await?;
    screen.close().await
}

#[tokio::test]
async fn axe_finds_nothing_in_german_and_nothing_is_wider_than_a_narrow_window() -> Result<()> {
    let mut server = Server::start_with(ServerOptions::with_config(CONFIG)).await?;
    let screen = german(&server).await?;
    wait_for_mark(&screen, ',').await?;
    screen.judge("german").await?;
    screen.resize(360, 780).await?;
    judge_narrow(&screen, "german-narrow", "main").await?;
    screen.click("settings").await?;
    judge_narrow(&screen, "german-narrow-settings", "[data-testid=settings-dialog][open]").await?;
    screen.key_here(ESCAPE).await?;
    screen.wait_for_none("dialog[open]").await?;
    screen.key("?").await?;
    judge_narrow(&screen, "german-narrow-help", "dialog[open] .keys").await?;
    screen.key_here(ESCAPE).await?;
    screen.wait_for_none("dialog[open]").await?;
    screen.click("bell").await?;
    judge_narrow(&screen, "german-narrow-inbox", ".inbox:popover-open .inbox-head").await?;

    // What every part says of its age takes room as well.
    server.stop().await?;
    screen.wait_for_state("reconnecting", DEADLINE).await?;
    judge_narrow(&screen, "german-narrow-inbox-old", ".inbox:popover-open .inbox-head").await?;
    screen.key(ESCAPE).await?;
    screen.wait_for_none(".inbox:popover-open").await?;
    judge_narrow(&screen, "german-narrow-reconnecting", "main").await?;
    screen.close().await
}

/// Judges the page once what `css` selects is there, and sees that neither is wider than the window.
async fn judge_narrow(screen: &Screen, name: &str, css: &str) -> Result<()> {
    let fits = format!(
        "return document.querySelector({css:?}) !== null
            && [...document.querySelectorAll('html, dialog[open], .inbox:popover-open')]
                .every((part) => part.scrollWidth <= part.clientWidth);"
    );
    screen.wait_for(&format!("{name} is there, and no wider than the window"), &fits).await?;
    screen.judge(name).await
}
