//! The folders that jobs may read, and paths below them.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::kind::Refused;
use super::tree::Folder;

/// The folders that jobs may read with all that is in them; clones are the same.
#[derive(Clone, Debug)]
pub struct Roots(Arc<[PathBuf]>);

/// A folder below a root. It is checked again when it is opened: nothing that lies below the root may be a link by then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    root: PathBuf,
    below: PathBuf,
}

impl Roots {
    /// The folders of the configuration's `jobs.roots`, by their whole paths. They need not be there yet.
    #[must_use]
    pub fn new(roots: impl IntoIterator<Item = PathBuf>) -> Self {
        Self(roots.into_iter().collect())
    }

    /// Their paths, for people.
    pub(super) fn texts(&self) -> Vec<String> {
        self.0.iter().map(|root| root.to_string_lossy().into_owned()).collect()
    }

    /// The folder at a path that a user gave as `arg`. Looks at the disk.
    ///
    /// # Errors
    ///
    /// The path is none, or lies outside of the roots, or there is no folder that can be read.
    pub(super) fn folder(&self, arg: &str, path: impl AsRef<Path>) -> Result<Place, Refused> {
        let path = whole(arg, path.as_ref())?;
        let real = path.canonicalize().map_err(|error| self.unseen(arg, path, &error))?;
        let place = self.place(&real).ok_or_else(|| self.outside(path))?;
        if !real.is_dir() {
            return Err(Refused::Argument(format!("`{arg}`: {} is not a folder", path.display())));
        }
        place.open().map_err(|error| self.unseen(arg, path, &error))?;
        Ok(place)
    }

    /// The folder and the name of a file that a user gave as `arg`. The file is there, and what a link leads to.
    pub(super) fn file(
        &self,
        arg: &str,
        path: impl AsRef<Path>,
    ) -> Result<(Place, OsString), Refused> {
        let path = whole(arg, path.as_ref())?;
        let real = path.canonicalize().map_err(|error| self.unseen(arg, path, &error))?;
        self.place(&real).ok_or_else(|| self.outside(path))?;
        if !real.is_file() {
            return Err(Refused::Argument(format!("`{arg}`: {} is not a file", path.display())));
        }
        self.beside(path, &real)
    }

    /// The folder and the name of a file that need not be there; one that is may be a link, and is the link then.
    pub(super) fn new_file(
        &self,
        arg: &str,
        path: impl AsRef<Path>,
    ) -> Result<(Place, OsString), Refused> {
        let path = whole(arg, path.as_ref())?;
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(Refused::Argument(format!(
                "`{arg}`: {} is no file's path",
                path.display()
            )));
        };
        let real = folder.canonicalize().map_err(|error| self.unseen(arg, folder, &error))?;
        let (place, name) = self.beside(path, &real.join(name))?;
        place.pass().map_err(|error| self.unseen(arg, folder, &error))?;
        Ok((place, name))
    }

    /// The folder of a file that has this path, and its name.
    fn beside(&self, path: &Path, real: &Path) -> Result<(Place, OsString), Refused> {
        let place = real.parent().and_then(|folder| self.place(folder));
        let name = real.file_name().map(OsStr::to_owned);
        place.zip(name).ok_or_else(|| self.outside(path))
    }

    /// Where a canonical path lies, if it lies in a root.
    fn place(&self, real: &Path) -> Option<Place> {
        self.0.iter().find_map(|root| {
            let root = root.canonicalize().ok()?;
            let below = real.strip_prefix(&root).ok()?.to_owned();
            Some(Place { root, below })
        })
    }

    fn outside(&self, path: &Path) -> Refused {
        let path = path.display();
        Refused::OutsideRoots(match self.texts().join(", ") {
            none if none.is_empty() => {
                format!(
                    "{path}: jobs may read no folder; name some as `jobs.roots` in the configuration"
                )
            }
            roots => format!(
                "{path} is outside of the folders that jobs may read: {roots} (`jobs.roots` in the configuration)"
            ),
        })
    }

    /// Why a path could not be seen. What is outside of the roots is not told from what is not there.
    fn unseen(&self, arg: &str, path: &Path, error: &io::Error) -> Refused {
        let below = |root: &PathBuf| {
            path.starts_with(root) || root.canonicalize().is_ok_and(|root| path.starts_with(root))
        };
        let up = path.components().any(|part| part == Component::ParentDir);
        if up || !self.0.iter().any(below) {
            return self.outside(path);
        }
        let path = path.display();
        Refused::Argument(match error.kind() {
            io::ErrorKind::NotFound => format!("`{arg}`: {path} is not there"),
            io::ErrorKind::NotADirectory => format!("`{arg}`: {path} is not a folder"),
            io::ErrorKind::PermissionDenied => {
                format!("`{arg}`: {path} may not be read by the server ({error})")
            }
            _ => format!("`{arg}`: {path} cannot be read: {error}"),
        })
    }
}

impl Place {
    /// Opens it to be read.
    ///
    /// # Errors
    ///
    /// It is not there, may not be read, or is no longer below the root without a link in between.
    pub(super) fn open(&self) -> io::Result<Folder> {
        self.pass()?.again()
    }

    /// Opens it to go through it.
    pub(super) fn pass(&self) -> io::Result<Folder> {
        let root = Folder::at(&self.root)?;
        self.below.iter().try_fold(root, |folder, name| folder.pass(name))
    }

    /// Its whole path, without links.
    pub(super) fn path(&self) -> PathBuf {
        // Not `/a/` for what is `/a`.
        self.root.components().chain(self.below.components()).collect()
    }
}

