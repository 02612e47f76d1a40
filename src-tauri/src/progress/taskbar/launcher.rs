//! `com.canonical.Unity.LauncherEntry`: by its signal, docks of Linux hear what an app's button is to show.

use std::collections::HashMap;
use std::time::Duration;

use zbus::{Connection, Variant};

use super::Bar;

/// Longest the bus may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The installed `.desktop` file, by which a dock knows the button.
const APP: &str = "application://Tidings.desktop";

const PATH: &str = "/com/canonical/unity/launcherentry/tidings";
const INTERFACE: &str = "com.canonical.Unity.LauncherEntry";

/// A connection to the session bus, made when there is something to show. A dock takes away what it shows of an app that leaves the
/// bus.
#[derive(Default)]
pub(super) struct Launcher {
    connection: Option<Connection>,
    has_complained: bool,
}

impl Launcher {
    pub(super) async fn show(&mut self, bar: Bar) {
        if self.connection.is_none() && bar == Bar::None {
            return;
        }
        let shown = tokio::time::timeout(PATIENCE, self.try_show(bar)).await;
        let error = match shown {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {PATIENCE:?}"),
        };
        // The next one makes another connection.
        self.connection = None;
        if !std::mem::replace(&mut self.has_complained, true) {
            tracing::warn!("docks are not told how far jobs are: {error}");
        }
    }

    async fn try_show(&mut self, bar: Bar) -> zbus::Result<()> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(Connection::session().await?),
        };
        // It has no bar of unknown length, and one that stands at nothing would say so.
        let percent = if let Bar::At(percent) = bar { Some(percent) } else { None };
        let properties = HashMap::from([
            ("progress", Variant::from(f64::from(percent.unwrap_or(0)) / 100.0)),
            ("progress-visible", Variant::from(percent.is_some())),
        ]);
        let update = (APP, properties);
        connection.emit_signal(None::<&str>, PATH, INTERFACE, "Update", &update).await
    }
}
