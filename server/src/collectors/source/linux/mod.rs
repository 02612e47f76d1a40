//! Readings from /proc.

mod cpu;
mod disks;
mod file;
mod mounts;
mod network;
mod processes;

pub(crate) use self::cpu::CpuSource;
pub(crate) use self::disks::DisksSource;
pub(crate) use self::network::NetworkSource;
pub(crate) use self::processes::ProcessesSource;
