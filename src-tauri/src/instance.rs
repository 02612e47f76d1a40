//! One app for each data folder and server: a second start hands over to the first and ends.
//!
//! A lock says which is the first, and the system lets go of it however that ends. Beside it lies a socket (on Windows there
//! is a pipe) by which the second says what it was started for. None of it needs a session bus, and it comes before anything
//! else is started, the bundled server above all.

#[cfg(unix)]
#[path = "instance/unix.rs"]
mod endpoint;
#[cfg(windows)]
#[path = "instance/windows.rs"]
mod endpoint;

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

use crate::launch::Launch;
use endpoint::Listener;

/// After this an app that neither answers nor ends is one that hangs.
const PATIENCE: Duration = Duration::from_secs(5);
/// Time between two attempts.
const TRY_EVERY: Duration = Duration::from_millis(50);
/// Longest that one message may take.
const MESSAGE_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest message, in bytes.
const LONGEST_MESSAGE: u64 = 64 * 1024;
/// What the first answers.
const DONE: &[u8] = b"done\n";

/// Which start this is.
#[derive(Debug)]
pub(crate) enum Claim {
    /// The first, or one that goes on by itself since the first cannot be asked.
    First(Instance),
    /// Another; the first has done what it wants.
    Second,
}

/// The first app; there may be another once this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Instance {
    listener: Option<Listener>,
    /// Held for as long as the app runs.
    _lock: Option<File>,
}

/// Where apps meet that watch the server of that name with that data folder; null where there is none, or no name.
pub(crate) fn place(data: Option<&Path>, server: Option<&str>) -> PathBuf {
    let data = data.unwrap_or(Path::new(""));
    let mut hash = Sha256::new();
    hash.update(data.as_os_str().as_encoded_bytes());
    hash.update([0]);
    hash.update(server.unwrap_or_default());
    let name: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    // What lies there goes with the session. Temporary folders may be everybody's.
    let folder = dirs::runtime_dir().filter(|folder| folder.is_dir());
    folder.unwrap_or_else(|| data.to_owned()).join(format!("tidings-desktop-{name}"))
}

/// Finds out which start this is, and hands over `launch` if it is not the first. Where neither works, which the log says, the
/// app starts as if it were alone. Must be called within a tokio runtime.
pub(crate) async fn claim(place: &Path, launch: &Launch) -> Claim {
    let alone = |error: io::Error| {
        tracing::warn!("whether the app runs already cannot be found out, so it starts: {error}");
        Claim::First(Instance::default())
    };
    let deadline = Instant::now() + PATIENCE;
    let lock = match lock_file(place) {
        Ok(lock) => lock,
        Err(error) => return alone(error),
    };
    loop {
        match lock.try_lock() {
            Ok(()) => return Claim::First(Instance::first(place, lock)),
            Err(TryLockError::Error(error)) => return alone(error),
            Err(TryLockError::WouldBlock) => {}
        }
        // The first may be starting still, or about to end.
        match timeout(MESSAGE_TIMEOUT, hand_over(place, launch)).await {
            Ok(Ok(())) => return Claim::Second,
            Ok(Err(error)) if Instant::now() > deadline => return alone(error),
            Err(late) if Instant::now() > deadline => return alone(late.into()),
            _ => sleep(TRY_EVERY).await,
        }
    }
}

fn lock_file(place: &Path) -> io::Result<File> {
    if let Some(folder) = place.parent() {
        std::fs::create_dir_all(folder)?;
    }
    File::options().create(true).truncate(false).write(true).open(place.with_extension("lock"))
}

async fn hand_over(place: &Path, launch: &Launch) -> io::Result<()> {
    let mut stream = endpoint::connect(place).await?;
    let mut message = serde_json::to_vec(launch)?;
    message.push(b'\n');
    stream.write_all(&message).await?;
    let mut answer = [0; DONE.len()];
    stream.read_exact(&mut answer).await?;
    if answer == DONE { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
}

impl Instance {
    fn first(place: &Path, lock: File) -> Self {
        let listener = Listener::bind(place)
            .inspect_err(|error| tracing::warn!("a second start cannot be heard: {error}"));
        Self { listener: listener.ok(), _lock: Some(lock) }
    }

    /// Hears other starts for as long as the task is there. Must be called within a tokio runtime.
    pub(crate) fn listen(
        &mut self,
        heard: impl Fn(Launch) + Send + Sync + 'static,
    ) -> Option<AbortOnDropHandle<()>> {
        let mut listener = self.listener.take()?;
        Some(AbortOnDropHandle::new(tokio::spawn(async move {
            loop {
                let taken = match listener.accept().await {
                    Ok(stream) => timeout(MESSAGE_TIMEOUT, take(stream, &heard)).await,
                    Err(error) => {
                        // Too many open files, say.
                        sleep(TRY_EVERY).await;
                        Ok(Err(error))
                    }
                };
                if let Ok(Err(error)) = taken {
                    tracing::debug!("a second start was not understood: {error}");
                }
            }
        })))
    }
}

async fn take<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    heard: &impl Fn(Launch),
) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut message = Vec::new();
    (&mut stream).take(LONGEST_MESSAGE).read_until(b'\n', &mut message).await?;
    heard(serde_json::from_slice(&message)?);
    stream.write_all(DONE).await?;
    stream.flush().await
}

#[cfg(test)]
mod tests;
