//! The processes a desktop window consists of, found by the home they were started with.

use std::path::Path;

use anyhow::Result;
use rustix::process::Pid;

use super::Screen;
use crate::ProcessCost;

/// One process of the app: its own, or one of its web view.
#[derive(Clone, Debug)]
pub struct AppProcess {
    /// Process id.
    pub pid: Pid,
    /// Name of its program.
    pub program: String,
}

impl Screen {
    /// The processes the desktop window consists of.
    ///
    /// # Errors
    ///
    /// If the system does not tell.
    pub fn processes(&self) -> Result<Vec<AppProcess>> {
        processes(self.profile.path())
    }

    /// Proportional share of memory of all of them, in bytes.
    ///
    /// # Errors
    ///
    /// If one ends meanwhile.
    pub fn pss(&self) -> Result<u64> {
        let pids: Vec<_> = self.processes()?.iter().map(|process| process.pid).collect();
        Ok(ProcessCost::of(&pids)?.pss())
    }
}

/// Every process of an app whose `HOME` is `home`.
pub(crate) fn processes(home: &Path) -> Result<Vec<AppProcess>> {
    let home = format!("HOME={}", home.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc")? {
        let folder = entry?.path();
        let pid = folder.file_name().and_then(|name| name.to_str()?.parse().ok());
        let Some(pid) = pid.and_then(Pid::from_raw) else { continue };
        // A process may end between two looks.
        let Ok(environment) = std::fs::read(folder.join("environ")) else { continue };
        let Ok(program) = std::fs::read_link(folder.join("exe")) else { continue };
        let program = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_ours = environment.split(|byte| *byte == 0).any(|pair| pair == home.as_bytes());
        let is_app = ["tidings-desktop", "empty_window", "WebKit"];
        let is_app = is_app.iter().any(|name| program.starts_with(name));
        // The driver is WebKit's too, and none of the app's.
        if is_ours && is_app && program != "WebKitWebDriver" {
            found.push(AppProcess { pid, program });
        }
    }
    Ok(found)
}
