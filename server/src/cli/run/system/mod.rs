//! What differs by system: signals, outputs that do not wait, and how a program has ended.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(super) use unix::{Signals, Told, code, end, is_by, is_for_the_end, pass, until_writable};
#[cfg(windows)]
pub(super) use windows::{Signals, Told, code, end, is_by, is_for_the_end, pass, until_writable};

/// Whether signals are listened to before the program starts, so that none is missed. What we ignore it ignores, as under
/// `nohup`, but what we listen to it would not: where nobody says what we ignore, it comes first.
pub(super) const LISTENS_FIRST: bool = cfg!(any(target_os = "linux", windows));

/// What somebody asked of us while a program runs.
#[cfg_attr(windows, allow(dead_code, reason = "there are no signals to pass on"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// To end, at the terminal, which has told the program as well.
    Interrupt(Told),
    /// The same, though not at a terminal: whether the program was told is not known.
    InterruptAlone(Told),
    /// To end: the program is to be told.
    End(Told),
    /// Something else that the program is to be told.
    Other(Told),
}

/// How a program has ended.
#[cfg_attr(windows, allow(dead_code, reason = "no signal ends a program"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    /// By itself, with this exit code.
    Exit(i32),
    /// By this signal.
    Signal(i32),
}
