//! Makes connections, all alike.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use super::error::{of_connecting, within};
use crate::config::{DatabaseUrl, InvalidDatabaseUrl};
use crate::store::StoreError;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(3);

/// What each is set to, whatever the server's own settings are, where it is new enough to know it. A commit waits for the
/// disk unless it says otherwise; nothing runs or waits for ever; a connection is not ended for being idle, which would
/// free the lock; a peer that is gone is noticed, so that its lock goes too.
const SETTINGS: &str = "SELECT set_config(name, value, false) FROM (VALUES \
     (0, 'synchronous_commit', 'on'), \
     (0, 'statement_timeout', '10s'), \
     (0, 'lock_timeout', '2s'), \
     (0, 'idle_in_transaction_session_timeout', '0'), \
     (140000, 'idle_session_timeout', '0'), \
     (170000, 'transaction_timeout', '0'), \
     (0, 'tcp_keepalives_idle', '10'), \
     (0, 'tcp_keepalives_interval', '5'), \
     (0, 'tcp_keepalives_count', '3'), \
     (0, 'tcp_user_timeout', '25000')) AS setting (since, name, value) \
     WHERE since <= current_setting('server_version_num')::integer";

/// Makes connections to one database.
pub(super) struct Connector {
    /// With the password: not to be shown.
    options: PgConnectOptions,
    /// Name, user and address of the database, for messages.
    pub(super) database: String,
}

impl Connector {
    /// To the database at `url`.
    pub(super) fn new(url: &DatabaseUrl) -> Result<Self, InvalidDatabaseUrl> {
        url.check()?;
        let options = PgConnectOptions::from_str(url.expose());
        let mut options = options.map_err(|_| InvalidDatabaseUrl::Value)?;
        if options.get_application_name().is_none() {
            options = options.application_name("tidings");
        }
        // Statements hold what users send.
        let options = options.disable_statement_logging();
        let user = options.get_username();
        let name = options.get_database().unwrap_or(user);
        let place = match options.get_socket() {
            Some(folder) => folder.display().to_string(),
            None => options.get_host().to_owned(),
        };
        let port = options.get_port();
        let database = format!("the database `{name}` at {place}, port {port}, as user `{user}`");
        Ok(Self { options, database })
    }

    /// A new connection, or why there is none; in three seconds at most.
    pub(super) async fn connect(&self) -> Result<PgConnection, StoreError> {
        let connecting = async {
            let mut connection = PgConnection::connect_with(&self.options).await?;
            sqlx::query(SETTINGS).execute(&mut connection).await?;
            Ok(connection)
        };
        within(CONNECT, connecting).await.map_err(of_connecting)
    }
}
