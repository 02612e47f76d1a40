//! What the operating system is to bring, under the name it has on each.

use super::Part;

/// How to see that a package is there, whoever put it there.
#[derive(Debug)]
pub(super) enum Probe {
    /// All of these programs are found
    Programs(&'static [&'static str]),
    /// One of these programs is found
    AnyProgram(&'static [&'static str]),
    /// pkg-config knows this library
    Library(&'static str),
    /// One of these files is there
    AnyFile(&'static [&'static str]),
    /// A folder of this one has that file: one for each release
    AnyRelease(&'static str, &'static str),
    /// One of these is
    Either(&'static [Probe]),
}

/// Something the operating system brings; an empty name means that system needs nothing for it.
#[derive(Debug)]
pub struct Package {
    /// What it is for, in words.
    pub what: &'static str,
    pub(super) parts: &'static [Part],
    pub(super) probe: Probe,
    pub(super) apt: &'static str,
    pub(super) dnf: &'static str,
    pub(super) pacman: &'static str,
    pub(super) brew: &'static str,
    pub(super) winget: &'static str,
}

const NGINX: &str = "nginx";
const POSTGRES: &str = "postgresql";
const REDIS: &str = "redis-server";

/// Debian starts these as services once they are installed, which nobody asked for.
pub(super) const SERVICES: [&str; 3] = [NGINX, POSTGRES, REDIS];

const NONE: Package = Package {
    what: "",
    parts: &[],
    probe: Probe::Programs(&[]),
    apt: "",
    dnf: "",
    pacman: "",
    brew: "",
    winget: "",
};

