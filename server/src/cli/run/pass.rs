//! Passes on what a program writes, byte for byte and at once, and reads it on the way.
//!
//! A thread for each output: no server, and no other task of this program, can hold one up.

use std::io::{self, ErrorKind, PipeReader, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::news::News;
use super::system;
use crate::output::{Output, Pattern};

/// Most bytes that are passed on at once: what a pipe holds.
const AT_ONCE: usize = 64 << 10;
/// How long a program that has ended may hold its output open, by what it left running and while nothing comes.
const LAST_OUTPUT: Duration = Duration::from_secs(1);
/// More than a program that has ended can have left to be passed on: a pipe may be made to hold a MiB.
const MOST_LEFT: u64 = 2 << 20;
/// Shortest time between two looks whether all is passed on.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Where bytes are passed on to.
pub(super) trait Taker: Write + Send + 'static {
    /// Waits until it takes more, where it would not wait by itself: whoever shares a terminal with us may have made it so.
    fn until_it_takes(&self) -> io::Result<()>;
}

impl Taker for io::Stdout {
    fn until_it_takes(&self) -> io::Result<()> {
        system::until_writable(self)
    }
}

impl Taker for io::Stderr {
    fn until_it_takes(&self) -> io::Result<()> {
        system::until_writable(self)
    }
}

/// An output that is being passed on.
#[derive(Debug)]
pub(super) struct Passing {
    ended: oneshot::Receiver<()>,
    done: Arc<Mutex<Done>>,
}

/// What a thread has done so far.
#[derive(Clone, Copy, Debug, Default)]
struct Done {
    passed: u64,
    /// How long nothing came, before the time that goes on.
    idle: Duration,
    /// Since when nothing has come.
    idle_since: Option<Instant>,
}

impl Done {
    fn idle(&self) -> Duration {
        self.idle + self.idle_since.map(|since| since.elapsed()).unwrap_or_default()
    }
}

