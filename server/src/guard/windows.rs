//! A job object: it holds every descendant, and ends them when the guard is gone.

use std::ffi::{OsStr, OsString};
use std::process::Stdio;

use process_wrap::tokio::{CommandWrap, JobObject, KillOnDrop};
use tokio::sync::oneshot;

use super::Stopped;

/// Runs a program until it has ended or has been made to, and then ends what it has started. There is no way to ask it first.
pub(super) async fn run(
    program: &OsStr,
    args: &[OsString],
    life_line: oneshot::Receiver<()>,
) -> Result<u8, Stopped> {
    let mut command = CommandWrap::with_new(program, |command| {
        command.args(args).stdin(Stdio::null());
    });
    command.wrap(KillOnDrop).wrap(JobObject);
    let mut child = command.spawn().map_err(Stopped::NotStarted)?;
    let status = tokio::select! {
        // Of the program alone: the whole job is waited for by its own `wait`.
        status = child.inner_mut().wait() => Some(status?),
        _ = life_line => None,
    };
    child.start_kill()?;
    let code = status.and_then(|status| status.code()).unwrap_or(1);
    Ok(u8::try_from(code).unwrap_or(u8::MAX))
}
