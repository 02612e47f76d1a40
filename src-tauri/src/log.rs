//! The log: on standard error, and in a file that stays small.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// Most bytes of a file; the one before it is kept as well.
const MOST: u64 = 1024 * 1024;

/// What goes to the file: enough to understand what somebody tells of afterwards.
const FILTER: &str = "warn,tidings_desktop=info,tidings_client=info,tidings_server=info";

/// A file, and the one before it. Each line is written by itself, so that two apps can share it.
#[derive(Debug)]
pub(crate) struct LogFile {
    path: PathBuf,
    most: u64,
    turn: Mutex<()>,
}

/// Begins to log: by `TIDINGS_LOG` on standard error, and always to the file, if there is a folder for it.
pub(crate) fn start(folder: Option<PathBuf>) -> Option<Arc<LogFile>> {
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::WARN.into())
        .with_env_var("TIDINGS_LOG")
        .from_env_lossy();
    let shown = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_filter(filter);
    let file = folder.map(|folder| Arc::new(LogFile::new(&folder, MOST)));
    let kept = file.clone().map(|file| {
        let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(file);
        layer.with_filter(EnvFilter::new(FILTER))
    });
    tracing_subscriber::registry().with(shown).with(kept).init();
    file
}

/// Where logs of the app of that identifier belong; null where the system does not say.
pub(crate) fn folder(identifier: &str) -> Option<PathBuf> {
    if cfg!(target_os = "macos") {
        dirs::home_dir().map(|home| home.join("Library/Logs").join(identifier))
    } else {
        dirs::data_local_dir().map(|folder| folder.join(identifier).join("logs"))
    }
}

impl LogFile {
    fn new(folder: &Path, most: u64) -> Self {
        Self { path: folder.join("tidings.log"), most, turn: Mutex::new(()) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The newest lines, oldest first.
    pub(crate) fn newest(&self, count: usize) -> Vec<String> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lines = Vec::new();
        for path in [self.before(), self.path.clone()] {
            let text = fs::read(path).unwrap_or_default();
            lines.extend(String::from_utf8_lossy(&text).lines().map(str::to_owned));
        }
        lines.split_off(lines.len().saturating_sub(count))
    }

    fn before(&self) -> PathBuf {
        self.path.with_extension("log.1")
    }

    fn append(&self, line: &[u8]) -> io::Result<()> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let length = fs::metadata(&self.path).map_or(0, |file| file.len());
        if length > 0 && length + line.len() as u64 > self.most {
            fs::rename(&self.path, self.before())?;
        }
        self.open()?.write_all(line)
    }

    fn open(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(self.path.parent().unwrap_or(Path::new(".")))?;
                options.open(&self.path)
            }
            opened => opened,
        }
    }
}

impl Write for &LogFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.append(line)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_stay_small_and_the_newest_lines_are_there() {
        let folder = tempfile::tempdir().unwrap();
        let file = LogFile::new(&folder.path().join("logs"), 1000);
        for number in 0..500 {
            file.append(format!("line {number}\n").as_bytes()).unwrap();
        }
        let sizes = fs::read_dir(folder.path().join("logs")).unwrap();
        let sizes: Vec<_> = sizes.map(|file| file.unwrap().metadata().unwrap().len()).collect();
        assert!(sizes.len() == 2 && sizes.iter().all(|size| *size <= 1000), "{sizes:?}");
        assert_eq!(file.newest(3), ["line 497", "line 498", "line 499"]);
        let all = file.newest(1000);
        assert!(all.len() > 80, "both files are read: {}", all.len());
        let first: usize = all[0].strip_prefix("line ").unwrap().parse().unwrap();
        assert_eq!(first + all.len(), 500, "without a hole");
    }

    #[test]
    fn a_line_longer_than_a_file_is_written_all_the_same_and_goes_with_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let file = LogFile::new(folder.path(), 10);
        file.append(&[b'x'; 100]).unwrap();
        file.append(b"a\n").unwrap();
        file.append(&[b'y'; 20]).unwrap();
        assert_eq!(file.newest(9), ["a".to_owned(), "y".repeat(20)]);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_reads_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = LogFile::new(folder.path(), 10);
        file.append(b"a\n").unwrap();
        assert_eq!(fs::metadata(file.path()).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
