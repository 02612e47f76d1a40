//! `/proc/self/mountinfo`: which mounts are disks of this machine.

use std::collections::HashMap;

/// One mount.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Mount {
    /// Major and minor number of the device, as `/proc/diskstats` names it too.
    pub(super) device: (u32, u32),
    /// What part of the file system is mounted: `/` unless it is a bind mount or a subvolume.
    pub(super) part: String,
    /// Where it is mounted.
    pub(super) point: String,
    /// Kind of file system.
    pub(super) kind: String,
    /// What is mounted, such as `/dev/sda1`.
    pub(super) source: String,
}

/// File systems whose answers come from another machine: a path through one may hang for ever.
const REMOTE: [&str; 22] = [
    "9p",
    "acfs",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "coda",
    "davfs",
    "gfs2",
    "glusterfs",
    "gpfs",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "ocfs2",
    "orangefs",
    "pvfs2",
    "smb3",
    "smbfs",
    "sshfs",
    "vboxsf",
];

/// File systems on a device that are images and always full, or optical discs.
const IMAGES: [&str; 4] = ["cramfs", "erofs", "iso9660", "squashfs"];

/// Pools, whose source is no device.
const POOLS: [&str; 2] = ["bcachefs", "zfs"];

/// A container runtime and systemd bind single files and folders here: no disks of anyone's.
const SYSTEM_PLACES: [&str; 5] = ["/dev", "/etc", "/proc", "/run", "/sys"];

impl Mount {
    /// Whether asking it may wait for another machine or for a program: FUSE is one of ours that may
    /// hang as well as any server.
    fn may_hang(&self) -> bool {
        REMOTE.contains(&self.kind.as_str()) || self.kind.starts_with("fuse")
    }

    fn is_on_a_device(&self) -> bool {
        if self.may_hang() || IMAGES.contains(&self.kind.as_str()) {
            return false;
        }
        let loop_device = self.source.starts_with("/dev/loop") && self.point != "/";
        (self.source.starts_with("/dev/") && !loop_device) || POOLS.contains(&self.kind.as_str())
    }

    fn is_a_piece_for_the_system(&self) -> bool {
        self.part != "/" && SYSTEM_PLACES.iter().any(|place| lies_under(&self.point, place))
    }

    /// What makes two mounts one disk.
    fn disk(&self) -> &str {
        match self.kind.as_str() {
            "zfs" => self.source.split('/').next().unwrap_or_default(),
            _ => &self.source,
        }
    }
}

/// Picks one mount a disk: the root if it is there, else a whole file system before a piece of one,
/// else the shortest place. A root on no device (a container's overlay) is taken as well.
pub(super) fn disks(mounts: &[Mount]) -> Vec<Mount> {
    // What is mounted last at a place hides what was there before.
    let visible: HashMap<&str, &Mount> =
        mounts.iter().map(|mount| (mount.point.as_str(), mount)).collect();
    let hanging: Vec<&str> =
        visible.values().filter(|mount| mount.may_hang()).map(|mount| &*mount.point).collect();

    let mut best: HashMap<&str, &Mount> = HashMap::new();
    for &mount in visible.values() {
        let beyond = hanging.iter().any(|point| lies_under(&mount.point, point));
        if !mount.is_on_a_device() || mount.is_a_piece_for_the_system() || beyond {
            continue;
        }
        let rank = |mount: &Mount| {
            (mount.point != "/", mount.part != "/", mount.point.len(), mount.point.clone())
        };
        let best = best.entry(mount.disk()).or_insert(mount);
        if rank(mount) < rank(best) {
            *best = mount;
        }
    }

    let mut disks: Vec<Mount> = best.into_values().cloned().collect();
    if let Some(&root) = visible.get("/")
        && !disks.iter().any(|disk| disk.point == "/")
        && !REMOTE.contains(&root.kind.as_str())
    {
        disks.push(root.clone());
    }
    disks.sort_by(|a, b| a.point.cmp(&b.point));
    disks
}

fn lies_under(point: &str, place: &str) -> bool {
    point.strip_prefix(place).is_some_and(|rest| place == "/" || rest.starts_with('/'))
}

/// Reads the table; a line it does not understand is left out.
pub(super) fn parse(text: &str) -> Vec<Mount> {
    let mounts = text.lines().filter_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        let mut left = left.split(' ').skip(2);
        let mut right = right.split(' ');
        Some(Mount {
            device: numbers(left.next()?)?,
            part: unescape(left.next()?),
            point: unescape(left.next()?),
            kind: right.next()?.to_owned(),
            source: unescape(right.next()?),
        })
    });
    mounts.collect()
}

