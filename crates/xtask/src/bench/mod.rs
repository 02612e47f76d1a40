//! `cargo xtask bench`: Tidings beside other servers of event streams, under the same load.
//!
//! - [`scenario`]: the loads, and what is told of each.
//! - [`servers`]: what is measured and how it is run; [`process`] ends it.
//! - [`results`], [`table`], [`document`]: what came of it.
//!
//! The load itself is `tidings bench`, the same program for every server.

pub mod document;
pub mod process;
pub mod results;
pub mod scenario;
pub mod servers;
pub mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::available_parallelism;

use anyhow::{Context, Result, bail, ensure};
use clap::builder::RangedU64ValueParser;
use serde_json::Value;

use crate::setup::{self, Part};
use crate::shell::Step;
use crate::{build, paths, say};
use results::Results;
use scenario::{SCENARIOS, Scenario};
use servers::Server;

/// Options of `cargo xtask bench`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Loads to measure: 1k, 10k, topics, idle, connect; without any, all
    names: Vec<String>,
    /// One short round; the document stays as it is
    #[arg(long)]
    quick: bool,
    /// How many rounds, in each of which every server has its turns
    #[arg(
        long,
        default_value = "4",
        conflicts_with = "quick",
        value_parser = RangedU64ValueParser::<usize>::new().range(1..)
    )]
    rounds: usize,
    /// Only these servers
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Server>,
    /// Another build of `tidings` to measure beside this one
    #[arg(long, value_name = "PROGRAM")]
    against: Option<PathBuf>,
}

/// `cargo xtask bench`.
///
/// # Errors
/// When set-up or a build fails, a server does not start, or its load cannot be put on it.
pub fn main(args: &Args) -> Result<ExitCode> {
    ensure!(cfg!(target_os = "linux"), "it reads the servers' cost from /proc: it needs Linux");
    let scenarios = chosen(&args.names)?;
    let servers = measured(args);
    prepare(&servers)?;

    let rounds = if args.quick { 1 } else { args.rounds };
    let duration = if args.quick { "4s" } else { "10s" };
    let mut results = Results::default();
    for round in 0..rounds {
        for scenario in &scenarios {
            let turns = if args.quick { 1 } else { scenario.turns };
            for turn in round * turns..(round + 1) * turns {
                // There and back, so that each comes behind another as often as before it.
                let mut order = servers.clone();
                if turn % 2 == 1 {
                    order.reverse();
                }
                for server in order {
                    let report = measure(scenario, server, duration, args.against.as_deref())?;
                    tell(turn, scenario, server, &report);
                    results.add(scenario, server, turn, report);
                }
            }
        }
    }

    let tables = table::all(&results, &scenarios, &servers);
    say::info(&format!("\n{tables}"));
    let json = paths::target().join("bench.json");
    fs::write(&json, results.to_json().to_string())?;
    say::info(&format!("all figures are in {}", json.display()));
    let whole = args.names.is_empty() && args.only.is_empty() && args.against.is_none();
    if whole && !args.quick {
        let path = document::write(&format!("{}\n\n{tables}", conditions(&servers, rounds)))?;
        say::info(&format!("wrote {}", path.display()));
    }
    Ok(ExitCode::SUCCESS)
}

fn chosen(names: &[String]) -> Result<Vec<&'static Scenario>> {
    if names.is_empty() {
        return Ok(SCENARIOS.iter().collect());
    }
    let find = |name: &String| {
        let known = || SCENARIOS.iter().map(|scenario| scenario.name).collect::<Vec<_>>();
        let found = SCENARIOS.iter().find(|scenario| scenario.name == name);
        found.with_context(|| {
            format!("there is no load `{name}`; there are: {}", known().join(", "))
        })
    };
    names.iter().map(find).collect()
}

fn measured(args: &Args) -> Vec<Server> {
    let all = [Server::Tidings, Server::Nchan, Server::BetterSse, Server::Floor];
    let mut servers = if args.only.is_empty() { all.to_vec() } else { args.only.clone() };
    servers.retain(|server| *server != Server::Other);
    if args.against.is_some() {
        servers.push(Server::Other);
    }
    servers
}

