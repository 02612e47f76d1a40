//! Readings through sysinfo, for macOS, Windows and the BSDs.
//!
//! sysinfo asks network mounts for their size as well. One that hangs holds up sampling for as long as it does;
//! the samples' age tells.

use std::time::Duration;

use sysinfo::{
    DiskRefreshKind, Disks, InterfaceOperationalState, Networks, Pid, Process, ProcessRefreshKind,
    ProcessStatus, ProcessesToUpdate, System, UpdateKind,
};

use super::super::Moment;
use super::{CpuUse, DiskReading, LinkReading, ProcessDetails, ProcessReading};

/// Disks that come and go are looked for this often.
const SEARCH_EVERY: Duration = Duration::from_secs(10);

pub(crate) struct CpuSource {
    system: Option<System>,
    readings: u8,
}

impl CpuSource {
    pub(crate) fn new() -> Self {
        Self { system: System::new().ok(), readings: 0 }
    }

    /// Use since the last reading; none at the first.
    pub(crate) fn read(&mut self) -> Option<CpuUse> {
        let system = self.system.as_mut()?;
        system.refresh_cpu_usage();
        self.readings = self.readings.saturating_add(1);
        (self.readings > 1).then(|| CpuUse {
            total: system.global_cpu_usage(),
            cores: system.cpus().iter().map(sysinfo::Cpu::usage).collect(),
        })
    }
}

pub(crate) struct DisksSource {
    disks: Option<Disks>,
    searched: Option<Moment>,
}

impl DisksSource {
    pub(crate) fn new() -> Self {
        Self { disks: Disks::new().ok(), searched: None }
    }

    pub(crate) fn read(&mut self, at: Moment) -> Vec<DiskReading> {
        let Some(disks) = &mut self.disks else { return Vec::new() };
        let kind = DiskRefreshKind::nothing().with_storage().with_io_usage();
        if self.searched.is_none_or(|searched| at.since(searched) >= SEARCH_EVERY) {
            disks.refresh_specifics(true, kind);
            self.searched = Some(at);
        } else {
            for disk in disks.iter_mut() {
                disk.refresh_specifics(kind);
            }
        }
        let mut readings: Vec<DiskReading> = disks
            .iter()
            .filter(|disk| disk.total_space() > 0)
            .map(|disk| {
                let mount = disk.mount_point().to_string_lossy().into_owned();
                let name = match disk.name().to_string_lossy() {
                    name if name.is_empty() => mount.trim_end_matches('\\').to_owned(),
                    name => name.trim_start_matches("/dev/").to_owned(),
                };
                let usage = disk.usage();
                DiskReading {
                    name,
                    mount,
                    file_system: disk.file_system().to_string_lossy().into_owned(),
                    total: disk.total_space(),
                    available: disk.available_space(),
                    counters: Some([usage.total_read_bytes, usage.total_written_bytes]),
                }
            })
            .collect();
        // The shortest place of a device is its main one: `/` before `/System/Volumes/Data`.
        readings.sort_by(|a, b| (&a.name, a.mount.len()).cmp(&(&b.name, b.mount.len())));
        readings.dedup_by(|b, a| a.name == b.name);
        readings
    }
}

pub(crate) struct NetworkSource {
    networks: Option<Networks>,
}

impl NetworkSource {
    pub(crate) fn new() -> Self {
        Self { networks: Networks::new().ok() }
    }

    pub(crate) fn read(&mut self) -> Vec<LinkReading> {
        let Some(networks) = &mut self.networks else { return Vec::new() };
        networks.refresh(true);
        let links = networks.iter().map(|(name, data)| LinkReading {
            name: name.to_string_lossy().into_owned(),
            received: data.total_received(),
            sent: data.total_transmitted(),
        });
        links.collect()
    }

    pub(crate) fn is_up(&self, name: &str) -> bool {
        let networks = self.networks.iter().flat_map(|networks| networks.iter());
        networks
            .filter(|(other, _)| other.to_str() == Some(name))
            .any(|(_, data)| data.operational_state() == InterfaceOperationalState::Up)
    }
}

pub(crate) struct ProcessesSource {
    system: Option<System>,
}

impl ProcessesSource {
    pub(crate) fn new() -> Self {
        Self { system: System::new().ok() }
    }

