//! Signals, and a terminal's foreground.

use std::fs::File;
use std::future::poll_fn;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::task::Poll;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, getpgrp, kill_process};
use rustix::termios::tcgetpgrp;
use tokio::process::Child;
use tokio::signal::unix::{Signal as Listener, SignalKind, signal};

use super::{Asked, Code};

/// What a program is told.
pub(in super::super) type Told = Signal;

/// What is listened to.
const HEARD: [Signal; 6] =
    [Signal::INT, Signal::QUIT, Signal::TERM, Signal::HUP, Signal::USR1, Signal::USR2];

/// Signals that end nothing by themselves from now on.
#[derive(Debug)]
pub(in super::super) struct Signals(Vec<(Signal, Listener)>);

impl Signals {
    /// From now on. What is ignored, as far as that is known, stays so: it asks nothing of us either.
    pub(in super::super) fn listen() -> io::Result<Self> {
        let ignored = ignored();
        let heard = HEARD.into_iter().filter(|signal| !is_in(ignored, *signal));
        let listen = |told: Signal| Ok((told, signal(SignalKind::from_raw(told.as_raw()))?));
        heard.map(listen).collect::<io::Result<_>>().map(Self)
    }

    /// Waits for the next one.
    pub(in super::super) async fn next(&mut self) -> Asked {
        let next = poll_fn(|context| {
            for (told, listener) in &mut self.0 {
                if listener.poll_recv(context) == Poll::Ready(Some(())) {
                    return Poll::Ready(*told);
                }
            }
            Poll::Pending
        });
        match next.await {
            told @ (Signal::INT | Signal::QUIT) if is_foreground() => Asked::Interrupt(told),
            told @ (Signal::INT | Signal::QUIT) => Asked::InterruptAlone(told),
            told @ (Signal::TERM | Signal::HUP) => Asked::End(told),
            told => Asked::Other(told),
        }
    }
}

/// Whether a terminal tells us, and the program with us, of its Ctrl-C.
fn is_foreground() -> bool {
    let Ok(terminal) = File::open("/dev/tty") else { return false };
    tcgetpgrp(&terminal).is_ok_and(|group| group == getpgrp())
}

/// The signals that this process ignores, a bit for each.
#[cfg(target_os = "linux")]
fn ignored() -> u64 {
    std::fs::read_to_string("/proc/self/status").ok().and_then(|all| ignored_in(&all)).unwrap_or(0)
}

/// Elsewhere nobody says.
#[cfg(not(target_os = "linux"))]
fn ignored() -> u64 {
    0
}

#[cfg(target_os = "linux")]
fn ignored_in(status: &str) -> Option<u64> {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}

fn is_in(mask: u64, signal: Signal) -> bool {
    mask >> (signal.as_raw() - 1) & 1 == 1
}

/// Whether whoever sends it means nothing but the end: HUP has programs read their files anew, and many do what they like
/// on Ctrl-C.
pub(in super::super) fn is_for_the_end(told: Told) -> bool {
    told == Signal::TERM
}

/// Whether a program has ended by this, or says so as shells do.
pub(in super::super) fn is_by(code: Code, told: Told) -> bool {
    match code {
        Code::Signal(signal) => signal == told.as_raw(),
        Code::Exit(code) => code == 128 + told.as_raw(),
    }
}

/// Passes a signal on. A program that has ended meanwhile needs none.
pub(in super::super) fn pass(child: &mut Child, signal: Told) {
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid {
        let _ = kill_process(pid, signal);
    }
}

/// Asks the program to end, or with `now` ends it.
pub(in super::super) fn end(child: &mut Child, now: bool) {
    pass(child, if now { Signal::KILL } else { Signal::TERM });
}

pub(in super::super) fn code(status: ExitStatus) -> Code {
    match (status.code(), status.signal()) {
        (Some(code), _) => Code::Exit(code),
        (None, Some(signal)) => Code::Signal(signal),
        (None, None) => Code::Exit(1),
    }
}

/// Waits until an output that does not wait by itself takes more, or nobody reads it any more.
pub(in super::super) fn until_writable(output: &impl AsFd) -> io::Result<()> {
    match poll(&mut [PollFd::new(output, PollFlags::OUT)], None) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_ignored_is_read_from_its_mask() {
        let status = "Name:\ttidings\nSigBlk:\t0000000000000002\nSigIgn:\t0000000000001001\n";
        let ignored = ignored_in(status).unwrap();
        assert!(is_in(ignored, Signal::HUP) && is_in(ignored, Signal::PIPE));
        assert!(!is_in(ignored, Signal::INT) && !is_in(ignored, Signal::TERM));
        // As every program in Rust.
        assert!(is_in(super::ignored(), Signal::PIPE));
    }
}
