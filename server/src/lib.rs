//! The Tidings server.
//!
//! ```text
//!   collectors ──> hub (id, history) ──> subscription ──> GET /api/events
//!                        ^ one encode per event (sse)
//! ```
//!
//! In reading order:
//!
//! - [`config`]: what the server is told.
//! - [`collectors`]: sample the host, publish `metrics/{host}`.
//! - [`hub`]: gives events their ids and holds what subscribers read.
//! - [`store`]: what outlives the process; `journal` is the joint between it and the hub.
//! - `bus`: the log that several instances share in Redis.
//! - [`notifications`]: saved, then published.
//! - [`alerts`]: hold the samples to rules.
//! - [`history`]: what the figures were.
//! - [`processes`]: every process of the machine, while somebody looks.
//! - [`jobs`]: work that takes its time; [`output`] reads what its programs write, [`guard`] ends them.
//! - [`sse`]: what an event looks like on the wire.
//! - [`auth`]: who a request comes from and what it may read.
//! - [`routes`], `assets`, [`error`], [`state`]: HTTP; [`client_addr`]: where a request comes from.
//! - [`tls`]: the certificate that connections are served with.
//! - `accept`: connections; `limits` and `descriptors` say how many.
//! - [`cli`]: the commands of the `tidings` binary.
//!
//! [`serve`] is the whole of it: listener and shutdown are its caller's, so that the binary, the
//! desktop app and the tests run the same server.

mod accept;
pub mod alerts;
mod assets;
pub mod auth;
mod bus;
pub mod cli;
pub mod client_addr;
mod clock;
pub mod collectors;
pub mod config;
mod data_dir;
mod descriptors;
pub mod error;
pub mod guard;
pub mod history;
pub mod hub;
pub mod jobs;
mod journal;
mod json;
pub mod limits;
pub mod notifications;
mod origins;
pub mod output;
pub mod processes;
pub mod routes;
mod serve_error;
pub mod sse;
pub mod state;
pub mod store;
mod sync;
pub mod telemetry;
pub mod tls;
mod upkeep;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tidings_protocol::fingerprint::Fingerprint;
use tidings_protocol::topic::{Topic, metrics_host};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use config::Config;
pub use serve_error::ServeError;

use accept::{Signals, Workers};
use alerts::Alerts;
use alerts::outlet::Inboxes;
use auth::guards::AllowedHosts;
use auth::session::cookie_name;
use auth::{Auth, Limits, Secret};
use bus::{RedisBus, RedisSettings, UserChannel};
use config::ConfigError;
use data_dir::DataDir;
use history::History;
use hub::{Follower, Hub, Keeper, Writer};
use jobs::Jobs;
use limits::StreamSlots;
use notifications::Notifications;
use origins::AllowedOrigins;
use processes::Processes;
use state::{AppState, Parts};
use store::Store;
use tls::{Source, Tls};
use upkeep::{streams_gone, sweep};

/// How long jobs have to end that go on when the server does, and to be told of: those that do not listen are left before.
const LAST_JOBS: Duration = Duration::from_secs(5);

/// How long the last writes have, on a disk that is slow.
const LAST_WRITES: Duration = Duration::from_secs(5);

/// What brings events to where they are kept, or from where they are shared.
#[derive(Debug)]
enum Past {
    /// Memory alone.
    Nowhere,
    /// Bring the hub's events to the store, and have it let go of them.
    Journal(Writer, Keeper),
    /// Reads the log in Redis, and copies into it what other programs publish to users.
    Bus(Follower, UserChannel),
}

/// A server that is set up and not yet running.
#[derive(Debug)]
pub struct Server {
    listener: std::net::TcpListener,
    address: SocketAddr,
    topic: Topic,
    config: Config,
    places: Arc<Semaphore>,
    tls: Option<Tls>,
    workers: Workers,
    state: AppState,
    past: Past,
    /// Held as long as the server runs.
    data_dir: Option<DataDir>,
}

/// Serves on `listener` until `shutdown`, and returns when everything it started has ended.
///
/// # Errors
///
/// If the configuration or the data directory cannot be used.
pub async fn serve(
    listener: TcpListener,
    config: Config,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    let connections = descriptors::raise_limit();
    Server::open(listener, config, connections).await?.run(shutdown).await
}

