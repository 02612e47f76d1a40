//! Every process of a machine, the answer of `GET /api/processes`.
//!
//! Columns, because a row would repeat its keys two thousand times. All of a table are as long.

use serde::{Deserialize, Serialize};

/// Most processes of a table.
pub const MAX_ROWS: usize = 2_000;

/// Longest command line in a table, in bytes.
pub const MAX_COMMAND_BYTES: usize = 512;

/// Longest name in a table, in bytes.
pub const MAX_NAME_BYTES: usize = 64;

/// The processes of a machine at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProcessTable<R = ProcessRows> {
    /// Name of the machine.
    pub host: String,
    /// When they were read, in ms since the epoch.
    pub at: u64,
    /// How long ago that was when the answer was made, in ms.
    pub age_ms: u64,
    /// Least time between two readings, in ms.
    pub interval_ms: u64,
    /// When the machine began, in ms since the epoch; what `start` counts from.
    pub boot_at: u64,
    /// Whether the caller may end one, and if not, why.
    pub may_end: MayEnd,
    /// How many there are in all.
    pub count: u64,
    /// At most [`MAX_ROWS`] of them, those with most CPU and then with most memory; by id.
    pub rows: R,
}

/// What is known of each process, a column each.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProcessRows {
    /// Ids.
    pub pid: Vec<u32>,
    /// Id of the one that each belongs to; 0 for none.
    pub parent: Vec<u32>,
    /// When each began, in ms since [`ProcessTable::boot_at`]. With the id it names a process for good.
    pub start: Vec<u64>,
    /// Names of the programs.
    pub name: Vec<String>,
    /// Command lines, cut to [`MAX_COMMAND_BYTES`]; empty for parts of the kernel.
    pub command: Vec<String>,
    /// Whose each is, as a place in `users`.
    pub user: Vec<u32>,
    /// Names of users.
    pub users: Vec<String>,
    /// CPU use since the reading before, in percent of one core.
    pub cpu: Vec<f32>,
    /// Resident memory in bytes.
    pub memory: Vec<u64>,
    /// Threads; 0 where the system does not say.
    pub threads: Vec<u32>,
    /// What each does: a letter each, as `ps` has them, and `?` for what is not known.
    pub state: String,
}

/// Whether a caller may end processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MayEnd {
    /// Yes.
    Yes,
    /// Only admins may, and no token of limited scope.
    Forbidden,
    /// Only from the machine itself.
    Remote,
    /// The configuration lets nobody.
    Never,
    /// For a reason of a newer server.
    #[serde(other)]
    Unknown,
}
