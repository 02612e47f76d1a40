//! `tidings serve`

use std::error::Error;
use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;
use tidings_protocol::api::OWNER_TOKEN_FILE;
use tokio::net::TcpSocket;
use tokio_util::sync::CancellationToken;

use super::signals::Signals;
use super::{duration, say};
use crate::config::{Config, ConfigError, DatabaseUrl, RedisUrl};
use crate::{Server, descriptors, telemetry};

/// Names the database; it may hold a password.
const DATABASE: &str = "TIDINGS_DATABASE";

/// Names the Redis; it may hold a password, too.
const REDIS: &str = "TIDINGS_REDIS";

/// Connections the system keeps for us until we take them.
const BACKLOG: u32 = 4096;

/// Flags of `tidings serve`; each is also a variable. Without one the configuration file decides, then
/// the default.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Address and port to listen on [default: 127.0.0.1:4180]
    #[arg(long, env = "TIDINGS_LISTEN", value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Folder of the owner's token and of what is kept [default: the user's data folder]
    #[arg(long, env = "TIDINGS_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Database that everything is kept in, as `postgres://USER@HOST/NAME`; without a password, which others
    /// could read here [env: TIDINGS_DATABASE, with one] [default: a file in the data folder]
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Redis that events are shared by with other instances, as `redis://HOST:PORT/0` or, with TLS, `rediss://…`; without a
    /// password, which others could read here [env: TIDINGS_REDIS, with one] [default: none]
    #[arg(long, value_name = "URL")]
    redis: Option<String>,
    /// Configuration file
    #[arg(long, env = "TIDINGS_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Name of this machine in its topic [default: the system's host name]
    #[arg(long, env = "TIDINGS_HOST_NAME", value_name = "NAME")]
    host_name: Option<String>,
    /// A name the server answers to besides localhost and its own address; may be repeated
    #[arg(
        long = "allowed-host",
        env = "TIDINGS_ALLOWED_HOST",
        value_name = "NAME",
        value_delimiter = ','
    )]
    allowed_hosts: Vec<String>,
    /// Origin of a page elsewhere that may use the API with a token, such as https://a.example; may be
    /// repeated
    #[arg(
        long = "allowed-origin",
        env = "TIDINGS_ALLOWED_ORIGIN",
        value_name = "ORIGIN",
        value_delimiter = ','
    )]
    allowed_origins: Vec<String>,
    /// File of the certificate for TLS, PEM, with the chain behind it; read again when it changes
    #[arg(long, env = "TIDINGS_TLS_CERT", value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// File of its key, PEM
    #[arg(long, env = "TIDINGS_TLS_KEY", value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Speak TLS by a certificate of the server's own, which clients know by its fingerprint
    #[arg(
        long,
        env = "TIDINGS_TLS_SELF_SIGNED",
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_parser = BoolishValueParser::new(),
    )]
    tls_self_signed: Option<bool>,
    /// Address of the proxy in front; without TLS of its own the server needs one to listen where other
    /// machines can reach
    #[arg(long, env = "TIDINGS_BEHIND_PROXY", value_name = "ADDRESS")]
    behind_proxy: Option<IpAddr>,
    /// Time over which open streams end when the server does, as in `10s` [default: at once]
    #[arg(long, env = "TIDINGS_DRAIN", value_name = "TIME", value_parser = duration)]
    drain: Option<Duration>,
    /// Answer a publish only once its event is on the disk, so that it survives a crash of the system;
    /// `--durable=false` where the file says otherwise
    #[arg(
        long,
        env = "TIDINGS_DURABLE",
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_parser = BoolishValueParser::new(),
    )]
    durable: Option<bool>,
}

/// Why the server did not start, or not end as it should.
#[derive(Debug, thiserror::Error)]
enum ServeError {
    #[error(
        "cannot listen on {address}; is another server running? `--listen 127.0.0.1:0` takes a free port"
    )]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("ended at once by a second signal")]
    Cut,
}

impl Serve {
    pub(super) fn run(self) -> Result<(), Box<dyn Error>> {
        telemetry::start();
        let config = self.into_config()?;
        config.check()?;
        let connections = descriptors::raise_limit();
        descriptors::make_room();
        // For what the server does by itself; connections have threads of their own.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let ended = runtime.block_on(serve(config, connections));
        // A second signal does not wait for what still runs.
        runtime.shutdown_background();
        ended
    }

