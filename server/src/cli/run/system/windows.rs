//! Ctrl-C and Ctrl-Break, which a console tells the program as well.

use std::io::{self, ErrorKind};
use std::process::ExitStatus;

use tokio::process::Child;
use tokio::signal::windows::{CtrlBreak, CtrlC, ctrl_break, ctrl_c};

use super::{Asked, Code};

/// There is nothing to pass on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Told;

/// Both end nothing by themselves from now on.
#[derive(Debug)]
pub(in super::super) struct Signals(CtrlC, CtrlBreak);

impl Signals {
    pub(in super::super) fn listen() -> io::Result<Self> {
        Ok(Self(ctrl_c()?, ctrl_break()?))
    }

    /// Waits for the next one.
    pub(in super::super) async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.0.recv() => {}
            _ = self.1.recv() => {}
        }
        Asked::Interrupt(Told)
    }
}

pub(in super::super) fn is_for_the_end(_: Told) -> bool {
    false
}

pub(in super::super) fn is_by(_: Code, _: Told) -> bool {
    false
}

pub(in super::super) fn pass(_: &mut Child, _: Told) {}

/// Ends the program: there is no way to ask it.
pub(in super::super) fn end(child: &mut Child, _: bool) {
    let _ = child.start_kill();
}

pub(in super::super) fn code(status: ExitStatus) -> Code {
    Code::Exit(status.code().unwrap_or(1))
}

/// Every output waits by itself here.
pub(in super::super) fn until_writable<T>(_: &T) -> io::Result<()> {
    Err(ErrorKind::WouldBlock.into())
}
