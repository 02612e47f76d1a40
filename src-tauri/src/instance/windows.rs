//! A named pipe, which others may read from and nobody else may write to.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use tokio::net::windows::named_pipe::{
    ClientOptions, NamedPipeClient, NamedPipeServer, ServerOptions,
};
use windows::Win32::UI::WindowsAndMessaging::{ASFW_ANY, AllowSetForegroundWindow};

/// Where a second start is heard.
#[derive(Debug)]
pub(super) struct Listener {
    name: OsString,
    next: NamedPipeServer,
}

impl Listener {
    pub(super) fn bind(place: &Path) -> io::Result<Self> {
        let name = name(place);
        let next = ServerOptions::new().first_pipe_instance(true).create(&name)?;
        Ok(Self { name, next })
    }

    pub(super) async fn accept(&mut self) -> io::Result<NamedPipeServer> {
        self.next.connect().await?;
        let next = ServerOptions::new().create(&self.name)?;
        Ok(std::mem::replace(&mut self.next, next))
    }
}

#[allow(unsafe_code, reason = "the system has no other way")]
pub(super) async fn connect(place: &Path) -> io::Result<NamedPipeClient> {
    let stream = ClientOptions::new().open(name(place))?;
    // Whoever was started by a person may come to the front, and passes that on. Without it the window's button blinks.
    // SAFETY: it takes a number.
    let _ = unsafe { AllowSetForegroundWindow(ASFW_ANY) };
    Ok(stream)
}

fn name(place: &Path) -> OsString {
    let mut name = OsString::from(r"\\.\pipe\");
    name.push(place.file_name().unwrap_or_default());
    name
}
