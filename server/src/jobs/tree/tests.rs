use std::fs;

use super::*;

fn walk(path: &Path, options: Options) -> Walk {
    Walk::new(Folder::at(path).unwrap().again().unwrap(), options).unwrap()
}

/// Each folder with a `/` behind it, each file, and each thing that failed with a `!`.
fn names(walk: &mut Walk) -> Vec<String> {
    let mut names = Vec::new();
    while let Some(step) = walk.step() {
        let end = match step {
            Step::Enter(_) => "/",
            Step::Entry(_) => "",
            Step::Failed(_) => "!",
            Step::Nothing | Step::Leave => continue,
        };
        names.push(format!("{}{end}", walk.path().display()));
    }
    names
}

fn sorted() -> Options {
    Options { sorted: true, ..Options::default() }
}

#[test]
fn files_come_before_folders_and_both_by_name() {
    let top = tempfile::tempdir().unwrap();
    for folder in ["b/inner", "a", "c"] {
        fs::create_dir_all(top.path().join(folder)).unwrap();
    }
    for file in ["z", "b/inner/2", "b/inner/1", "b/last", "c/x"] {
        fs::write(top.path().join(file), file).unwrap();
    }
    let names = names(&mut walk(top.path(), sorted()));
    let expected =
        ["/", "z", "a/", "b/", "b/last", "b/inner/", "b/inner/1", "b/inner/2", "c/", "c/x"];
    assert_eq!(names, expected);
}

#[test]
fn what_has_passed_grows_and_is_all_of_it_at_the_end() {
    let top = tempfile::tempdir().unwrap();
    for a in 0..7 {
        for b in 0..a {
            fs::create_dir_all(top.path().join(format!("{a}/{b}/x"))).unwrap();
            fs::write(top.path().join(format!("{a}/{b}/file")), "").unwrap();
        }
    }
    let mut walk = walk(top.path(), Options::default());
    let (mut before, mut different) = (0.0, 0);
    while walk.step().is_some() {
        let passed = walk.passed();
        assert!((before..=1.0).contains(&passed), "{before} {passed}");
        different += u32::from(passed > before);
        before = passed;
    }
    assert!(different > 20, "{different}");
    assert_eq!(walk.passed(), 1.0);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_is_an_entry_and_never_a_way() {
        let top = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "").unwrap();
        symlink(outside.path(), top.path().join("out")).unwrap();
        symlink(top.path(), top.path().join("round")).unwrap();
        assert_eq!(names(&mut walk(top.path(), sorted())), ["/", "out", "round"]);
    }

    #[test]
    fn a_folder_that_becomes_a_link_meanwhile_is_not_followed() {
        let top = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "").unwrap();
        let folder = top.path().join("folder");
        fs::create_dir(&folder).unwrap();
        let mut walk = walk(top.path(), Options::default());
        // Listed, and not yet entered.
        while walk.stack[0].names.is_some() {
            walk.step();
        }
        assert_eq!(walk.stack[0].folders, ["folder"]);
        fs::remove_dir(&folder).unwrap();
        symlink(outside.path(), &folder).unwrap();
        assert_eq!(names(&mut walk), ["folder"]);
    }

    /// A chain of `depth` folders, each with a file, a folder before the next and one behind it.
    fn chain(top: &Path, depth: usize) {
        use rustix::fs::{Mode, OFlags, mkdirat, openat};
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let mut folder = rustix::fs::open(top, flags, Mode::empty()).unwrap();
        for _ in 0..depth {
            for name in ["a", "m", "z"] {
                mkdirat(&folder, name, Mode::RWXU).unwrap();
            }
            folder = openat(&folder, "m", flags, Mode::empty()).unwrap();
        }
    }

    #[test]
    fn no_tree_is_too_deep_and_few_folders_are_open_at_once() {
        const DEPTH: usize = 10_000;
        // Disks take a minute to remove as many folders.
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let top = tempfile::tempdir_in(folder).unwrap();
        chain(top.path(), DEPTH);
        let mut walk = walk(top.path(), sorted());
        let (mut folders, mut deepest) = (0, 0);
        while let Some(step) = walk.step() {
            assert!(!matches!(step, Step::Failed(_)), "{step:?}");
            folders += usize::from(matches!(step, Step::Enter(_)));
            deepest = deepest.max(walk.stack.len());
            // All of them are looked at only where it is cheap.
            if walk.stack.len().is_multiple_of(1_000) {
                let open = walk.stack.iter().filter(|frame| frame.folder.is_some()).count();
                assert!(open <= MAX_OPEN + 1, "{open}");
            }
        }
        assert_eq!((folders, deepest), (3 * DEPTH + 1, DEPTH + 1));
        drop(walk);
        // What `remove_dir_all` of the standard library would do with as many descriptors as levels.
        let removed = std::process::Command::new("rm").arg("-r").arg(top.path()).status().unwrap();
        assert!(removed.success());
    }

    /// A walk that is so deep in a folder that it no longer holds that open, and that folder.
    fn deep(top: &Path) -> (Walk, PathBuf) {
        let folder = top.join("folder");
        let deep: PathBuf = std::iter::repeat_n("x", 2 * MAX_OPEN).collect();
        fs::create_dir_all(folder.join(deep)).unwrap();
        fs::create_dir(folder.join("z")).unwrap();
        fs::create_dir(top.join("other")).unwrap();
        let mut walk = walk(top, sorted());
        while walk.stack.len() < 2 * MAX_OPEN {
            walk.step();
        }
        (walk, folder)
    }

    #[test]
    fn the_way_back_is_found_from_the_top_if_the_way_up_leads_elsewhere() {
        let top = tempfile::tempdir().unwrap();
        let away = tempfile::tempdir_in(top.path().parent().unwrap()).unwrap();
        let (mut walk, folder) = deep(top.path());
        fs::rename(folder.join("x"), away.path().join("x")).unwrap();
        let names = names(&mut walk);
        assert!(names.ends_with(&["folder/z/".to_owned(), "other/".to_owned()]), "{names:?}");
    }

    #[test]
    fn a_folder_that_cannot_be_found_again_is_an_error_and_the_walk_goes_on() {
        let top = tempfile::tempdir().unwrap();
        let away = tempfile::tempdir_in(top.path().parent().unwrap()).unwrap();
        let (mut walk, folder) = deep(top.path());
        fs::rename(folder.join("x"), away.path().join("x")).unwrap();
        fs::rename(&folder, away.path().join("folder")).unwrap();
        // Something of that name is there, and is not what the walk has begun with.
        fs::create_dir_all(folder.join("z/stranger")).unwrap();
        let names = names(&mut walk);
        assert!(names.ends_with(&["folder!".to_owned(), "other/".to_owned()]), "{names:?}");
        assert_eq!(walk.passed(), 1.0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn names_need_not_be_text() {
        use std::os::unix::ffi::OsStrExt;
        let top = tempfile::tempdir().unwrap();
        let name = std::ffi::OsStr::from_bytes(b"caf\xe9\n");
        fs::create_dir(top.path().join(name)).unwrap();
        let mut walk = walk(top.path(), Options::default());
        let mut seen = Vec::new();
        while walk.step().is_some() {
            seen.push(walk.path().to_owned());
        }
        assert!(seen.contains(&PathBuf::from(name)), "{seen:?}");
    }
}
