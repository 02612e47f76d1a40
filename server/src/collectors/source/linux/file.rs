//! A file of /proc, kept open and read again and again.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// More than this is not read of one file.
const MOST: usize = 16 << 20;

/// An open file whose text the kernel makes anew whenever it is read from the start.
pub(super) struct ProcFile {
    file: Option<File>,
    buffer: Vec<u8>,
}

impl ProcFile {
    /// Opens `path`. A sandbox may not have it: then every reading is an error.
    pub(super) fn open(path: &str) -> Self {
        Self { file: File::open(path).ok(), buffer: vec![0; 4096] }
    }

    /// The whole text as it is now. What is not UTF-8 in it ends it.
    pub(super) fn read(&mut self) -> io::Result<&str> {
        let file = self.file.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let mut filled = 0;
        loop {
            if filled == self.buffer.len() {
                if filled >= MOST {
                    break;
                }
                self.buffer.resize(filled * 2, 0);
            }
            match file.read_at(&mut self.buffer[filled..], filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let bytes = &self.buffer[..filled];
        Ok(str::from_utf8(bytes).unwrap_or_else(|error| {
            str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default()
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reading_is_of_now() {
        let mut file = ProcFile::open("/proc/self/stat");
        assert!(file.read().unwrap().starts_with(&format!("{} (", std::process::id())));
        assert!(file.read().unwrap().ends_with('\n'));
    }

    #[test]
    fn a_missing_file_is_an_error_at_reading() {
        assert!(ProcFile::open("/proc/no-such-file").read().is_err());
    }
}
