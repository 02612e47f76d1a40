//! Users by name.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// The file is read again after this.
const LASTS: Duration = Duration::from_secs(60);

/// More of the file is not read, in bytes.
const MOST: u64 = 4 << 20;

/// Names of the system's users, from its own file. Those that a directory on the network has stay numbers: it may take its time to answer.
#[derive(Debug, Default)]
pub(super) struct Names {
    names: HashMap<String, String>,
    read: Option<Instant>,
}

impl Names {
    /// The name of the user whom the system numbers so; the number if there is none.
    pub(super) fn of(&mut self, id: &str, now: Instant) -> String {
        if self.read.is_none_or(|read| now - read > LASTS) {
            self.read = Some(now);
            self.names = parse(&read());
        }
        self.names.get(id).cloned().unwrap_or_else(|| id.to_owned())
    }
}

#[cfg(unix)]
fn read() -> String {
    use std::io::Read;
    let mut text = Vec::new();
    if let Ok(file) = std::fs::File::open("/etc/passwd") {
        // A torn end is a user less, and so is a name that is no text.
        let _ = file.take(MOST).read_to_end(&mut text);
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(not(unix))]
fn read() -> String {
    String::new()
}

fn parse(text: &str) -> HashMap<String, String> {
    let user = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty() && !name.starts_with('#'))?;
        Some((fields.nth(1)?.to_owned(), name.chars().take(64).collect()))
    };
    // Of two names the system itself takes the first.
    text.lines().rev().filter_map(user).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_told_by_the_first_name_that_they_have() {
        let names =
            parse("root:x:0:0:root:/root:/bin/sh\n# note:x:1\n\ntoor:x:0:0::/:\nme:x:1000\nbad\n");
        let mut names: Vec<_> = names.into_iter().collect();
        names.sort();
        let pair = |id: &str, name: &str| (id.to_owned(), name.to_owned());
        assert_eq!(names, [pair("0", "root"), pair("1000", "me")]);
    }

    #[test]
    fn who_has_no_name_is_told_by_number() {
        let mut names = Names::default();
        assert_eq!(names.of("4294967294", Instant::now()), "4294967294");
    }
}
