//! macOS keeps a launch agent for it, and Windows a value in the registry.

use std::io;

use auto_launch::{AutoLaunch, AutoLaunchBuilder};

use crate::launch::HIDDEN;

/// Whether it starts by itself.
pub(crate) fn is_on() -> bool {
    entry().is_ok_and(|entry| entry.is_enabled().unwrap_or(false))
}

/// Has it start by itself, or not.
pub(crate) fn set(is_on: bool) -> io::Result<()> {
    let entry = entry()?;
    let done = match (is_on, entry.is_enabled().unwrap_or(false)) {
        (true, _) => entry.enable(),
        (false, true) => entry.disable(),
        (false, false) => Ok(()),
    };
    done.map_err(io::Error::other)
}

fn entry() -> io::Result<AutoLaunch> {
    let program = std::env::current_exe()?.display().to_string();
    // In the registry it is the beginning of a command.
    let program = if cfg!(windows) { format!("\"{program}\"") } else { program };
    let mut builder = AutoLaunchBuilder::new();
    builder.set_app_name("Tidings").set_app_path(&program).set_args(&[HIDDEN]);
    #[cfg(windows)]
    builder.set_windows_enable_mode(auto_launch::WindowsEnableMode::CurrentUser);
    #[cfg(target_os = "macos")]
    builder.set_macos_launch_mode(auto_launch::MacOSLaunchMode::LaunchAgent);
    builder.build().map_err(io::Error::other)
}
