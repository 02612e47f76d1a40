//! A browser.

use anyhow::Result;
use serde_json::json;
use thirtyfour::{ChromiumLikeCapabilities, DesiredCapabilities};

use super::processes::Process;
use super::{Screen, WINDOW};
use crate::free_address;

impl Screen {
    /// Chromium with an empty profile.
    ///
    /// # Errors
    ///
    /// If chromium or chromedriver is missing.
    pub async fn browser() -> Result<Self> {
        Self::browser_in("en-US,en").await
    }

    /// Chromium with an empty profile, of somebody who reads these languages.
    ///
    /// # Errors
    ///
    /// As [`browser`](Self::browser).
    pub async fn browser_in(languages: &str) -> Result<Self> {
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
        Self::connect(port, capabilities.into(), vec![driver], profile).await
    }
}
