//! What is known of an entry without opening it.

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::jobs) enum What {
    /// A folder.
    Folder,
    /// A regular file.
    File,
    /// A symbolic link.
    Link,
    /// A pipe, a socket or a device.
    Other,
}

/// Tells entries apart, whatever they are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::jobs) struct Id {
    pub(super) device: u64,
    pub(super) inode: u64,
}

/// What is known of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::jobs) struct Meta {
    /// What it is.
    pub(in crate::jobs) what: What,
    /// None where the system does not tell.
    pub(in crate::jobs) id: Option<Id>,
    /// How many names it has; 1 where the system does not tell.
    pub(in crate::jobs) links: u64,
    /// How long it is.
    pub(in crate::jobs) bytes: u64,
    /// How much of the disk it takes; none where the system does not tell.
    pub(in crate::jobs) disk_bytes: Option<u64>,
}

impl Meta {
    /// Whether it is a folder.
    pub(super) fn is_folder(&self) -> bool {
        self.what == What::Folder
    }
}