impl Server {
    /// Sets a server up that carries at most so many connections; a few of them are kept for requests
    /// that are no streams.
    ///
    /// # Errors
    ///
    /// If the configuration, the data directory or the database cannot be used.
    pub async fn open(
        listener: TcpListener,
        config: Config,
        connections: usize,
    ) -> Result<Self, ServeError> {
        config.check()?;
        let address = listener.local_addr().map_err(ServeError::Listener)?;
        config.check_bind(address)?;
        let limits = Limits { token: config.limits.of_token(), user: config.limits.of_user() };
        let (data_dir, auth, store) = match &config.in_memory_token.0 {
            Some(token) if config.keeps_nothing => (None, Auth::in_memory(token, limits), None),
            token => {
                let path = &config.server.data_dir;
                let (data_dir, mut auth) = DataDir::open(path)
                    .and_then(|folder| Ok((folder, Auth::open(path, token.as_ref(), limits)?)))
                    .map_err(|source| ServeError::DataDir { path: path.clone(), source })?;
                let store = store::open(&config).await?;
                auth.load(Arc::<dyn Store>::clone(&store), path).await?;
                (Some(data_dir), auth, Some(store))
            }
        };
        let tls = Source::of(&config.server, address).map(Tls::open).transpose()?;
        let origins = AllowedOrigins::parse(&config.server.allowed_origins);
        let origins = origins.map_err(ConfigError::from)?;
        if data_dir.is_some() {
            tls::tell(&config.server.data_dir, tls.as_ref().map(Tls::fingerprint));
        }
        let listener = listener.into_std().map_err(ServeError::Listener)?;
        let workers = Workers::spawn(config.server.workers()).map_err(ServeError::Workers)?;
        let auth = Arc::new(auth);
        let topic = Topic::metrics(&config.server.host_name);
        let host = metrics_host(topic.as_str()).unwrap_or_default();
        let found = match &store {
            Some(store) => alerts::Found::load(store.as_ref(), host).await?,
            None => alerts::Found::default(),
        };
        let history = History::open(host, store.clone()).await?;
        // Last of what may fail: from here on the journal counts as one that has to be ended.
        let limits = config.hub.limits();
        let (hub, past) = match (&config.server.redis, &store) {
            (Some(url), _) => {
                let bus = RedisBus::find(RedisSettings {
                    url: url.clone(),
                    prefix: config.server.redis_prefix.clone(),
                    limits,
                    most_bytes: config.limits.body_bytes,
                });
                let bus = bus.await?;
                let channel = bus.user_channel();
                let (hub, follower) = Hub::join(limits, bus).await?;
                (hub, Past::Bus(follower, channel))
            }
            (None, None) => (Hub::new(limits), Past::Nowhere),
            (None, Some(store)) => {
                let durability = config.hub.durability();
                let (hub, writer, keeper) =
                    journal::open_hub(Arc::clone(store), limits, durability).await?;
                (hub, Past::Journal(writer, keeper))
            }
        };
        // A certificate of the server's own is for its name, and who has pinned the key asks for no other.
        let hosts = match &tls {
            Some(_) => config.server.tls_names(),
            None => config.server.allowed_hosts.clone(),
        };
        let notifications = Notifications::new(store.clone(), hub.clone(), config.notifications);
        let outlet = Inboxes { auth: Arc::clone(&auth), notifications: notifications.clone() };
        let alerts = Alerts::new(&config, host, store.clone(), found, Arc::new(outlet));
        let jobs = Jobs::of(&config, host, &hub, store.as_ref(), &notifications, &history).await?;
        let processes = Processes::new(host, config.processes.end);
        let state = AppState::from(Parts {
            hub,
            jobs,
            notifications,
            alerts,
            history,
            processes,
            auth,
            store,
            host_name: config.server.host_name.as_str().into(),
            hosts: Arc::new(AllowedHosts::new(address.ip(), &hosts)),
            origins: Arc::new(origins),
            body_bytes: config.limits.body_bytes,
            cookie: cookie_name(config.server.behind_proxy.is_some(), address.port()).into(),
            pace: config.server.pace(),
            streams: StreamSlots::new(connections - connections / 16),
            draining: CancellationToken::new(),
        });
        state.hub.reserve(&topic);
        let places = Arc::new(Semaphore::new(connections.min(Semaphore::MAX_PERMITS)));
        Ok(Self { listener, address, topic, config, places, tls, workers, state, past, data_dir })
    }

    /// Where a browser finds it, without a slash at the end: by its name behind the proxy if it has
    /// one, else on this machine.
    #[must_use]
    pub fn url(&self) -> String {
        let server = &self.config.server;
        if let (Some(_), Some(name)) = (server.behind_proxy, server.allowed_hosts.first()) {
            return format!("https://{name}");
        }
        // Every address is one to listen on, and none to go to.
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        let port = self.address.port();
        let here = SocketAddr::new(ip, port);
        match server.allowed_hosts.first() {
            // The name that the certificate is for, where the world may come by it.
            Some(name) if self.tls.is_some() && !self.address.ip().is_loopback() => {
                format!("https://{name}:{port}")
            }
            _ if self.tls.is_some() => format!("https://{here}"),
            _ => format!("http://{here}"),
        }
    }

