//! Where Postgres' programs are, and whom they run as.

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tokio::process::Command;

/// Where Debian puts each release into a folder of its own, which is on no path.
const RELEASES: &str = "/usr/lib/postgresql";

/// Who runs Postgres, which refuses to be root's.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// How long a program may take that comes to an end by itself.
const PATIENCE: Duration = Duration::from_secs(30);

/// The newest release's, or what is on the path.
pub(crate) fn program(name: &str) -> Result<PathBuf> {
    let releases = fs::read_dir(RELEASES).into_iter().flatten().flatten();
    let mut found: Vec<_> = releases
        .filter_map(|release| {
            let number: u32 = release.file_name().to_str()?.split('.').next()?.parse().ok()?;
            let path = release.path().join("bin").join(name);
            path.exists().then_some((number, path))
        })
        .collect();
    found.sort();
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let on_path = || std::env::split_paths(&paths).map(|folder| folder.join(name));
    let newest = found.pop().map(|(_, path)| path);
    newest
        .or_else(|| on_path().find(|path| path.exists()))
        .with_context(|| format!("there is no {name}; `cargo xtask setup` installs Postgres"))
}

/// Runs a program to its end; what it prints.
pub(crate) async fn run(program: impl AsRef<OsStr>, args: &[String]) -> Result<String> {
    let program = program.as_ref();
    let mut command = Command::new(program);
    command.args(args).current_dir("/").kill_on_drop(true).env("PGCONNECT_TIMEOUT", "5");
    let output = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = output.with_context(|| format!("{} does not end", program.display()))??;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}: {told}", program.display());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The beginning of a command that ends by this signal when whoever runs it does, and is not root's.
pub(crate) fn as_user(signal: &str) -> Result<Vec<String>> {
    let mut command = vec!["setpriv".to_owned(), format!("--pdeathsig={signal}")];
    if let Some((name, _, gid)) = other_user()? {
        command.extend([format!("--reuid={name}"), format!("--regid={gid}")]);
        command.push("--clear-groups".to_owned());
    }
    Ok(command)
}

/// Name, user and group of whom Postgres runs as where we are root.
pub(crate) fn other_user() -> Result<Option<(&'static str, u32, u32)>> {
    if !rustix::process::getuid().is_root() {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd")?;
    let user = |name: &'static str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut numbers = line.split(':').skip(2).map_while(|number| number.parse().ok());
        Some((name, numbers.next()?, numbers.next()?))
    };
    UNPRIVILEGED.into_iter().find_map(user).map(Some).context("there is no user who is not root")
}
