//! A database of a test's own, as the store takes it.

use std::net::SocketAddr;
use std::ops::Deref;
use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, PgConnection};
use test_postgres::Cluster;

use crate::config::DatabaseUrl;

pub(super) struct Database(test_postgres::Database);

impl Database {
    /// In the Postgres that tests share.
    pub(super) async fn new() -> Self {
        Self(test_postgres::Database::new().await.unwrap())
    }

    /// In a Postgres that may be killed.
    pub(super) async fn private() -> Self {
        let cluster = Cluster::private().await.unwrap();
        Self(test_postgres::Database::of(cluster).await.unwrap())
    }

    /// By its socket, without a password.
    pub(super) fn url(&self) -> DatabaseUrl {
        self.0.url().into()
    }

    /// By TCP, with this password.
    pub(super) fn tcp_url(&self, password: &str) -> DatabaseUrl {
        self.tcp_url_at(self.tcp_address(), password)
    }

    /// As [`tcp_url`](Self::tcp_url), by way of another address.
    pub(super) fn tcp_url_at(&self, address: SocketAddr, password: &str) -> DatabaseUrl {
        self.0.tcp_url(address, password).into()
    }

    /// A connection beside the store.
    pub(super) async fn connect(&self) -> PgConnection {
        PgConnectOptions::from_str(&self.0.url()).unwrap().connect().await.unwrap()
    }

    pub(super) async fn kill(&self) {
        self.cluster.kill().await.unwrap();
    }

    pub(super) async fn restart(&self) {
        self.cluster.restart().await.unwrap();
    }
}

impl Deref for Database {
    type Target = test_postgres::Database;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
