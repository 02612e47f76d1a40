//! What threads of the hub share with each other, named in one place: `crates/hub-threads` puts in its stead what a
//! model checker can interleave.

pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
pub(crate) use std::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};

pub(crate) use futures_util::task::AtomicWaker;