pub(super) const PACKAGES: &[Package] = &[
    Package {
        what: "a C compiler, for SQLite and cryptography",
        parts: &[Part::Base],
        probe: Probe::AnyProgram(&["cc", "gcc", "clang"]),
        apt: "build-essential",
        dnf: "gcc",
        pacman: "base-devel",
        ..NONE
    },
    Package {
        what: "Node.js and npm, for the UI's tools",
        parts: &[Part::Ui, Part::Tauri, Part::BetterSse],
        probe: Probe::Programs(&["node", "npm"]),
        apt: "nodejs npm",
        dnf: "nodejs npm",
        pacman: "nodejs npm",
        brew: "node",
        winget: "OpenJS.NodeJS.LTS",
    },
    Package {
        what: "pkg-config, which finds the desktop's libraries",
        parts: &[Part::Desktop],
        probe: Probe::Programs(&["pkg-config"]),
        apt: "pkg-config",
        dnf: "pkgconf-pkg-config",
        pacman: "pkgconf",
        ..NONE
    },
    Package {
        what: "WebKitGTK, the desktop window's web view",
        parts: &[Part::Desktop],
        probe: Probe::Library("webkit2gtk-4.1"),
        apt: "libwebkit2gtk-4.1-dev",
        dnf: "webkit2gtk4.1-devel",
        pacman: "webkit2gtk-4.1",
        ..NONE
    },
    Package {
        what: "librsvg, for icons",
        parts: &[Part::Desktop],
        probe: Probe::Library("librsvg-2.0"),
        apt: "librsvg2-dev",
        dnf: "librsvg2-devel",
        pacman: "librsvg",
        ..NONE
    },
    Package {
        what: "the library that shows an icon in the tray",
        parts: &[Part::Desktop],
        probe: Probe::AnyFile(&[
            "/usr/lib/x86_64-linux-gnu/libayatana-appindicator3.so.1",
            "/usr/lib/aarch64-linux-gnu/libayatana-appindicator3.so.1",
            "/usr/lib64/libayatana-appindicator3.so.1",
            "/usr/lib/libayatana-appindicator3.so.1",
        ]),
        apt: "libayatana-appindicator3-1",
        dnf: "libayatana-appindicator-gtk3",
        pacman: "libayatana-appindicator",
        ..NONE
    },
    Package {
        what: "where that library lies, which the bundler asks pkg-config",
        parts: &[Part::Tauri],
        probe: Probe::Library("ayatana-appindicator3-0.1"),
        apt: "libayatana-appindicator3-dev",
        dnf: "libayatana-appindicator-gtk3-devel",
        pacman: "libayatana-appindicator",
        ..NONE
    },
    Package {
        what: "Xvfb, a display for the desktop's tests",
        parts: &[Part::Test],
        probe: Probe::Programs(&["xvfb-run", "xauth"]),
        apt: "xvfb xauth",
        dnf: "xorg-x11-server-Xvfb xorg-x11-xauth",
        pacman: "xorg-server-xvfb xorg-xauth",
        ..NONE
    },
    Package {
        what: "D-Bus, for the desktop's tests",
        parts: &[Part::Test],
        probe: Probe::Programs(&["dbus-run-session", "dbus-launch"]),
        apt: "dbus-x11",
        dnf: "dbus-x11 dbus-daemon",
        pacman: "dbus",
        ..NONE
    },
    Package {
        what: "a store of secrets, for the desktop's tests",
        parts: &[Part::Test],
        probe: Probe::Programs(&["gnome-keyring-daemon"]),
        apt: "gnome-keyring",
        dnf: "gnome-keyring",
        pacman: "gnome-keyring",
        ..NONE
    },
    Package {
        what: "xdotool, which hides the desktop window in tests",
        parts: &[Part::Test],
        probe: Probe::Programs(&["xdotool"]),
        apt: "xdotool",
        dnf: "xdotool",
        pacman: "xdotool",
        ..NONE
    },
    Package {
        what: "WebKitWebDriver, which drives the desktop window in tests",
        parts: &[Part::Test],
        probe: Probe::Programs(&["WebKitWebDriver"]),
        apt: "webkit2gtk-driver",
        dnf: "webkit2gtk-driver",
        pacman: "webkit2gtk-4.1",
        ..NONE
    },
    Package {
        what: "Chromium, the browser of the tests",
        parts: &[Part::Test],
        probe: Probe::AnyProgram(&["chromium", "chromium-browser", "google-chrome", "chrome"]),
        apt: "chromium",
        dnf: "chromium",
        pacman: "chromium",
        ..NONE
    },
    Package {
        what: "ChromeDriver, which drives it",
        parts: &[Part::Test],
        probe: Probe::Programs(&["chromedriver"]),
        apt: "chromium-driver",
        dnf: "chromedriver",
        pacman: "chromium",
        brew: "--cask google-chrome chromedriver",
        winget: "Google.Chrome Chromium.ChromeDriver",
    },
    Package {
        what: "ImageMagick, for screenshots",
        parts: &[Part::Test],
        probe: Probe::Programs(&["import"]),
        apt: "imagemagick",
        dnf: "ImageMagick",
        pacman: "imagemagick",
        ..NONE
    },
    Package {
        what: "a font, for screenshots",
        parts: &[Part::Test],
        probe: Probe::AnyFile(&[
            "/usr/share/fonts/truetype",
            "/usr/share/fonts/TTF",
            "/usr/share/fonts/dejavu-sans-fonts",
        ]),
        apt: "fonts-dejavu-core",
        dnf: "dejavu-sans-fonts",
        pacman: "ttf-dejavu",
        ..NONE
    },
    Package {
        what: "nginx, a proxy in front of the server under test",
        parts: &[Part::Test],
        probe: Probe::AnyFile(&["/usr/sbin/nginx", "/usr/bin/nginx", "/opt/homebrew/bin/nginx"]),
        apt: NGINX,
        dnf: "nginx",
        pacman: "nginx",
        brew: "nginx",
        ..NONE
    },
    Package {
        what: "Postgres, a database of the server under test",
        parts: &[Part::Test],
        // Debian puts each release into a folder of its own, and its clients too.
        probe: Probe::Either(&[
            Probe::AnyRelease("/usr/lib/postgresql", "bin/postgres"),
            Probe::AnyFile(&["/usr/bin/postgres", "/usr/local/bin/postgres"]),
        ]),
        apt: POSTGRES,
        dnf: "postgresql-server",
        pacman: "postgresql",
        ..NONE
    },
    Package {
        what: "Redis, which several servers under test share",
        parts: &[Part::Test],
        probe: Probe::Programs(&["redis-server", "redis-cli"]),
        apt: REDIS,
        dnf: "redis",
        pacman: "redis",
        brew: "redis",
        ..NONE
    },
    Package {
        what: "rsync, a program whose progress is reported in tests",
        parts: &[Part::Test],
        probe: Probe::Programs(&["rsync"]),
        apt: "rsync",
        dnf: "rsync",
        pacman: "rsync",
        brew: "rsync",
        ..NONE
    },
    Package {
        what: "ip, for tests with a network that fails",
        parts: &[Part::Test],
        probe: Probe::Programs(&["ip"]),
        apt: "iproute2",
        dnf: "iproute",
        pacman: "iproute2",
        ..NONE
    },
    Package {
        what: "nginx with nchan, a server to measure ours by",
        parts: &[Part::Nchan],
        probe: Probe::AnyFile(&["/usr/lib/nginx/modules/ngx_nchan_module.so"]),
        apt: "nginx libnginx-mod-nchan",
        ..NONE
    },
    Package {
        what: "what judges packages, and reads those of other systems",
        parts: &[Part::Package],
        probe: Probe::Programs(&["lintian", "rpm", "desktop-file-validate"]),
        apt: "lintian rpm desktop-file-utils",
        ..NONE
    },
    Package {
        what: "rsvg-convert, which draws the icons",
        parts: &[Part::Icons],
        probe: Probe::Programs(&["rsvg-convert"]),
        apt: "librsvg2-bin",
        dnf: "librsvg2-tools",
        pacman: "librsvg",
        brew: "librsvg",
        ..NONE
    },
];
