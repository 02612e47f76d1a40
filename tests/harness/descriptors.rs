//! How many sockets a test itself may have open.

use anyhow::{Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Lets this process, and what it starts, have at least `wanted` descriptors open.
///
/// # Errors
///
/// If the system's hard limit is lower.
pub fn raise_descriptor_limit(wanted: u64) -> Result<()> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_some_and(|current| current < wanted) {
        let most = maximum.unwrap_or(wanted);
        ensure!(most >= wanted, "it takes {wanted} descriptors: raise the hard limit (ulimit -Hn)");
        setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum })?;
    }
    Ok(())
}