    /// What clients know its key by, if it speaks TLS.
    #[must_use]
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        self.tls.as_ref().map(Tls::fingerprint)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Topic of this machine's metrics.
    #[must_use]
    pub fn topic(&self) -> &Topic {
        &self.topic
    }

    /// A new one-time code that signs a browser in as the owner.
    #[must_use]
    pub fn sign_in_code(&self) -> Secret {
        self.state.auth.codes.issue()
    }

    /// Runs until `shutdown`, and returns when everything it started has ended.
    ///
    /// # Errors
    ///
    /// If the system does not let threads share the listener.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), ServeError> {
        let Self { listener, address, topic, config, places, tls, workers, state, past, data_dir } =
            self;
        let (hub, store) = (state.hub.clone(), state.store.clone());
        let tasks = TaskTracker::new();
        // What goes on while streams are drained ends with this.
        let stop = CancellationToken::new();
        match past {
            Past::Journal(writer, keeper) => {
                tasks.spawn(writer.run());
                tasks.spawn(keeper.run());
            }
            Past::Bus(follower, channel) => {
                tasks.spawn(follower.run());
                tasks.spawn(channel.run(hub.clone(), stop.clone()));
                tasks.spawn(sweep(hub.clone(), stop.clone()));
            }
            Past::Nowhere => drop(tasks.spawn(sweep(hub.clone(), stop.clone()))),
        }
        tasks.spawn(state.notifications.clone().run(stop.clone()));
        let jobs_stop = stop.child_token();
        let jobs = tasks.spawn(state.jobs.clone().run(jobs_stop.clone()));
        let sampling = config.collectors.sampling(&config.server.host_name);
        tasks.spawn(state.auth.directory.clone().follow(stop.clone()));
        let (newest, samples) = watch::channel(None);
        tasks.spawn(state.alerts.clone().run(samples, stop.clone()));
        tasks.spawn(state.history.clone().run(stop.clone()));
        let history = state.history.clone();
        collectors::start(&tasks, hub.clone(), topic, newest, history, sampling, stop.clone());

        tracing::info!(%address, "listening");
        if let Some(tls) = &tls {
            let fingerprint = tls.fingerprint();
            tracing::info!(%fingerprint, "speaking TLS");
            let folder = data_dir.as_ref().map(|_| config.server.data_dir.clone());
            let changed = move |fingerprint| {
                folder.iter().for_each(|folder| tls::tell(folder, Some(fingerprint)));
            };
            tasks.spawn(tls.clone().watch(stop.clone(), changed));
        }
        let draining = state.draining.clone();
        let routes = |lane| routes::routes(state.with_lane(lane));
        let limits = accept::Limits {
            // As many requests of HTTP/2 as there could be connections, besides those that each has for itself.
            requests: Arc::new(Semaphore::new(places.available_permits())),
            places,
            proxy: config.server.behind_proxy,
            tls,
        };
        // Whoever finds that no connection is taken any more hears of the drain by those there are.
        let signals = Signals { shutdown: draining.clone(), stop: stop.clone() };
        let serving = workers.serve(listener, routes, limits, signals);
        let ending = async {
            tokio::select! {
                () = shutdown.cancelled() => {}
                // Nobody serves any more.
                () = draining.cancelled() => {}
            }
            draining.cancel();
            let window = Duration::from_secs(config.server.drain_seconds);
            if !window.is_zero() {
                hub.drain(window);
                // What is no stream is served meanwhile; `/readyz` sends whoever comes elsewhere.
                let _ = tokio::time::timeout(window, streams_gone(&hub)).await;
            }
            if config.server.redis.is_some() {
                // Who reads at other servers hears what becomes of the jobs of this one while it can still say so.
                jobs_stop.cancel();
                let _ = tokio::time::timeout(LAST_JOBS, jobs).await;
            }
            hub.close();
            stop.cancel();
        };
        let (served, ()) = tokio::join!(serving, ending);

        tasks.close();
        let written = async {
            tasks.wait().await;
            if let Some(store) = store {
                store.close().await;
            }
        };
        if tokio::time::timeout(LAST_WRITES, written).await.is_err() {
            tracing::error!(
                "the disk or the database does not answer: what was sent last may not be kept"
            );
        }
        if data_dir.is_some() {
            // Clients on this machine would go by it, and ask for https where nothing or another server is.
            tls::tell(&config.server.data_dir, None);
        }
        drop(data_dir);
        tracing::info!("ended");
        served.map_err(ServeError::Listener)
    }
}

#[cfg(test)]
mod tests;
