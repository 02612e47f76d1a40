//! Descendants: those that a process group does not hold.

use std::fs;
use std::io;

use rustix::process::{Pid, getpid, set_child_subreaper};

/// Has every descendant that loses its parent come to this process, in the place of the system's first one.
pub(crate) fn adopt() -> io::Result<()> {
    Ok(set_child_subreaper(Some(getpid()))?)
}

/// All that this process has started or adopted, and all that those have.
pub(crate) fn descendants() -> Vec<Pid> {
    let processes = processes();
    let mut found = vec![getpid().as_raw_nonzero().get()];
    let mut seen = 0;
    while let Some(&parent) = found.get(seen) {
        seen += 1;
        found.extend(processes.iter().filter(|process| process.1 == parent).map(|child| child.0));
    }
    found.into_iter().skip(1).filter_map(Pid::from_raw).collect()
}

/// What this process has started or adopted itself.
pub(crate) fn children() -> Vec<Pid> {
    let own = getpid().as_raw_nonzero().get();
    let children = processes().into_iter().filter(|process| process.1 == own);
    children.filter_map(|child| Pid::from_raw(child.0)).collect()
}

/// The id of each process, and its parent's.
fn processes() -> Vec<(i32, i32)> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let processes = entries.filter_map(|entry| {
        let pid = entry.ok()?.file_name().to_str()?.parse().ok()?;
        Some((pid, parent(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?))
    });
    processes.collect()
}

/// The parent's id in `/proc/{pid}/stat`: the second word behind the name, which may hold anything.
fn parent(stat: &str) -> Option<i32> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_spaces_hides_no_parent() {
        assert_eq!(parent("12 (a) S 1 (b)) R 34 12 12 0"), Some(34));
        assert_eq!(parent("12 (sleep) S 7 12"), Some(7));
        assert_eq!(parent("12 (sleep"), None);
    }
}
