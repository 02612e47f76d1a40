//! The desktop app: a window on a Tidings server.
//!
//! ```text
//!   bundled server, or TIDINGS_SERVER ──HTTP──> tidings-client ──> Bridge ──poll_feed──> web view
//! ```
//!
//! - `source`: which server is watched; `bundled` starts the one this app brings along.
//! - `bridge`: from the client to the web view, in batches.
//! - `commands`: what the web view may ask.
//! - `notify`: notifications of the system; `notices`: what the page has to say about them.
//! - `window`: the window, and the web view's peculiarities.
//!
//! Everything that is started here is ended in [`run`], whichever way the app quits.

mod bridge;
mod bundled;
mod commands;
mod error;
mod file;
mod notices;
mod notify;
mod source;
mod window;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tauri::{App, AppHandle, Builder, Context, Manager, Runtime};
use tidings_client::{Client, ClientConfig};
use tokio_util::task::AbortOnDropHandle;
use tracing_subscriber::EnvFilter;

pub use bridge::Bridge;
pub use error::StartError;
pub use notices::Notices;
use notify::{Notifier, Place};
use source::Source;

/// Longest the app waits on quitting for work that does not end by itself.
const QUIT_TIMEOUT: Duration = Duration::from_secs(2);

/// Runs the app until it quits.
#[must_use]
pub fn run() -> ExitCode {
    // First, while this is the only thread.
    window::prepare();
    let filter = EnvFilter::builder()
        .with_default_directive(tracing::level_filters::LevelFilter::WARN.into())
        .with_env_var("TIDINGS_LOG")
        .from_env_lossy();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    start().unwrap_or_else(|error| {
        tracing::error!("Tidings cannot start: {error}");
        ExitCode::FAILURE
    })
}

fn start() -> Result<ExitCode, StartError> {
    // Two threads carry a stream and a web view with ease; a thread per core would idle.
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    tauri::async_runtime::set(runtime.handle().clone());

    let context = context();
    let source = runtime.block_on(Source::from_env(&context.config().identifier))?;
    let credentials = source.credentials();
    let config = ClientConfig {
        trust: credentials.trust.clone(),
        ..ClientConfig::new(credentials.server.clone(), credentials.token.clone())
    };
    let client = Client::new(config)?;
    let bridge = {
        let _runtime = runtime.enter();
        Bridge::new(client.subscribe(&[])).with_client(client.clone())
    };
    let identifier = context.config().identifier.clone();
    let settings = dirs::config_dir().map(|folder| folder.join(&identifier).join("settings.json"));
    let notices = Arc::new(settings.map(Notices::read).unwrap_or_default());
    let builder = Builder::default().manage(client.clone());
    let app = create_app(builder, context, bridge, notices.clone())?;
    let folder = app.path().app_local_data_dir().ok().map(|folder| folder.join("told"));
    let memory = folder.zip(source.name());
    let notifier = {
        let _runtime = runtime.enter();
        Notifier::start(app.handle().clone(), client, notices, Place { identifier, memory })
    };
    let signals = AbortOnDropHandle::new(runtime.spawn(quit_on_signal(app.handle().clone())));

    let code = app.run_return(|_, _| {});

    drop(signals);
    runtime.block_on(notifier.stop(QUIT_TIMEOUT));
    runtime.block_on(source.stop(QUIT_TIMEOUT));
    runtime.shutdown_timeout(QUIT_TIMEOUT);
    Ok(u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from))
}

/// What the build embedded: configuration, pages, permissions.
#[allow(clippy::disallowed_methods, reason = "the macro writes it, for a build that is broken")]
#[must_use]
pub fn context<R: Runtime>() -> Context<R> {
    tauri::generate_context!()
}

/// The app with its commands and its window, on any of Tauri's runtimes.
///
/// # Errors
///
/// If the window cannot be made.
pub fn create_app<R: Runtime>(
    builder: Builder<R>,
    context: Context<R>,
    bridge: Bridge,
    notices: Arc<Notices>,
) -> tauri::Result<App<R>> {
    builder
        .manage(bridge)
        .manage(notices)
        .invoke_handler(tauri::generate_handler![
            commands::feed::poll_feed,
            commands::feed::retry_feed,
            commands::feed::disconnect_feed,
            commands::trust::trust_server,
            commands::inbox::list_notifications,
            commands::inbox::read_notification,
            commands::inbox::read_all_notifications,
            commands::inbox::remove_notification,
            commands::alerts::list_alerts,
            commands::alerts::create_alert,
            commands::alerts::change_alert,
            commands::alerts::remove_alert,
            commands::alerts::list_users,
            commands::alerts::ask_session,
            commands::notices::next_chosen,
            commands::notices::notice_settings,
        ])
        .setup(|app| Ok(window::create(app)?))
        .build(context)
}

async fn quit_on_signal<R: Runtime>(app: AppHandle<R>) {
    match signal().await {
        Ok(()) => app.exit(0),
        Err(error) => tracing::warn!("signals cannot be heard: {error}"),
    }
}

#[cfg(unix)]
async fn signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = hangup.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
async fn signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
