//! Whoever reads standard output.

/// Waits until nobody reads standard output any more, which only the next write would show. For ever where that cannot
/// be known: of files, of terminals, whose end is a signal, and on Windows. Must be called within a tokio runtime, and
/// leaves a thread behind that only the end of the process ends.
pub(super) async fn gone() {
    #[cfg(unix)]
    if let Ok(true) = tokio::task::spawn_blocking(|| unix::wait(std::io::stdout())).await {
        return;
    }
    std::future::pending::<()>().await;
}

#[cfg(unix)]
mod unix {
    use std::os::fd::AsFd;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::fs::{FileType, fstat};
    use rustix::io::{Errno, Result};

    /// Waits until nobody is at the other end of a pipe or socket; false where that cannot be known. It blocks:
    /// what tokio waits by takes no files, and wakes up whenever the pipe has room.
    pub(super) fn wait(output: impl AsFd) -> bool {
        if !is_watched(&output) {
            return false;
        }
        loop {
            match is_gone(&output, None) {
                Err(Errno::INTR) => {}
                gone => return gone.unwrap_or(false),
            }
        }
    }

    fn is_watched(output: impl AsFd) -> bool {
        match fstat(output).map(|stat| FileType::from_raw_mode(stat.st_mode)) {
            Ok(FileType::Fifo) => true,
            // Elsewhere a peer that reads on, and has only said its last word, may look as if it were gone.
            Ok(FileType::Socket) => cfg!(target_os = "linux"),
            _ => false,
        }
    }

    /// Whether nobody is at the other end; without a `timeout`, once that is so.
    fn is_gone(output: impl AsFd, timeout: Option<&Timespec>) -> Result<bool> {
        // Errors and ends are told unasked; but macOS and illumos tell nothing to those who ask for nothing.
        let mut output = [PollFd::new(&output, PollFlags::RDBAND)];
        poll(&mut output, timeout)?;
        Ok(output[0].revents().intersects(PollFlags::ERR | PollFlags::HUP))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        const NOW: Option<&Timespec> = Some(&Timespec { tv_sec: 0, tv_nsec: 0 });

        #[test]
        fn a_pipe_is_waited_for_until_its_reader_goes() {
            let (reader, writer) = std::io::pipe().unwrap();
            assert_eq!(is_gone(&writer, NOW), Ok(false));
            let waiting = std::thread::spawn(move || wait(writer));
            drop(reader);
            assert!(waiting.join().unwrap());
        }

        #[cfg(target_os = "linux")]
        #[test]
        fn the_peer_of_a_socket_may_have_said_its_last_word_and_read_on() {
            let (peer, output) = std::os::unix::net::UnixStream::pair().unwrap();
            peer.shutdown(std::net::Shutdown::Write).unwrap();
            assert_eq!(is_gone(&output, NOW), Ok(false));
            drop(peer);
            assert!(wait(output));
        }

        #[test]
        fn of_a_file_nothing_is_known() {
            assert!(!wait(tempfile::tempfile().unwrap()));
            assert!(!wait(std::fs::File::create("/dev/null").unwrap()));
        }
    }
}
