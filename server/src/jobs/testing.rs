//! A job as the registry runs it, for tests.

use std::path::Path;
use std::process::Command;

use tidings_protocol::api::Role;
use tidings_protocol::job::{ArgValue, Args};
use tokio_util::sync::CancellationToken;

use super::kind::{Failure, Kind, Outcome, Prepared, Refused, Task};
use super::reporter::Reporter;

/// Arguments of texts.
pub(super) fn args(texts: &[(&str, &str)]) -> Args {
    let arg =
        |(name, text): &(&str, &str)| ((*name).to_owned(), ArgValue::Text((*text).to_owned()));
    texts.iter().map(arg).collect()
}

/// A path as an argument.
pub(super) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// What an admin is told who wants to begin it.
pub(super) async fn prepare(kind: &dyn Kind, args: &Args) -> Result<Prepared, Refused> {
    kind.prepare(args, Role::Admin).await
}

/// Does it.
pub(super) async fn run(kind: &dyn Kind, args: &Args) -> Result<Outcome, Failure> {
    run_with(kind, args, Reporter::default(), CancellationToken::new()).await
}

/// Does it while somebody watches.
pub(super) async fn run_with(
    kind: &dyn Kind,
    args: &Args,
    reporter: Reporter,
    cancelled: CancellationToken,
) -> Result<Outcome, Failure> {
    let prepared = prepare(kind, args).await.unwrap();
    prepared.work.run(Task { reporter, cancelled, folder: None }).await
}

/// What a program says, whether it is content or not.
pub(super) fn output(program: &str, args: &[&str], folder: &Path) -> (bool, String) {
    let mut command = Command::new(program);
    let output = command.args(args).env("LC_ALL", "C").current_dir(folder).output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a test of what may not be read is to go on, by its name. Where nothing is forbidden to whoever runs it, it runs in
/// a process that has no privileges, and not here.
#[cfg(unix)]
pub(super) fn is_confined(test: &str) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let locked = tempfile::tempdir().unwrap();
    std::fs::set_permissions(locked.path(), std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::read_dir(locked.path()).is_err() {
        return true;
    }
    if cfg!(not(target_os = "linux")) {
        return false;
    }
    assert!(std::env::var_os(CONFINED).is_none(), "privileges stay");
    let (_, name) = test.split_once("::").unwrap();
    let mut confined = Command::new("setpriv");
    confined.args(["--bounding-set=-all", "--inh-caps=-all"]).arg(std::env::current_exe().unwrap());
    // Every Linux has it.
    let status = confined.args(["--exact", name, "--nocapture"]).env(CONFINED, "1").status();
    assert!(status.unwrap().success(), "{name} has failed without privileges");
    false
}

/// Set where a test runs without privileges.
#[cfg(unix)]
const CONFINED: &str = "TIDINGS_CONFINED_TEST";
