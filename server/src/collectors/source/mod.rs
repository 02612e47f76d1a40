//! Readings as the system gives them: the one place with platform code.
//!
//! Memory, load, uptime and sensors come from sysinfo everywhere. The rest does so on every system but
//! Linux, where /proc is read directly, for reasons that were tried or measured:
//!
//! - **Disks.** sysinfo asks every mount for its size, FUSE, Ceph or 9p ones too, and one that hangs
//!   would stop all sampling.
//! - **CPU.** sysinfo repeats its figures within 200 ms and takes cores that come and go for others.
//! - **Network.** sysinfo opens nine files an interface, 0.30 ms for four of them; `/proc/net/dev` is one
//!   file, 0.05 ms, however many containers a host has.
//! - **Processes.** sysinfo took 7.0 ms of CPU for 380 of them, reading their `stat` files here 2.8 ms.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(any(test, not(target_os = "linux")))]
#[cfg_attr(target_os = "linux", expect(dead_code, reason = "tests compile and try it here too"))]
mod portable;

#[cfg(target_os = "linux")]
pub(crate) use self::linux::{CpuSource, DisksSource, NetworkSource, ProcessesSource};
#[cfg(not(target_os = "linux"))]
pub(crate) use self::portable::{CpuSource, DisksSource, NetworkSource, ProcessesSource};

/// Use of the processors between two readings, in percent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CpuUse {
    /// Of all together.
    pub(crate) total: f32,
    /// Of each.
    pub(crate) cores: Vec<f32>,
}

/// One file system on a device.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DiskReading {
    /// Device, without the path.
    pub(crate) name: String,
    /// Where it is mounted.
    pub(crate) mount: String,
    /// Kind of file system.
    pub(crate) file_system: String,
    /// Size in bytes.
    pub(crate) total: u64,
    /// Bytes an unprivileged program can still write.
    pub(crate) available: u64,
    /// Bytes read and written since boot, where the system counts them.
    pub(crate) counters: Option<[u64; 2]>,
}

/// One network interface.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LinkReading {
    /// Name of the interface.
    pub(crate) name: String,
    /// Bytes received since it came up.
    pub(crate) received: u64,
    /// Bytes sent since it came up.
    pub(crate) sent: u64,
}

/// One process.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ProcessReading {
    /// Process id.
    pub(crate) pid: u32,
    /// When it began, in whatever unit the system has.
    pub(crate) started: u64,
    /// CPU time it has had, all threads together.
    pub(crate) cpu_ms: u64,
    /// Resident memory in bytes.
    pub(crate) memory: u64,
    /// Name, which may be cut short.
    pub(crate) name: String,
    /// Id of the one it belongs to; 0 for none.
    pub(crate) parent: u32,
    /// What it does, by the letter that `ps` has for it.
    pub(crate) state: char,
    /// Threads; 0 where the system does not say.
    pub(crate) threads: u32,
    /// Whether it is a part of the kernel.
    pub(crate) is_kernel: bool,
}

/// What of a process costs a reading of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ProcessDetails {
    /// Its command line, which may be cut short.
    pub(crate) command: String,
    /// Whose it is, as the system numbers users.
    pub(crate) user: Option<String>,
}