    fn into_config(self) -> Result<Config, ConfigError> {
        let database = database(self.database, std::env::var_os(DATABASE))?;
        let redis = redis(self.redis, std::env::var_os(REDIS))?;
        let mut config = match &self.config {
            Some(path) => Config::load(path)?,
            None => Config::default(),
        };
        let server = &mut config.server;
        server.listen = self.listen.unwrap_or(server.listen);
        if let Some(data_dir) = self.data_dir {
            server.data_dir = data_dir;
        }
        server.database = database.or(server.database.take());
        server.redis = redis.or(server.redis.take());
        if let Some(host_name) = self.host_name {
            server.host_name = host_name;
        }
        server.allowed_hosts.extend(self.allowed_hosts);
        server.allowed_origins.extend(self.allowed_origins);
        server.tls_cert = self.tls_cert.or(server.tls_cert.take());
        server.tls_key = self.tls_key.or(server.tls_key.take());
        server.tls_self_signed = self.tls_self_signed.unwrap_or(server.tls_self_signed);
        server.behind_proxy = self.behind_proxy.or(server.behind_proxy);
        if let Some(drain) = self.drain {
            // In whole seconds, and never none because of rounding.
            server.drain_seconds = drain.as_secs() + u64::from(drain.subsec_nanos() > 0);
        }
        config.hub.durable = self.durable.unwrap_or(config.hub.durable);
        Ok(config)
    }
}

/// The database that the flag or else the environment names; null if neither does. By hand: clap would show the variable
/// in its help, and not say which of the two it was.
fn database(
    flag: Option<String>,
    variable: Option<OsString>,
) -> Result<Option<DatabaseUrl>, ConfigError> {
    let flag = flag.map(DatabaseUrl::from);
    if flag.as_ref().is_some_and(DatabaseUrl::may_have_password) {
        return Err(ConfigError::PasswordInArguments);
    }
    Ok(flag.or(text_of(variable, DATABASE)?.map(DatabaseUrl::from)))
}

/// The Redis that the flag or else the environment names, as [`database`] does.
fn redis(
    flag: Option<String>,
    variable: Option<OsString>,
) -> Result<Option<RedisUrl>, ConfigError> {
    let flag = flag.map(RedisUrl::from);
    if flag.as_ref().is_some_and(RedisUrl::may_have_password) {
        return Err(ConfigError::RedisPasswordInArguments);
    }
    Ok(flag.or(text_of(variable, REDIS)?.map(RedisUrl::from)))
}

/// What the variable says. One that is no text is not taken for unset: everything would be kept where nobody looks for it.
fn text_of(variable: Option<OsString>, name: &'static str) -> Result<Option<String>, ConfigError> {
    let variable = variable.filter(|url| !url.is_empty()).map(OsString::into_string).transpose();
    variable.map_err(|_| ConfigError::NoText(name))
}

async fn serve(config: Config, connections: usize) -> Result<(), Box<dyn Error>> {
    let mut signals = Signals::listen()?;
    let address = config.server.listen;
    let listener = listen(address).map_err(|source| ServeError::Listen { address, source })?;
    let token_file = config.server.data_dir.join(OWNER_TOKEN_FILE);
    let server = Server::open(listener, config, connections).await?;
    greet(&server, &token_file);
    let shutdown = CancellationToken::new();
    let mut running = std::pin::pin!(server.run(shutdown.clone()));
    tokio::select! {
        ended = &mut running => return Ok(ended?),
        () = signals.next() => tracing::info!("shutting down; a second signal ends at once"),
    }
    shutdown.cancel();
    tokio::select! {
        ended = running => Ok(ended?),
        () = signals.next() => Err(ServeError::Cut.into()),
    }
}

