//! The servers that are measured, each as a competent operator would run it.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::ValueEnum;

use super::process::{Process, free_address};
use crate::paths;
use crate::shell::Step;

/// nginx, which is not on every user's PATH.
const NGINX: &str = "/usr/sbin/nginx";
/// Where distributions put its modules.
const MODULES: &[&str] =
    &["/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/share/nginx/modules"];
const NCHAN: &str = "ngx_nchan_module.so";

/// A server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Server {
    /// This repository's, as built
    Tidings,
    /// Another build of it, given by `--against`
    Other,
    /// nginx with the nchan module
    Nchan,
    /// better-sse on Node.js
    BetterSse,
    /// One thread and one write a delivery: the least that plain sockets cost
    Floor,
}

/// One that runs, and where its streams are.
#[derive(Debug)]
pub struct Running {
    /// Its process; ended with this.
    pub process: Process,
    /// Where to subscribe, with `{topic}`.
    pub subscribe: String,
    /// Where to publish, with `{topic}`.
    pub publish: String,
    /// The file of the token it wants.
    pub token: Option<PathBuf>,
}

impl Server {
    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tidings => "Tidings",
            Self::Other => "Tidings, the other build",
            Self::Nchan => "nchan",
            Self::BetterSse => "better-sse",
            Self::Floor => "floor",
        }
    }

    /// What exactly was measured.
    #[must_use]
    pub fn version(self) -> String {
        let known = |step: Step| step.output().unwrap_or_else(|| "unknown".to_owned());
        match self {
            Self::Tidings => {
                let commit = known(Step::new("git").args(["rev-parse", "--short", "HEAD"]));
                format!("Tidings {} at {commit}", env!("CARGO_PKG_VERSION"))
            }
            Self::Other => "another build of Tidings".to_owned(),
            Self::Nchan => {
                let query = ["--show", "--showformat=${Package} ${Version}; "];
                let packages = ["libnginx-mod-nchan", "nginx"];
                let found = known(Step::new("dpkg-query").args(query).args(packages));
                format!("nchan ({}), 2 workers", found.trim_end_matches([';', ' ']))
            }
            Self::BetterSse => {
                let manifest = tools().join("node_modules/better-sse/package.json");
                let text = fs::read_to_string(manifest).unwrap_or_default();
                let version =
                    text.split("\"version\": \"").nth(1).and_then(|rest| rest.split('"').next());
                let node = known(Step::new("node").arg("--version"));
                format!("better-sse {} on Node {node}", version.unwrap_or("unknown"))
            }
            Self::Floor => "the floor: `crates/xtask/examples/floor.rs`".to_owned(),
        }
    }

    /// Starts it on a free port with an empty folder for its things, and waits until it answers.
    ///
    /// # Errors
    /// When it is not installed or does not start; the error says what to do.
    pub fn start(self, folder: &Path, other: Option<&Path>) -> Result<Running> {
        let address = free_address()?;
        let tidings = paths::program("tidings", true);
        let mut running = match self {
            Self::Tidings => start_tidings(&tidings, folder, address),
            Self::Other => start_tidings(other.unwrap_or(&tidings), folder, address),
            Self::Nchan => start_nchan(folder, address),
            Self::BetterSse => start_better_sse(folder, address),
            Self::Floor => start_floor(folder, address),
        }
        .with_context(|| format!("cannot start {}", self.name()))?;
        running.process.wait_for(address).with_context(|| format!("{} fails", self.name()))?;
        Ok(running)
    }
}

/// With what a user has who sets nothing: the owner's token, the journal.
fn start_tidings(program: &Path, folder: &Path, address: SocketAddr) -> Result<Running> {
    let data = folder.join("data");
    let args = ["serve", "--listen", &address.to_string(), "--data-dir", &text(&data)?];
    Ok(Running {
        process: Process::start(&text(program)?, &args.map(str::to_owned), folder)?,
        subscribe: format!("http://{address}/api/events?topic=bench/{{topic}}"),
        publish: format!("http://{address}/api/publish/bench/{{topic}}"),
        token: Some(data.join("owner-token")),
    })
}

fn start_nchan(folder: &Path, address: SocketAddr) -> Result<Running> {
    let modules = MODULES.iter().map(|folder| Path::new(folder).join(NCHAN));
    let module = modules.into_iter().find(|file| file.exists()).context(
        "nchan is not installed: `sudo apt-get install nginx libnginx-mod-nchan`, or leave it out \
         with `--only tidings,floor`",
    )?;
    let file = folder.join("nginx.conf");
    fs::write(&file, nginx_conf(&text(&module)?, address))?;
    let args = ["-p", &text(folder)?, "-c", &text(&file)?, "-e", "error.log"];
    Ok(plain(Process::start(NGINX, &args.map(str::to_owned), folder)?, address))
}

/// Two workers, each with its own queue of connections; nothing logged; a publisher's connection kept.
fn nginx_conf(module: &str, address: SocketAddr) -> String {
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = temporary.map(|name| format!("  {name}_temp_path {name};\n")).concat();
    format!(
        "load_module {module};\ndaemon off;\npid nginx.pid;\nerror_log error.log error;\n\
         worker_processes 2;\nevents {{ worker_connections 16384; }}\nhttp {{\n{temporary}  \
         access_log off;\n  tcp_nodelay on;\n  keepalive_timeout 1h;\n  keepalive_requests 1000000000;\n  \
         nchan_shared_memory_size 256M;\n  server {{\n    listen {address} backlog=4096 reuseport;\n    \
         location ~ ^/sub/(.+)$ {{\n      nchan_subscriber eventsource;\n      nchan_channel_id $1;\n      \
         nchan_subscriber_first_message newest;\n    }}\n    \
         location ~ ^/pub/(.+)$ {{\n      nchan_publisher;\n      nchan_channel_id $1;\n      \
         nchan_message_timeout 1h;\n      nchan_message_buffer_length 10;\n    }}\n  }}\n}}\n"
    )
}

fn start_better_sse(folder: &Path, address: SocketAddr) -> Result<Running> {
    let script = paths::root().join("crates/xtask/bench/better-sse.mjs");
    let args = [text(&script)?, text(&tools())?, address.port().to_string()];
    Ok(plain(Process::start("node", &args, folder)?, address))
}

fn start_floor(folder: &Path, address: SocketAddr) -> Result<Running> {
    let program = paths::program("examples/floor", true);
    Ok(plain(Process::start(&text(&program)?, &[address.to_string()], folder)?, address))
}

fn plain(process: Process, address: SocketAddr) -> Running {
    Running {
        process,
        subscribe: format!("http://{address}/sub/{{topic}}"),
        publish: format!("http://{address}/pub/{{topic}}"),
        token: None,
    }
}

fn tools() -> PathBuf {
    paths::tools().join("npm")
}

fn text(path: &Path) -> Result<String> {
    let text = path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nginx_is_told_its_module_and_where_to_listen() {
        let conf = nginx_conf("/lib/x.so", "127.0.0.1:81".parse().unwrap());
        assert_eq!(conf.matches('{').count(), conf.matches('}').count(), "{conf}");
        for line in ["load_module /lib/x.so;", "listen 127.0.0.1:81 ", "daemon off;"] {
            assert!(conf.contains(line), "{line} is not in {conf}");
        }
    }
}
