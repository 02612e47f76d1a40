//! What the program has started itself: it ends with it where its end was asked for at the server. The guard of the server's
//! own commands does the same, in a process group of its own; a program in the foreground has ours.

#[cfg(not(target_os = "linux"))]
pub(super) use elsewhere::Family;
#[cfg(target_os = "linux")]
pub(super) use linux::Family;

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::time::Duration;

    use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
    use tokio::process::Child;
    use tokio::signal::unix::{Signal as Listener, SignalKind, signal};
    use tokio::time::{Instant, sleep};

    use super::super::asked_to_end;
    use super::super::system::{self, Signals};
    use crate::guard::KILLING;
    use crate::guard::linux::{adopt, children, descendants};

    /// Time between two looks at what is left.
    const LOOK_EVERY: Duration = Duration::from_millis(50);

    /// All descendants, wherever they went.
    #[derive(Debug)]
    pub(in super::super) struct Family {
        /// Come when a child has ended.
        ended: Listener,
    }

    impl Family {
        /// To be called before the program starts.
        pub(in super::super) fn adopt() -> io::Result<Self> {
            let ended = signal(SignalKind::child())?;
            adopt()?;
            Ok(Self { ended })
        }

        /// Takes leave of those that have lost their parent and ended, for as long as it is waited for. The program itself,
        /// `main`, is waited for by others.
        pub(in super::super) async fn bury(&mut self, main: Option<u32>) {
            while self.ended.recv().await.is_some() {
                bury(main);
            }
        }

        /// Asks all to end, or with `now` ends them.
        pub(in super::super) fn end(&self, child: &mut Child, now: bool) {
            let main = child.id();
            system::end(child, now);
            let rest = descendants().into_iter().filter(|pid| Some(id(*pid)) != main);
            for pid in rest {
                let _ = kill_process(pid, if now { Signal::KILL } else { Signal::TERM });
            }
        }

        /// Waits until none is left once the program has ended, and ends them from `kill_at` on, or when we are asked to end.
        /// What not even that ends, a disk or the system holds, or it is another user's.
        pub(in super::super) async fn rest(mut self, mut kill_at: Instant, signals: &mut Signals) {
            loop {
                bury(None);
                let left = descendants();
                let now = Instant::now();
                if left.is_empty() || now > kill_at + KILLING {
                    return;
                }
                if now >= kill_at {
                    for pid in left {
                        let _ = kill_process(pid, Signal::KILL);
                    }
                }
                tokio::select! {
                    () = sleep(LOOK_EVERY) => {}
                    _ = self.ended.recv() => {}
                    () = asked_to_end(signals) => kill_at = kill_at.min(now),
                }
            }
        }
    }

    fn id(pid: Pid) -> u32 {
        pid.as_raw_nonzero().get().unsigned_abs()
    }

    fn bury(main: Option<u32>) {
        for pid in children().into_iter().filter(|pid| Some(id(*pid)) != main) {
            let _ = waitpid(Some(pid), WaitOptions::NOHANG);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use std::io;

    use tokio::process::Child;
    use tokio::time::Instant;

    use super::super::system::{self, Signals};

    /// The program alone: nobody says what it has started.
    #[derive(Debug)]
    pub(in super::super) struct Family;

    impl Family {
        pub(in super::super) fn adopt() -> io::Result<Self> {
            Ok(Self)
        }

        pub(in super::super) async fn bury(&mut self, _: Option<u32>) {
            std::future::pending().await
        }

        /// Asks the program to end, or with `now` ends it.
        pub(in super::super) fn end(&self, child: &mut Child, now: bool) {
            system::end(child, now);
        }

        pub(in super::super) async fn rest(self, _: Instant, _: &mut Signals) {}
    }
}
