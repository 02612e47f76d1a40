//! A sample as names and numbers.

use crate::metrics::{Disk, Interface, Memory, Snapshot};

use super::escape;

/// Calls `visit` with the name and the value of each figure in `snapshot`. What the machine does not have, or what is no
/// number, is left out: never a zero that looks like a reading.
///
/// Should two things of a machine have one name, both are told.
pub fn each(snapshot: &Snapshot, mut visit: impl FnMut(&str, f64)) {
    let mut tell = |name: &str, value: Option<f64>| {
        if let Some(value) = value.filter(|value| value.is_finite()) {
            visit(name, value);
        }
    };
    tell("host.uptime", (snapshot.host.uptime > 0).then_some(snapshot.host.uptime as f64));
    if let Some(cpu) = &snapshot.cpu {
        tell("cpu.total", Some(cpu.total.into()));
        for (core, value) in cpu.cores.iter().enumerate() {
            tell(&format!("cpu.core.{core}"), Some((*value).into()));
        }
        for (name, value) in ["load.1", "load.5", "load.15"].iter().zip(cpu.load.iter().flatten()) {
            tell(name, Some(*value));
        }
    }
    if let Some(memory) = &snapshot.memory {
        of_memory(memory, &mut tell);
    }
    for disk in &snapshot.disks {
        of_disk(disk, &mut tell);
    }
    let disks = || snapshot.disks.iter();
    tell("disks.read", total(disks().map(|disk| disk.read)));
    tell("disks.write", total(disks().map(|disk| disk.write)));
    for interface in &snapshot.network {
        of_interface(interface, &mut tell);
    }
    let interfaces = || snapshot.network.iter();
    tell("networks.received", total(interfaces().map(|interface| interface.received)));
    tell("networks.sent", total(interfaces().map(|interface| interface.sent)));
    for sensor in &snapshot.temperatures {
        tell(&format!("temperature.{}", escape(&sensor.label)), Some(sensor.celsius.into()));
    }
    if let Some(processes) = &snapshot.processes {
        tell("process.count", Some(processes.count as f64));
    }
}

fn of_memory(memory: &Memory, tell: &mut impl FnMut(&str, Option<f64>)) {
    tell("memory.total", Some(memory.total as f64));
    tell("memory.used", Some(memory.used as f64));
    tell("memory.available", Some(memory.available as f64));
    tell("memory.used_percent", percent(memory.used, memory.total));
    tell("swap.total", Some(memory.swap_total as f64));
    tell("swap.used", Some(memory.swap_used as f64));
    tell("swap.used_percent", percent(memory.swap_used, memory.swap_total));
}

fn of_disk(disk: &Disk, tell: &mut impl FnMut(&str, Option<f64>)) {
    let name = escape(&disk.name);
    let mut tell = |figure: &str, value| tell(&format!("disk.{name}.{figure}"), value);
    tell("total", Some(disk.total as f64));
    tell("used", Some(disk.used as f64));
    tell("available", Some(disk.available as f64));
    tell("used_percent", percent(disk.used, disk.total));
    tell("read", disk.read);
    tell("write", disk.write);
}

fn of_interface(interface: &Interface, tell: &mut impl FnMut(&str, Option<f64>)) {
    let name = escape(&interface.name);
    let mut tell = |figure: &str, value| tell(&format!("network.{name}.{figure}"), value);
    tell("received", interface.received);
    tell("sent", interface.sent);
    tell("total_received", Some(interface.total_received as f64));
    tell("total_sent", Some(interface.total_sent as f64));
}

/// The sum of those that are known; null if none is.
#[must_use]
pub fn total(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    values.flatten().reduce(|sum, value| sum + value)
}

/// Null of nothing: there is no share of it.
fn percent(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64 * 100.0)
}
