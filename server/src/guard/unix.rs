//! A process group, and on Linux every descendant.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitOptions, WaitStatus, getpgid, kill_process, kill_process_group, wait,
};
use tokio::signal::unix::{Signal as Signals, SignalKind, signal};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until, timeout_at};

#[cfg(target_os = "linux")]
use super::linux::{adopt, descendants};
use super::{GRACE, KILLING, Stopped};

/// Time between two looks at what is left where no signal tells of it.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The program, and whatever it has started.
struct Family {
    main: Pid,
    status: Option<WaitStatus>,
    /// Come when a child has ended.
    ended: Signals,
}

/// Runs a program until it has ended with all that it started, or has been made to.
pub(super) async fn run(
    program: &OsStr,
    args: &[OsString],
    life_line: oneshot::Receiver<()>,
) -> Result<u8, Stopped> {
    adopt()?;
    let ended = signal(SignalKind::child())?;
    let mut asked = Asked::listen()?;
    let mut command = Command::new(program);
    let child = command.args(args).stdin(Stdio::null()).process_group(0).spawn();
    let child = child.map_err(Stopped::NotStarted)?;
    let mut family = Family { main: Pid::from_child(&child), status: None, ended };
    tokio::select! {
        () = family.main_ended() => {}
        _ = life_line => {}
        () = asked.next() => {}
    }
    family.end().await;
    Ok(family.code())
}

impl Family {
    /// Waits until the program has ended, whatever it leaves behind.
    async fn main_ended(&mut self) {
        while self.is_left() && self.status.is_none() {
            self.ended.recv().await;
        }
    }

    /// Ends what is left.
    async fn end(&mut self) {
        if !self.is_left() {
            return;
        }
        self.signal(Signal::TERM);
        let until = Instant::now() + GRACE;
        if timeout_at(until, self.all_ended()).await.is_ok() {
            return;
        }
        let until = Instant::now() + KILLING;
        // Again and again: some may have been started since.
        while self.is_left() && Instant::now() < until {
            self.signal(Signal::KILL);
            sleep_until(Instant::now() + LOOK_EVERY).await;
        }
    }

    async fn all_ended(&mut self) {
        while self.is_left() {
            let look = Instant::now() + LOOK_EVERY;
            let _ = timeout_at(look, self.ended.recv()).await;
        }
    }

    /// Sees who has ended, and says whether anybody is left.
    fn is_left(&mut self) -> bool {
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if pid == self.main => self.status = Some(status),
                Ok(Some(_)) | Err(Errno::INTR) => {}
                // Whoever loses its parent comes to this process: without children it has no descendants.
                Ok(None) => return true,
                Err(_) => return is_group_left(self.main),
            }
        }
    }

    /// To the group, and to those who have left it.
    fn signal(&self, signal: Signal) {
        let descendants = descendants();
        let is_of_group = |pid: &Pid| getpgid(Some(*pid)).is_ok_and(|group| group == self.main);
        // Once nobody is in it, its number may be another's.
        let is_group_known = self.status.is_none() || is_group_left(self.main);
        if is_group_known || descendants.iter().any(is_of_group) {
            let _ = kill_process_group(self.main, signal);
        }
        for pid in descendants.iter().filter(|pid| !is_of_group(pid)) {
            let _ = kill_process(*pid, signal);
        }
    }

    fn code(&self) -> u8 {
        let code = self.status.and_then(|status| {
            let signal = || status.terminating_signal().map(|signal| 128 + signal);
            status.exit_status().or_else(signal)
        });
        // Not even SIGKILL has ended it.
        code.and_then(|code| u8::try_from(code).ok()).unwrap_or(128 + 9)
    }
}

/// Whether anybody is in the group. On Linux that is known without asking.
fn is_group_left(group: Pid) -> bool {
    !cfg!(target_os = "linux") && rustix::process::test_kill_process_group(group).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn adopt() -> io::Result<()> {
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn descendants() -> Vec<Pid> {
    Vec::new()
}

/// What asks the guard itself to end.
struct Asked([Signals; 3]);

impl Asked {
    fn listen() -> io::Result<Self> {
        let kinds = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()];
        let [a, b, c] = kinds.map(signal);
        Ok(Self([a?, b?, c?]))
    }

    async fn next(&mut self) {
        let [a, b, c] = &mut self.0;
        tokio::select! {
            _ = a.recv() => {}
            _ = b.recv() => {}
            _ = c.recv() => {}
        }
    }
}