/// A path that does not depend on where the server was started.
fn whole<'a>(arg: &str, path: &'a Path) -> Result<&'a Path, Refused> {
    if path.is_absolute() {
        return Ok(path);
    }
    Err(Refused::Argument(format!(
        "`{arg}` is the whole path of what is meant, as in /srv/data; not {path:?}"
    )))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn refused(result: Result<Place, Refused>) -> (bool, String) {
        let refused = result.unwrap_err();
        (matches!(refused, Refused::OutsideRoots(_)), refused.to_string())
    }

    #[test]
    fn a_folder_below_a_root_and_the_root_itself_may_be_read() {
        let top = tempfile::tempdir().unwrap();
        let real = top.path().canonicalize().unwrap();
        fs::create_dir_all(top.path().join("a/b")).unwrap();
        let roots = Roots::new([PathBuf::from("/not/there"), top.path().to_owned()]);
        for (text, path) in [("", ""), ("/a/b/", "a/b"), ("/a/./b/../b", "a/b")] {
            let text = format!("{}{text}", top.path().display());
            let place = roots.folder("path", &text).unwrap();
            // Compared as texts: to paths a slash at the end is none.
            let expected = if path.is_empty() { real.clone() } else { real.join(path) };
            assert_eq!(place.path().as_os_str(), expected.as_os_str());
            place.open().unwrap();
        }
        let (place, name) = roots.new_file("m", format!("{}/a/new", top.path().display())).unwrap();
        assert_eq!((place.path(), &*name), (real.join("a"), OsStr::new("new")));
    }

    #[test]
    fn what_is_no_whole_path_is_refused() {
        let roots = Roots::new([PathBuf::from("/")]);
        for text in ["~", "~/data", "data", "./data", "", "../etc"] {
            let (outside, why) = refused(roots.folder("path", text));
            assert!(!outside && why.contains("whole path"), "{text}: {why}");
        }
        let (_, why) = refused(roots.folder("path", "/a\0b"));
        assert!(why.contains("cannot be read"), "{why}");
    }

    #[test]
    fn what_is_outside_names_the_roots_and_their_key_and_not_whether_it_is_there() {
        let top = tempfile::tempdir().unwrap();
        fs::create_dir(top.path().join("in")).unwrap();
        fs::create_dir(top.path().join("inner")).unwrap();
        let roots = Roots::new([top.path().join("in")]);
        let shown = top.path().display();
        for text in [
            format!("{shown}"),
            format!("{shown}/inner"),
            format!("{shown}/in/.."),
            format!("{shown}/in/../not there"),
            format!("{shown}/not there"),
            "/".to_owned(),
        ] {
            let (outside, why) = refused(roots.folder("path", &text));
            assert!(outside, "{text}: {why}");
            assert!(why.contains("jobs.roots") && why.contains(&*roots.texts()[0]), "{why}");
        }
        let (outside, why) = refused(Roots::new([]).folder("path", "/"));
        assert!(outside && why.contains("jobs.roots"), "{why}");
    }

    #[test]
    fn what_is_not_there_or_no_folder_is_said_so() {
        let top = tempfile::tempdir().unwrap();
        fs::write(top.path().join("file"), "").unwrap();
        let roots = Roots::new([top.path().to_owned()]);
        let path = |name: &str| format!("{}/{name}", top.path().display());
        for (name, expected) in
            [("none", "is not there"), ("file", "is not a folder"), ("file/x", "is not a folder")]
        {
            let (outside, why) = refused(roots.folder("path", path(name)));
            assert!(!outside && why.ends_with(expected), "{name}: {why}");
        }
        let why = roots.file("manifest", path("none")).unwrap_err().to_string();
        assert!(why.ends_with("is not there"), "{why}");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_counts_as_where_it_leads() {
        use std::os::unix::fs::symlink;
        let top = tempfile::tempdir().unwrap();
        fs::create_dir_all(top.path().join("in/real")).unwrap();
        fs::create_dir(top.path().join("out")).unwrap();
        fs::write(top.path().join("out/file"), "").unwrap();
        let inside = top.path().join("in");
        symlink("real", inside.join("good")).unwrap();
        symlink("../out", inside.join("bad")).unwrap();
        symlink("../out/file", inside.join("bad file")).unwrap();
        symlink("in", top.path().join("root")).unwrap();
        // The root may be a link itself.
        let roots = Roots::new([top.path().join("root")]);
        let path = |name: &str| format!("{}/root/{name}", top.path().display());
        roots.folder("path", path("good")).unwrap().open().unwrap();
        assert!(refused(roots.folder("path", path("bad"))).0);
        for name in ["bad file", "bad/file"] {
            let refused = roots.file("manifest", path(name)).unwrap_err();
            assert!(matches!(refused, Refused::OutsideRoots(_)), "{refused:?}");
        }
        let refused = roots.new_file("manifest", path("bad/new")).unwrap_err();
        assert!(matches!(refused, Refused::OutsideRoots(_)), "{refused:?}");
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_becomes_a_link_before_the_work_begins_is_not_followed() {
        use std::os::unix::fs::symlink;
        let top = tempfile::tempdir().unwrap();
        fs::create_dir_all(top.path().join("in/a/b")).unwrap();
        fs::create_dir_all(top.path().join("out/b")).unwrap();
        let roots = Roots::new([top.path().join("in")]);
        let place = roots.folder("path", format!("{}/in/a/b", top.path().display())).unwrap();
        place.open().unwrap();
        fs::rename(top.path().join("in/a"), top.path().join("in/old")).unwrap();
        symlink("../out", top.path().join("in/a")).unwrap();
        place.open().unwrap_err();
    }
}
