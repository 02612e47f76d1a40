use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tidings_protocol::job::Unit;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::jobs::reporter::Reporter;
use crate::jobs::testing::{args, output, prepare, run, run_with, text};

fn below(root: &Path) -> Check {
    Check::new(Roots::new([root.to_owned()]))
}

async fn check(path: &Path, mode: &str) -> Outcome {
    run(&below(path), &args(&[("path", text(path)), ("mode", mode)])).await.unwrap()
}

async fn refused(root: &Path, texts: &[(&str, &str)]) -> String {
    prepare(&below(root), &args(texts)).await.unwrap_err().to_string()
}

fn names(folder: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
    let names = fs::read_dir(folder).unwrap().map(name);
    let mut names: Vec<_> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// A folder with three files, and its manifest.
async fn checked() -> tempfile::TempDir {
    let top = tempfile::tempdir().unwrap();
    fs::create_dir(top.path().join("sub")).unwrap();
    for name in ["one", "two", "sub/three"] {
        fs::write(top.path().join(name), name).unwrap();
    }
    check(top.path(), "write").await;
    top
}

#[tokio::test]
async fn a_manifest_is_written_by_name_and_without_itself_and_found_true() {
    let top = checked().await;
    let manifest = fs::read_to_string(top.path().join(MANIFEST)).unwrap();
    let named: Vec<_> = manifest.lines().map(|line| &line[66..]).collect();
    assert_eq!(named, ["one", "two", "sub/three"]);
    assert_eq!(names(top.path()), [MANIFEST, "one", "sub", "two"]);
    // Again, now that there is one.
    let outcome = check(top.path(), "write").await;
    assert_eq!(outcome.result["files"], 3);
    assert_eq!(fs::read_to_string(top.path().join(MANIFEST)).unwrap(), manifest);
    let outcome = check(top.path(), "verify").await;
    assert!(!outcome.failed, "{outcome:?}");
    assert_eq!(outcome.message, "3 files, 15 B: all as the manifest says");
    for (key, value) in [("files", 3), ("ok", 3), ("failed", 0), ("extra", 0), ("bytes", 15)] {
        assert_eq!(outcome.result[key], value, "{key}");
    }
}

#[tokio::test]
async fn what_is_not_as_the_manifest_says_fails_the_job_and_its_result_tells_what() {
    let top = checked().await;
    let at = |name: &str| top.path().join(name);
    fs::write(at("one"), "ONE").unwrap();
    fs::remove_file(at("sub/three")).unwrap();
    fs::write(at("sub/new"), "").unwrap();
    let manifest = fs::read_to_string(at(MANIFEST)).unwrap();
    fs::remove_file(at("two")).unwrap();
    fs::create_dir(at("two")).unwrap();
    fs::write(at(MANIFEST), format!("# by hand\n{manifest}nonsense\n")).unwrap();
    let outcome = check(top.path(), "verify").await;
    assert!(outcome.failed);
    assert_eq!(
        outcome.message,
        "Of 3 files 1 differs, 1 is missing, 1 cannot be read; 1 file is not in the manifest; \
         1 line of it is no checksum"
    );
    let result = &outcome.result;
    assert_eq!(result["failedFiles"], json!(["one"]));
    assert_eq!(result["missingFiles"], json!(["sub/three"]));
    assert_eq!(result["extraFiles"], json!(["sub/new"]));
    assert_eq!(result["errorSamples"], json!([{"path": "two", "error": "it is a folder"}]));
    assert_eq!(result["malformed"], 1);
}

#[tokio::test]
async fn a_file_that_a_manifest_does_not_name_is_told_and_no_failure() {
    let top = checked().await;
    fs::write(top.path().join("new"), "").unwrap();
    let outcome = check(top.path(), "verify").await;
    assert!(!outcome.failed);
    assert!(outcome.message.ends_with("; 1 file is not in the manifest"), "{}", outcome.message);
}

#[tokio::test]
async fn how_far_it_is_is_told_by_bytes_and_ends_with_all_of_them() {
    let top = tempfile::tempdir().unwrap();
    for n in 0..5 {
        fs::write(top.path().join(n.to_string()), vec![n; 700_000]).unwrap();
    }
    for mode in ["write", "verify"] {
        let reporter = Reporter::default();
        let wanted = args(&[("path", text(top.path())), ("mode", mode)]);
        let check = below(top.path());
        run_with(&check, &wanted, reporter.clone(), CancellationToken::new()).await.unwrap();
        let told = reporter.told();
        assert_eq!((told.done, told.total), (Some(3_500_000), Some(3_500_000)), "{mode}");
        assert_eq!(told.unit, Some(Unit::Bytes));
        assert_eq!(told.message, "File 5 of 5 files: 4");
    }
}

#[tokio::test]
async fn whoever_cancels_it_finds_the_folder_as_it_was() {
    let top = checked().await;
    // Long enough that it does not end by itself first.
    fs::File::create(top.path().join("large")).unwrap().set_len(8 << 30).unwrap();
    let before = fs::read(top.path().join(MANIFEST)).unwrap();
    let (reporter, cancelled) = (Reporter::default(), CancellationToken::new());
    let wanted = args(&[("path", text(top.path())), ("mode", "write")]);
    let check = below(top.path());
    let done = run_with(&check, &wanted, reporter.clone(), cancelled.clone());
    tokio::pin!(done);
    while reporter.told().done.is_none_or(|done| done < 1 << 20) {
        tokio::select! {
            result = &mut done => panic!("{result:?}"),
            () = reporter.changed() => {}
        }
    }
    assert_eq!(names(top.path()).len(), 6, "{:?}", names(top.path()));
    cancelled.cancel();
    assert_eq!(done.await, Err(crate::jobs::blocking::stopped()));
    assert_eq!(names(top.path()), [MANIFEST, "large", "one", "sub", "two"]);
    assert_eq!(fs::read(top.path().join(MANIFEST)).unwrap(), before);
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_is_an_error_and_is_not_read() {
    let top = tempfile::tempdir().unwrap();
    let inside = top.path().join("in");
    fs::create_dir(&inside).unwrap();
    let secret = top.path().join("secret");
    fs::write(&secret, "").unwrap();
    // What an empty file is: it would be found true.
    let digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let names = ["../secret", "a/../../secret", text(&secret), "."];
    let lines: String = names.iter().map(|name| format!("{digest}  {name}\n")).collect();
    fs::write(inside.join(MANIFEST), lines).unwrap();
    let outcome = check(&inside, "verify").await;
    assert!(outcome.failed);
    assert_eq!((&outcome.result["ok"], &outcome.result["errors"]), (&json!(0), &json!(4)));
}

#[tokio::test]
async fn only_a_manifest_or_nothing_is_replaced() {
    let top = tempfile::tempdir().unwrap();
    let path = text(top.path()).to_owned();
    let at = |name: &str| top.path().join(name);
    fs::write(at("letter"), "Dear Sir\n").unwrap();
    fs::create_dir(at("folder")).unwrap();
    for (name, why) in [("letter", "is no manifest"), ("folder", "is no file")] {
        let manifest = text(&at(name)).to_owned();
        let wanted = [("path", &*path), ("mode", "write"), ("manifest", &*manifest)];
        let said = refused(top.path(), &wanted).await;
        assert!(said.contains(why) && said.contains(name), "{said}");
    }
    assert_eq!(fs::read(at("letter")).unwrap(), b"Dear Sir\n");
}

#[tokio::test]
async fn arguments_that_cannot_be_are_refused_with_a_reason() {
    let top = tempfile::tempdir().unwrap();
    let inside = top.path().join("in");
    fs::create_dir(&inside).unwrap();
    let path = text(&inside).to_owned();
    let outside = text(&top.path().join("SUMS")).to_owned();
    let inner = |name: &str| text(&inside.join(name)).to_owned();
    let none = inner("none/SUMS");
    for (wanted, why) in [
        (vec![("path", &*path)], "SHA256SUMS is not there; with `mode` `write` it is made"),
        (vec![("path", &*path), ("mode", "both")], "`mode` is `verify` or `write`"),
        (vec![("mode", "write")], "`path` is missing"),
        (vec![("path", &*path), ("manifest", "SUMS")], "`manifest` is the whole path"),
        (vec![("path", &*path), ("manifest", &*outside)], "jobs.roots"),
        (vec![("path", &*path), ("manifest", &*outside), ("mode", "write")], "jobs.roots"),
        (vec![("path", &*path), ("manifest", &*none), ("mode", "write")], "none is not there"),
    ] {
        let said = refused(&inside, &wanted).await;
        assert!(said.contains(why), "{said} for {wanted:?}");
    }
    let refused = below(&inside).prepare(&Args::new(), Role::Publisher).await.unwrap_err();
    assert!(matches!(refused, Refused::Role(_)), "{refused:?}");
    assert_eq!(below(&inside).info(Role::Publisher), None);
    assert_eq!(below(&inside).info(Role::Admin).unwrap().args.len(), 3);
}

#[tokio::test]
async fn a_manifest_that_names_nothing_is_a_failure() {
    let top = tempfile::tempdir().unwrap();
    fs::write(top.path().join(MANIFEST), "hello\n").unwrap();
    let wanted = args(&[("path", text(top.path()))]);
    let failure = run(&below(top.path()), &wanted).await.unwrap_err();
    assert!(failure.message.contains("has no line that names a file"), "{failure}");
}

/// What `sha256sum` of the system and the kind say of each other's manifests.
#[cfg(target_os = "linux")]
mod coreutils {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use proptest::prelude::*;

    use super::*;
    use crate::jobs::testing::is_confined;

    const ODD: [&[u8]; 10] = [
        b"plain",
        b" leading and trailing ",
        b"back\\slash",
        b"new\nline",
        b"return\r",
        b"\\n",
        b"-",
        b"#comment",
        b"caf\xe9",
        b"SHA256 (x) = y",
    ];

    fn folder_of(names: &[Vec<u8>]) -> tempfile::TempDir {
        let top = tempfile::tempdir().unwrap();
        fs::create_dir(top.path().join("sub")).unwrap();
        for name in names {
            for folder in [top.path().to_owned(), top.path().join("sub")] {
                fs::write(folder.join(OsStr::from_bytes(name)), name).unwrap();
            }
        }
        top
    }

    async fn both_ways(names: &[Vec<u8>]) {
        let top = folder_of(names);
        let written = check(top.path(), "write").await;
        let files = names.len() * 2;
        assert_eq!(written.result["files"], files, "{written:?}");
        let (content, said) = output("sha256sum", &["-c", "--strict", MANIFEST], top.path());
        assert!(content, "{said}");
        assert_eq!(said.matches(": OK\n").count(), files, "{said}");

        fs::remove_file(top.path().join(MANIFEST)).unwrap();
        for how in ["--text", "--binary", "--tag"] {
            let sums = format!(
                "find . -type f ! -name {MANIFEST} -exec sha256sum {how} {{}} + > {MANIFEST}"
            );
            assert!(output("sh", &["-c", &sums], top.path()).0);
            let outcome = check(top.path(), "verify").await;
            assert!(!outcome.failed, "{how}: {outcome:?}");
            let Value::Object(result) = outcome.result else { panic!("no object") };
            assert_eq!((&result["ok"], &result["extra"]), (&json!(files), &json!(0)), "{how}");
        }
    }

    #[tokio::test]
    async fn names_of_all_sorts_are_understood_both_ways() {
        both_ways(&ODD.map(<[u8]>::to_vec)).await;
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]
        #[test]
        fn any_name_is_understood_both_ways(
            names in prop::collection::hash_set(
                prop::collection::vec(
                    prop_oneof![Just(b'\\'), Just(b'\n'), Just(b'\r'), Just(b' '), Just(b'n'), 1..=255_u8]
                        .prop_filter("no name has it", |byte| *byte != b'/'),
                    1..20,
                ),
                1..20,
            ),
        ) {
            let taken = |name: &Vec<u8>| !matches!(&**name, b"." | b".." | b"sub" | b"SHA256SUMS");
            let names: Vec<_> = names.into_iter().filter(taken).collect();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            if !names.is_empty() {
                runtime.block_on(both_ways(&names));
            }
        }
    }

    #[tokio::test]
    async fn links_and_pipes_are_left_out_and_named_ones_not_followed() {
        let top = checked().await;
        symlink("one", top.path().join("link")).unwrap();
        symlink("sub", top.path().join("way")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            top.path().join("pipe"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RWXU,
            0,
        )
        .unwrap();
        let written = check(top.path(), "write").await.result;
        assert_eq!((&written["files"], &written["skipped"]), (&json!(3), &json!(3)));
        let manifest = fs::read_to_string(top.path().join(MANIFEST)).unwrap();
        let manifest = manifest.replace("  one", "  link").replace("sub/", "way/");
        let manifest = manifest.replace("  two", "  pipe");
        fs::write(top.path().join(MANIFEST), manifest).unwrap();
        let outcome = check(top.path(), "verify").await;
        assert_eq!((&outcome.result["ok"], &outcome.result["errors"]), (&json!(0), &json!(3)));
        let samples = outcome.result["errorSamples"].to_string();
        assert!(samples.contains("symbolic link") && samples.contains("no regular"), "{samples}");
    }

    #[tokio::test]
    async fn a_manifest_may_lie_elsewhere_and_be_a_link() {
        let top = checked().await;
        let real = top.path().join("sub/sums");
        fs::rename(top.path().join(MANIFEST), &real).unwrap();
        symlink("sub/sums", top.path().join(MANIFEST)).unwrap();
        let outcome = check(top.path(), "verify").await;
        assert_eq!((&outcome.result["ok"], &outcome.result["extra"]), (&json!(3), &json!(0)));
        let said = refused(top.path(), &[("path", text(top.path())), ("mode", "write")]).await;
        assert!(said.contains("is no file"), "{said}");
        let wanted = [("path", text(top.path())), ("mode", "write"), ("manifest", text(&real))];
        let outcome = run(&below(top.path()), &args(&wanted)).await.unwrap();
        assert_eq!((&outcome.result["files"], outcome.failed), (&json!(3), false));
    }

    #[tokio::test]
    async fn a_manifest_that_would_lack_files_does_not_replace_one() {
        let name = "a_manifest_that_would_lack_files_does_not_replace_one";
        if !is_confined(&format!("{}::{name}", module_path!())) {
            return;
        }
        let top = checked().await;
        let manifest = top.path().join(MANIFEST);
        let before = fs::read(&manifest).unwrap();
        let mode = |mode| fs::Permissions::from_mode(mode);
        fs::set_permissions(top.path().join("one"), mode(0o000)).unwrap();
        let outcome = check(top.path(), "write").await;
        assert!(outcome.failed && outcome.message.contains("stays as it was"), "{outcome:?}");
        assert_eq!(fs::read(&manifest).unwrap(), before);
        fs::remove_file(&manifest).unwrap();
        let outcome = check(top.path(), "write").await;
        assert!(outcome.failed && outcome.message.contains("the other 2 files"), "{outcome:?}");
        assert_eq!(outcome.result["written"], true);
        assert_eq!(names(top.path()), [MANIFEST, "one", "sub", "two"]);
        // Nor is one written where nobody may write.
        fs::set_permissions(top.path(), mode(0o500)).unwrap();
        let wanted = args(&[("path", text(top.path())), ("mode", "write")]);
        let failure = run(&below(top.path()), &wanted).await.unwrap_err();
        fs::set_permissions(top.path(), mode(0o700)).unwrap();
        assert!(failure.message.contains("cannot be written"), "{failure}");
    }
}
