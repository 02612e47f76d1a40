//! The real nginx, of a test's own.

use std::net::SocketAddr;
use std::process::Stdio;

use anyhow::{Context, Result};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::{DEADLINE, server::free_address, until};

/// A running nginx with its files in a folder of its own; killed when dropped.
#[derive(Debug)]
pub struct Nginx {
    /// Master and worker in one process, so that killing it leaves nothing behind.
    _child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Nginx {
    /// Starts one with these directives in its `http` block and its one `server` block.
    ///
    /// # Errors
    ///
    /// If nginx is missing, or does not like them.
    pub async fn start(http: &str, server: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let address = free_address()?;
        let at = folder.path().display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {at}/{kind};\n"))
            .concat();
        // Nothing that touches a stream but what the caller says.
        let config = format!(
            "daemon off;\nmaster_process off;\npid {at}/pid;\nerror_log {at}/error.log;\n\
             events {{}}\nhttp {{\naccess_log off;\n{temporary}{http}\n\
             server {{\nlisten {address};\n{server}\n}}\n}}\n"
        );
        std::fs::write(folder.path().join("nginx.conf"), config)?;
        // Where Debian puts it, and only root looks.
        let path = std::env::var("PATH").unwrap_or_default() + ":/usr/local/sbin:/usr/sbin";
        let child = Command::new("nginx")
            .env("PATH", path)
            .arg("-p")
            .arg(folder.path())
            .args(["-c", "nginx.conf", "-e", "error.log"])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start nginx; `cargo xtask setup` installs it")?;
        until("nginx listens", DEADLINE, || async {
            Ok(tokio::net::TcpStream::connect(address).await.is_ok().then_some(()))
        })
        .await
        .with_context(|| {
            std::fs::read_to_string(folder.path().join("error.log")).unwrap_or_default()
        })?;
        Ok(Self { _child: child, address, _folder: folder })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}
