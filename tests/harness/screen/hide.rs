//! A desktop window as the system has it: seen or not, where it is, and what keys come to it.

use anyhow::{Context, Result};

use super::Screen;

/// How xdotool finds the window that is shown.
const SEARCH: [&str; 4] = ["search", "--onlyvisible", "--class", "tidings-desktop"];

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

    /// Presses keys as a keyboard does, such as `ctrl+w`.
    ///
    /// # Errors
    ///
    /// If it is no desktop window.
    pub async fn strike(&self, keys: &str) -> Result<()> {
        self.xdotool(&["key", "--clearmodifiers", keys]).await.map(drop)
    }

    /// Whether the desktop's window can be seen.
    ///
    /// # Errors
    ///
    /// If it is none.
    pub async fn is_shown(&self) -> Result<bool> {
        // It fails where it finds none.
        Ok(self.xdotool(&SEARCH).await.is_ok_and(|found| !found.trim().is_empty()))
    }

    /// Puts the desktop's window elsewhere: left and upper edge, width and height.
    ///
    /// # Errors
    ///
    /// If it is not shown.
    pub async fn put(&self, place: [u32; 4]) -> Result<()> {
        let [x, y, width, height] = place.map(|length| length.to_string());
        let arguments =
            [&SEARCH[..], &["windowsize", "%1", &width, &height, "windowmove", "%1", &x, &y]];
        self.xdotool(&arguments.concat()).await.map(drop)
    }

    /// Where the desktop's window is: left and upper edge, width and height.
    ///
    /// # Errors
    ///
    /// If it is not shown.
    pub async fn place(&self) -> Result<[u32; 4]> {
        let arguments = [&SEARCH[..], &["getwindowgeometry", "--shell", "%1"]];
        let told = self.xdotool(&arguments.concat()).await?;
        let mut place = [0; 4];
        for (length, name) in place.iter_mut().zip(["X=", "Y=", "WIDTH=", "HEIGHT="]) {
            let line = told.lines().find_map(|line| line.strip_prefix(name));
            *length = line.with_context(|| format!("no {name} in {told}"))?.parse()?;
        }
        Ok(place)
    }

    async fn xdotool(&self, arguments: &[&str]) -> Result<String> {
        let display = self.display.as_ref().context("a desktop window")?;
        let output = tokio::process::Command::new("xdotool")
            .args(arguments)
            .env("DISPLAY", display)
            .output()
            .await
            .context("cannot start xdotool; `cargo xtask setup` installs it")?;
        let error = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "{}: {error}", output.status);
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}
