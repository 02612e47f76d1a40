//! All processes of a machine in Chromium: a thousand of them, looked at, found, and one ended.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use anyhow::{Result, ensure};
use harness::{DEADLINE, Group, Screen, Server, ServerOptions, until};
use serde_json::{Value, json};

const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";
const DELETE: &str = "\u{e017}";
const LEFT: &str = "\u{e012}";
const RIGHT: &str = "\u{e014}";
const DOWN: &str = "\u{e015}";
const END: &str = "\u{e010}";

const GRID: &str = "[data-testid=process-grid]";
const CROWD: u64 = 1_000;

/// Looks at all processes. Once the samples are there nothing moves any more under the pointer.
async fn press_all(screen: &Screen) -> Result<()> {
    let there = "return !!document.querySelector('[data-testid=processes-count], [data-panel=processes] tbody');";
    screen.wait_for("there are processes", there).await?;
    let button = "[data-testid=processes-all]";
    screen.run(&format!("document.querySelector({button:?}).click();")).await?;
    screen.wait_for_attribute(button, "aria-pressed", "true", DEADLINE).await?;
    screen.run("document.querySelector('[data-panel=processes]').scrollIntoView();").await.map(drop)
}

/// Opens the table, and waits until it is there.
async fn open_all(screen: &Screen) -> Result<()> {
    press_all(screen).await?;
    screen
        .wait_for("there is a table", &format!("return !!document.querySelector({GRID:?});"))
        .await
}

async fn wait_for_text(screen: &Screen, css: &str, text: &str) -> Result<()> {
    let script = format!("return document.querySelector({css:?})?.textContent ?? '';");
    until(&format!("{css} says {text:?}"), DEADLINE, || async {
        let found = screen.run(&script).await?;
        let found = found.as_str().unwrap_or_default();
        ensure!(found.contains(text), "it says {found:?}");
        Ok(Some(()))
    })
    .await
}

/// Writes into the field that finds processes.
async fn find(screen: &Screen, text: &str) -> Result<()> {
    let script = format!(
        "const field = document.querySelector('[data-testid=processes-find]'); field.value = {text:?};
        field.dispatchEvent(new InputEvent('input', {{ bubbles: true }}));"
    );
    screen.run(&script).await.map(drop)
}

/// How many rows there are, drawn or not, without the headings.
async fn count(screen: &Screen) -> Result<u64> {
    let script = format!("return +document.querySelector({GRID:?})?.ariaRowCount - 1;");
    Ok(screen.run(&script).await?.as_u64().unwrap_or_default())
}

async fn wait_for_count(screen: &Screen, expected: u64) -> Result<()> {
    until(&format!("there are {expected} rows"), DEADLINE, || async {
        let found = count(screen).await?;
        ensure!(found == expected, "there are {found}");
        Ok(Some(()))
    })
    .await
}

/// What stands in a column of the rows that are drawn.
async fn column(screen: &Screen, name: &str) -> Result<Vec<String>> {
    let script = format!(
        "return [...document.querySelectorAll('.proc-row[aria-selected] [data-column={name}]')].map(cell => cell.textContent.trim());"
    );
    Ok(serde_json::from_value(screen.run(&script).await?)?)
}

async fn sort_by(screen: &Screen, name: &str, order: &str) -> Result<()> {
    let heading = format!("[role=columnheader][data-column={name}]");
    screen.press(&format!("{heading} button")).await?;
    screen.wait_for_attribute(&heading, "aria-sort", order, DEADLINE).await
}

async fn focus_grid(screen: &Screen) -> Result<()> {
    screen.run(&format!("document.querySelector({GRID:?}).focus();")).await.map(drop)
}

