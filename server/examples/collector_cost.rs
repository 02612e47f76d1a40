//! What the collectors cost, by family (Linux).
//!
//! ```text
//! cargo run --release -p tidings-server --example collector_cost -- [SECONDS] [PROCESSES] [INTERVAL_MS]
//! ```
//!
//! Starts so many idle processes (300 unless told otherwise), samples for so long (60 s) at the interval
//! (1000 ms), and prints the CPU time of each family, the process's own CPU time as the kernel counts
//! it, and its memory. Each family is given its own turn, so the figures add up to what a server
//! spends on sampling.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("This probe reads /proc: it runs on Linux only.");
}

#[cfg(target_os = "linux")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let mut next = |default| arguments.next().unwrap_or(Ok(default));
    let (seconds, processes, interval_ms) = (next(60)?, next(300)?, next(1000)?);
    let idle = linux::Idle::start(processes)?;
    linux::probe(seconds, interval_ms)?;
    drop(idle);
    Ok(())
}

#[cfg(target_os = "linux")]
mod linux {
    use std::error::Error;
    use std::fs;
    use std::io;
    use std::process::{Child, Command};
    use std::time::{Duration, Instant};

    use tidings_protocol::metrics::Snapshot;
    use tidings_server::collectors::{CollectorsConfig, Moment, registry};

    /// Processes that do nothing until this is dropped.
    pub(super) struct Idle(Vec<Child>);

    impl Idle {
        pub(super) fn start(count: u64) -> io::Result<Self> {
            let mut idle = Self(Vec::new());
            for _ in 0..count {
                idle.0.push(Command::new("sleep").arg("100000").spawn()?);
            }
            Ok(idle)
        }
    }

    impl Drop for Idle {
        fn drop(&mut self) {
            for child in &mut self.0 {
                // One that is gone already is as good.
                let _ = child.kill();
                let _ = child.wait();
            }
        }
    }

    #[derive(Clone, Default)]
    struct Cost {
        cpu_ns: u64,
        most_ns: u64,
        wall: Duration,
    }

    pub(super) fn probe(seconds: u64, interval_ms: u64) -> Result<(), Box<dyn Error>> {
        let config = CollectorsConfig {
            interval: Duration::from_millis(interval_ms.max(1)),
            ..CollectorsConfig::default()
        };
        let mut collectors = registry(&config);
        let mut costs = vec![Cost::default(); collectors.len()];
        let mut snapshot = Snapshot::default();
        let (mut samples, mut readings, mut last_reading) = (0_u64, 0_u64, 0);
        let (began, cpu_began) = (Instant::now(), process_cpu_ms()?);
        while began.elapsed() < Duration::from_secs(seconds) {
            pause(config.interval);
            snapshot = Snapshot::default();
            let at = Moment::now();
            for (collector, cost) in collectors.iter_mut().zip(&mut costs) {
                let (wall, cpu) = (Instant::now(), thread_cpu_ns()?);
                collector.collect(at, &mut snapshot);
                let cpu = thread_cpu_ns()?.saturating_sub(cpu);
                cost.cpu_ns += cpu;
                cost.most_ns = cost.most_ns.max(cpu);
                cost.wall += wall.elapsed();
            }
            samples += 1;
            let reading = snapshot.processes.as_ref().map_or(0, |processes| processes.at);
            readings += u64::from(reading != last_reading);
            last_reading = reading;
        }
        let elapsed = began.elapsed();
        let cpu_ms = process_cpu_ms()? - cpu_began;

        println!(
            "{:14} {:>10} {:>10} {:>10} {:>9}",
            "family", "ms/sample", "most ms", "wall ms", "% core"
        );
        let mut sum = 0.0;
        for (collector, cost) in collectors.iter().zip(&costs) {
            let each = cost.cpu_ns as f64 / 1e6 / samples as f64;
            let wall = cost.wall.as_secs_f64() * 1e3 / samples as f64;
            let share = cost.cpu_ns as f64 / elapsed.as_nanos() as f64 * 100.0;
            sum += share;
            let most = cost.most_ns as f64 / 1e6;
            println!("{:14} {each:>10.3} {most:>10.3} {wall:>10.3} {share:>9.3}", collector.name());
        }
        println!("{:14} {:>10} {:>10} {:>10} {sum:>9.3}", "together", "", "", "");
        let processes = snapshot.processes.as_ref();
        println!(
            "process: {:.3} % of a core ({cpu_ms} ms in {:.1} s), {samples} samples, {readings} process tables of {} every {} ms",
            cpu_ms as f64 / elapsed.as_secs_f64() / 10.0,
            elapsed.as_secs_f64(),
            processes.map_or(0, |processes| processes.count),
            processes.map_or(0, |processes| processes.interval_ms),
        );
        println!("memory: {}", status("VmRSS:")?);
        println!("JSON of a sample: {} bytes", serde_json::to_vec(&snapshot)?.len());
        Ok(())
    }

    #[expect(clippy::disallowed_methods, reason = "one thread, and to wait is all it should do")]
    fn pause(time: Duration) {
        std::thread::sleep(time);
    }

    /// CPU time of this thread. The scheduler brings the figure up to date when it is yielded to.
    fn thread_cpu_ns() -> Result<u64, Box<dyn Error>> {
        std::thread::yield_now();
        let text = fs::read_to_string("/proc/thread-self/schedstat")?;
        Ok(text.split(' ').next().unwrap_or_default().parse()?)
    }

    /// CPU time of this process, user and system, in ticks of 10 ms.
    fn process_cpu_ms() -> Result<u64, Box<dyn Error>> {
        let text = fs::read_to_string("/proc/self/stat")?;
        let fields = text.rsplit(") ").next().unwrap_or_default();
        let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<u64>);
        Ok(ticks.sum::<Result<u64, _>>()? * 1000 / rustix::param::clock_ticks_per_second())
    }

    fn status(key: &str) -> io::Result<String> {
        let text = fs::read_to_string("/proc/self/status")?;
        let line = text.lines().find_map(|line| line.strip_prefix(key));
        Ok(line.unwrap_or_default().trim().to_owned())
    }
}
