//! The notifications of the system. Each of these has the same few methods:
//!
//! - `new(identifier, server)`, of the app, and the id of the server whose notifications these are: what another server shows is
//!   neither replaced nor taken away;
//! - `show(popup)`, in the place of the one of the same slot, and `close(slot)`;
//! - `clicked()`, which waits for somebody to click one, and can be given up;
//! - `close_all()`.
//!
//! None of them fails to its caller: what cannot be shown is in the inbox. It is said once in the log.

#[cfg(target_os = "macos")]
#[path = "system/macos.rs"]
mod platform;
#[cfg(windows)]
#[path = "system/windows.rs"]
mod platform;
#[cfg(not(any(windows, target_os = "macos")))]
#[path = "system/freedesktop.rs"]
mod platform;

pub(super) use platform::System;

/// A click on a notification.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Click {
    /// What it opens; null where it is the inbox.
    pub(super) opens: Option<String>,
    /// With this the system lets the window come to the front, where it asks for it.
    pub(super) token: Option<String>,
}

/// Says once why nothing comes up, and again after something did.
#[derive(Debug, Default)]
struct Complaint(bool);

impl Complaint {
    fn hear<T>(&mut self, result: Result<T, impl std::fmt::Display>) -> Option<T> {
        match result {
            Ok(value) => {
                self.0 = false;
                Some(value)
            }
            Err(error) => {
                if !std::mem::replace(&mut self.0, true) {
                    tracing::warn!("notifications of the system cannot be shown: {error}");
                }
                None
            }
        }
    }
}
