//! A real Postgres for tests, of their own: made by `initdb` in a temporary folder, run as somebody who is not root, and ended
//! with the tests.
//!
//! - [`Cluster`]: a Postgres that runs.
//! - [`Database`]: a database of a test's own in one.
#![cfg(target_os = "linux")]

mod cluster;
mod database;
mod programs;
mod shared;

pub use cluster::Cluster;
pub use database::{Database, PASSWORD};
