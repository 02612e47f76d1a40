//! The bar on the app's button in the taskbar or the dock.
//!
//! On Linux it is a signal on the session bus, which the docks of KDE, Ubuntu and others listen to. Tauri would want `libunity` for it,
//! which hardly any system has.

use tauri::window::{ProgressBarState, ProgressBarStatus};
use tauri::{AppHandle, Runtime};

use super::summary::Summary;
use crate::window;

#[cfg(not(any(windows, target_os = "macos")))]
mod launcher;
#[cfg(not(any(windows, target_os = "macos")))]
use launcher::Launcher;

/// What the bar says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Bar {
    /// Nothing runs.
    #[default]
    None,
    /// Something runs, and nobody knows how far it is.
    Unknown,
    /// In percent.
    At(u8),
}

/// The bar.
#[derive(Default)]
pub(super) struct Taskbar {
    bar: Bar,
    #[cfg(not(any(windows, target_os = "macos")))]
    launcher: Launcher,
}

impl Taskbar {
    /// Shows how far the jobs are, or takes the bar away.
    pub(super) async fn show<R: Runtime>(&mut self, app: &AppHandle<R>, summary: &Summary) {
        let bar = match summary.percent {
            _ if summary.running == 0 => Bar::None,
            Some(percent) => Bar::At(percent),
            None => Bar::Unknown,
        };
        if std::mem::replace(&mut self.bar, bar) == bar {
            return;
        }
        #[cfg(not(any(windows, target_os = "macos")))]
        self.launcher.show(bar).await;
        if cfg!(any(windows, target_os = "macos"))
            && let Err(error) = window::show_progress(app, state(bar))
        {
            tracing::debug!("the taskbar cannot show how far jobs are: {error}");
        }
    }

    /// Takes the bar away.
    pub(super) async fn clear<R: Runtime>(&mut self, app: &AppHandle<R>) {
        self.show(app, &Summary::default()).await;
    }
}

fn state(bar: Bar) -> ProgressBarState {
    let (status, progress) = match bar {
        Bar::None => (ProgressBarStatus::None, None),
        Bar::Unknown => (ProgressBarStatus::Indeterminate, None),
        Bar::At(percent) => (ProgressBarStatus::Normal, Some(u64::from(percent))),
    };
    ProgressBarState { status: Some(status), progress }
}
