//! The operating system's packages: installed by apt on Debian and its like, told elsewhere.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

use super::Part;
use super::packages::{PACKAGES, Package, Probe, SERVICES};
use crate::say;
use crate::shell::{Step, which};

/// How this machine gets its packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// Debian, Ubuntu and what descends from them
    Apt,
    /// Fedora and its like
    Dnf,
    /// Arch and its like
    Pacman,
    /// macOS with Homebrew
    Brew,
    /// Windows
    Winget,
    /// A Linux or BSD that this table does not know
    Other,
}

impl System {
    /// This machine's.
    #[must_use]
    pub fn here() -> Self {
        if cfg!(windows) {
            return Self::Winget;
        }
        if cfg!(target_os = "macos") {
            return Self::Brew;
        }
        let managers = [("apt-get", Self::Apt), ("dnf", Self::Dnf), ("pacman", Self::Pacman)];
        managers
            .into_iter()
            .find(|(program, _)| which(program).is_some())
            .map_or(Self::Other, |(_, system)| system)
    }

    fn name_of(self, package: &Package) -> &'static str {
        match self {
            // Debian's names are the best known; somebody on another system can look them up.
            Self::Apt | Self::Other => package.apt_name(is_ubuntu()),
            Self::Dnf => package.dnf,
            Self::Pacman => package.pacman,
            Self::Brew => package.brew,
            Self::Winget => package.winget,
        }
    }

    /// The commands that install these packages, to be typed by a person.
    fn commands(self, packages: &[&Package]) -> Vec<String> {
        let names: Vec<&str> = packages.iter().map(|package| self.name_of(package)).collect();
        let all = names.join(" ");
        match self {
            Self::Apt => vec![
                "sudo apt-get update".to_owned(),
                format!("sudo apt-get install --yes --no-install-recommends {all}"),
            ],
            Self::Dnf => vec![format!("sudo dnf install {all}")],
            Self::Pacman => vec![format!("sudo pacman -S --needed {all}")],
            // A cask and a formula do not go into one command.
            Self::Brew => names.iter().map(|name| format!("brew install {name}")).collect(),
            Self::Winget => {
                all.split(' ').map(|name| format!("winget install --exact --id {name}")).collect()
            }
            Self::Other => vec![format!("the packages that Debian calls: {all}")],
        }
    }
}

impl Package {
    /// Debian's name, or Ubuntu's where that differs.
    fn apt_name(&self, ubuntu: bool) -> &'static str {
        match self.apt {
            "chromium" if ubuntu => "chromium-browser",
            "chromium-driver" if ubuntu => "chromium-chromedriver",
            name => name,
        }
    }

    fn is_there(&self) -> bool {
        self.probe.is_there()
    }
}

impl Probe {
    fn is_there(&self) -> bool {
        match self {
            Self::Programs(names) => names.iter().all(|name| which(name).is_some()),
            Self::AnyProgram(names) => names.iter().any(|name| which(name).is_some()),
            Self::Library(name) => {
                Step::new("pkg-config").args(["--exists", name]).output().is_some()
            }
            Self::AnyFile(names) => names.iter().any(|name| Path::new(name).exists()),
            Self::AnyRelease(folder, file) => {
                let releases = fs::read_dir(folder).into_iter().flatten().flatten();
                releases.map(|release| release.path().join(file)).any(|file| file.exists())
            }
            Self::Either(probes) => probes.iter().any(Self::is_there),
        }
    }
}

/// The packages these parts need and this machine lacks.
#[must_use]
pub fn missing(parts: &[Part]) -> Vec<&'static Package> {
    let system = System::here();
    let wanted = |package: &&Package| {
        package.parts.iter().any(|part| *part == Part::Base || parts.contains(part))
            && !system.name_of(package).is_empty()
    };
    PACKAGES.iter().filter(wanted).filter(|package| !package.is_there()).collect()
}

/// Installs packages, or says how to.
///
/// # Errors
/// When apt fails, or this is not a system and a user that may install.
pub fn install(packages: &[&Package]) -> Result<()> {
    let system = System::here();
    if system != System::Apt || !may_install() {
        let commands = system.commands(packages).join("\n  ");
        bail!("please install them, then run this again:\n\n  {commands}\n");
    }
    let names: Vec<&str> =
        packages.iter().flat_map(|package| system.name_of(package).split(' ')).collect();
    apt(&names)
}

