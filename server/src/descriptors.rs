//! Files and sockets the process may have open.

/// Descriptors kept for files, the listener and short requests.
const RESERVED: usize = 128;

/// Most connections where the system sets no limit worth the name.
const MOST: usize = 1_000_000;

/// How many the process has room for from the start. Linux doubles the table of a process that is full, and lets it
/// wait for all its threads each time, ten milliseconds and more in a storm of connections. Takes 8 bytes each.
#[cfg(target_os = "linux")]
const ROOM: i32 = 16_384;

/// `OPEN_MAX` of macOS. Source: setrlimit(2) there.
#[cfg(unix)]
const MACOS_OPEN_MAX: u64 = 10_240;

/// Raises the soft limit of descriptors to the hard one and says how many connections that allows.
pub(crate) fn raise_limit() -> usize {
    connections(descriptors())
}

/// Makes room for the connections of a busy server; best called while there is one thread.
pub(crate) fn make_room() {
    // The table is as large as its highest number wants, and does not shrink.
    #[cfg(target_os = "linux")]
    {
        let highest = i32::try_from(descriptors()).map_or(ROOM, |most| most.min(ROOM)) - 1;
        drop(rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stderr(), highest));
    }
}

/// Where there are few descriptors at all, half of them.
fn connections(descriptors: usize) -> usize {
    descriptors.saturating_sub(RESERVED).max(descriptors / 2).min(MOST)
}

#[cfg(unix)]
fn descriptors() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // macOS says "unlimited" and means OPEN_MAX; it refuses anything above as a soft limit.
    let wanted = if cfg!(target_os = "macos") {
        Some(maximum.map_or(MACOS_OPEN_MAX, |most| most.min(MACOS_OPEN_MAX)))
    } else {
        maximum
    };
    if current != wanted
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: wanted, maximum })
    {
        tracing::warn!(%error, "the limit of open files stays at its soft value");
    }
    let limit = getrlimit(Resource::Nofile).current;
    limit.map_or(MOST, |limit| usize::try_from(limit).unwrap_or(MOST))
}

#[cfg(not(unix))]
fn descriptors() -> usize {
    MOST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_are_kept_for_other_things_however_few_there_are() {
        for (descriptors, expected) in [(1024, 896), (256, 128), (100, 50), (10_000_000, MOST)] {
            assert_eq!(connections(descriptors), expected, "of {descriptors}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_table_of_descriptors_has_room_before_the_first_connection() {
        raise_limit();
        make_room();
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let size = status.lines().find_map(|line| line.strip_prefix("FDSize:")).unwrap();
        let size: usize = size.trim().parse().unwrap();
        let most = descriptors().min(usize::try_from(ROOM).unwrap());
        assert!(size >= most, "{size}, and {most} may be open");
    }
}
