//! The desktop app, as most stories start it.

use std::path::Path;

use anyhow::Result;

use super::Screen;
use crate::{Server, WINDOW_WITHIN};

impl Screen {
    /// The desktop app with its bundled server.
    ///
    /// # Errors
    ///
    /// If the app is not built, or a program it is driven by is missing.
    pub async fn desktop() -> Result<Self> {
        Self::desktop_with(&[]).await
    }

    /// The desktop app watching `server`.
    ///
    /// # Errors
    ///
    /// As [`desktop`](Self::desktop).
    pub async fn desktop_watching(server: &Server) -> Result<Self> {
        let token = server.token()?;
        let url = server.url("");
        Self::desktop_with(&[("TIDINGS_SERVER", &url), ("TIDINGS_TOKEN", &token)]).await
    }

    /// The desktop app watching `server` on the session bus `bus`, with what it keeps in `home`, once it is live.
    ///
    /// # Errors
    ///
    /// As [`desktop`](Self::desktop), and if it is not live in time.
    pub async fn desktop_at(server: &Server, bus: &str, home: &Path) -> Result<Self> {
        let (url, token) = (server.url(""), server.token()?);
        Self::desktop_kept(bus, home, &[("TIDINGS_SERVER", &url), ("TIDINGS_TOKEN", &token)]).await
    }

    /// The desktop app on the session bus `bus`, with what it keeps in `home` and these variables, once it is live.
    ///
    /// # Errors
    ///
    /// As [`desktop`](Self::desktop), and if it is not live in time.
    pub async fn desktop_kept(bus: &str, home: &Path, more: &[(&str, &str)]) -> Result<Self> {
        let home = home.display().to_string();
        let kept = [
            ("XDG_DATA_HOME", &*home),
            ("XDG_CONFIG_HOME", &*home),
            ("DBUS_SESSION_BUS_ADDRESS", bus),
        ];
        let screen = Self::desktop_with(&[&kept, more].concat()).await?;
        screen.wait_for_state("live", WINDOW_WITHIN).await?;
        Ok(screen)
    }
}
