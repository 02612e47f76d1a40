//! A desktop window that nobody sees.

use anyhow::{Context, Result};

use super::Screen;

impl Screen {
    /// Hides the desktop's window, as far as the system is concerned.
    ///
    /// # Errors
    ///
    /// If it is none, or not there.
    pub async fn hide(&self) -> Result<()> {
        let display = self.display.as_ref().context("a desktop window")?;
        let hidden = tokio::process::Command::new("xdotool")
            .args([
                "search",
                "--sync",
                "--onlyvisible",
                "--class",
                "tidings-desktop",
                "windowunmap",
            ])
            .args(["--sync", "%@"])
            .env("DISPLAY", display)
            .status()
            .await
            .context("cannot start xdotool; `cargo xtask setup` installs it")?;
        anyhow::ensure!(hidden.success(), "the window cannot be hidden: {hidden}");
        Ok(())
    }
}
