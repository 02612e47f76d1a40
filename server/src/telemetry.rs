//! The log: to standard error, so that standard output stays what a command answers.

use tracing_subscriber::EnvFilter;

/// Variable that sets what is logged, in the syntax of `tracing_subscriber::EnvFilter`.
pub const LOG_VARIABLE: &str = "TIDINGS_LOG";

/// Starts the log; `info` and above unless [`LOG_VARIABLE`] says otherwise. A second start changes nothing.
pub fn start() {
    let filter = EnvFilter::builder()
        .with_default_directive(tracing::level_filters::LevelFilter::INFO.into())
        .with_env_var(LOG_VARIABLE)
        .from_env_lossy();
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // It would tell that standard error is closed on standard error, and panic.
        .log_internal_errors(false);
    if log.try_init().is_err() {
        tracing::debug!("the log was started before");
    }
}
