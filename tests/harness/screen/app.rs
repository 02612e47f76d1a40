//! The processes a desktop window consists of, found by the home they were started with.

use std::path::Path;

use anyhow::{Context, Result};
use rustix::process::Pid;

/// One process of the app: its own, or one of its web view.
#[derive(Clone, Debug)]
pub struct AppProcess {
    /// Process id.
    pub pid: Pid,
    /// Name of its program.
    pub program: String,
}

impl AppProcess {
    /// Its proportional share of memory, in bytes: what it has alone, and its part of what it shares.
    ///
    /// # Errors
    ///
    /// If it has ended.
    pub fn pss(&self) -> Result<u64> {
        let path = format!("/proc/{}/smaps_rollup", self.pid.as_raw_nonzero());
        let rollup = std::fs::read_to_string(path)?;
        let line = rollup.lines().find(|line| line.starts_with("Pss:")).context("a sum")?;
        let kib: u64 = line.split_whitespace().nth(1).context("a figure")?.parse()?;
        Ok(kib << 10)
    }
}

/// Every process of an app whose `HOME` is `home`.
pub(super) fn processes(home: &Path) -> Result<Vec<AppProcess>> {
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
        let is_app = program.starts_with("tidings-desktop") || program.starts_with("WebKit");
        // The driver is WebKit's too, and none of the app's.
        if is_ours && is_app && program != "WebKitWebDriver" {
            found.push(AppProcess { pid, program });
        }
    }
    Ok(found)
}
