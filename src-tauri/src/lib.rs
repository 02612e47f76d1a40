//! The desktop app: a window on a Tidings server.
//!
//! ```text
//!   bundled server, or TIDINGS_SERVER ──HTTP──> tidings-client ──> Bridge ──poll_feed──> web view
//! ```
//!
//! - `instance`: a second start hands over to the first; `launch` says what it wants, and `link` where links lead.
//! - `source`: which server is watched; `bundled` starts the one this app brings along.
//! - `servers`: the list of servers, which of them the page shows, and how each stands.
//! - `bridge`: from the client to the web view, in batches.
//! - `commands`: what the web view may ask.
//! - `notify`: notifications of the system; `notices`: what the page has to say about them.
//! - `progress`: how far jobs are, in the tray and the taskbar.
//! - `autostart`: whether the system starts the app.
//! - `menu`: the native menu; `diagnostics`: what it copies for who asks for help, the end of the `log` above all.
//! - `settings`: what somebody chose.
//! - `updates`: new releases of the app, where a key for their signatures is set.
//! - `window`: the window, and the web view's peculiarities.
//!
//! Everything that is started here is ended in [`run`], whichever way the app quits.

mod autostart;
mod bridge;
mod bundled;
mod commands;
mod diagnostics;
mod error;
mod file;
mod instance;
mod launch;
mod link;
mod log;
mod menu;
mod notices;
mod notify;
mod progress;
mod servers;
mod settings;
mod source;
mod updates;
mod who;
mod window;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tauri::{App, AppHandle, Builder, Context, Env, Manager, RunEvent, Runtime, Wry};
use tidings_client::{Client, ClientConfig};
use tokio_util::task::AbortOnDropHandle;

pub use bridge::{Bridge, OtherPage};
use diagnostics::Diagnostics;
pub use error::StartError;
use instance::Claim;
use launch::Launch;
use log::LogFile;
pub use notices::Notices;
use progress::Progress;
pub use servers::Servers;
use source::Source;
use updates::{Publisher, Updates};
pub use window::Keeper;

/// Longest the app waits on quitting for work that does not end by itself.
const QUIT_TIMEOUT: Duration = Duration::from_secs(2);

/// Runs the app until it quits.
#[must_use]
pub fn run() -> ExitCode {
    // The bundled server starts this same file again to guard what it runs.
    if let Some(code) = bundled::guard() {
        return code;
    }
    // First, while this is the only thread.
    window::prepare();
    let context = context();
    let log = log::start(log::folder(&context.config().identifier));
    start(context, log).unwrap_or_else(|error| {
        tracing::error!("Tidings cannot start: {error}");
        ExitCode::FAILURE
    })
}