fn numbers(field: &str) -> Option<(u32, u32)> {
    let (major, minor) = field.split_once(':')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// Space, tab, newline and backslash stand as octal numbers in the table.
fn unescape(field: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")].into_iter().fold(
        field.to_owned(),
        |text, (code, plain)| {
            if text.contains(code) { text.replace(code, plain) } else { text }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `device part point kind source`, one mount a line.
    fn table(lines: &str) -> Vec<Mount> {
        lines
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| {
                let mut fields = line.split_whitespace().map(str::to_owned);
                let mut next = || fields.next().unwrap();
                Mount {
                    device: numbers(&next()).unwrap(),
                    part: next(),
                    point: next(),
                    kind: next(),
                    source: next(),
                }
            })
            .collect()
    }

    fn points(lines: &str) -> Vec<String> {
        disks(&table(lines)).into_iter().map(|mount| mount.point).collect()
    }

    #[test]
    fn a_line_is_read_with_its_escapes_and_optional_fields() {
        let text = "36 35 98:0 /mnt1 /mnt/my\\040disk rw,noatime master:1 shared:7 - ext3 /dev/sdb1 rw\n\
                    no mount at all\n\
                    25 30 0:23 / /sys rw - sysfs sysfs rw\n";
        let mounts = parse(text);
        assert_eq!(mounts.len(), 2);
        assert_eq!(mounts[0].point, "/mnt/my disk");
        assert_eq!((mounts[0].device, &*mounts[0].part), ((98, 0), "/mnt1"));
        assert_eq!((&*mounts[0].kind, &*mounts[0].source), ("ext3", "/dev/sdb1"));
    }

    #[test]
    fn a_desktops_disks_are_its_devices_without_snaps_and_pseudo_file_systems() {
        let shown = points(
            "0:5 / /dev devtmpfs udev
             259:2 / / ext4 /dev/nvme0n1p2
             259:1 / /boot/efi vfat /dev/nvme0n1p1
             7:0 / /snap/core/1 squashfs /dev/loop0
             7:9 / /mnt/image ext4 /dev/loop9
             0:30 / /run/user/1000 tmpfs tmpfs
             0:31 / /run/user/1000/doc fuse.portal portal
             8:1 / /media/me/stick ext4 /dev/sda1
             11:0 / /media/me/disc iso9660 /dev/sr0
             259:2 /var/snap /var/lib/snapd/x ext4 /dev/nvme0n1p2",
        );
        assert_eq!(shown, ["/", "/boot/efi", "/media/me/stick"]);
    }

    #[test]
    fn subvolumes_and_datasets_are_one_disk() {
        let shown = points(
            "0:25 /@ / btrfs /dev/sda2
             0:25 /@home /home btrfs /dev/sda2
             0:40 / /tank zfs tank
             0:41 / /tank/media zfs tank/media",
        );
        assert_eq!(shown, ["/", "/tank"]);
    }

    #[test]
    fn network_and_fuse_mounts_are_never_asked_nor_what_lies_beyond_them() {
        let shown = points(
            "8:1 / / ext4 /dev/sda1
             0:50 / /mnt/nas nfs4 nas:/export
             0:51 / /mnt/win cifs //win/share
             0:52 / /home/me/remote fuse.sshfs me@host:
             0:53 / /mnt/stick fuseblk /dev/sdc1
             8:17 / /mnt/nas/inner ext4 /dev/sdb1
             8:33 / /mnt/nas2 xfs /dev/sdd1",
        );
        assert_eq!(shown, ["/", "/mnt/nas2"]);
    }

    #[test]
    fn a_container_shows_its_overlay_root_and_its_volumes_but_no_single_files() {
        let shown = points(
            "0:60 / / overlay overlay
             8:1 /lib/c/hosts /etc/hosts ext4 /dev/sda1
             8:1 /lib/c/resolv /etc/resolv.conf ext4 /dev/sda1
             8:1 /volumes/data /data ext4 /dev/sda1
             0:61 / /dev tmpfs tmpfs",
        );
        assert_eq!(shown, ["/", "/data"]);
    }

    #[test]
    fn other_overlays_are_no_disks() {
        let shown = points(
            "8:1 / / ext4 /dev/sda1
             0:70 / /var/lib/docker/overlay2/abc/merged overlay overlay",
        );
        assert_eq!(shown, ["/"]);
    }

    #[test]
    fn what_is_mounted_last_at_a_place_is_what_is_there() {
        let shown = disks(&table(
            "0:2 / / rootfs rootfs
             8:1 / / ext4 /dev/sda1
             8:2 / /data ext4 /dev/sda2
             0:80 / /data nfs nas:/data",
        ));
        assert_eq!(shown.len(), 1);
        assert_eq!(shown[0].source, "/dev/sda1");
    }

    #[test]
    fn a_root_on_the_network_is_not_asked() {
        assert_eq!(points("0:90 / / nfs nas:/root"), [""; 0]);
    }
}
