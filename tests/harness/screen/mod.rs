//! What a person sees: a page in Chromium, or the desktop window in its WebKit.

mod again;
mod app;
mod axe;
mod browser;
mod desktop;
mod freshness;
mod hide;
mod processes;
mod signed_in;
mod tabs;
mod trace;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::{By, Capabilities, Key, WebDriver, WebElement};

use crate::{DEADLINE, binary, free_address, http, until};
pub use app::AppProcess;
pub(crate) use app::processes as app_processes;
pub use freshness::{Shown, epoch_ms};
pub(crate) use processes::{Process, start_display};
pub use tabs::Tab;
pub use trace::{FRAME_MS, Trace};

/// Size of every window under test.
pub(crate) const WINDOW: (u32, u32) = (1280, 800);

/// A page under control of a driver. Everything it started ends when it is dropped.
#[derive(Debug)]
pub struct Screen {
    /// Null only while it is closed.
    driver: Option<WebDriver>,
    /// Of the driver.
    url: String,
    /// Dropped in this order: the driver before the display it draws on.
    _processes: Vec<Process>,
    profile: TempDir,
    /// The display of a desktop window; null of a browser.
    display: Option<String>,
    /// The environment of a desktop app.
    variables: Vec<(String, String)>,
}

/// Where pictures go, for a person to look at.
///
/// # Errors
///
/// If the folder cannot be made.
pub fn screenshots() -> Result<PathBuf> {
    let folder = crate::binary::target_dir()?.join("screenshots");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

impl Screen {
    /// The desktop app with environment variables of its own.
    ///
    /// # Errors
    ///
    /// As [`desktop`](Self::desktop).
    pub async fn desktop_with(variables: &[(&str, &str)]) -> Result<Self> {
        Self::window_of("tidings-desktop", variables).await
    }

    /// A window of Tauri's that has nothing but a text which changes once a second: an example of the desktop app's package.
    ///
    /// # Errors
    ///
    /// As [`desktop`](Self::desktop).
    pub async fn empty_window() -> Result<Self> {
        Self::window_of("examples/empty_window", &[]).await
    }

    async fn window_of(program: &str, variables: &[(&str, &str)]) -> Result<Self> {
        let application = binary(program)?;
        let profile = tempfile::tempdir()?;
        let (display, name) = start_display(WINDOW, None)?;
        let home = profile.path().display().to_string();
        let (port, native_port) = (free_address()?.port(), free_address()?.port());
        let mut all =
            vec![("DISPLAY", &*name), ("GDK_BACKEND", "x11"), ("LIBGL_ALWAYS_SOFTWARE", "1")];
        // A home of its own, so that a test neither finds nor leaves anything in the user's.
        for variable in
            ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"]
        {
            all.push((variable, &home));
        }
        all.extend_from_slice(variables);
        let owned =
            all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let arguments = [format!("--port={port}"), format!("--native-port={native_port}")];
        // A session bus of its own, unless the test has one.
        let driver = if variables.iter().any(|(name, _)| *name == "DBUS_SESSION_BUS_ADDRESS") {
            Process::start("tauri-driver", &arguments, &all)?
        } else {
            let session = ["--".to_owned(), "tauri-driver".to_owned()];
            Process::start("dbus-run-session", &[&session[..], &arguments].concat(), &all)?
        };
        let mut capabilities = Capabilities::new();
        capabilities.set("tauri:options", json!({ "application": application }))?;
        let mut screen = Self::connect(port, capabilities, vec![driver, display], profile).await?;
        screen.variables = owned;
        screen.display = Some(name);
        Ok(screen)
    }

    async fn connect(
        port: u16,
        capabilities: Capabilities,
        processes: Vec<Process>,
        profile: TempDir,
    ) -> Result<Self> {
        let url = format!("http://127.0.0.1:{port}");
        let client = http()?;
        until("the driver answers", DEADLINE, || {
            let request = client.get(format!("{url}/status"));
            async move { Ok(request.send().await?.status().is_success().then_some(())) }
        })
        .await?;
        let driver = WebDriver::new(&url, capabilities).await.context("a session of the driver")?;
        let (display, variables) = (None, Vec::new());
        Ok(Self { driver: Some(driver), url, _processes: processes, profile, display, variables })
    }

    /// Loads a page.
    ///
    /// # Errors
    ///
    /// If it does not load.
    pub async fn open(&self, url: &str) -> Result<()> {
        Ok(self.driver()?.goto(url).await?)
    }

    /// What the address bar says.
    ///
    /// # Errors
    ///
    /// If the driver does not answer.
    pub async fn address(&self) -> Result<String> {
        Ok(self.driver()?.current_url().await?.to_string())
    }

    /// The text of the element marked `test_id`.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub async fn text(&self, test_id: &str) -> Result<String> {
        Ok(self.find(&marked(test_id)).await?.text().await?)
    }

    /// An attribute of the first element that `css` selects.
    ///
    /// # Errors
    ///
    /// If there is no such element or attribute.
    pub async fn attribute(&self, css: &str, name: &str) -> Result<String> {
        let attribute = self.find(css).await?.attr(name).await?;
        attribute.with_context(|| format!("{css} has no {name}"))
    }

    /// Clicks the element marked `test_id`.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub async fn click(&self, test_id: &str) -> Result<()> {
        Ok(self.find(&marked(test_id)).await?.click().await?)
    }

    /// Types into the first field that `css` selects, in the place of what stands there.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub async fn fill(&self, css: &str, text: &str) -> Result<()> {
        let field = self.find(css).await?;
        field.clear().await?;
        Ok(field.send_keys(text).await?)
    }

    /// Types into the first element that `css` selects, and then presses Enter.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub async fn submit(&self, css: &str, text: &str) -> Result<()> {
        Ok(self.find(css).await?.send_keys(text.to_owned() + Key::Enter).await?)
    }

    /// Runs a function body in the page and returns what it returns.
    ///
    /// # Errors
    ///
    /// If it throws.
    pub async fn run(&self, script: &str) -> Result<Value> {
        Ok(self.driver()?.execute(script, Vec::new()).await?.json().clone())
    }

    /// Waits until the status badge says `state`.
    ///
    /// # Errors
    ///
    /// If it does not in time.
    pub async fn wait_for_state(&self, state: &str, deadline: Duration) -> Result<()> {
        let badge = marked("status");
        self.wait_for_attribute(&badge, "data-state", state, deadline).await
    }

    /// Waits until an attribute has a value.
    ///
    /// # Errors
    ///
    /// If it does not in time.
    pub async fn wait_for_attribute(
        &self,
        css: &str,
        name: &str,
        value: &str,
        deadline: Duration,
    ) -> Result<()> {
        until(&format!("{css} has {name}={value}"), deadline, || async {
            let found = self.attribute(css, name).await?;
            anyhow::ensure!(found == value, "it is {found:?}");
            Ok(Some(()))
        })
        .await
    }

    /// Waits until the element marked `test_id` shows a figure other than `old`, and returns its text.
    ///
    /// # Errors
    ///
    /// If it does not change in time.
    pub async fn wait_for_figure(&self, test_id: &str, old: &str) -> Result<String> {
        until(&format!("{test_id} shows a figure other than {old:?}"), DEADLINE, || async {
            let text = self.text(test_id).await?;
            let is_figure = text.contains(|c: char| c.is_ascii_digit());
            anyhow::ensure!(is_figure && text != old, "it shows {text:?}");
            Ok(Some(text))
        })
        .await
    }

    /// Clicks the first element that `css` selects.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub async fn press(&self, css: &str) -> Result<()> {
        Ok(self.find(css).await?.click().await?)
    }

    /// Types a key on the page itself.
    ///
    /// # Errors
    ///
    /// If the driver does not answer.
    pub async fn key(&self, key: &str) -> Result<()> {
        Ok(self.find("body").await?.send_keys(key).await?)
    }

    /// Types a key where the focus is.
    ///
    /// # Errors
    ///
    /// If the driver does not answer.
    pub async fn key_here(&self, key: &str) -> Result<()> {
        Ok(self.driver()?.active_element().await?.send_keys(key).await?)
    }

    /// Waits until a function body in the page returns true.
    ///
    /// # Errors
    ///
    /// If it does not in time.
    pub async fn wait_for(&self, what: &str, script: &str) -> Result<()> {
        until(what, DEADLINE, || async {
            Ok((self.run(script).await? == Value::Bool(true)).then_some(()))
        })
        .await
    }

    /// Leaves a mark in the page that a reload would wipe out.
    ///
    /// # Errors
    ///
    /// If the driver does not answer.
    pub async fn mark(&self) -> Result<()> {
        self.run("window.__mark = 'kept'; return null;").await.map(drop)
    }

    /// Whether the page is the one that was marked.
    ///
    /// # Errors
    ///
    /// If the driver does not answer.
    pub async fn is_marked(&self) -> Result<bool> {
        Ok(self.run("return window.__mark === 'kept';").await? == Value::Bool(true))
    }

    /// Saves a picture as `target/screenshots/{name}.png`, once nothing moves.
    ///
    /// # Errors
    ///
    /// If the driver takes none.
    pub async fn picture(&self, name: &str) -> Result<()> {
        let still = "return document.getAnimations().every(a => a.effect.getTiming().iterations === Infinity);";
        self.wait_for("nothing moves any more", still).await?;
        let path = screenshots()?.join(format!("{name}.png"));
        Ok(self.driver()?.screenshot(&path).await?)
    }

    /// Closes the window as a person would.
    ///
    /// # Errors
    ///
    /// If the driver does not answer, or processes of the app stay behind.
    pub async fn close(mut self) -> Result<()> {
        self.driver.take().context("a driver")?.quit().await?;
        self.wait_for_end().await
    }

    /// Waits until no process of the app is left.
    ///
    /// # Errors
    ///
    /// If some stay behind.
    pub async fn wait_for_end(&self) -> Result<()> {
        until("the app and all it started have ended", DEADLINE, || async {
            let left = self.processes()?;
            anyhow::ensure!(left.is_empty(), "{left:?}");
            Ok(Some(()))
        })
        .await
    }

    /// Id of the driver's process.
    fn driver_id(&self) -> Option<i32> {
        self._processes.first().and_then(Process::id)
    }

    fn driver(&self) -> Result<&WebDriver> {
        self.driver.as_ref().context("a driver")
    }

    async fn find(&self, css: &str) -> Result<WebElement> {
        self.driver()?.find(By::Css(css)).await.with_context(|| format!("no element {css}"))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A test that failed ends its driver with its processes; asking it to quit would wait for it.
        if let Some(driver) = self.driver.take() {
            let _ = driver.leak();
        }
    }
}

fn marked(test_id: &str) -> String {
    format!("[data-testid=\"{test_id}\"]")
}
