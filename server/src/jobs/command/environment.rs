//! What a command is told of the server's own surroundings.

use std::ffi::OsString;

/// Variables that a command gets; `LC_*` besides. Whatever else the server was started with, its secrets above all, it
/// does not. `docs/jobs.md` lists them.
#[cfg(unix)]
const PASSED: &[&str] =
    &["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR"];

/// The same for Windows, where hardly a program starts without these.
#[cfg(windows)]
const PASSED: &[&str] = &[
    "PATH",
    "PATHEXT",
    "SYSTEMROOT",
    "SYSTEMDRIVE",
    "WINDIR",
    "COMSPEC",
    "TEMP",
    "TMP",
    "USERPROFILE",
    "USERNAME",
    "HOMEDRIVE",
    "HOMEPATH",
    "APPDATA",
    "LOCALAPPDATA",
    "PROGRAMDATA",
    "PROGRAMFILES",
    "PROGRAMFILES(X86)",
    "NUMBER_OF_PROCESSORS",
    "PROCESSOR_ARCHITECTURE",
];

/// Of all variables those that a command gets.
pub(super) fn passed(
    all: impl IntoIterator<Item = (OsString, OsString)>,
) -> impl Iterator<Item = (OsString, OsString)> {
    all.into_iter().filter(|(name, _)| name.to_str().is_some_and(is_passed))
}

fn is_passed(name: &str) -> bool {
    // Windows knows no case here.
    let is = |passed: &str| {
        if cfg!(windows) { name.eq_ignore_ascii_case(passed) } else { name == passed }
    };
    name.starts_with("LC_") || PASSED.iter().any(|passed| is(passed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_gets_what_programs_need_and_no_secret() {
        let all = [
            "PATH",
            "LC_ALL",
            "TIDINGS_TOKEN",
            "AWS_SECRET_ACCESS_KEY",
            "DATABASE_URL",
            "RUST_LOG",
            "path_x",
        ];
        let all = all.map(|name| (OsString::from(name), OsString::from("x")));
        let passed: Vec<_> = passed(all).map(|(name, _)| name).collect();
        assert_eq!(passed, ["PATH", "LC_ALL"]);
    }

    #[cfg(unix)]
    #[test]
    fn the_documentation_lists_what_is_passed() {
        let docs = include_str!("../../../../docs/jobs.md");
        for name in PASSED {
            assert!(docs.contains(&format!("`{name}`")), "{name}");
        }
    }
}
