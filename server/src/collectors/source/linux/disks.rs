//! Space by `statvfs`, bytes by `/proc/diskstats`.

use std::fs;
use std::path::Path;

use super::super::super::Moment;
use super::super::DiskReading;
use super::file::ProcFile;
use super::mounts::{self, Mount};

/// The unit of `/proc/diskstats`, whatever the device's own sectors are.
const SECTOR: u64 = 512;

/// A disk and where its counters stand.
#[derive(Debug)]
struct Known {
    name: String,
    /// The kernel's name of the device.
    kernel_name: String,
    mount: Mount,
}

/// Asks only file systems that answer from this machine's memory, so that a server that is gone
/// cannot stop the sampling.
pub(crate) struct DisksSource {
    table: ProcFile,
    table_text: String,
    stats: ProcFile,
    known: Vec<Known>,
}

impl DisksSource {
    pub(crate) fn new() -> Self {
        Self {
            table: ProcFile::open("/proc/self/mountinfo"),
            table_text: String::new(),
            stats: ProcFile::open("/proc/diskstats"),
            known: Vec::new(),
        }
    }

    pub(crate) fn read(&mut self, _at: Moment) -> Vec<DiskReading> {
        let stats = self.stats.read().map(parse_stats).unwrap_or_default();
        // Comparing the table is cheaper than choosing from it, and never late.
        if let Ok(text) = self.table.read()
            && text != self.table_text
        {
            text.clone_into(&mut self.table_text);
            let disks = mounts::disks(&mounts::parse(text));
            self.known = disks.into_iter().map(|mount| known(mount, &stats)).collect();
        }
        self.known.iter().filter_map(|disk| reading(disk, &stats)).collect()
    }
}

fn reading(disk: &Known, stats: &[Stat<'_>]) -> Option<DiskReading> {
    let space = rustix::fs::statvfs(&*disk.mount.point).ok()?;
    if space.f_blocks == 0 {
        return None;
    }
    // btrfs gives itself a device number of its own: then the name leads to the counters.
    let by_number = stats.iter().find(|stat| stat.device == disk.mount.device);
    let stat = by_number.or_else(|| stats.iter().find(|stat| stat.name == disk.kernel_name));
    Some(DiskReading {
        name: disk.name.clone(),
        mount: disk.mount.point.clone(),
        file_system: disk.mount.kind.clone(),
        total: space.f_blocks.saturating_mul(space.f_frsize),
        available: space.f_bavail.saturating_mul(space.f_frsize),
        counters: stat.map(|stat| stat.bytes),
    })
}

fn known(mount: Mount, stats: &[Stat<'_>]) -> Known {
    let by_number = stats.iter().find(|stat| stat.device == mount.device);
    let by_number = by_number.map(|stat| stat.name.to_owned());
    let kernel_name = by_number.or_else(|| resolved(&mount.source)).unwrap_or_default();
    Known { name: display_name(&mount.source, &kernel_name), kernel_name, mount }
}

/// Name of the device behind links such as `/dev/mapper/root` or `/dev/disk/by-uuid/…`.
fn resolved(source: &str) -> Option<String> {
    if !source.starts_with("/dev/") {
        return None;
    }
    let path = fs::canonicalize(source).ok()?;
    path.file_name().map(|name| name.to_string_lossy().into_owned())
}

/// What people call the device: `sda1`, the volume's name rather than `dm-0`, the pool's.
fn display_name(source: &str, kernel_name: &str) -> String {
    let volume = source.strip_prefix("/dev/mapper/");
    let plain = source.strip_prefix("/dev/").filter(|name| !name.contains('/') && *name != "root");
    let pool = Some(source).filter(|source| !source.starts_with('/'));
    let kernel = Some(kernel_name).filter(|name| !name.is_empty());
    let last = || Path::new(source).file_name().and_then(|name| name.to_str());
    volume.or(plain).or(pool).or(kernel).or_else(last).unwrap_or(source).to_owned()
}

/// A line of `/proc/diskstats`.
#[derive(Debug, PartialEq)]
struct Stat<'a> {
    /// Major and minor number.
    device: (u32, u32),
    name: &'a str,
    /// Bytes read and written.
    bytes: [u64; 2],
}

fn parse_stats(text: &str) -> Vec<Stat<'_>> {
    let stats = text.lines().filter_map(|line| {
        let mut fields = line.split_ascii_whitespace();
        let device = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        let name = fields.next()?;
        let read: u64 = fields.nth(2)?.parse().ok()?;
        let written: u64 = fields.nth(3)?.parse().ok()?;
        let bytes = [read.saturating_mul(SECTOR), written.saturating_mul(SECTOR)];
        Some(Stat { device, name, bytes })
    });
    stats.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_sectors_of_512_read_and_written() {
        let text = "   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0\n \
                    254       0 vda 96012 11084 100 114402 71288 82646 200 91797 0 18080 208112\n\
                    254 1 vda1 torn\n";
        let stats = parse_stats(text);
        assert_eq!(stats.len(), 2);
        let vda = Stat { device: (254, 0), name: "vda", bytes: [51_200, 102_400] };
        assert_eq!(stats[1], vda);
    }

    #[test]
    fn a_disk_is_called_what_people_call_it() {
        for (source, kernel_name, name) in [
            ("/dev/sda1", "sda1", "sda1"),
            ("/dev/nvme0n1p2", "", "nvme0n1p2"),
            ("/dev/mapper/vg-root", "dm-0", "vg-root"),
            ("/dev/root", "mmcblk0p2", "mmcblk0p2"),
            ("/dev/disk/by-uuid/1234", "sdb1", "sdb1"),
            ("/dev/disk/by-uuid/1234", "", "1234"),
            ("tank", "", "tank"),
            ("overlay", "", "overlay"),
        ] {
            assert_eq!(display_name(source, kernel_name), name, "{source}");
        }
    }

    #[test]
    fn space_agrees_with_the_file_system() {
        for disk in DisksSource::new().read(Moment::now()) {
            let space = rustix::fs::statvfs(&*disk.mount).unwrap();
            assert_eq!(disk.total, space.f_blocks * space.f_frsize);
            assert!(disk.available <= disk.total);
        }
    }
}
