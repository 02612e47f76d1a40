//! `/proc/net/dev`: bytes of each interface.

use std::path::Path;

use super::super::LinkReading;
use super::file::ProcFile;

pub(crate) struct NetworkSource {
    file: ProcFile,
}

impl NetworkSource {
    pub(crate) fn new() -> Self {
        Self { file: ProcFile::open("/proc/net/dev") }
    }

    pub(crate) fn read(&mut self) -> Vec<LinkReading> {
        self.file.read().map(parse).unwrap_or_default()
    }

    /// Tunnels say `unknown` while they work, so only a plain no counts.
    pub(crate) fn is_up(&self, name: &str) -> bool {
        let path = Path::new("/sys/class/net").join(name).join("operstate");
        std::fs::read_to_string(path)
            .is_ok_and(|state| !matches!(state.trim(), "down" | "lowerlayerdown" | "notpresent"))
    }
}

fn parse(text: &str) -> Vec<LinkReading> {
    let links = text.lines().filter_map(|line| {
        // The last colon: an alias has one in its name.
        let (name, counters) = line.rsplit_once(':')?;
        let mut counters = counters.split_ascii_whitespace();
        let received = counters.next()?.parse().ok()?;
        let sent = counters.nth(7)?.parse().ok()?;
        Some(LinkReading { name: name.trim().to_owned(), received, sent })
    });
    links.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_the_first_and_the_ninth_number_of_a_line() {
        let text = "Inter-|   Receive        |  Transmit\n \
                    face |bytes packets errs |bytes packets\n    \
                    lo:    31 29 0 0 0 0 0 0 32 29 0 0 0 0 0 0\n  \
                    eth0: 731 26 0 0 0 0 0 0 144 15 0 0 0 0 0 0\n\
                    eth0:1:18446744073709551615 1 1 1 1 1 1 1 7 1 1 1 1 1 1 1\n\
                    torn: 12 3\n";
        let links = parse(text);
        let link = |name: &str, received, sent| LinkReading { name: name.into(), received, sent };
        assert_eq!(
            links,
            [link("lo", 31, 32), link("eth0", 731, 144), link("eth0:1", u64::MAX, 7)]
        );
    }
}