/// Installs Debian packages by name.
///
/// # Errors
/// When apt fails, or needs a root who is not here.
pub fn apt(names: &[&str]) -> Result<()> {
    if !may_install() {
        bail!(
            "please run this, then try again:\n\n  sudo apt-get update\n  \
             sudo apt-get install --yes --no-install-recommends {}\n",
            names.join(" ")
        );
    }
    // What is there already is somebody's, and goes on.
    let brings: Vec<&str> = SERVICES
        .into_iter()
        .filter(|service| names.contains(service) && !has_service(service))
        .collect();
    // Old lists name packages that the mirror has replaced since. A mirror that fails now may still serve the
    // packages themselves, so that the installation decides.
    if let Err(error) = apt_get().args(["update", "--quiet=2"]).run() {
        say::warning(&error.to_string());
    }
    apt_get()
        .args([
            "install",
            "--yes",
            "--quiet=2",
            "--option=Dpkg::Use-Pty=0",
            "--no-install-recommends",
        ])
        .args(names)
        .run()?;
    if Path::new("/run/systemd/system").exists() {
        for service in brings {
            as_root("systemctl").args(["disable", "--now", "--quiet", service]).run()?;
        }
    }
    Ok(())
}

/// Whether systemd knows the service.
fn has_service(name: &str) -> bool {
    let folders = ["/etc/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/system"];
    folders.iter().any(|folder| Path::new(folder).join(format!("{name}.service")).exists())
}

fn apt_get() -> Step {
    // Without systemd a service is started unless the system is in a runlevel that has none.
    as_root("env").args(["DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1", "apt-get"])
}

fn as_root(program: &str) -> Step {
    if is_root() {
        Step::new(program)
    } else {
        Step::new("sudo").args(["--non-interactive", program])
    }
}

/// Root may, and so may a CI runner whose sudo asks for nothing. A person's sudo is left to the person.
fn may_install() -> bool {
    let in_ci = || std::env::var_os("CI").is_some();
    let sudo = || Step::new("sudo").args(["--non-interactive", "true"]).output().is_some();
    is_root() || (in_ci() && sudo())
}

/// Whether this process is root.
#[must_use]
pub fn is_root() -> bool {
    cfg!(unix) && Step::new("id").arg("-u").output().as_deref() == Some("0")
}

fn is_ubuntu() -> bool {
    fs::read_to_string("/etc/os-release")
        .is_ok_and(|text| text.lines().any(|line| line == "ID=ubuntu"))
}

/// Whether this is Debian itself or a system derived from it.
#[must_use]
pub fn is_debian_like() -> bool {
    fs::read_to_string("/etc/os-release").is_ok_and(|text| text.contains("debian"))
        && which("apt-get").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_system_is_told_a_command_it_knows() {
        let node: Vec<&Package> =
            PACKAGES.iter().filter(|package| package.apt == "nodejs npm").collect();
        let told = |system: System| system.commands(&node).join("; ");
        assert!(told(System::Apt).ends_with("--no-install-recommends nodejs npm"));
        assert_eq!(told(System::Dnf), "sudo dnf install nodejs npm");
        assert_eq!(told(System::Pacman), "sudo pacman -S --needed nodejs npm");
        assert_eq!(told(System::Brew), "brew install node");
        assert_eq!(told(System::Winget), "winget install --exact --id OpenJS.NodeJS.LTS");
    }

    #[test]
    fn ubuntu_has_names_of_its_own_for_the_browser() {
        let names = |ubuntu| PACKAGES.iter().map(move |package| package.apt_name(ubuntu));
        assert!(names(false).any(|name| name == "chromium-driver"));
        assert!(names(true).any(|name| name == "chromium-chromedriver"));
        assert!(!names(true).any(|name| name == "chromium-driver"));
    }

    #[test]
    fn a_program_is_found_whichever_release_it_is_of() {
        let folder = std::env::temp_dir().join(format!("tidings-releases-{}", std::process::id()));
        fs::create_dir_all(folder.join("117/bin")).unwrap();
        let text: &'static str = folder.display().to_string().leak();
        let probe = Probe::Either(&[Probe::AnyFile(&["/none"]), Probe::AnyRelease("/none", "x")]);
        assert!(!probe.is_there());
        let probe = Probe::AnyRelease(text, "bin/postgres");
        assert!(!probe.is_there());
        fs::write(folder.join("117/bin/postgres"), "").unwrap();
        assert!(probe.is_there());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn every_package_has_a_name_on_debian() {
        assert!(PACKAGES.iter().all(|package| !package.apt.is_empty() && !package.what.is_empty()));
    }
}
