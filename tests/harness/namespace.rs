//! A second machine on the network: a namespace of its own behind a link that can be cut.

use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::AsFd;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tokio::net::TcpStream;

/// Capabilities of a process that may make one. Source: capabilities(7).
const NET_ADMIN: u32 = 12;
const SYS_ADMIN: u32 = 21;

/// A network namespace; it and its link are removed when it is dropped.
#[derive(Debug)]
pub struct Namespace {
    name: String,
    /// This machine's end of the link.
    link: String,
    here: Ipv4Addr,
    there: Ipv4Addr,
}

impl Namespace {
    /// Why this process may make none, where that is so.
    ///
    /// # Errors
    ///
    /// If the system does not say what the process may.
    pub fn why_not() -> Result<Option<&'static str>> {
        if !cfg!(target_os = "linux") {
            return Ok(Some("network namespaces are Linux's"));
        }
        let status = std::fs::read_to_string("/proc/self/status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
        let capabilities = u64::from_str_radix(line.context("capabilities")?.trim(), 16)?;
        let may = |capability: u32| capabilities & (1 << capability) != 0;
        Ok(match (may(NET_ADMIN), may(SYS_ADMIN)) {
            (true, true) => None,
            _ => Some("it takes root with CAP_NET_ADMIN and CAP_SYS_ADMIN"),
        })
    }

    /// Makes one.
    ///
    /// # Errors
    ///
    /// If `ip` (of iproute2) is missing, or the system refuses.
    pub fn create() -> Result<Self> {
        let pid = std::process::id();
        let name = format!("tidings-{pid}");
        // Names of interfaces have at most 15 bytes.
        let link = format!("td{pid}");
        // A network for tests that no machine has. Source: RFC 2544. Four addresses for each process.
        let [.., high, low] = (pid << 2).to_be_bytes();
        let address = |host| Ipv4Addr::new(198, 18 + (pid >> 14 & 1) as u8, high, low | host);
        // From here on what was made is removed, whatever fails.
        let made = Self { name, link, here: address(1), there: address(2) };
        let Self { name, link, here, there } = &made;
        ip(&["netns", "add", name])?;
        let peer = ["peer", "name", "eth0", "netns", name];
        ip(&[&["link", "add", link, "type", "veth"][..], &peer].concat())?;
        ip(&["address", "add", &format!("{here}/30"), "dev", link])?;
        ip(&["link", "set", link, "up"])?;
        ip(&["-n", name, "address", "add", &format!("{there}/30"), "dev", "eth0"])?;
        ip(&["-n", name, "link", "set", "eth0", "up"])?;
        Ok(made)
    }

    /// The address of whoever is in it.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.there.into()
    }

    /// Connects from within to a port of this machine.
    ///
    /// # Errors
    ///
    /// If nobody listens there on the link's address.
    pub async fn connect(&self, port: u16) -> Result<TcpStream> {
        let path = format!("/run/netns/{}", self.name);
        let to = SocketAddr::new(self.here.into(), port);
        // A thread moves there alone, and ends; its socket stays there.
        let connecting = std::thread::spawn(move || -> Result<std::net::TcpStream> {
            let namespace = File::open(path)?;
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))?;
            let stream = std::net::TcpStream::connect_timeout(&to, crate::DEADLINE)?;
            stream.set_nonblocking(true)?;
            Ok(stream)
        });
        let joined = tokio::task::spawn_blocking(|| connecting.join()).await?;
        let stream = joined.ok().context("the thread that connects")??;
        Ok(TcpStream::from_std(stream)?)
    }

    /// Cuts the link: what either side sends from now on is lost, and neither is told.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub fn cut(&self) -> Result<()> {
        ip(&["-n", &self.name, "link", "set", "eth0", "down"])
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // One of the two may not have been made. Sockets in the namespace would keep the link alive with it.
        let _ = ip(&["link", "delete", &self.link]);
        let _ = ip(&["netns", "delete", &self.name]);
    }
}

fn ip(args: &[&str]) -> Result<()> {
    let output = Command::new("ip").args(args).output();
    let output = output.context("cannot start ip; `cargo xtask setup` installs it")?;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "ip {}: {told}", args.join(" "));
    Ok(())
}
