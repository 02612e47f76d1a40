//! What the app's updater needs of a release: a signature of each installer, and the file that says which is whose.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::{Map, json};

use crate::say;
use crate::shell::Step;

/// The key that signs; Tauri's program reads it there.
const KEY: &str = "TAURI_SIGNING_PRIVATE_KEY";

/// How installers end, and what the updater of who has one asks for.
const ENDINGS: [(&str, &str); 11] = [
    ("_amd64.deb", "linux-x86_64-deb"),
    ("_arm64.deb", "linux-aarch64-deb"),
    (".x86_64.rpm", "linux-x86_64-rpm"),
    (".aarch64.rpm", "linux-aarch64-rpm"),
    ("_amd64.AppImage", "linux-x86_64-appimage"),
    ("_aarch64.AppImage", "linux-aarch64-appimage"),
    ("_x64-setup.exe", "windows-x86_64-nsis"),
    ("_x64_en-US.msi", "windows-x86_64-msi"),
    ("_aarch64.app.tar.gz", "darwin-aarch64-app"),
    ("_x86_64.app.tar.gz", "darwin-x86_64-app"),
    ("_arm64-setup.exe", "windows-aarch64-nsis"),
];

/// Whether there is a key to sign with.
pub(super) fn has_key() -> bool {
    std::env::var_os(KEY).is_some_and(|key| !key.is_empty())
}

/// Signs installers, each for this version alone: an older one cannot be passed off as a newer.
pub(super) fn sign(installers: &[PathBuf], version: &str) -> Result<()> {
    for installer in installers {
        let sign = Step::new("tauri").args(["signer", "sign", "--app-version", version]);
        sign.arg(installer).run()?;
    }
    Ok(())
}

/// Packs the app of macOS as the updater takes it, which cannot read a disk image.
pub(super) fn pack_apps(made: &Path, version: &str) -> Result<()> {
    let folder = made.join("macos");
    if !folder.join("Tidings.app").is_dir() {
        return Ok(());
    }
    let name = format!("Tidings_{version}_{}.app.tar.gz", std::env::consts::ARCH);
    // Otherwise tar adds entries for attributes of files, which break the seal of what is unpacked.
    Step::new("tar")
        .args(["-czf", &name, "Tidings.app"])
        .env("COPYFILE_DISABLE", "1")
        .dir(&folder)
        .run()
}

/// Writes `latest.json` for the signed installers in a folder, which people will get from `url`.
pub(super) fn write_manifest(folder: &Path, url: &str, version: &str) -> Result<()> {
    let mut signed = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("no {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(installer) = name.strip_suffix(".sig") {
            signed.push((installer.to_owned(), fs::read_to_string(&path)?));
        }
    }
    let text = manifest(&signed, url, version)?;
    let path = folder.join("latest.json");
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    say::info(&format!("wrote {}, of {} installers", path.display(), signed.len()));
    Ok(())
}

fn manifest(signed: &[(String, String)], url: &str, version: &str) -> Result<String> {
    let url = url.trim_end_matches('/');
    let mut platforms = Map::new();
    for (installer, signature) in signed {
        let platform = ENDINGS.iter().find(|(ending, _)| installer.ends_with(ending));
        // Disk images and the like are for people.
        let Some((_, platform)) = platform else { continue };
        let entry = json!({ "url": format!("{url}/{installer}"), "signature": signature.trim() });
        let other = platforms.insert((*platform).to_owned(), entry);
        ensure!(other.is_none(), "there are two installers for {platform}");
    }
    ensure!(!platforms.is_empty(), "there is no signed installer");
    Ok(serde_json::to_string_pretty(&json!({ "version": version, "platforms": platforms }))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn signed(names: &[&str]) -> Vec<(String, String)> {
        names.iter().map(|name| ((*name).to_owned(), format!("of {name}\n"))).collect()
    }

    #[test]
    fn the_updater_finds_each_installer_and_its_signature_by_what_is_installed() {
        let names =
            ["Tidings_0.2.0_amd64.deb", "Tidings-0.2.0-1.x86_64.rpm", "Tidings_0.2.0_aarch64.dmg"];
        let text = manifest(&signed(&names), "https://example.org/v0.2.0/", "0.2.0").unwrap();
        let manifest: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            manifest,
            json!({ "version": "0.2.0", "platforms": {
                "linux-x86_64-deb": {
                    "url": "https://example.org/v0.2.0/Tidings_0.2.0_amd64.deb",
                    "signature": "of Tidings_0.2.0_amd64.deb",
                },
                "linux-x86_64-rpm": {
                    "url": "https://example.org/v0.2.0/Tidings-0.2.0-1.x86_64.rpm",
                    "signature": "of Tidings-0.2.0-1.x86_64.rpm",
                },
            }})
        );
    }

    #[test]
    fn two_installers_for_the_same_and_none_at_all_are_errors() {
        let two = signed(&["Tidings_0.1.0_amd64.deb", "Tidings_0.2.0_amd64.deb"]);
        assert!(manifest(&two, "https://example.org", "0.2.0").is_err());
        assert!(manifest(&signed(&["notes.txt"]), "https://example.org", "0.2.0").is_err());
    }
}