#[tokio::test]
async fn a_thousand_processes_are_sorted_found_and_shown_as_a_tree_while_few_rows_are_drawn()
-> Result<()> {
    let crowd = Group::start("for n in $(seq 1000); do sleep 86412 & done; wait")?;
    let server = Server::start().await?;
    let screen = Screen::signed_in(&server).await?;
    open_all(&screen).await?;
    until("all of them are there", DEADLINE, || async {
        Ok((count(&screen).await? > CROWD).then_some(()))
    })
    .await?;
    let drawn = "return document.querySelectorAll('.proc-row').length;";
    ensure!(screen.run(drawn).await?.as_u64().is_some_and(|rows| (10..=49).contains(&rows)));

    sort_by(&screen, "PID", "ascending").await?;
    let pids = column(&screen, "PID").await?;
    let pids: Vec<u32> = pids.iter().map(|pid| pid.parse()).collect::<Result<_, _>>()?;
    ensure!(pids.is_sorted() && pids[0] == 1, "{pids:?}");
    sort_by(&screen, "Name", "ascending").await?;
    let names: Vec<_> =
        column(&screen, "Name").await?.iter().map(|name| name.to_lowercase()).collect();
    ensure!(names.is_sorted(), "{names:?}");
    sort_by(&screen, "Name", "descending").await?;
    let names: Vec<_> =
        column(&screen, "Name").await?.iter().map(|name| name.to_lowercase()).collect();
    ensure!(names.iter().rev().is_sorted(), "{names:?}");

    // Whoever scrolls to the end finds the last row there.
    screen
        .run(&format!(
            "const grid = document.querySelector({GRID:?}); grid.scrollTop = grid.scrollHeight;"
        ))
        .await?;
    let last = "const rows = [...document.querySelectorAll('.proc-row')], grid = document.querySelector('.proc-grid');
        return rows.at(-1).ariaRowIndex === grid.ariaRowCount && rows.length <= 49
            && Math.abs(rows.at(-1).getBoundingClientRect().bottom - grid.getBoundingClientRect().bottom) < 3;";
    screen.wait_for("the last row is the last one in sight", last).await?;

    find(&screen, "SLEEP 86412").await?;
    // The shell that started them says so in its own command line.
    wait_for_count(&screen, CROWD + 1).await?;
    wait_for_text(&screen, "[data-testid=processes-found]", "1,001 found").await?;
    find(&screen, "no such process anywhere").await?;
    wait_for_text(&screen, ".proc", "No process is like that").await?;
    find(&screen, "86412").await?;

    screen.click("processes-tree").await?;
    screen.wait_for_attribute(GRID, "role", "treegrid", DEADLINE).await?;
    sort_by(&screen, "PID", "ascending").await?;
    let shell = format!("#process-{}", crowd.pid());
    let below = format!(
        "const shell = document.querySelector({shell:?}), next = shell?.nextElementSibling;
        return shell?.ariaExpanded === 'true' && +next?.ariaLevel === +shell.ariaLevel + 1;"
    );
    screen.wait_for("they stand below the shell that started them", &below).await?;
    let open = count(&screen).await?;
    find(&screen, "").await?;
    until("all are there again", DEADLINE, || async {
        Ok((count(&screen).await? > open).then_some(()))
    })
    .await?;
    focus_grid(&screen).await?;
    screen.key_here(END).await?;
    let chosen = "return !!document.querySelector('.proc-row[aria-selected=true]');";
    screen.wait_for("the last one is chosen", chosen).await?;
    find(&screen, "86412").await?;
    let in_sight = format!("return !!document.querySelector({shell:?});");
    screen.wait_for("the shell is in sight", &in_sight).await?;
    screen.press(&format!("{shell} [data-column=User]")).await?;
    screen.wait_for_attribute(&shell, "aria-selected", "true", DEADLINE).await?;
    find(&screen, "").await?;
    screen.wait_for_none("[data-testid=processes-found]").await?;
    focus_grid(&screen).await?;
    // To what stands below it, and up again, wherever among all of them that is.
    screen.key_here(DOWN).await?;
    screen.key_here(LEFT).await?;
    screen.wait_for_attribute(&shell, "aria-selected", "true", DEADLINE).await?;
    let before = count(&screen).await?;
    screen.key_here(LEFT).await?;
    screen.wait_for_attribute(&shell, "aria-expanded", "false", DEADLINE).await?;
    until("what is below it is hidden", DEADLINE, || async {
        Ok((count(&screen).await? + CROWD / 2 < before).then_some(()))
    })
    .await?;
    screen.key_here(RIGHT).await?;
    screen.wait_for_attribute(&shell, "aria-expanded", "true", DEADLINE).await?;
    screen.close().await
}

