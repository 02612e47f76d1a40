//! The machine itself: name, operating system, kernel, time since boot.

use sysinfo::System;
use tidings_protocol::metrics::{Host, Snapshot};

use super::{Collector, CollectorsConfig, Moment};

/// Name of this machine, as the system has it; `localhost` where it has none.
pub fn machine_name() -> String {
    System::host_name().ok().filter(|name| !name.is_empty()).unwrap_or_else(|| "localhost".into())
}

/// Gives the configured name and what the system says of itself. Only the uptime changes.
pub struct HostCollector {
    host: Host,
}

impl HostCollector {
    /// Asks the system once.
    pub fn new(config: &CollectorsConfig) -> Self {
        let host = Host {
            name: config.host_name.clone(),
            os: operating_system(),
            kernel: System::kernel_version().unwrap_or_default(),
            uptime: 0,
        };
        Self { host }
    }
}

impl Collector for HostCollector {
    fn name(&self) -> &'static str {
        "host"
    }

    fn collect(&mut self, _at: Moment, snapshot: &mut Snapshot) {
        if let Ok(uptime) = System::uptime() {
            self.host.uptime = uptime;
        }
        snapshot.host = self.host.clone();
    }
}

fn operating_system() -> String {
    // On Linux the long form says "Linux (…)", which the kernel's line says already.
    let long = if cfg!(target_os = "linux") { None } else { System::long_os_version().ok() };
    long.unwrap_or_else(|| {
        let parts = [System::name().ok(), System::os_version().ok()];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_carries_the_configured_name_and_a_running_uptime() {
        let config = CollectorsConfig { host_name: "attic".into(), ..CollectorsConfig::default() };
        let mut snapshot = Snapshot::default();
        HostCollector::new(&config).collect(Moment::now(), &mut snapshot);
        assert_eq!(snapshot.host.name, "attic");
        assert!(!snapshot.host.kernel.is_empty());
        assert!(snapshot.host.uptime > 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn uptime_agrees_with_proc() {
        let mut snapshot = Snapshot::default();
        HostCollector::new(&CollectorsConfig::default()).collect(Moment::now(), &mut snapshot);
        let text = std::fs::read_to_string("/proc/uptime").unwrap();
        let seconds: f64 = text.split(' ').next().unwrap().parse().unwrap();
        assert!(seconds - (snapshot.host.uptime as f64) < 5.0);
    }
}
