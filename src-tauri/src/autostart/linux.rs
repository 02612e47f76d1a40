//! A file that every desktop of Linux reads when somebody signs in.

use std::io;
use std::path::{Path, PathBuf};

use crate::file;
use crate::launch::HIDDEN;

/// Whether it starts by itself.
pub(crate) fn is_on() -> bool {
    let text = place().and_then(|place| std::fs::read_to_string(place).ok());
    text.is_some_and(|text| starts(&text))
}

/// Has it start by itself, or not.
pub(crate) fn set(is_on: bool) -> io::Result<()> {
    let place = place().ok_or(io::ErrorKind::NotFound)?;
    if is_on {
        file::replace(&place, entry(&program()?).as_bytes())
    } else {
        match std::fs::remove_file(place) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

fn place() -> Option<PathBuf> {
    dirs::config_dir().map(|folder| folder.join("autostart").join("dev.tidings.desktop.desktop"))
}

/// What is to be started: an AppImage, and not where it is unpacked to while it runs.
fn program() -> io::Result<PathBuf> {
    std::env::var_os("APPIMAGE").map_or_else(std::env::current_exe, |image| Ok(image.into()))
}

fn entry(program: &Path) -> String {
    let program = quoted(&program.to_string_lossy());
    format!(
        "[Desktop Entry]\nType=Application\nName=Tidings\nExec={program} {HIDDEN}\n\
        Terminal=false\nX-GNOME-Autostart-enabled=true\n"
    )
}

/// Desktops switch such a file off by a line in it.
fn starts(text: &str) -> bool {
    let off = ["Hidden=true", "X-GNOME-Autostart-enabled=false"];
    !text.lines().any(|line| off.contains(&line.trim()))
}

/// One word of a command, as the Desktop Entry Specification writes it: a string in quotes, in a value of its own escapes.
fn quoted(word: &str) -> String {
    let mut result = String::from('"');
    for c in word.chars() {
        match c {
            '"' | '`' | '$' => result.extend(['\\', '\\', c]),
            '\\' => result.push_str(r"\\\\"),
            '%' => result.push_str("%%"),
            _ => result.push(c),
        }
    }
    result.push('"');
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_starts_the_app_hidden_whatever_its_path_is() {
        let entry = entry(Path::new(r#"/opt/My "$Apps"/100%/a\b"#));
        let exec = r#"Exec="/opt/My \\"\\$Apps\\"/100%%/a\\\\b" --hidden"#;
        assert!(entry.lines().any(|line| line == exec), "{entry}");
        assert!(entry.starts_with("[Desktop Entry]\n") && starts(&entry));
    }

    #[test]
    fn what_a_desktop_has_switched_off_is_off() {
        let entry = entry(Path::new("/usr/bin/tidings-desktop"));
        assert!(!starts(&format!("{entry}Hidden=true\n")));
        let off = entry.replace("enabled=true", "enabled=false");
        assert!(!starts(&off));
    }
}