#[tokio::test]
async fn a_process_is_ended_by_keys_once_somebody_is_sure_and_killed_if_it_does_not_listen()
-> Result<()> {
    let mut quiet = Command::new("sleep").arg("77712").spawn()?;
    let mut deaf = Command::new("sh")
        .args(["-c", "trap '' TERM; for n in $(seq 900); do sleep 0.2; done # 77713"])
        .spawn()?;
    let server = Server::start().await?;
    let screen = Screen::signed_in(&server).await?;
    open_all(&screen).await?;

    find(&screen, &format!("{} 77712", quiet.id())).await?;
    let row = format!("#process-{}", quiet.id());
    screen.wait_for("it is found", &format!("return !!document.querySelector({row:?});")).await?;
    focus_grid(&screen).await?;
    let chosen = format!("return document.querySelector({row:?}).ariaSelected === 'true';");
    until("it is chosen", DEADLINE, || async {
        screen.key_here(DOWN).await?;
        Ok((screen.run(&chosen).await? == Value::Bool(true)).then_some(()))
    })
    .await?;
    screen.wait_for_attribute(GRID, "aria-activedescendant", &row[1..], DEADLINE).await?;
    screen.key_here(ENTER).await?;
    wait_for_text(&screen, "[data-testid=process-details]", "sleep 77712").await?;
    screen.key_here(DELETE).await?;
    let question = "[data-testid=process-question]";
    wait_for_text(&screen, question, &format!("(PID {})", quiet.id())).await?;
    wait_for_text(&screen, question, "sleep 77712").await?;
    // What leaves it as it is has the focus, and so the first Enter does no harm.
    screen.key_here(ENTER).await?;
    screen.wait_for_none(question).await?;
    let back = format!("return document.activeElement === document.querySelector({GRID:?});");
    screen.wait_for("the focus is where it was", &back).await?;
    ensure!(quiet.try_wait()?.is_none(), "it goes on");
    screen.key_here(DELETE).await?;
    wait_for_text(&screen, question, "asked to end").await?;
    screen.click("process-sure").await?;
    let status =
        until("it ends", DEADLINE, || std::future::ready(quiet.try_wait().map_err(Into::into)))
            .await?;
    assert_eq!(status.signal(), Some(15));
    wait_for_text(&screen, "[data-testid=processes-said]", "has ended").await?;
    wait_for_text(&screen, "[data-testid=process-details]", "It has ended").await?;
    find(&screen, "77713").await?;
    let row = format!("#process-{}", deaf.id());
    screen.wait_for("it is found", &format!("return !!document.querySelector({row:?});")).await?;
    screen.press(&row).await?;
    wait_for_text(&screen, "[data-testid=process-end]", "End…").await?;
    screen.click("process-end").await?;
    screen.click("process-sure").await?;
    wait_for_text(&screen, "[data-testid=processes-said]", "was asked to end").await?;
    wait_for_text(&screen, "[data-testid=process-end]", "Kill…").await?;
    ensure!(deaf.try_wait()?.is_none(), "it does not listen");
    screen.click("process-end").await?;
    wait_for_text(&screen, question, "Kill this process?").await?;
    screen.picture("processes-kill").await?;
    screen.click("process-sure").await?;
    let status =
        until("it ends", DEADLINE, || std::future::ready(deaf.try_wait().map_err(Into::into)))
            .await?;
    assert_eq!(status.signal(), Some(9));
    let own = server.pid()?.as_raw_nonzero().get();
    find(&screen, &format!("{own}")).await?;
    let row = format!("#process-{own}");
    screen.wait_for("it is found", &format!("return !!document.querySelector({row:?});")).await?;
    screen.press(&row).await?;
    screen.click("process-end").await?;
    screen.click("process-sure").await?;
    wait_for_text(&screen, "[data-testid=processes-failed]", "The server itself").await?;
    screen.close().await
}

#[tokio::test]
async fn who_may_not_see_them_is_told_so_and_who_may_not_end_them_is_asked_nothing() -> Result<()> {
    let config = "[processes]\nend = \"never\"\n";
    let server = Server::start_with(ServerOptions::with_config(config)).await?;
    let screen = Screen::signed_in_as_viewer(&server, "Vera").await?;
    press_all(&screen).await?;
    wait_for_text(&screen, "[data-testid=processes-why]", "Only an admin may see the processes")
        .await?;
    screen.wait_for_none(GRID).await?;
    screen.judge("processes-forbidden").await?;
    screen.close().await?;

    let mut sleeper = Command::new("sleep").arg("77714").spawn()?;
    let screen = Screen::signed_in(&server).await?;
    open_all(&screen).await?;
    find(&screen, "sleep 77714").await?;
    let row = format!("#process-{}", sleeper.id());
    screen.wait_for("it is found", &format!("return !!document.querySelector({row:?});")).await?;
    screen.press(&row).await?;
    wait_for_text(&screen, "[data-testid=process-kept]", "end no processes").await?;
    focus_grid(&screen).await?;
    screen.key_here(DELETE).await?;
    wait_for_text(&screen, "[data-testid=processes-failed]", "end no processes").await?;
    screen.wait_for_none("[data-testid=process-question]").await?;
    screen.wait_for_none("[data-testid=process-end]").await?;
    ensure!(sleeper.try_wait()?.is_none());
    sleeper.kill()?;
    sleeper.wait()?;
    screen.close().await
}

/// Waits until so many more samples of the machine have come.
async fn wait_for_samples(screen: &Screen, more: u64) -> Result<()> {
    let script = "return +document.querySelector('[data-testid=events-received]').textContent.replace(/\\D/g, '');";
    let before = screen.run(script).await?.as_u64().unwrap_or_default();
    until(&format!("{more} more samples come"), DEADLINE, || async {
        Ok((screen.run(script).await?.as_u64() >= Some(before + more)).then_some(()))
    })
    .await
}

