//! Runs a program so that nothing of it outlives whoever asked for it.
//!
//! ```text
//!   server ──(pipe, the life line)──> tidings guard ──> program ──> whatever that starts
//! ```
//!
//! The guard is a process of its own, from the same file as the server. It does nothing but wait for two things: that the
//! program ends, or that its own standard input does, which is the *life line*. The system closes that when the server lets
//! go of it, crashes, or is killed with `-9`; so nobody has to be there to say so. Then the guard ends the program with all
//! that it has started, and itself.

#[cfg(target_os = "linux")]
pub(crate) mod linux;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind, Read, Write};
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::oneshot;

/// The word that makes a guard of `tidings`.
const WORD: &str = "guard";

/// How long a program has to end by itself when it is asked to.
pub const GRACE: Duration = Duration::from_secs(5);

/// How long the guard goes on killing what does not end; beyond that a disk or the system holds it.
pub const KILLING: Duration = Duration::from_secs(5);

/// Exit code for a program that is not there, as shells have it.
pub const NOT_FOUND: u8 = 127;

/// Exit code for a program that may not be run, as shells have it.
pub const NOT_RUN: u8 = 126;

/// Runs a guard if that is what `args` ask for, the first of them being this program's own name: first of all things in a
/// `main`. The exit code is that of the guarded program, 128 and the signal that ended it, [`NOT_FOUND`] or [`NOT_RUN`].
#[must_use]
pub fn entry(args: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let mut args = args.into_iter().skip(1);
    args.next().filter(|word| word == WORD)?;
    let argv: Vec<OsString> = args.skip_while(|word| word == "--").collect();
    let Some((program, args)) = argv.split_first() else {
        say("guard: no program to run; this is for Tidings itself");
        return Some(ExitCode::from(2));
    };
    match guard(program, args) {
        Ok(code) => Some(code.into()),
        Err(error) => {
            say(&format!("guard: {error}"));
            Some(ExitCode::FAILURE)
        }
    }
}

/// A guard for the program that `argv` begins with. Whoever spawns it holds its standard input for as long as the program may
/// run, and gives it an environment and a folder, which are the program's.
///
/// # Errors
///
/// If nobody knows where this program's own file lies.
pub fn command<S: AsRef<OsStr>>(argv: &[S]) -> io::Result<Command> {
    let mut command = Command::new(this_program()?);
    command.args([WORD, "--"]).args(argv).stdin(Stdio::piped());
    // Apart from the server's own group: Ctrl-C in a terminal is for the server, which then lets go of the life line.
    #[cfg(unix)]
    command.process_group(0).arg0("tidings");
    // The desktop app has no console, and none is to open for this.
    #[cfg(windows)]
    command.creation_flags(0x0800_0000);
    Ok(command)
}

/// The file that runs now, on Linux even if an update has put another in its place.
fn this_program() -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") {
        return Ok(PathBuf::from("/proc/self/exe"));
    }
    std::env::current_exe()
}

fn guard(program: &OsStr, args: &[OsString]) -> io::Result<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let life_line = life_line()?;
    match runtime.block_on(system::run(program, args, life_line)) {
        Err(Stopped::NotStarted(error)) => {
            let name = program.to_string_lossy();
            let (code, text) = match error.kind() {
                ErrorKind::NotFound => (NOT_FOUND, format!("there is no program {name}")),
                _ => (NOT_RUN, format!("{name} cannot be run: {error}")),
            };
            say(&text);
            Ok(code)
        }
        Err(Stopped::Guard(error)) => Err(error),
        Ok(code) => Ok(code),
    }
}

/// Why a guard did not do its work.
#[derive(Debug)]
enum Stopped {
    /// The program could not be started.
    NotStarted(io::Error),
    /// Something else failed, before it was.
    Guard(io::Error),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::Guard(error)
    }
}

/// Tells when the standard input ends. Reading that has a thread of its own, which ends with the process.
fn life_line() -> io::Result<oneshot::Receiver<()>> {
    let (held, life_line) = oneshot::channel::<()>();
    let read = move || {
        let _held = held;
        let mut nothing = [0; 64];
        loop {
            match io::stdin().read(&mut nothing) {
                Ok(0) => return,
                Err(error) if error.kind() != ErrorKind::Interrupted => return,
                _ => {}
            }
        }
    };
    std::thread::Builder::new().name("life line".to_owned()).spawn(read)?;
    Ok(life_line)
}

/// Tells people something where the program's own errors go. If nobody reads that any more, so be it.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "tidings: {text}");
}
