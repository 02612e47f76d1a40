//! Whether the system starts the app when somebody signs in. It starts in the tray then, without a window.

#[cfg(target_os = "linux")]
#[path = "autostart/linux.rs"]
mod platform;
#[cfg(not(target_os = "linux"))]
#[path = "autostart/elsewhere.rs"]
mod platform;

pub(crate) use platform::{is_on, set};
