//! The file of servers that were trusted before.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tidings_protocol::fingerprint::Fingerprint;

use super::TrustError;

/// Name of the file in the user's folder of configurations.
const FILE: &str = "known_servers";

/// Most bytes that are read of it.
const MAX_BYTES: u64 = 1 << 20;

/// Servers and their keys, a line each: `host:port SHA256:…`. What stands behind `#` is a comment, and the last line of
/// a server holds. Lines are only ever added, so that two programs can do so at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownServers(PathBuf);

impl KnownServers {
    /// The file at `path`, which need not be there.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Where it is if nobody says otherwise; none on a system that has no such place.
    #[must_use]
    pub fn default_path() -> Option<PathBuf> {
        dirs::config_dir().map(|dir| dir.join("tidings").join(FILE))
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The key of the server with this host and port.
    pub(super) fn get(&self, server: &str) -> Result<Option<Fingerprint>, TrustError> {
        let text = match self.read() {
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                return Ok(None);
            }
            text => text.map_err(|error| self.failed(error))?,
        };
        let keys = text.lines().zip(1..).filter_map(|(line, number)| {
            let line = line.split('#').next().unwrap_or_default();
            let (known, key) = line.trim().split_once(char::is_whitespace)?;
            (known == server).then_some((number, key))
        });
        let Some((number, key)) = keys.last() else { return Ok(None) };
        // A line of this server that cannot be read must not make it a server that was never seen.
        let unreadable = |error| TrustError::Line(self.0.clone(), number, error);
        key.parse::<Fingerprint>().map(Some).map_err(unreadable)
    }

    /// Adds a line.
    pub(super) fn add(&self, server: &str, fingerprint: Fingerprint) -> Result<(), TrustError> {
        self.append(format!("{server} {fingerprint}\n")).map_err(|error| self.failed(error))
    }

    fn read(&self) -> io::Result<String> {
        let mut text = String::new();
        File::open(&self.0)?.take(MAX_BYTES).read_to_string(&mut text)?;
        Ok(text)
    }

    fn append(&self, mut line: String) -> io::Result<()> {
        if let Some(folder) = self.0.parent() {
            let mut builder = DirBuilder::new();
            builder.recursive(true);
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.create(folder)?;
        }
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&self.0)?;
        if !ends_a_line(&mut file)? {
            // Somebody's editor has left the last line open.
            line.insert(0, '\n');
        }
        // In one write, behind whatever another program has added meanwhile.
        file.write_all(line.as_bytes())
    }

    fn failed(&self, error: io::Error) -> TrustError {
        TrustError::File(self.0.clone(), error)
    }
}

/// Whether the file is empty, or its last byte ends a line.
fn ends_a_line(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}
