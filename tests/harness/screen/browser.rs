//! A browser.

use anyhow::Result;
use serde_json::json;
use thirtyfour::{ChromeCapabilities, ChromiumLikeCapabilities, DesiredCapabilities};

use super::processes::Process;
use super::{Screen, WINDOW};
use crate::free_address;

/// What most stories read.
pub(super) const ENGLISH: &str = "en-US,en";

impl Screen {
    /// Chromium with an empty profile.
    ///
    /// # Errors
    ///
    /// If chromium or chromedriver is missing.
    pub async fn browser() -> Result<Self> {
        Self::browser_in(ENGLISH).await
    }

    /// Chromium with an empty profile, of somebody who reads these languages.
    ///
    /// # Errors
    ///
    /// As [`browser`](Self::browser).
    pub async fn browser_in(languages: &str) -> Result<Self> {
        Self::browser_with(languages, |_| Ok(())).await
    }

    /// As [`browser_in`](Self::browser_in), of which something else is wanted besides.
    pub(super) async fn browser_with(
        languages: &str,
        want: impl FnOnce(&mut ChromeCapabilities) -> Result<()>,
    ) -> Result<Self> {
        let profile = tempfile::tempdir()?;
        let port = free_address()?.port();
        let driver = Process::start("chromedriver", &[format!("--port={port}")], &[])?;
        let mut capabilities = DesiredCapabilities::chrome();
        for argument in [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            &format!("--window-size={},{}", WINDOW.0, WINDOW.1),
            &format!("--user-data-dir={}", profile.path().display()),
        ] {
            capabilities.add_arg(argument)?;
        }
        let preferences = json!({ "intl.accept_languages": languages });
        capabilities.add_experimental_option("prefs", preferences)?;
        want(&mut capabilities)?;
        Self::connect(port, capabilities.into(), vec![driver], profile).await
    }
}