#[tokio::test]
async fn they_are_asked_for_while_somebody_looks_and_the_table_says_how_old_it_is() -> Result<()> {
    let server = Server::start().await?;
    let screen = Screen::signed_in(&server).await?;
    let watch = "const real = window.fetch; window.asked = 0; window.is_down = false;
        window.fetch = (path, init) => {
            if (!`${path}`.startsWith('/api/processes')) return real(path, init);
            window.asked += 1;
            return window.is_down ? Promise.reject(new TypeError('down')) : real(path, init);
        };";
    screen.run(watch).await?;
    wait_for_samples(&screen, 3).await?;
    assert_eq!(screen.run("return window.asked;").await?, json!(0), "nobody looks");
    open_all(&screen).await?;
    screen.wait_for("it is asked for again and again", "return window.asked > 2;").await?;
    let panel = "[data-panel=processes]";
    screen.wait_for_attribute(panel, "data-freshness", "live", DEADLINE).await?;

    // What is away is told with its cause, and what was there stays.
    screen.run("window.is_down = true;").await?;
    screen.wait_for_attribute(panel, "data-freshness", "stale", DEADLINE).await?;
    wait_for_text(&screen, "[data-testid=processes-why]", "could not be reached").await?;
    ensure!(count(&screen).await? > 0, "the old rows stay");
    screen.picture("processes-stale").await?;
    screen.run("window.is_down = false;").await?;
    screen.wait_for_attribute(panel, "data-freshness", "live", DEADLINE).await?;
    screen.wait_for_none("[data-testid=processes-why]").await?;

    // Neither out of sight, nor while the page is held still, nor once it is closed.
    screen.resize(1280, 300).await?;
    screen.run("window.scrollTo(0, 0);").await?;
    let asked = async || Ok::<_, anyhow::Error>(screen.run("return window.asked;").await?);
    wait_for_samples(&screen, 1).await?;
    let before = asked().await?;
    wait_for_samples(&screen, 5).await?;
    assert_eq!(asked().await?, before, "out of sight");
    screen.resize(1280, 800).await?;
    screen.run(&format!("document.querySelector({GRID:?}).scrollIntoView();")).await?;
    screen.wait_for("it is asked for", &format!("return window.asked > {before};")).await?;
    screen.click("pause").await?;
    screen.wait_for_attribute(panel, "data-freshness", "paused", DEADLINE).await?;
    let before = asked().await?;
    screen.wait_for_none("[data-testid=processes-why]").await?;
    screen.click("pause").await?;
    screen.wait_for("it goes on", &format!("return window.asked > {before};")).await?;
    screen.run("document.querySelector('[data-testid=processes-all]').click();").await?;
    screen.wait_for_none(GRID).await?;
    wait_for_samples(&screen, 1).await?;
    let before = asked().await?;
    wait_for_samples(&screen, 5).await?;
    assert_eq!(asked().await?, before, "closed");
    screen.close().await
}

#[tokio::test]
async fn the_table_is_for_everybody_and_for_a_narrow_window() -> Result<()> {
    let crowd = Group::start("for n in $(seq 60); do sleep 86413 & done; wait")?;
    let server = Server::start().await?;
    let screen = Screen::signed_in(&server).await?;
    open_all(&screen).await?;
    // One that does not end meanwhile.
    let row = format!("#process-{}", crowd.pid());
    find(&screen, &format!("{} 86413", crowd.pid())).await?;
    screen.wait_for_attribute(&row, "aria-selected", "false", DEADLINE).await?;
    screen.press(&row).await?;
    find(&screen, "").await?;
    wait_for_text(&screen, "[data-testid=process-details]", "Started").await?;
    screen.run("document.querySelector('[data-panel=processes]').scrollIntoView();").await?;
    screen.judge("processes-list").await?;
    screen.click("processes-tree").await?;
    screen.judge("processes-tree").await?;
    screen.click("process-end").await?;
    screen.judge("processes-question").await?;
    screen.key_here(ESCAPE).await?;
    for (width, height) in [(360, 740), (3840, 2160)] {
        screen.resize(width, height).await?;
        screen.run("document.querySelector('[data-panel=processes]').scrollIntoView();").await?;
        let fits = "return document.documentElement.scrollWidth <= window.innerWidth
            && [...document.querySelectorAll('.proc-row')].every(row => row.scrollWidth <= row.clientWidth);";
        screen.wait_for("nothing is wider than the window", fits).await?;
        screen.judge(&format!("processes-{width}")).await?;
    }
    screen.close().await
}
