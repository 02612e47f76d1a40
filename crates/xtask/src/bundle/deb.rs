//! A package for Debian as Tauri's bundler leaves it, made into one that Debian would take: it depends on what its programs are
//! linked to, and is compressed as Debian's own are.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::{parts_folder, remove};
use crate::shell::{Step, which};

/// Whom Debian's tools name; the address takes no mail, as questions go to the repository.
const MAINTAINER: &str = "The Tidings developers <tidings-dev@users.noreply.github.com>";

/// The programs in it.
const PROGRAMS: [&str; 2] = ["usr/bin/tidings", "usr/bin/tidings-desktop"];

/// Makes the package anew, in its place.
pub(super) fn finish(package: &Path) -> Result<()> {
    if which("dpkg-shlibdeps").is_none() {
        bail!("a deb is made with the tools of Debian: `apt-get install dpkg-dev`");
    }
    let root = parts_folder().join("deb");
    remove(&root)?;
    Step::new("dpkg-deb").arg("--raw-extract").arg(package).arg(&root).run()?;
    let control = root.join("DEBIAN/control");
    let text = fs::read_to_string(&control)
        .with_context(|| format!("there is no {}", control.display()))?;
    let text = with_field(&text, "Depends", &dependencies(&root)?)?;
    fs::write(&control, with_field(&text, "Maintainer", MAINTAINER)?)?;
    Step::new("dpkg-deb")
        .args(["--root-owner-group", "-Zxz", "-z9", "--build"])
        .arg(&root)
        .arg(package)
        .run()
}

/// What the programs are linked to, as packages of the Debian that builds.
fn dependencies(root: &Path) -> Result<String> {
    // The tool wants to be called in the source of a package.
    let source = parts_folder().join("source");
    let folder = source.join("debian");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fs::write(
        folder.join("control"),
        "Source: tidings\n\nPackage: tidings\nArchitecture: any\nDescription: -\n",
    )?;
    let told = Step::new("dpkg-shlibdeps")
        .arg("-O")
        .args(PROGRAMS.map(|program| root.join(program)))
        .dir(&source)
        .answer()?;
    let found = told.strip_prefix("shlibs:Depends=");
    Ok(found.with_context(|| format!("dpkg-shlibdeps says {told}"))?.to_owned())
}

/// The control file with another value of a field.
fn with_field(control: &str, name: &str, value: &str) -> Result<String> {
    let start = format!("{name}: ");
    let line = control.lines().find(|line| line.starts_with(&start));
    let line = line.with_context(|| format!("the package has no field {name}"))?;
    Ok(control.replace(line, &format!("{start}{value}")))
}

/// What Debian wants to know of changes; what people do lies beside it.
pub(super) fn changelog(version: &str, now: &str) -> String {
    format!(
        "tidings ({version}) unstable; urgency=medium\n\n  \
        * What is new is told in CHANGELOG.md.gz.\n\n -- {MAINTAINER}  {now}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_bundler_knows_better_gives_way() {
        let control = "Package: tidings\nDepends: a\nRecommends: c\nDescription: d\n";
        let wanted = "Package: tidings\nDepends: a, b (>= 2)\nRecommends: c\nDescription: d\n";
        assert_eq!(with_field(control, "Depends", "a, b (>= 2)").unwrap(), wanted);
        assert!(with_field("Package: tidings\n", "Depends", "a").is_err());
    }

    #[test]
    fn changes_are_told_as_debian_reads_them() {
        let text = changelog("0.2.0", "Mon, 02 Nov 2026 10:00:00 +0000");
        assert!(text.starts_with("tidings (0.2.0) unstable; urgency=medium\n\n  * "), "{text}");
        assert!(text.ends_with("com>  Mon, 02 Nov 2026 10:00:00 +0000\n"), "{text}");
    }
}