fn start(context: Context<Wry>, log: Option<Arc<LogFile>>) -> Result<ExitCode, StartError> {
    // Two threads carry a stream and a web view with ease; a thread per core would idle.
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    tauri::async_runtime::set(runtime.handle().clone());

    let identifier = context.config().identifier.clone();
    let data = dirs::data_local_dir().map(|folder| folder.join(&identifier));
    let place = instance::place(data.as_deref(), Source::wanted().as_deref());
    let launch = Launch::from_env();
    let Claim::First(mut instance) = runtime.block_on(instance::claim(&place, &launch)) else {
        tracing::info!("the app runs already, and its window is shown");
        return Ok(ExitCode::SUCCESS);
    };
    // The server, its client and GTK take as long as each other to start, so they do it side by side.
    let watching = runtime.spawn(watching(identifier.clone(), data.clone()));
    window::warm_up();
    let (source, servers) = runtime.block_on(watching).map_err(std::io::Error::other)??;
    let is_bundled = matches!(source, Source::Bundled(_));
    let settings = dirs::config_dir().map(|folder| folder.join(&identifier).join("settings.json"));
    let notices = Arc::new(settings.map(Notices::read).unwrap_or_default());
    let placed = data.as_ref().map(|folder| folder.join("window.json"));
    let settings = notices.settings_file().clone();
    let keeper = Arc::new(Keeper::read(settings.clone(), placed));
    if launch.is_hidden {
        keeper.start_hidden();
    }
    let diagnostics = Diagnostics { log, is_bundled };
    let publisher = Publisher::of(&settings.get().updates);
    let updates = Arc::new(Updates::default());
    let (named, asked) = (publisher.clone(), updates.clone());
    let builder = Builder::default()
        .plugin(tauri_plugin_updater::Builder::new().build())
        .manage(asked)
        .manage(diagnostics)
        .manage(settings.clone())
        .menu(move |app| menu::make(app, &settings, named.as_ref()))
        .on_menu_event(|app, event| menu::chosen(app, &event));
    let env = Env::default();
    let app = create_app(builder, context, servers.clone(), notices.clone(), keeper.clone())?;
    let (progress, posts) = {
        let _runtime = runtime.enter();
        let progress = Progress::start(app.handle().clone(), servers.watch(), &notices);
        let posts = tokio::spawn(servers.clone().work(app.handle().clone()));
        (progress, AbortOnDropHandle::new(posts))
    };
    let listening = {
        let (_runtime, app) = (runtime.enter(), app.handle().clone());
        instance.listen(move |launch| window::welcome(&app, launch))
    };
    let signals = AbortOnDropHandle::new(runtime.spawn(quit_on_signal(app.handle().clone())));

    let releasing = window::release_when_hidden(app.handle().clone(), keeper.clone());
    let releasing = AbortOnDropHandle::new(runtime.spawn(releasing));
    let updating = publisher.map(|publisher| {
        AbortOnDropHandle::new(runtime.spawn(updates::work(app.handle().clone(), publisher)))
    });
    let showing = launch.is_hidden.then(|| {
        let showing = window::show_without_tray(app.handle().clone(), keeper.clone());
        AbortOnDropHandle::new(runtime.spawn(showing))
    });
    window::follow(app.handle(), &launch.links);

    let kept = keeper.clone();
    let code = app.run_return(move |app, event| match event {
        // The last window is gone, since it was released and not closed.
        RunEvent::ExitRequested { code: None, api, .. } if kept.goes_on() => api.prevent_exit(),
        // There links come as events, and the icon in the dock is no second start.
        #[cfg(target_os = "macos")]
        RunEvent::Opened { urls } => {
            let links = urls.iter().map(ToString::to_string).collect();
            window::welcome(app, Launch { links, ..Launch::default() });
        }
        #[cfg(target_os = "macos")]
        RunEvent::Reopen { .. } => window::raise(app, None),
        _ => {
            let _ = app;
        }
    });

    keeper.save();
    drop((signals, listening, releasing, showing, updating, posts));
    runtime.block_on(progress.stop(QUIT_TIMEOUT));
    runtime.block_on(servers.stop(QUIT_TIMEOUT));
    runtime.block_on(source.stop(QUIT_TIMEOUT));
    runtime.shutdown_timeout(QUIT_TIMEOUT);
    if updates.must_restart() {
        // The new one is the first once this is gone.
        drop(instance);
        tauri::process::restart(&env);
    }
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
    servers: Arc<Servers>,
    notices: Arc<Notices>,
    keeper: Arc<Keeper>,
) -> tauri::Result<App<R>> {
    builder
        .manage(servers)
        .manage(notices)
        .manage(keeper)
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
            commands::jobs::list_jobs,
            commands::jobs::job_kinds,
            commands::jobs::start_job,
            commands::jobs::show_job,
            commands::jobs::cancel_job,
            commands::jobs::remove_job,
            commands::jobs::job_log,
            commands::jobs::job_result,
            commands::jobs::save_job_result,
            commands::history::metrics_history,
            commands::history::save_metrics_history,
            commands::processes::list_processes,
            commands::processes::end_process,
            commands::servers::list_servers,
            commands::servers::choose_server,
            commands::servers::try_server,
            commands::servers::remove_server,
            commands::notices::next_chosen,
            commands::notices::notice_settings,
        ])
        .setup(|app| {
            if app.state::<Arc<Keeper>>().goes_on() {
                return Ok(());
            }
            Ok(window::create(app.handle(), None)?)
        })
        .build(context)
}

/// The server to watch, started if it is the bundled one, and with it the list of all.
async fn watching(
    identifier: String,
    data: Option<PathBuf>,
) -> Result<(Source, Arc<Servers>), StartError> {
    let source = Source::from_env(&identifier).await?;
    let credentials = source.credentials();
    let config = ClientConfig {
        trust: credentials.trust.clone(),
        ..ClientConfig::new(credentials.server.clone(), credentials.token.clone())
    };
    let client = Client::new(config)?;
    let bridge = Bridge::new(client.subscribe_as_dashboard()).with_client(client.clone());
    let servers = Servers::only(client, bridge, credentials.token.clone());
    let servers = servers.kept(data, source.name());
    // Who names a server means that one.
    let is_bundled = matches!(source, Source::Bundled(_));
    let servers = if is_bundled { servers.with_list().await } else { servers };
    Ok((source, Arc::new(servers)))
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
