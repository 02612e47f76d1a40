//! A browser of somebody who is signed in.

use anyhow::{Result, ensure};

use super::Screen;
use crate::{DEADLINE, Server, run};

/// Of all users that stories add.
const PASSWORD: &str = "correct horse";

impl Screen {
    /// A browser of the owner, whose page is live.
    ///
    /// # Errors
    ///
    /// As [`browser`](Self::browser), and if the page is not live in time.
    pub async fn signed_in(server: &Server) -> Result<Self> {
        let screen = Self::browser().await?;
        screen.open(&server.sign_in_link()).await?;
        screen.wait_for_state("live", DEADLINE).await?;
        Ok(screen)
    }

    /// A browser of a new viewer of this name, who has signed in with a password and whose page is live.
    ///
    /// # Errors
    ///
    /// As [`signed_in`](Self::signed_in), and if there is such a user.
    pub async fn signed_in_as_viewer(server: &Server, name: &str) -> Result<Self> {
        let add = ["user", "add", name, "--role", "viewer", "--password-stdin"];
        ensure!(run(server, &add, PASSWORD.as_bytes()).await?.status.success(), "{name} is added");
        let screen = Self::browser().await?;
        screen.open(&server.url("/")).await?;
        screen.wait_for_state("unauthorized", DEADLINE).await?;
        screen.fill("input[name=username]", name).await?;
        screen.submit("input[name=password]", PASSWORD).await?;
        screen.wait_for_state("live", DEADLINE).await?;
        Ok(screen)
    }

    /// Waits until no element of the page is what `css` selects.
    ///
    /// # Errors
    ///
    /// If there is one for too long.
    pub async fn wait_for_none(&self, css: &str) -> Result<()> {
        let script = format!("return !document.querySelector({css:?});");
        self.wait_for(&format!("there is no {css}"), &script).await
    }
}
