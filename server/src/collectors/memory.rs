//! Main memory and swap.

use sysinfo::{MemoryRefreshKind, System};
use tidings_protocol::metrics::{Memory, Snapshot};

use super::{Collector, Moment};

/// Bytes installed, available and swapped: `MemTotal`, `MemAvailable` and the swap lines of
/// `/proc/meminfo` on Linux. Used is what is not available, as `free` counts since 2014.
pub struct MemoryCollector {
    system: Option<System>,
}

impl MemoryCollector {
    /// A collector that has read nothing yet.
    pub fn new() -> Self {
        Self { system: System::new().ok() }
    }
}

impl Default for MemoryCollector {
    fn default() -> Self {
        Self::new()
    }
}

impl Collector for MemoryCollector {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn collect(&mut self, _at: Moment, snapshot: &mut Snapshot) {
        let Some(system) = &mut self.system else { return };
        system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram().with_swap());
        let total = system.total_memory();
        if total == 0 {
            return;
        }
        let available = system.available_memory().min(total);
        snapshot.memory = Some(Memory {
            total,
            used: total - available,
            available,
            swap_total: system.total_swap(),
            swap_used: system.total_swap().saturating_sub(system.free_swap()),
        });
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    fn meminfo(key: &str) -> u64 {
        let text = std::fs::read_to_string("/proc/meminfo").unwrap();
        let line = text.lines().find(|line| line.starts_with(key)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    }

    #[test]
    fn memory_agrees_with_proc() {
        let mut snapshot = Snapshot::default();
        let before = meminfo("MemAvailable:");
        MemoryCollector::new().collect(Moment::now(), &mut snapshot);
        let after = meminfo("MemAvailable:");
        let memory = snapshot.memory.unwrap();
        assert_eq!(memory.total, meminfo("MemTotal:"));
        assert_eq!(memory.used, memory.total - memory.available);
        assert_eq!(memory.swap_total, meminfo("SwapTotal:"));
        // Others use memory meanwhile: it may lie a little outside the two.
        let slack = memory.total / 20;
        assert!(memory.available + slack >= before.min(after));
        assert!(memory.available <= before.max(after) + slack);
    }
}
