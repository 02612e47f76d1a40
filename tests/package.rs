//! The packages: the one for Debian put on this system, used, and taken away again; the other looked into. As root, on a system
//! that may be changed.

#![expect(clippy::print_stdout, reason = "figures to look at")]

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use harness::{Screen, Server, WINDOW_WITHIN, binary};
use tokio::process::Command;

/// Where `cargo xtask bundle` has left what it made.
const FOLDER_VARIABLE: &str = "TIDINGS_PACKAGES";

/// Largest that the package for Debian may be, in bytes.
const LARGEST: u64 = 12_000_000;

const DESKTOP_ENTRY: &str = "/usr/share/applications/Tidings.desktop";

/// What is in both.
const WANTED: [&str; 10] = [
    "/usr/bin/tidings",
    "/usr/bin/tidings-desktop",
    DESKTOP_ENTRY,
    "/usr/share/icons/hicolor/32x32/apps/tidings-desktop.png",
    "/usr/share/icons/hicolor/64x64/apps/tidings-desktop.png",
    "/usr/share/icons/hicolor/128x128/apps/tidings-desktop.png",
    "/usr/share/icons/hicolor/256x256/apps/tidings-desktop.png",
    "/usr/share/icons/hicolor/512x512/apps/tidings-desktop.png",
    "/usr/share/icons/hicolor/scalable/apps/tidings-desktop.svg",
    "/usr/share/doc/tidings/CHANGELOG.md.gz",
];

/// Takes the package away again, however the proof ends.
struct Installed;

impl Drop for Installed {
    fn drop(&mut self) {
        let purged = std::process::Command::new("dpkg").args(["--purge", "tidings"]).output();
        println!("dpkg --purge tidings: {purged:?}");
    }
}

/// The one package of a kind.
fn package(kind: &str) -> Result<String> {
    let folder = std::env::var_os(FOLDER_VARIABLE)
        .with_context(|| format!("no {FOLDER_VARIABLE}: this is for `cargo xtask prove bundle`"))?;
    let folder = Path::new(&folder).join(kind);
    let entries = std::fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
    let paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    let mut found = paths.iter().filter(|path| path.extension() == Some(OsStr::new(kind)));
    let path = found.next().with_context(|| format!("no {kind} in {}", folder.display()))?;
    ensure!(found.next().is_none(), "there are several in {}", folder.display());
    let size = path.metadata()?.len();
    println!("{}: {size} bytes", path.display());
    ensure!(kind != "deb" || size <= LARGEST, "the package has {size} bytes");
    Ok(path.to_str().context("a path in UTF-8")?.to_owned())
}

/// What a program prints; it must succeed.
async fn said(words: &[&str]) -> Result<String> {
    let (program, arguments) = words.split_first().context("a program")?;
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().await;
    let output = output.with_context(|| format!("cannot start {program}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{words:?}: {}\n{text}{error}", output.status);
    Ok(text)
}

/// Those of these paths that are there.
fn there(paths: &str) -> BTreeSet<&str> {
    paths.lines().filter(|path| Path::new(path).symlink_metadata().is_ok()).collect()
}

fn has_all(list: &str, wanted: &[&str]) -> Result<()> {
    for path in wanted {
        ensure!(list.lines().any(|line| line == *path), "no {path} in {list}");
    }
    Ok(())
}

#[tokio::test]
#[ignore = "long proof: cargo xtask prove bundle"]
async fn prove_bundle() -> Result<()> {
    let (deb, rpm) = (package("deb")?, package("rpm")?);
    has_all(&said(&["rpm", "--query", "--package", "--list", &rpm]).await?, &WANTED)?;
    let requires = said(&["rpm", "--query", "--package", "--requires", &rpm]).await?;
    ensure!(requires.contains("libwebkit2gtk-4.1.so.0"), "the rpm requires {requires}");

    for (name, wanted) in [
        ("Package", "tidings"),
        ("Depends", "libwebkit2gtk-4.1-0"),
        ("Depends", "libc6 (>= "),
        ("Recommends", "libayatana-appindicator3-1"),
    ] {
        let value = said(&["dpkg-deb", "--field", &deb, name]).await?;
        println!("{name}: {}", value.trim());
        ensure!(value.contains(wanted), "{name} is {value}");
    }
    println!("{}", said(&["lintian", "--fail-on", "error", &deb]).await?);

    let installed = said(&["dpkg", "--status", "tidings"]).await;
    ensure!(installed.is_err(), "tidings is installed here already");
    let list = format!("dpkg-deb --fsys-tarfile '{deb}' | tar --list | sed 's|^[.]/|/|; s|/$||'");
    let list = said(&["sh", "-c", &list]).await?;
    let before = there(&list);
    let installed = Installed;
    said(&["dpkg", "--install", &deb]).await?;
    has_all(&said(&["dpkg", "--listfiles", "tidings"]).await?, &WANTED)?;
    has_all(&list, &["/usr/share/doc/tidings/copyright", "/usr/share/doc/tidings/changelog.gz"])?;
    said(&["dpkg", "--verify", "tidings"]).await?;
    used().await?;
    // As an update does.
    said(&["dpkg", "--install", &deb]).await?;
    said(&["dpkg", "--remove", "tidings"]).await?;
    drop(installed);
    let after = there(&list);
    ensure!(before == after, "it leaves {:?}", after.difference(&before));
    Ok(())
}

/// Uses what is installed.
async fn used() -> Result<()> {
    let version = said(&["tidings", "--version"]).await?;
    println!("{}", version.trim());
    ensure!(version.trim() == concat!("tidings ", env!("CARGO_PKG_VERSION")), "it is {version}");
    said(&["desktop-file-validate", DESKTOP_ENTRY]).await?;
    let handlers = std::fs::read_to_string("/usr/share/applications/mimeinfo.cache")?;
    let handler = "x-scheme-handler/tidings=Tidings.desktop;";
    ensure!(handlers.lines().any(|line| line == handler), "links lead nowhere: {handlers}");

    for program in ["tidings", "tidings-desktop"] {
        let path = binary(program)?;
        ensure!(path == Path::new("/usr/bin").join(program), "{} is used", path.display());
    }
    let server = Server::start().await?;
    let healthy = reqwest::get(server.url("/healthz")).await?.error_for_status()?;
    println!("/healthz: {}", healthy.status());
    drop(server);
    let screen = Screen::desktop().await?;
    screen.wait_for_state("live", WINDOW_WITHIN).await?;
    screen.picture("package").await?;
    screen.close().await
}