/// Passes on what comes out of `pipe` until its other end is closed, or nobody takes it any more: then the program finds out
/// as it would without us.
pub(super) fn pass_on(
    mut pipe: PipeReader,
    mut to: impl Taker,
    pattern: Pattern,
    news: News,
) -> io::Result<Passing> {
    let (end, ended) = oneshot::channel();
    let done = Arc::<Mutex<Done>>::default();
    let passing = Passing { ended, done: Arc::clone(&done) };
    thread::Builder::new().name("output".to_owned()).spawn(move || {
        let mut output = Output::new(pattern);
        let mut buffer = vec![0; AT_ONCE];
        loop {
            lock(&done).idle_since = Some(Instant::now());
            let read = pipe.read(&mut buffer);
            {
                let mut done = lock(&done);
                (done.idle, done.idle_since) = (done.idle(), None);
            }
            let count = match read {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
            let bytes = &buffer[..count];
            if hand_over(&mut to, bytes).is_err() {
                break;
            }
            lock(&done).passed += count as u64;
            output.feed(bytes, &mut |piece| news.add(piece));
        }
        output.finish(&mut |piece| news.add(piece));
        drop(pipe);
        let _ = end.send(());
    })?;
    Ok(passing)
}

fn lock(done: &Mutex<Done>) -> MutexGuard<'_, Done> {
    done.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes all of it at once, however long that takes.
fn hand_over(to: &mut impl Taker, mut bytes: &[u8]) -> io::Result<()> {
    loop {
        let written = if bytes.is_empty() { to.flush().map(|()| 0) } else { to.write(bytes) };
        match written {
            Ok(_) if bytes.is_empty() => return Ok(()),
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => to.until_it_takes()?,
            Err(error) => return Err(error),
        }
    }
}

impl Passing {
    /// Waits until all is passed on that the program, which has ended, has written: as long as the reader likes to take. What
    /// it has left running may write on, and is not waited for.
    pub(super) async fn rest(mut self) {
        let before = *lock(&self.done);
        let idle = before.idle();
        loop {
            let done = *lock(&self.done);
            let left = LAST_OUTPUT.saturating_sub(done.idle() - idle);
            if left.is_zero() || done.passed - before.passed > MOST_LEFT {
                return;
            }
            if timeout(left.max(LOOK_EVERY), &mut self.ended).await.is_ok() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// Hands over each write as it comes.
    struct Chunks(mpsc::Sender<Vec<u8>>);

    impl Write for Chunks {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(|_| ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Taker for Chunks {
        fn until_it_takes(&self) -> io::Result<()> {
            Err(ErrorKind::WouldBlock.into())
        }
    }

    #[tokio::test]
    async fn bytes_are_passed_on_as_they_come_whatever_they_are() {
        let (pipe, mut program) = io::pipe().unwrap();
        let (sender, passed) = mpsc::channel();
        let news = News::new(None);
        let passing = pass_on(pipe, Chunks(sender), Pattern::nothing(), news.clone()).unwrap();
        // No line end is waited for.
        for bytes in [&b"no end"[..], b"\xff\x00\x1b[31m", b"\r50%\r\n"] {
            program.write_all(bytes).unwrap();
            assert_eq!(passed.recv().unwrap(), bytes);
        }
        drop(program);
        passing.ended.await.unwrap();
        assert!(passed.recv().is_err());
        assert_eq!(news.take().patch().lines, ["50%".into()]);
    }

    #[tokio::test]
    async fn a_program_that_nobody_reads_any_more_finds_that_out() {
        let (pipe, mut program) = io::pipe().unwrap();
        let (sender, passed) = mpsc::channel();
        drop(passed);
        let passing = pass_on(pipe, Chunks(sender), Pattern::nothing(), News::new(None)).unwrap();
        program.write_all(b"a").unwrap();
        passing.ended.await.unwrap();
        assert_eq!(program.write_all(b"a").unwrap_err().kind(), ErrorKind::BrokenPipe);
    }

    #[tokio::test]
    async fn what_was_left_running_is_not_waited_for_quiet_or_not() {
        let (pipe, quiet) = io::pipe().unwrap();
        let (sender, _passed) = mpsc::channel();
        let passing = pass_on(pipe, Chunks(sender), Pattern::nothing(), News::new(None)).unwrap();
        passing.rest().await;
        drop(quiet);

        let (pipe, mut loud) = io::pipe().unwrap();
        let (sender, _passed) = mpsc::channel();
        let passing = pass_on(pipe, Chunks(sender), Pattern::nothing(), News::new(None)).unwrap();
        let (over, is_over) = mpsc::channel::<()>();
        let writer = thread::spawn(move || {
            while is_over.try_recv() == Err(mpsc::TryRecvError::Empty) {
                loud.write_all(&[b'y'; 4 << 10]).unwrap();
            }
        });
        passing.rest().await;
        drop(over);
        writer.join().unwrap();
    }

    /// A pipe that does not wait by itself, and says when it is waited for.
    #[cfg(unix)]
    struct Hasty(io::PipeWriter, mpsc::Sender<()>);

    #[cfg(unix)]
    impl Write for Hasty {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            self.0.flush()
        }
    }

    #[cfg(unix)]
    impl Taker for Hasty {
        fn until_it_takes(&self) -> io::Result<()> {
            let _ = self.1.send(());
            system::until_writable(&self.0)
        }
    }

    #[cfg(unix)]
    #[test]
    fn an_output_that_does_not_wait_is_waited_for() {
        use rustix::fs::{OFlags, fcntl_setfl};

        let (pipe, mut program) = io::pipe().unwrap();
        let (mut reader, writer) = io::pipe().unwrap();
        fcntl_setfl(&writer, OFlags::NONBLOCK).unwrap();
        let (sender, waits) = mpsc::channel();
        let hasty = Hasty(writer, sender);
        let _passing = pass_on(pipe, hasty, Pattern::nothing(), News::new(None)).unwrap();
        let bytes: Vec<u8> = (0..1 << 20_u32).map(|n| (n % 251) as u8).collect();
        let written = bytes.clone();
        let program = thread::spawn(move || program.write_all(&written));
        waits.recv().unwrap();
        let mut passed = Vec::new();
        reader.read_to_end(&mut passed).unwrap();
        program.join().unwrap().unwrap();
        assert!(passed == bytes, "{} of {} bytes", passed.len(), bytes.len());
    }
}