fn listen(address: SocketAddr) -> std::io::Result<tokio::net::TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Without it a restart must wait until the last connections are forgotten. On Windows the same
    // option lets a second server take the port away.
    if cfg!(unix) {
        socket.set_reuseaddr(true)?;
    }
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// To standard output and not to the log, which others may read. A server whose output goes nowhere serves.
fn greet(server: &Server, token_file: &std::path::Path) {
    let url = server.url();
    let code = server.sign_in_code();
    let key = server.fingerprint().map_or_else(String::new, |fingerprint| {
        format!(
            "  key        {fingerprint}\n             (what clients show of it must be the same)\n"
        )
    });
    let greeting = format!(
        "Tidings {} watches {}\n  dashboard  {url}/#code={}\n             \
         (signs one browser in, within five minutes)\n  programs   {url}, token in {}\n{key}",
        env!("CARGO_PKG_VERSION"),
        server.topic(),
        code.expose(),
        token_file.display()
    );
    if let Err(error) = say::answer(greeting) {
        say::note(format_args!("standard output cannot be written to: {error}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "[server]\nlisten = \"127.0.0.1:1\"\nhost_name = \"file\"").unwrap();
        let serve = Serve {
            listen: None,
            data_dir: None,
            database: None,
            redis: None,
            config: Some(file.path().to_owned()),
            host_name: Some("flag".to_owned()),
            allowed_hosts: vec!["box.lan".to_owned()],
            allowed_origins: vec!["https://a.example".to_owned()],
            behind_proxy: None,
            tls_cert: None,
            tls_key: None,
            tls_self_signed: None,
            drain: Some(Duration::from_secs(2)),
            durable: None,
        };
        let config = serve.into_config().unwrap();
        assert_eq!(config.server.listen.port(), 1);
        assert_eq!(config.server.host_name, "flag");
        assert_eq!(config.server.allowed_hosts, ["box.lan"]);
        assert_eq!(config.server.allowed_origins, ["https://a.example"]);
        assert_eq!(config.server.heartbeat_seconds, 15);
        assert_eq!(config.server.drain_seconds, 2);
    }

    #[test]
    fn a_password_is_taken_from_the_environment_and_not_from_the_arguments() {
        let text = |url: &str| Some(url.to_owned());
        let variable = |url: &str| Some(OsString::from(url));
        let url = |url: &str| Some(DatabaseUrl::from(url.to_owned()));
        let (plain, secret) = ("postgres://u@h/x", "postgres://u:hunter2@h/y");
        assert_eq!(database(None, None).unwrap(), None);
        assert_eq!(database(None, variable("")).unwrap(), None);
        assert_eq!(database(None, variable(secret)).unwrap(), url(secret));
        assert_eq!(database(text(plain), variable(secret)).unwrap(), url(plain));
        for flag in [secret, "postgres://h/x?password=hunter2", "u:hunter2@h/x"] {
            let told = database(text(flag), None).unwrap_err().to_string();
            assert!(told.contains("TIDINGS_DATABASE") && !told.contains("hunter2"), "{told}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_no_text_is_an_error_and_not_taken_for_unset() {
        let variable = std::os::unix::ffi::OsStringExt::from_vec(b"postgres://h\xff/x".to_vec());
        let told = database(None, Some(variable)).unwrap_err().to_string();
        assert_eq!(told, "TIDINGS_DATABASE is no UTF-8");
    }

    #[test]
    fn a_password_of_redis_is_taken_from_the_environment_and_not_from_the_arguments() {
        let text = |url: &str| Some(url.to_owned());
        let variable = |url: &str| Some(OsString::from(url));
        let url = |url: &str| Some(RedisUrl::from(url.to_owned()));
        let (plain, secret) = ("redis://h", "redis://:hunter2@h");
        assert_eq!(redis(None, None).unwrap(), None);
        assert_eq!(redis(None, variable("")).unwrap(), None);
        assert_eq!(redis(None, variable(secret)).unwrap(), url(secret));
        assert_eq!(redis(text(plain), variable(secret)).unwrap(), url(plain));
        for flag in [secret, "unix:///s?pass=hunter2", "u:hunter2@h"] {
            let told = redis(text(flag), None).unwrap_err().to_string();
            assert!(told.contains("TIDINGS_REDIS") && !told.contains("hunter2"), "{told}");
        }
    }

    #[test]
    fn durable_is_asked_for_refused_or_left_to_the_file() {
        #[derive(clap::Parser)]
        struct Command {
            #[command(flatten)]
            serve: Serve,
        }
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "[hub]\ndurable = true").unwrap();
        let file = format!("--config={}", file.path().display());
        let durable = |args: &[&str]| {
            let args = ["serve"].iter().chain(args);
            let command = <Command as clap::Parser>::try_parse_from(args).ok()?;
            Some(command.serve.into_config().unwrap().hub.durable)
        };
        for (args, expected) in [
            (&[][..], Some(false)),
            (&["--durable"], Some(true)),
            (&["--durable", "--listen=127.0.0.1:1"], Some(true)),
            (&["--durable=1"], Some(true)),
            (&["--durable=false"], Some(false)),
            (&["--durable=maybe"], None),
            (&[&file], Some(true)),
            (&["--durable", &file], Some(true)),
            (&["--durable=false", &file], Some(false)),
            (&["--durable=0", &file], Some(false)),
        ] {
            assert_eq!(durable(args), expected, "{args:?}");
        }
    }
}