    /// Replaces `readings` by every process there is.
    pub(crate) fn read(&mut self, readings: &mut Vec<ProcessReading>) {
        readings.clear();
        let Some(system) = &mut self.system else { return };
        let kind = ProcessRefreshKind::nothing().with_cpu().with_memory().without_tasks();
        system.refresh_processes_specifics(ProcessesToUpdate::All, true, kind);
        readings.extend(system.processes().values().map(reading));
    }

    /// The process of this id, if there is one.
    pub(crate) fn read_one(&mut self, pid: u32) -> Option<ProcessReading> {
        let (system, pid) = (self.system.as_mut()?, Pid::from_u32(pid));
        let kind = ProcessRefreshKind::nothing().with_cpu().with_memory().without_tasks();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, kind);
        system.process(pid).map(reading)
    }

    /// What a process was started with, and whose it is.
    pub(crate) fn details(&mut self, pid: u32) -> ProcessDetails {
        let pid = Pid::from_u32(pid);
        let Some(system) = &mut self.system else { return ProcessDetails::default() };
        let kind = ProcessRefreshKind::nothing()
            .with_cmd(UpdateKind::OnlyIfNotSet)
            .with_user(UpdateKind::OnlyIfNotSet)
            .without_tasks();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), false, kind);
        let Some(process) = system.process(pid) else { return ProcessDetails::default() };
        let words: Vec<_> = process.cmd().iter().map(|word| word.to_string_lossy()).collect();
        let command = words.join(" ").replace(char::is_control, " ");
        ProcessDetails { command, user: process.user_id().map(|user| user.to_string()) }
    }

    /// A reading's `started`, in ms since the epoch: what the machine's own beginning counts as here.
    pub(crate) fn start_ms(&self, started: u64) -> u64 {
        started.saturating_mul(1000)
    }

    /// What [`start_ms`](Self::start_ms) counts from.
    pub(crate) fn boot_at(&self) -> u64 {
        0
    }

    /// The name is whole already.
    pub(crate) fn full_name(&mut self, _pid: u32, short: String) -> String {
        short
    }
}

fn reading(process: &Process) -> ProcessReading {
    ProcessReading {
        pid: process.pid().as_u32(),
        started: process.start_time(),
        cpu_ms: process.accumulated_cpu_time(),
        memory: process.memory(),
        name: process.name().to_string_lossy().into_owned(),
        parent: process.parent().map_or(0, Pid::as_u32),
        state: match process.status() {
            ProcessStatus::Run => 'R',
            ProcessStatus::Sleep => 'S',
            ProcessStatus::Idle => 'I',
            ProcessStatus::Stop => 'T',
            ProcessStatus::Tracing => 't',
            ProcessStatus::Zombie => 'Z',
            ProcessStatus::UninterruptibleDiskSleep => 'D',
            ProcessStatus::Dead => 'X',
            _ => '?',
        },
        threads: 0,
        is_kernel: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_sees_what_the_systems_own_reading_sees() {
        let at = Moment::now();
        let mounts = |disks: Vec<DiskReading>| disks.into_iter().any(|disk| disk.mount == "/");
        let own = mounts(super::super::DisksSource::new().read(at));
        assert!(own || !mounts(DisksSource::new().read(at)));

        let mut own = Vec::new();
        super::super::ProcessesSource::new().read(&mut own);
        let mut library = Vec::new();
        ProcessesSource::new().read(&mut library);
        let id = std::process::id();
        let find = |readings: &[ProcessReading]| readings.iter().find(|r| r.pid == id).cloned();
        let (own, library) = (find(&own).unwrap(), find(&library).unwrap());
        assert!(own.memory.abs_diff(library.memory) < 64 << 20);
        assert!(own.cpu_ms.abs_diff(library.cpu_ms) < 60_000);
        assert_eq!(own.parent, library.parent);
    }

    #[test]
    fn the_library_has_cpu_from_the_second_reading_on() {
        let mut source = CpuSource::new();
        assert_eq!(source.read(), None);
        assert!(source.read().is_some_and(|usage| !usage.cores.is_empty()));
        let links = NetworkSource::new().read();
        assert!(links.iter().all(|link| !link.name.is_empty()));
    }
}
