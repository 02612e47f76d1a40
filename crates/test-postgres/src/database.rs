//! A database of a test's own.

use std::net::SocketAddr;
use std::process::{Command, Stdio};

use anyhow::Result;

use crate::cluster::{Cluster, USER};
use crate::programs::program;

/// The superuser's password, for who comes by TCP.
pub const PASSWORD: &str = "hunter2";

/// A database of a test's own; in a Postgres that is shared, it is removed when this is dropped.
#[derive(Debug)]
pub struct Database {
    /// Where it lies.
    pub cluster: Cluster,
    name: String,
}

impl Database {
    /// A new one in the Postgres that tests share.
    ///
    /// # Errors
    ///
    /// If there is none to be had.
    pub async fn new() -> Result<Self> {
        Self::of(Cluster::shared().await?).await
    }

    /// A new one in this Postgres.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub async fn of(cluster: Cluster) -> Result<Self> {
        let name = format!("test_{:016x}", rand::random::<u64>());
        cluster.query(&format!("CREATE DATABASE {name}")).await?;
        Ok(Self { cluster, name })
    }

    /// By its socket, without a password.
    #[must_use]
    pub fn url(&self) -> String {
        let (folder, port) = (self.cluster.data(), self.cluster.port());
        let folder = folder.display();
        format!("postgres:///{}?user={USER}&host={folder}&port={port}", self.name)
    }

    /// By TCP at this address, which leads to [`tcp_address`](Self::tcp_address), with this password.
    #[must_use]
    pub fn tcp_url(&self, address: SocketAddr, password: &str) -> String {
        format!("postgres://{USER}:{password}@{address}/{}", self.name)
    }

    /// Where its server listens.
    #[must_use]
    pub fn tcp_address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.cluster.port()))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Ok(dropdb) = program("dropdb") else { return };
        if self.cluster.is_shared() {
            // Without it there is one more until the Postgres ends.
            let _ = Command::new(dropdb)
                .args(["--force", "--if-exists", "--no-password", "--username", USER])
                .args(["--port", &self.cluster.port().to_string(), "--host"])
                .arg(self.cluster.data())
                .arg(&self.name)
                .env("PGCONNECT_TIMEOUT", "5")
                .stderr(Stdio::null())
                .status();
        }
    }
}
