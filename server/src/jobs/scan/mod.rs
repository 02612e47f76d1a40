//! The kind `scan`: how much room a folder tree takes, and what takes the most.

mod largest;
#[cfg(test)]
mod tests;
mod usage;

use futures_util::future::BoxFuture;
use tidings_protocol::api::Role;
use tidings_protocol::job::{ArgInfo, ArgValue, Args, Input, KindInfo};

use self::usage::Counter;
use super::args;
use super::blocking::{blocking, failure};
use super::kind::{Failure, Kind, Outcome, Prepared, Refused, Task, Work, optional};
use super::roots::{Place, Roots};
use super::words;

/// How many of the largest are told unless more or fewer are asked for.
const TOP: i64 = 20;
/// Most of them.
const MAX_TOP: i64 = 100;

/// Counts what a folder tree takes. For admins.
#[derive(Debug)]
pub struct Scan {
    roots: Roots,
}

/// A tree that is to be counted.
struct Tree {
    place: Place,
    top: usize,
    one_file_system: bool,
}

impl Scan {
    /// Of folders below these roots.
    #[must_use]
    pub fn new(roots: Roots) -> Self {
        Self { roots }
    }
}

impl Kind for Scan {
    fn name(&self) -> &'static str {
        "scan"
    }

    fn info(&self, role: Role) -> Option<KindInfo> {
        (role == Role::Admin).then(|| KindInfo {
            kind: self.name().to_owned(),
            title: "Disk use".to_owned(),
            description: "Counts what a folder and all that is in it take, and names the largest."
                .to_owned(),
            args: vec![
                ArgInfo {
                    required: true,
                    ..optional(
                        "path",
                        "Folder",
                        "By its whole path. Links in it are not followed.",
                        Input::Path { roots: self.roots.texts() },
                    )
                },
                ArgInfo {
                    default: Some(ArgValue::Integer(TOP)),
                    ..optional(
                        "top",
                        "Largest",
                        "How many of the largest files and folders are named.",
                        Input::Integer { min: 1, max: MAX_TOP },
                    )
                },
                ArgInfo {
                    default: Some(ArgValue::Bool(false)),
                    ..optional(
                        "oneFileSystem",
                        "One file system",
                        "Passes over what is mounted in the folder.",
                        Input::Bool,
                    )
                },
            ],
        })
    }

    fn prepare<'a>(
        &'a self,
        args: &'a Args,
        role: Role,
    ) -> BoxFuture<'a, Result<Prepared, Refused>> {
        Box::pin(async move {
            if role != Role::Admin {
                return Err(Refused::Role("`scan` is for admins".to_owned()));
            }
            let path = args::path(args, "path")?.to_owned();
            let top = args::integer(args, "top", TOP)?.clamp(1, MAX_TOP);
            let one_file_system = args::bool(args, "oneFileSystem", false)?;
            let roots = self.roots.clone();
            let place = args::looked_up(move || roots.folder("path", &path)).await?;
            let name = format!("Disk use of {}", words::path(&place.path()));
            let work = Tree { place, top: usize::try_from(top).unwrap_or(1), one_file_system };
            Ok(Prepared { name, timeout: None, work: Box::new(work) })
        })
    }
}

impl Work for Tree {
    fn run(self: Box<Self>, task: Task) -> BoxFuture<'static, Result<Outcome, Failure>> {
        Box::pin(async move {
            let Task { reporter, cancelled, .. } = task;
            let usage = blocking(&cancelled, move |stop| {
                let path = self.place.path();
                let folder = self.place.open().map_err(|error| {
                    failure(format!("{} cannot be read: {error}", words::path(&path)))
                })?;
                Counter::new(path, self.top).count(folder, self.one_file_system, &reporter, stop)
            });
            let usage = usage.await?;
            let message = usage.sentence();
            let result = serde_json::to_value(usage).map_err(|error| failure(error.to_string()))?;
            Ok(Outcome { message, result, ..Outcome::default() })
        })
    }
}
