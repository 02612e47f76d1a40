//! Whether there is a tray that shows icons.

/// What shows the icons of others.
#[cfg(not(any(windows, target_os = "macos")))]
#[zbus::proxy(
    interface = "org.kde.StatusNotifierWatcher",
    default_service = "org.kde.StatusNotifierWatcher",
    default_path = "/StatusNotifierWatcher"
)]
trait Watcher {
    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> zbus::Result<bool>;
}

/// Whether somebody can find an icon in the tray. GNOME, for one, has none by itself.
#[cfg(not(any(windows, target_os = "macos")))]
pub(crate) async fn is_there() -> bool {
    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(1);
    let asked = async {
        let connection = zbus::Connection::session().await?;
        WatcherProxy::new(&connection).await?.is_status_notifier_host_registered().await
    };
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(is_there)) => is_there,
        Ok(Err(error)) => {
            tracing::debug!("there is no tray: {error}");
            false
        }
        Err(_) => false,
    }
}

/// It belongs to these systems.
#[cfg(any(windows, target_os = "macos"))]
pub(crate) async fn is_there() -> bool {
    true
}
