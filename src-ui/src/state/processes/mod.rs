//! Every process of a machine: the table as it came, and how somebody looks at it.
//!
//! - [`wire`]: the table as a server answers it.
//! - [`view`]: which rows are shown, in which order.
//! - [`window`]: which of these are drawn.

pub mod view;
pub mod window;
pub mod wire;

use std::rc::Rc;
use std::time::Duration;

use crate::state::request_error::RequestError;
use crate::text::text;
use tidings_protocol::processes::MayEnd;

/// Names a process for good: its id, and when it began.
pub type Key = (u32, u64);

/// One process.
#[derive(Clone, Debug, PartialEq)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// When it began, in ms since the machine did.
    pub start: u64,
    /// Id of the one it belongs to; 0 for none.
    pub parent: u32,
    /// Name of the program.
    pub name: Rc<str>,
    /// What it was started with.
    pub command: Rc<str>,
    /// Whose it is.
    pub user: Rc<str>,
    /// Percent of one core.
    pub cpu: f32,
    /// Resident memory in bytes.
    pub memory: u64,
    /// Threads; 0 where that is not known.
    pub threads: u64,
    /// What it does, as `ps` has it.
    pub state: char,
}

impl Process {
    /// What names it for good.
    #[must_use]
    pub fn key(&self) -> Key {
        (self.pid, self.start)
    }

    /// What it does, in words.
    #[must_use]
    pub fn doing(&self) -> &'static str {
        let words = &text().processes;
        match self.state {
            'R' => words.is_running,
            'S' | 'I' => words.sleeping,
            'D' => words.waiting,
            'T' | 't' => words.stopped,
            'Z' => words.zombie,
            _ => words.unknown,
        }
    }
}

/// The processes of a machine at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Name of the machine.
    pub host: String,
    /// When they were read, in ms since the epoch, by the server's clock.
    pub at: u64,
    /// How long ago that was when the server answered.
    pub age: Duration,
    /// When the machine began, in ms since the epoch.
    pub boot_at: u64,
    /// Whether whoever looks may end one.
    pub may_end: MayEnd,
    /// How many there are in all.
    pub count: u64,
    /// By id.
    pub rows: Vec<Process>,
}

impl Table {
    /// The process of this key, if it is still there.
    #[must_use]
    pub fn find(&self, key: Key) -> Option<&Process> {
        let at = self.rows.binary_search_by_key(&key.0, |row| row.pid).ok()?;
        self.rows.get(at).filter(|row| row.start == key.1)
    }

    /// For how long a process has been there, in seconds.
    #[must_use]
    pub fn age_of(&self, process: &Process) -> u64 {
        self.at.saturating_sub(self.boot_at + process.start) / 1_000
    }
}

/// Why a table did not come, for people.
#[must_use]
pub fn why_not_listed(error: &RequestError) -> String {
    error.explain_list(text().processes.too_old)
}

/// Why nobody may end one, for people.
#[must_use]
pub fn why_not(may_end: MayEnd) -> Option<&'static str> {
    let words = &text().processes;
    match may_end {
        MayEnd::Yes => None,
        MayEnd::Forbidden => Some(words.admins),
        MayEnd::Remote => Some(words.remote),
        _ => Some(words.no_ending),
    }
}
