//! Several tabs of one Chromium.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use thirtyfour::WindowHandle;

use super::Screen;
use crate::http;

/// Keeps the streams that a page opens in `window.__streams`, and when it did.
const COUNT_STREAMS: &str = "
    window.__streams = [];
    window.EventSource = class extends EventSource {
        constructor(...all) {
            super(...all);
            this.__at = Date.now();
            window.__streams.push(this);
        }
    };";

/// One tab of a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tab(WindowHandle);

impl Screen {
    /// Opens `url` in a tab of its own, which is the one that is driven from then on.
    ///
    /// # Errors
    ///
    /// If it does not load.
    pub async fn open_tab(&self, url: &str) -> Result<Tab> {
        let tab = self.blank_tab().await?;
        let script = json!({ "source": COUNT_STREAMS });
        self.devtools("Page.addScriptToEvaluateOnNewDocument", script).await?;
        self.open(url).await?;
        Ok(tab)
    }

    /// A tab that shows nothing, which is driven from then on.
    pub(super) async fn blank_tab(&self) -> Result<Tab> {
        let tab = Tab(self.driver()?.new_tab().await?);
        self.switch_to(&tab).await?;
        Ok(tab)
    }

    /// Drives this tab from now on. It does not come to the front by that.
    ///
    /// # Errors
    ///
    /// If there is no such tab.
    pub async fn switch_to(&self, tab: &Tab) -> Result<()> {
        Ok(self.driver()?.switch_to_window(tab.0.clone()).await?)
    }

    /// Brings the tab to the front, where a person sees it.
    ///
    /// # Errors
    ///
    /// If there is no such tab.
    pub async fn bring_to_front(&self, tab: &Tab) -> Result<()> {
        self.switch_to(tab).await?;
        self.devtools("Page.bringToFront", json!({})).await.map(drop)
    }

    /// Closes the tab that is driven; another one must be driven next.
    ///
    /// # Errors
    ///
    /// If the driver does not answer.
    pub async fn close_tab(&self) -> Result<()> {
        Ok(self.driver()?.close_window().await?)
    }

    /// Has the browser freeze the tab that is driven, as it does to save energy, or go on with it. A frozen one runs no
    /// scripts, not those of a test either.
    ///
    /// # Errors
    ///
    /// If the browser does not.
    pub async fn freeze(&self, is_frozen: bool) -> Result<()> {
        let state = if is_frozen { "frozen" } else { "active" };
        self.devtools("Page.setWebLifecycleState", json!({ "state": state })).await.map(drop)
    }

    /// Has the page take the window for one of this size, which may be narrower than a browser's own can be.
    ///
    /// # Errors
    ///
    /// If the browser does not.
    pub async fn resize(&self, width: u32, height: u32) -> Result<()> {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await.map(drop)
    }

    /// How many streams the page in this tab has open.
    ///
    /// # Errors
    ///
    /// If it is none of [`open_tab`](Self::open_tab).
    pub async fn streams(&self) -> Result<u64> {
        let open = "return window.__streams.filter(stream => stream.readyState !== 2).length;";
        self.run(open).await?.as_u64().context("a number")
    }

    /// When the page in this tab opened its newest stream, in ms since the epoch by this machine's clock.
    ///
    /// # Errors
    ///
    /// If it opened none, or is none of [`open_tab`](Self::open_tab).
    pub async fn streams_since(&self) -> Result<u64> {
        self.run("return window.__streams.at(-1).__at;").await?.as_u64().context("a time")
    }

    /// A command of the DevTools protocol to the tab that is driven.
    pub(super) async fn devtools(&self, command: &str, parameters: Value) -> Result<Value> {
        let session = self.driver()?.session_id().to_string();
        let url = format!("{}/session/{session}/goog/cdp/execute", self.url);
        let body = json!({ "cmd": command, "params": parameters });
        let answer = http()?.post(url).json(&body).send().await?;
        let status = answer.status();
        let answer = answer.text().await?;
        anyhow::ensure!(status.is_success(), "{command}: {answer}");
        Ok(serde_json::from_str(&answer)?)
    }
}
