use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use tidings_protocol::job::Percent;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::jobs::reporter::Reporter;
use crate::jobs::testing::{args, output, prepare, run, run_with, text};

fn below(root: &Path) -> Scan {
    Scan::new(Roots::new([root.to_owned()]))
}

async fn scan(path: &Path) -> Value {
    run(&below(path), &args(&[("path", text(path))])).await.unwrap().result
}

fn number(result: &Value, key: &str) -> u64 {
    result[key].as_u64().unwrap_or_else(|| panic!("{key} of {result}"))
}

#[cfg(target_os = "linux")]
fn du(args: &[&str], path: &Path) -> u64 {
    let text = output("du", args, path).1;
    text.split_whitespace().next().unwrap().parse().unwrap()
}

/// Compares a result with what `du` and `find` say.
#[cfg(target_os = "linux")]
fn equals_du(result: &Value, path: &Path) {
    let bytes = number(result, "bytes");
    // From coreutils 9.2 on folders have no size of their own there.
    let said = du(&["-sb", "."], path);
    assert!([bytes, bytes - number(result, "folderBytes")].contains(&said), "{said}: {result}");
    assert_eq!(number(result, "diskBytes"), du(&["-s", "--block-size=1", "."], path), "{result}");
    let found = output("find", &[".", "-printf", "%y"], path).1;
    let folders = found.matches('d').count();
    assert_eq!(number(result, "entries"), found.len() as u64, "{result}");
    assert_eq!(number(result, "folders"), folders as u64, "{result}");
    assert_eq!(number(result, "files"), (found.len() - folders) as u64, "{result}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_tree_of_everything_takes_what_du_says() {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    let top = tempfile::tempdir().unwrap();
    let at = |name: &str| top.path().join(name);
    fs::create_dir_all(at("a/b/c")).unwrap();
    fs::create_dir(at("empty")).unwrap();
    fs::write(at("a/file"), vec![1; 12_345]).unwrap();
    fs::write(at("a/b/c/large"), vec![1; 1_234_567]).unwrap();
    // Names of one file, in several folders.
    fs::hard_link(at("a/file"), at("a/b/again")).unwrap();
    fs::hard_link(at("a/file"), at("once more")).unwrap();
    // Much longer than what it takes.
    File::create(at("sparse")).unwrap().set_len(1 << 40).unwrap();
    symlink("/usr", at("link")).unwrap();
    symlink("x".repeat(200), at("nowhere")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        at("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RWXU,
        0,
    )
    .unwrap();
    let odd = std::ffi::OsStr::from_bytes(b"caf\xe9\nau lait");
    fs::create_dir(top.path().join(odd)).unwrap();
    fs::write(top.path().join(odd).join("milk"), [1; 2_000_000]).unwrap();

    let result = scan(top.path()).await;
    equals_du(&result, top.path());
    assert_eq!(number(&result, "errors"), 0);
    let large = &result["largestFiles"];
    assert_eq!(large[0]["bytes"], 1_u64 << 40);
    assert_eq!(large[0]["path"], text(&at("sparse")));
    let milk = large[1]["path"].as_str().unwrap();
    assert!(milk.ends_with("caf\u{fffd}\nau lait/milk"), "{milk}");
    assert_eq!(large.as_array().unwrap().len(), 4, "{large}");
}

#[tokio::test]
async fn the_largest_folders_are_told_with_all_that_is_in_them() {
    let top = tempfile::tempdir().unwrap();
    fs::create_dir_all(top.path().join("a/b")).unwrap();
    fs::create_dir_all(top.path().join("c")).unwrap();
    fs::write(top.path().join("a/b/file"), vec![1; 100_000]).unwrap();
    fs::write(top.path().join("c/file"), vec![1; 50_000]).unwrap();
    let result = scan(top.path()).await;
    let folders: BTreeMap<_, _> = result["largestFolders"]
        .as_array()
        .unwrap()
        .iter()
        .map(|folder| (folder["path"].as_str().unwrap(), folder["bytes"].as_u64().unwrap()))
        .collect();
    let names: Vec<_> =
        ["a", "a/b", "c"].iter().map(|name| text(&top.path().join(name)).to_owned()).collect();
    assert_eq!(folders.keys().copied().collect::<Vec<_>>(), names);
    assert!(folders[&*names[0]] > folders[&*names[1]] && folders[&*names[1]] >= 100_000);
    let mut limited = args(&[("path", text(top.path()))]);
    limited.insert("top".to_owned(), ArgValue::Integer(1));
    let result = run(&below(top.path()), &limited).await.unwrap().result;
    assert_eq!(result["largestFolders"].as_array().unwrap().len(), 1);
    assert_eq!(result["largestFolders"][0]["path"], *names[0]);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_may_not_be_read_is_counted_and_named_and_the_rest_is_scanned() {
    use std::os::unix::fs::PermissionsExt;

    let name = "what_may_not_be_read_is_counted_and_named_and_the_rest_is_scanned";
    if !crate::jobs::testing::is_confined(&format!("{}::{name}", module_path!())) {
        return;
    }
    let top = tempfile::tempdir().unwrap();
    let locked = top.path().join("locked");
    let listed = top.path().join("listed");
    for folder in [&locked, &listed] {
        fs::create_dir(folder).unwrap();
        fs::write(folder.join("file"), [1; 5_000]).unwrap();
    }
    fs::write(top.path().join("open"), [1; 7_000]).unwrap();
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
    mode(&locked, 0o000).unwrap();
    mode(&listed, 0o400).unwrap();
    let result = scan(top.path()).await;
    let bytes = du(&["-sb", "."], top.path());
    let folders = number(&result, "folderBytes");
    mode(&locked, 0o700).unwrap();
    mode(&listed, 0o700).unwrap();
    assert!([bytes, bytes + folders].contains(&number(&result, "bytes")), "{bytes}: {result}");
    assert_eq!(number(&result, "errors"), 2, "{result}");
    let samples = result["errorSamples"].as_array().unwrap();
    let locked = samples.iter().find(|sample| sample["path"] == text(&locked)).unwrap();
    assert!(locked["error"].as_str().unwrap().contains("denied"), "{locked}");
    assert!(samples.iter().any(|sample| sample["path"] == text(&listed.join("file"))));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_is_mounted_in_the_folder_is_passed_over_if_that_is_asked_for() {
    // The one tree with a mount in it that is everywhere, and one in which containers have files that are mounted.
    for path in ["/dev", "/etc"] {
        let mut one = args(&[("path", path)]);
        one.insert("oneFileSystem".to_owned(), ArgValue::Bool(true));
        let path = Path::new(path);
        let result = run(&below(path), &one).await.unwrap().result;
        let said = du(&["-sxb", "."], path);
        let bytes = number(&result, "bytes");
        let without_folders = bytes - number(&result, "folderBytes");
        assert!([bytes, without_folders].contains(&said), "{said}: {result}");
    }
}

#[tokio::test]
async fn a_flat_folder_of_many_files_is_scanned() {
    let top = tempfile::tempdir().unwrap();
    for n in 0..5_000 {
        File::create(top.path().join(n.to_string())).unwrap();
    }
    let result = scan(top.path()).await;
    assert_eq!((number(&result, "files"), number(&result, "folders")), (5_000, 1));
}

/// Three levels of folders, with files in the last.
fn bushy() -> tempfile::TempDir {
    let top = tempfile::tempdir().unwrap();
    for n in 0..4_000 {
        let folder = top.path().join(format!("{}/{}", n % 20, n % 400));
        fs::create_dir_all(&folder).unwrap();
        File::create(folder.join(n.to_string())).unwrap();
    }
    top
}

#[tokio::test]
async fn it_tells_how_far_it_is_and_never_less() {
    let top = bushy();
    let reporter = Reporter::default();
    let scan = below(top.path());
    let scan_args = args(&[("path", text(top.path()))]);
    let watched = reporter.clone();
    let done = run_with(&scan, &scan_args, reporter, CancellationToken::new());
    tokio::pin!(done);
    let mut before = Percent::ZERO;
    loop {
        tokio::select! {
            result = &mut done => break drop(result.unwrap()),
            () = watched.changed() => {
                let told = watched.told();
                assert!(told.progress.unwrap_or(before) >= before);
                before = told.progress.unwrap_or(before);
                if told.done.is_some() {
                    assert_eq!(told.total, None);
                }
            }
        }
    }
    let told = watched.told();
    assert!(told.done.unwrap() > 0 && !told.message.is_empty(), "{told:?}");
}

#[tokio::test]
async fn whoever_cancels_it_does_not_wait() {
    let cancelled = CancellationToken::new();
    let reporter = Reporter::default();
    let scan = below(Path::new("/"));
    // Nobody is done with that at once.
    let scan_args = args(&[("path", "/")]);
    let watched = reporter.clone();
    let done = run_with(&scan, &scan_args, reporter, cancelled.clone());
    tokio::pin!(done);
    tokio::select! {
        result = &mut done => panic!("{result:?}"),
        () = watched.changed() => {}
    }
    let asked = Instant::now();
    cancelled.cancel();
    assert_eq!(done.await, Err(crate::jobs::blocking::stopped()));
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
}

#[tokio::test]
async fn it_is_for_admins_and_wants_a_path() {
    let scan = below(Path::new("/usr"));
    for role in [Role::Publisher, Role::Viewer] {
        assert_eq!(scan.info(role), None);
        let refused = scan.prepare(&Args::new(), role).await.unwrap_err();
        assert!(matches!(refused, Refused::Role(_)), "{refused:?}");
    }
    assert_eq!(scan.info(Role::Admin).unwrap().args.len(), 3);
    let refused = prepare(&scan, &Args::new()).await.unwrap_err();
    assert_eq!(refused, Refused::Argument("`path` is missing".to_owned()));
    let name = prepare(&scan, &args(&[("path", "/usr/")])).await.unwrap().name;
    assert_eq!(name, "Disk use of /usr");
}

#[tokio::test]
async fn a_folder_that_is_gone_when_it_begins_is_a_failure_that_names_it() {
    let top = tempfile::tempdir().unwrap();
    let path = top.path().join("folder");
    fs::create_dir(&path).unwrap();
    let prepared = prepare(&below(top.path()), &args(&[("path", text(&path))])).await.unwrap();
    fs::remove_dir(&path).unwrap();
    let task =
        Task { reporter: Reporter::default(), cancelled: CancellationToken::new(), folder: None };
    let failure = prepared.work.run(task).await.unwrap_err();
    assert!(failure.message.contains(text(&path)), "{failure}");
}

/// `TIDINGS_SCAN=/usr cargo test … -- --ignored a_whole_tree`
#[cfg(target_os = "linux")]
#[tokio::test]
#[ignore = "takes a large tree that nobody changes"]
async fn a_whole_tree_takes_what_du_says() {
    let path = std::env::var("TIDINGS_SCAN").unwrap_or_else(|_| "/usr".to_owned());
    let result = scan(Path::new(&path)).await;
    println!("{result:#}");
    equals_du(&result, Path::new(&path));
}
