//! A display that nobody sees and whose pixels a test reads, with a session bus and a tray: for apps that no driver slows down.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::screen::{Process, WINDOW, app_processes, start_display};
use crate::{Screen, TrayService, WINDOW_WITHIN, binary, until};

/// In memory: pixels that go to a disk would take its time.
const SHARED_MEMORY: &str = "/dev/shm";

/// Words of the head of an X window dump, each of four bytes. Source: XWDFile.h.
const HEAD_WORDS: usize = 25;

/// Bytes of an entry of its colour table, which lies between head and pixels.
const COLOUR_BYTES: u32 = 12;

/// No part of the page has it by itself.
const MAGENTA: [u8; 3] = [0xff, 0, 0xff];

/// Time between two looks at the pixels.
const LOOK_EVERY: Duration = Duration::from_millis(4);

/// A part of the display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Area {
    columns: Range<u32>,
    rows: Range<u32>,
}

/// The display, its bus and its tray. What was started on it ends when it is dropped.
#[derive(Debug)]
pub struct Stage {
    /// For desktop apps.
    pub tray: TrayService,
    _display: Process,
    name: String,
    /// What is shown, as an X window dump.
    pixels: File,
    /// Where its pixels begin, and bytes of a row.
    layout: (u32, u32),
    home: TempDir,
    _folder: TempDir,
}

impl Stage {
    /// Sets one up.
    ///
    /// # Errors
    ///
    /// If Xvfb or the bus is missing.
    pub async fn start() -> Result<Self> {
        let shared = Path::new(SHARED_MEMORY);
        let folder = tempfile::Builder::new().prefix("tidings-stage-").tempdir_in(shared)?;
        let (display, name) = start_display(WINDOW, Some(folder.path()))?;
        let pixels = File::open(folder.path().join("Xvfb_screen0"))?;
        let mut head = [0; HEAD_WORDS * 4];
        pixels.read_exact_at(&mut head, 0)?;
        let word = |at: usize| -> Result<u32> {
            Ok(u32::from_be_bytes(head[at * 4..][..4].try_into().context("a word")?))
        };
        ensure!(word(11)? == 32, "{} bits a pixel", word(11)?);
        let layout = (word(0)? + word(19)? * COLOUR_BYTES, word(12)?);
        let (tray, home) = (TrayService::start().await?, tempfile::tempdir()?);
        Ok(Self { tray, _display: display, name, pixels, layout, home, _folder: folder })
    }

    /// Where the app on this stage keeps what it keeps.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        let home = self.home.path().display().to_string();
        let mut all: Vec<_> =
            ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"]
                .map(|name| (name, home.clone()))
                .into();
        all.push(("DISPLAY", self.name.clone()));
        all.push(("DBUS_SESSION_BUS_ADDRESS", self.tray.address().to_owned()));
        all.push(("GDK_BACKEND", "x11".to_owned()));
        all.push(("LIBGL_ALWAYS_SOFTWARE", "1".to_owned()));
        all
    }

    /// Starts the desktop app with its bundled server.
    ///
    /// # Errors
    ///
    /// If it is not built.
    pub fn app(&self) -> Result<Child> {
        let child = Command::new(binary("tidings-desktop")?)
            .envs(self.variables())
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        Ok(child?)
    }

    /// Presses keys as a keyboard does, such as `ctrl+w`.
    ///
    /// # Errors
    ///
    /// If xdotool is missing.
    pub async fn strike(&self, keys: &str) -> Result<()> {
        let mut command = Command::new("xdotool");
        command.args(["key", "--clearmodifiers", keys]).env("DISPLAY", &self.name);
        let status = command.status().await.context("cannot start xdotool")?;
        ensure!(status.success(), "xdotool: {status}");
        Ok(())
    }

    /// Where the element marked `test_id` is in the app's window. A driver finds it out, and ends the app.
    ///
    /// # Errors
    ///
    /// If it is not there in time.
    pub async fn area_of(&self, test_id: &str) -> Result<Area> {
        let owned = self.variables();
        let variables: Vec<_> = owned.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let screen = Screen::desktop_with(&variables).await?;
        screen.wait_for_figure(test_id, "").await?;
        let paint = format!(
            "const style = document.querySelector('[data-testid=\"{test_id}\"]').style;
            style.background = style.color = '#f0f'; return null;"
        );
        screen.run(&paint).await?;
        let area =
            until("the element can be seen", WINDOW_WITHIN, || async { self.magenta() }).await?;
        screen.close().await?;
        self.tray.forget_icons();
        Ok(area)
    }

    /// Whether an app's page is there, with the process that shows it.
    ///
    /// # Errors
    ///
    /// If the system does not tell.
    pub fn has_page(&self) -> Result<bool> {
        let all = app_processes(self.home())?;
        Ok(all.iter().any(|process| process.program.starts_with("WebKitWebProc")))
    }

    /// Waits until something is written in a part of the display, as much as `least` of its pixels at least. `Instant` is when that
    /// was.
    ///
    /// # Errors
    ///
    /// If it is not in time.
    pub async fn wait_for_ink(&self, area: &Area, least: usize) -> Result<Instant> {
        let end = Instant::now() + WINDOW_WITHIN;
        loop {
            let (ink, now) = (self.ink(area)?, Instant::now());
            if ink >= least {
                return Ok(now);
            }
            ensure!(now < end, "of {area:?} {ink} pixels are written on");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// How many pixels of a part of the display differ from its first one.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    pub fn ink(&self, area: &Area) -> Result<usize> {
        let mut ground = None;
        let mut ink = 0;
        for row in area.rows.clone() {
            let row = self.row(row, area.columns.clone())?;
            for pixel in row.chunks_exact(4) {
                ink +=
                    usize::from(pixel[..3] != *ground.get_or_insert_with(|| pixel[..3].to_vec()));
            }
        }
        Ok(ink)
    }

    fn row(&self, row: u32, columns: Range<u32>) -> Result<Vec<u8>> {
        let mut bytes = vec![0; (columns.end - columns.start) as usize * 4];
        let at = self.layout.0 + row * self.layout.1 + columns.start * 4;
        self.pixels.read_exact_at(&mut bytes, at.into())?;
        Ok(bytes)
    }

    /// The part that is magenta.
    fn magenta(&self) -> Result<Option<Area>> {
        let mut area: Option<Area> = None;
        for row in 0..WINDOW.1 {
            let bytes = self.row(row, 0..WINDOW.0)?;
            let is_magenta = |pixel: &[u8]| pixel[..3] == MAGENTA;
            let Some(first) = bytes.chunks_exact(4).position(is_magenta) else { continue };
            let end =
                bytes.len() / 4 - bytes.chunks_exact(4).rev().position(is_magenta).unwrap_or(0);
            let (first, end) = (u32::try_from(first)?, u32::try_from(end)?);
            area = Some(match area {
                None => Area { columns: first..end, rows: row..row + 1 },
                Some(area) => Area {
                    columns: area.columns.start.min(first)..area.columns.end.max(end),
                    rows: area.rows.start..row + 1,
                },
            });
        }
        Ok(area)
    }
}
