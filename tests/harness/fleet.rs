//! Several servers that are one to their users: on one Redis, and on one Postgres.

use anyhow::{Context, Result};
use test_postgres::{Cluster, Database};

use crate::ledger::Door;
use crate::{Nginx, Redis, Server, ServerOptions, free_address};

/// Servers of one set, with the Redis and the Postgres they share; all end when it is dropped.
#[derive(Debug)]
pub struct Fleet {
    /// The servers; each can be killed and started again at its address.
    pub servers: Vec<Server>,
    /// What they share events by.
    pub redis: Redis,
    /// What they keep users and notifications in.
    pub database: Database,
}

impl Fleet {
    /// Starts so many servers with this configuration and these arguments, each as a machine of its own name.
    ///
    /// # Errors
    ///
    /// If one does not come up in time.
    pub async fn start(count: usize, config: &str, args: &[&str]) -> Result<Self> {
        let redis = Redis::start().await?;
        let database = Database::of(Cluster::shared().await?).await?;
        let mut servers = Vec::new();
        for number in 0..count {
            let name = format!("box-{number}");
            let (bus, store) = (redis.url(), database.url());
            let mut options = ServerOptions {
                listen: Some(free_address()?),
                ..ServerOptions::with_config(config)
            }
            .with_args(["--redis", &bus, "--database", &store, "--host-name", &name]);
            options.args.extend(args.iter().map(|arg| (*arg).to_owned()));
            let server = Server::start_with(options).await;
            servers.push(server.with_context(|| format!("server {number}"))?);
        }
        Ok(Self { servers, redis, database })
    }

    /// nginx in front of them, which gives each request to the next, and leaves none out because it was away a moment ago.
    ///
    /// # Errors
    ///
    /// If nginx is missing.
    pub async fn behind_nginx(&self) -> Result<Nginx> {
        let servers: String = self
            .servers
            .iter()
            .map(|server| format!("server {} max_fails=0;\n", server.address()))
            .collect();
        let location =
            "location / {\nproxy_pass http://tidings;\nproxy_set_header Host $http_host;\n}";
        Nginx::start(&format!("upstream tidings {{\n{servers}}}"), location).await
    }

    /// Each server, by its own owner's token.
    ///
    /// # Errors
    ///
    /// If there is no token file.
    pub fn doors(&self) -> Result<Vec<Door>> {
        self.servers.iter().map(Door::of).collect()
    }
}
