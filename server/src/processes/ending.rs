//! The end of a process.

use std::io;

use crate::collectors::{ProcessReading, ProcessesSource};

/// Why a process was not asked to end.
#[derive(Debug, thiserror::Error)]
pub enum EndError {
    /// It has ended.
    #[error("this process has ended; if there is one of its id, it is another")]
    Gone,
    /// It has ended, and its entry is all there is of it.
    #[error("this process has ended already; its parent has yet to take note of it")]
    Zombie,
    /// Nobody may.
    #[error("{0} is not ended from here")]
    Protected(&'static str),
    /// It is somebody else's.
    #[error("the system does not let the server end this process: it is another user's")]
    NotPermitted,
    /// The system failed.
    #[error("the process could not be signalled")]
    System(#[source] io::Error),
}

/// What was asked to end.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its name.
    pub(crate) name: String,
}

/// Asks the process of this id to end that began `start` ms after the machine did, or ends it by force.
///
/// # Errors
///
/// If that process is no more, may not be ended, or the system refuses.
pub(crate) fn end(pid: u32, start: u64, force: bool) -> Result<Ended, EndError> {
    match pid {
        0 => return Err(EndError::Gone),
        1 => return Err(EndError::Protected("the first process of the machine")),
        pid if pid == std::process::id() => {
            return Err(EndError::Protected("the server itself"));
        }
        _ => {}
    }
    // First: what it holds stays that process, whoever has the id by the time of the signal.
    let held = system::hold(pid)?;
    let mut source = ProcessesSource::new();
    let reading = source.read_one(pid).ok_or(EndError::Gone)?;
    may_end(&reading, source.start_ms(reading.started), start)?;
    system::signal(held, pid, force)?;
    Ok(Ended { name: source.full_name(pid, reading.name) })
}

fn may_end(found: &ProcessReading, began: u64, start: u64) -> Result<(), EndError> {
    match found {
        _ if began != start => Err(EndError::Gone),
        found if found.is_kernel => Err(EndError::Protected("a part of the kernel")),
        found if matches!(found.state, 'Z' | 'X') => Err(EndError::Zombie),
        _ => Ok(()),
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::os::fd::OwnedFd;

    use rustix::io::Errno;
    use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};

    use super::EndError;

    /// A handle of the process; none where the kernel, or what stands for one, knows no such handles.
    pub(super) fn hold(pid: u32) -> Result<Option<OwnedFd>, EndError> {
        match pidfd_open(id(pid)?, PidfdFlags::empty()) {
            Ok(handle) => Ok(Some(handle)),
            Err(Errno::SRCH | Errno::INVAL) => Err(EndError::Gone),
            Err(Errno::NOSYS | Errno::PERM | Errno::OPNOTSUPP) => Ok(None),
            Err(error) => Err(EndError::System(error.into())),
        }
    }

    pub(super) fn signal(held: Option<OwnedFd>, pid: u32, force: bool) -> Result<(), EndError> {
        let signal = if force { Signal::KILL } else { Signal::TERM };
        let sent = match held {
            Some(handle) => pidfd_send_signal(handle, signal),
            None => kill_process(id(pid)?, signal),
        };
        sent.map_err(super::refused)
    }

    fn id(pid: u32) -> Result<Pid, EndError> {
        i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(EndError::Gone)
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
mod system {
    use rustix::process::{Pid, Signal, kill_process};

    use super::EndError;

    pub(super) fn hold(_: u32) -> Result<(), EndError> {
        Ok(())
    }

    pub(super) fn signal((): (), pid: u32, force: bool) -> Result<(), EndError> {
        let signal = if force { Signal::KILL } else { Signal::TERM };
        let id = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(EndError::Gone)?;
        kill_process(id, signal).map_err(super::refused)
    }
}

#[cfg(not(unix))]
mod system {
    use sysinfo::{Pid, ProcessesToUpdate, System};

    use super::EndError;

    pub(super) fn hold(_: u32) -> Result<(), EndError> {
        Ok(())
    }

    /// Here no program can be asked: each end is by force.
    pub(super) fn signal((): (), pid: u32, _: bool) -> Result<(), EndError> {
        let (id, failed) = (Pid::from_u32(pid), |_| EndError::NotPermitted);
        let mut system = System::new().map_err(failed)?;
        system.refresh_processes(ProcessesToUpdate::Some(&[id]), true);
        let process = system.process(id).ok_or(EndError::Gone)?;
        if process.kill() { Ok(()) } else { Err(EndError::NotPermitted) }
    }
}

#[cfg(unix)]
fn refused(error: rustix::io::Errno) -> EndError {
    match error {
        rustix::io::Errno::SRCH => EndError::Gone,
        rustix::io::Errno::PERM => EndError::NotPermitted,
        error => EndError::System(error.into()),
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Child, Command};

    use super::*;

    fn start_of(pid: u32) -> u64 {
        let mut source = ProcessesSource::new();
        let started = source.read_one(pid).unwrap().started;
        source.start_ms(started)
    }

    fn sleeper() -> (Child, u64) {
        let child = Command::new("sleep").arg("600").spawn().unwrap();
        let start = start_of(child.id());
        (child, start)
    }

    #[test]
    fn a_process_is_asked_to_end_and_ends_by_force_where_that_is_wanted() {
        for (force, signal) in [(false, 15), (true, 9)] {
            let (mut child, start) = sleeper();
            let ended = end(child.id(), start, force).unwrap();
            assert_eq!(child.wait().unwrap().signal(), Some(signal));
            // Between fork and exec it has the name of whoever started it.
            assert!(!ended.name.is_empty());
        }
    }

    #[test]
    fn another_process_of_the_same_id_is_left_alone() {
        let (mut child, start) = sleeper();
        for other in [start + 10, start - 10, 0] {
            assert!(matches!(end(child.id(), other, true), Err(EndError::Gone)));
        }
        assert_eq!(child.try_wait().unwrap(), None);
        child.kill().unwrap();
        // It has ended, and nobody has asked for how.
        let begun = std::time::Instant::now();
        while ProcessesSource::new().read_one(child.id()).unwrap().state != 'Z' {
            assert!(begun.elapsed().as_secs() < 20);
            std::thread::yield_now();
        }
        assert!(matches!(end(child.id(), start, true), Err(EndError::Zombie)));
        child.wait().unwrap();
        assert!(matches!(end(child.id(), start, true), Err(EndError::Gone)));
    }

    #[test]
    fn neither_the_server_nor_the_first_process_nor_the_kernel_is_ended() {
        let own = std::process::id();
        assert!(matches!(end(own, start_of(own), true), Err(EndError::Protected(_))));
        assert!(matches!(end(1, start_of(1), true), Err(EndError::Protected(_))));
        assert!(matches!(end(0, 0, true), Err(EndError::Gone)));
        assert!(matches!(end(u32::MAX, 0, true), Err(EndError::Gone)));
        let mut kernel = ProcessesSource::new().read_one(own).unwrap();
        kernel.is_kernel = true;
        assert!(matches!(may_end(&kernel, 5, 5), Err(EndError::Protected(_))));
    }
}
