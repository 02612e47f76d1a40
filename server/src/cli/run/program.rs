//! The program that is run, and its end.

use std::ffi::OsString;
use std::io::{self, ErrorKind, PipeWriter};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tidings_protocol::job::MAX_NAME_CHARS;
use tokio::process::Child;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

use super::family::Family;
use super::report::Ended;
use super::requests::Requests;
use super::system::{self, Asked, Code, Signals, Told};
use crate::cli::say;

/// How long a program whose end was asked for at the server may take before it is ended.
const GRACE: Duration = Duration::from_secs(10);
/// How long a program may run on after an interrupt that no terminal has told it of before it is told. Whoever tells a whole
/// group has told it by then.
const ALONE: Duration = Duration::from_secs(1);
/// How long after its end a signal that has ended it may be heard.
const HEARD: Duration = Duration::from_millis(20);

/// What makes cargo tell how far it is though it writes to no terminal.
const CARGO: [(&str, &str); 2] =
    [("CARGO_TERM_PROGRESS_WHEN", "always"), ("CARGO_TERM_PROGRESS_WIDTH", "80")];

/// Why there is no such program, with the exit code that shells have for it.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotRun {
    #[error("{0} is not found")]
    NotFound(String),
    #[error("{name} cannot be run")]
    NotExecutable { name: String, source: io::Error },
}

impl NotRun {
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::NotFound(_) => 127,
            Self::NotExecutable { .. } => 126,
        }
    }
}

/// Starts a program in the foreground: in our process group, with our standard input.
pub(super) fn start(
    argv: &[OsString],
    stdout: PipeWriter,
    stderr: PipeWriter,
) -> Result<Child, NotRun> {
    let failed = |source: io::Error| {
        let name = argv.first().map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        match source.kind() {
            ErrorKind::NotFound => NotRun::NotFound(name),
            _ => NotRun::NotExecutable { name, source },
        }
    };
    let mut words = argv.iter();
    let program = words.next().ok_or_else(|| failed(ErrorKind::NotFound.into()))?;
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::inherit()).stdout(stdout).stderr(stderr);
    if file_name(program) == "cargo" {
        let unset = CARGO.iter().filter(|(name, _)| std::env::var_os(name).is_none());
        command.envs(unset.copied());
    }
    // The command, which holds the pipes' other ends open, goes with this.
    tokio::process::Command::from(command).spawn().map_err(failed)
}

/// What a program is called unless somebody says otherwise: without its arguments, which may hold secrets.
pub(super) fn name(argv: &[OsString]) -> String {
    let name = argv.first().map(file_name).unwrap_or_default();
    name.chars().filter(|c| !c.is_control()).take(MAX_NAME_CHARS).collect()
}

fn file_name(program: &OsString) -> String {
    let path = Path::new(program);
    let name = if cfg!(windows) { path.file_stem() } else { path.file_name() };
    name.unwrap_or(program).to_string_lossy().into_owned()
}

/// Waits for the program's end, and passes on what asks for it: to what it has started, too, if that is
/// `cancel`, who is somebody at the server.
pub(super) async fn ended(
    child: &mut Child,
    mut family: Family,
    signals: &mut Signals,
    cancel: &CancellationToken,
    quiet: bool,
) -> io::Result<(Code, Ended)> {
    let mut requests = Requests::default();
    // The second time at the latest it ends.
    let mut kill_at = None;
    let mut tell_at: Option<(Told, Instant)> = None;
    let main = child.id();
    let status = loop {
        tokio::select! {
            // What has ended it is heard before its end.
            biased;
            asked = signals.next() => {
                requests.hear(asked);
                match asked {
                    Asked::Interrupt(_) => {}
                    Asked::InterruptAlone(told) => {
                        if let Some((told, _)) = tell_at.replace((told, Instant::now() + ALONE)) {
                            system::pass(child, told);
                        }
                    }
                    Asked::End(told) | Asked::Other(told) => system::pass(child, told),
                }
            }
            status = child.wait() => break status?,
            () = cancel.cancelled(), if !requests.cancelled => {
                requests.cancelled = true;
                kill_at = Some(Instant::now() + GRACE);
                if !quiet {
                    say::note("somebody asked for its end at the server");
                }
                family.end(child, false);
            }
            () = until(kill_at) => {
                kill_at = None;
                family.end(child, true);
            }
            () = family.bury(main) => {}
            () = until(tell_at.map(|(_, at)| at)) => {
                if let Some((told, _)) = tell_at.take() {
                    system::pass(child, told);
                }
            }
        }
    };
    let now = Instant::now();
    // A signal to both may have ended it before we have heard it.
    while let Ok(asked) = timeout_at(now + HEARD, signals.next()).await {
        requests.hear(asked);
    }
    let code = system::code(status);
    let ended = requests.explain(code, Instant::now());
    if requests.cancelled {
        family.rest(kill_at.unwrap_or(now), signals).await;
    }
    Ok((code, ended))
}

/// Waits until then; where there is no such time, for ever.
async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// The exit code that says the same of us: 128 and the signal's number where one ended it.
pub(super) fn exit_code(code: Code) -> u8 {
    match code {
        Code::Exit(code) => u8::try_from(code).unwrap_or(1),
        Code::Signal(signal) => u8::try_from(128 + signal).unwrap_or(u8::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argv(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[test]
    fn a_program_is_called_by_its_file_and_not_by_its_arguments() {
        for (words, expected) in [
            (&["rsync", "-a", "--password=secret"][..], "rsync"),
            (&["/usr/bin/make", "all"], "make"),
            (&["./a\u{1b}b"], "ab"),
            (&[], ""),
        ] {
            assert_eq!(name(&argv(words)), expected);
        }
        assert_eq!(name(&argv(&[&"x".repeat(1_000)])).len(), MAX_NAME_CHARS);
    }

    #[test]
    fn an_exit_code_is_passed_on_and_a_signal_is_128_and_its_number() {
        for (code, expected) in [
            (Code::Exit(0), 0),
            (Code::Exit(255), 255),
            (Code::Exit(-1), 1),
            (Code::Signal(2), 130),
            (Code::Signal(15), 143),
        ] {
            assert_eq!(exit_code(code), expected);
        }
    }
}
