//! The kind `check`: whether the files of a folder are still what a manifest of SHA-256 says, or writes one.

mod digest;
mod draft;
mod manifest;
mod progress;
#[cfg(test)]
mod tests;
mod verify;
mod write;

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use futures_util::future::BoxFuture;
use tidings_protocol::api::Role;
use tidings_protocol::job::{ArgInfo, ArgValue, Args, Choice, Input, KindInfo};

use self::progress::Progress;
use super::args;
use super::blocking::{blocking, failure};
use super::kind::{Failure, Kind, Outcome, Prepared, Refused, Task, Work, optional};
use super::roots::{Place, Roots};
use super::tree::Folder;
use super::words;

/// What a manifest is called unless it is named.
const MANIFEST: &str = "SHA256SUMS";

/// Compares a folder tree with a manifest, or writes one. For admins.
#[derive(Debug)]
pub struct Check {
    roots: Roots,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Verify,
    Write,
}

/// A tree and its manifest.
struct Tree {
    mode: Mode,
    place: Place,
    /// The folder it is in, and its name.
    manifest: (Place, OsString),
}

impl Check {
    /// Of folders below these roots.
    #[must_use]
    pub fn new(roots: Roots) -> Self {
        Self { roots }
    }
}

impl Kind for Check {
    fn name(&self) -> &'static str {
        "check"
    }

    fn info(&self, role: Role) -> Option<KindInfo> {
        let path = || Input::Path { roots: self.roots.texts() };
        let choice =
            |value: &str, label: &str| Choice { value: value.to_owned(), label: label.to_owned() };
        let modes = vec![
            choice("verify", "Compare with the manifest"),
            choice("write", "Write the manifest"),
        ];
        (role == Role::Admin).then(|| KindInfo {
            kind: self.name().to_owned(),
            title: "Check files".to_owned(),
            description: "Reads all files of a folder, and says which are not what they were."
                .to_owned(),
            args: vec![
                ArgInfo {
                    required: true,
                    ..optional("path", "Folder", "By its whole path. Links in it are not followed.", path())
                },
                ArgInfo {
                    default: Some(ArgValue::Text("verify".to_owned())),
                    ..optional("mode", "What to do", "", Input::Choice { choices: modes })
                },
                optional(
                    "manifest",
                    "Manifest",
                    "By its whole path, in the form of sha256sum. Without a word: SHA256SUMS in the folder.",
                    path(),
                ),
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
                return Err(Refused::Role("`check` is for admins".to_owned()));
            }
            let path = args::path(args, "path")?.to_owned();
            let mode = match args::text(args, "mode")? {
                None | Some("verify") => Mode::Verify,
                Some("write") => Mode::Write,
                Some(_) => {
                    let why = "`mode` is `verify` or `write`";
                    return Err(Refused::Argument(why.to_owned()));
                }
            };
            let manifest = args::text(args, "manifest")?.map(str::to_owned);
            let roots = self.roots.clone();
            let tree = args::looked_up(move || Tree::find(&roots, mode, &path, manifest)).await?;
            let verb = if mode == Mode::Verify { "Check" } else { "Checksums of" };
            let name = format!("{verb} {}", words::path(&tree.path()));
            Ok(Prepared { name, timeout: None, work: Box::new(tree) })
        })
    }
}

impl Tree {
    /// Looks where the folder and the manifest are.
    fn find(
        roots: &Roots,
        mode: Mode,
        path: &str,
        manifest: Option<String>,
    ) -> Result<Self, Refused> {
        let place = roots.folder("path", path)?;
        let default = || place.path().join(MANIFEST);
        let path = manifest.map_or_else(default, PathBuf::from);
        let manifest = roots.new_file("manifest", &path)?;
        let tree = Self { mode, place, manifest };
        let refused = |why: &str| {
            Refused::Argument(format!("`manifest`: {} {why}", words::path(&tree.manifest_path())))
        };
        let unread = |error: io::Error| refused(&format!("cannot be read: {error}"));
        let folder = tree.manifest.0.pass().map_err(unread)?;
        if mode == Mode::Write {
            write::replaceable(&folder, &tree.manifest.1).map_err(|why| refused(&why))?;
            return Ok(tree);
        }
        match folder.meta_of(&tree.manifest.1) {
            // What is read may be a link to what may be read.
            Ok(_) => Ok(Self { manifest: roots.file("manifest", &path)?, ..tree }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(refused("is not there; with `mode` `write` it is made"))
            }
            Err(error) => Err(unread(error)),
        }
    }

    fn path(&self) -> PathBuf {
        self.place.path()
    }

    fn open(&self) -> Result<Folder, Failure> {
        open(&self.place, Place::open)
    }

    fn manifest_path(&self) -> PathBuf {
        self.manifest.0.path().join(&self.manifest.1)
    }

    fn manifest_folder(&self) -> Result<Folder, Failure> {
        open(&self.manifest.0, Place::pass)
    }

    /// The manifest's path from the folder; none if it lies elsewhere.
    fn manifest_within(&self) -> Option<PathBuf> {
        self.manifest_path().strip_prefix(self.path()).ok().map(PathBuf::from)
    }
}

fn open(place: &Place, how: impl FnOnce(&Place) -> io::Result<Folder>) -> Result<Folder, Failure> {
    how(place)
        .map_err(|error| failure(format!("{} cannot be read: {error}", words::path(&place.path()))))
}

impl Work for Tree {
    fn run(self: Box<Self>, task: Task) -> BoxFuture<'static, Result<Outcome, Failure>> {
        Box::pin(async move {
            let Task { reporter, cancelled, .. } = task;
            blocking(&cancelled, move |stop| {
                let progress = Progress::new(&reporter, stop);
                match self.mode {
                    Mode::Verify => verify::verify(&self, progress),
                    Mode::Write => write::write(&self, progress),
                }
            })
            .await
        })
    }
}