/// Installs what the servers need, and builds ours.
fn prepare(servers: &[Server]) -> Result<()> {
    let mut parts = vec![Part::Base];
    if servers.contains(&Server::Nchan) {
        parts.push(Part::Nchan);
    }
    if servers.contains(&Server::BetterSse) {
        parts.push(Part::BetterSse);
    }
    setup::ensure(&parts)?;
    build::programs(&[build::SERVER], true)?;
    if servers.contains(&Server::Floor) {
        let floor = ["build", "--release", "--package", "xtask", "--example", "floor"];
        Step::cargo().args(floor).run()?;
    }
    Ok(())
}

/// Starts the server, puts the load on it, and ends it.
fn measure(
    scenario: &Scenario,
    server: Server,
    duration: &str,
    against: Option<&Path>,
) -> Result<Value> {
    let folder = Folder::new()?;
    let running = server.start(folder.path(), against)?;
    let pid = running.process.id().to_string();
    // Like the server, it does not outlive this task.
    let mut load = Step::new("setpriv")
        .args(["--pdeathsig", "TERM"])
        .arg(paths::program("tidings", true))
        .arg("bench")
        .args(["--json", "--duration", duration, "--server-pid", &pid])
        .args(["--subscribe-url", &running.subscribe, "--publish-url", &running.publish])
        .args(scenario.args);
    if let Some(token) = &running.token {
        load = load.arg("--token-file").arg(token);
    }
    let answer = load.without_env("TIDINGS_TOKEN").without_env("TIDINGS_SERVER").answer();
    let answer =
        answer.with_context(|| format!("{} under the load {}", server.name(), scenario.name))?;
    let report: Value =
        serde_json::from_str(&answer).context("`tidings bench` answers with JSON")?;
    let errors = report.pointer("/connect/errors").and_then(Value::as_u64);
    if errors != Some(0) {
        let first = report.pointer("/connect/firstError").map(Value::to_string).unwrap_or_default();
        say::warning(&format!(
            "{}: {} streams failed: {first}",
            server.name(),
            errors.unwrap_or(0)
        ));
    }
    Ok(report)
}

fn tell(turn: usize, scenario: &Scenario, server: Server, report: &Value) {
    let figures = scenario.metrics.iter();
    let figures = figures.map(|metric| format!("{} {}", metric.title, metric.tell(report)));
    let figures = figures.collect::<Vec<_>>().join(" · ");
    let name = server.name();
    say::info(&format!("turn {} · {:<7} · {name:<10} · {figures}", turn + 1, scenario.name));
}

/// When, where and what was measured.
fn conditions(servers: &[Server], rounds: usize) -> String {
    let known = |step: Step| step.output().unwrap_or_else(|| "unknown".to_owned());
    let date = known(Step::new("date").args(["-u", "+%Y-%m-%d"]));
    let kernel = known(Step::new("uname").args(["-sm"]));
    let cores = available_parallelism().map_or(0, usize::from);
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cpu = cpu.map_or("unknown processor", |(_, name)| name);
    let several = SCENARIOS.iter().filter(|scenario| scenario.turns > 1);
    let several = several.map(|scenario| format!(", {} with `{}`", scenario.turns, scenario.name));
    let several: String = several.collect();
    let versions: Vec<String> = servers.iter().map(|server| server.version()).collect();
    format!(
        "{date}, {cores} cores ({cpu}), {kernel}; rounds: {rounds}, in each of which every server had its turn{several}.\n\
         Measured: {}.\n\
         A figure is the median of the turns, with the least and the greatest in brackets.",
        versions.join("; ")
    )
}

/// A folder of one server's own, removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn path(&self) -> &Path {
        &self.0
    }

    fn new() -> Result<Self> {
        let parent = std::env::temp_dir();
        for number in 0..1000 {
            let path = parent.join(format!("tidings-bench-{}-{number}", std::process::id()));
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error).with_context(|| format!("{}", path.display())),
            }
        }
        bail!("cannot make a folder in {}", parent.display())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left over lies in the system's temporary folder.
        let _ = fs::remove_dir_all(&self.0);
    }
}
