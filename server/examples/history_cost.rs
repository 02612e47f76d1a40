//! What the history of metrics costs, for a machine of some 300 metrics: a sample, an hour in memory, a week in a file, and answers of both.
//!
//! `cargo run --release -p tidings-server --example history_cost [FOLDER]`
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rand::{Rng, RngExt as _, SeedableRng as _, rngs::StdRng};
use tidings_protocol::metric;
use tidings_protocol::metrics::{Cpu, Disk, Interface, Memory, Processes, Snapshot, Temperature};
use tidings_server::history::{History, Question, Wanted};
use tidings_server::store::{
    FILE_NAME, Figure, MetricStore as _, MinuteRow, SqliteStore, Store as _,
};

const WEEK: u64 = 7 * 24 * 60;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let parent = std::env::args().nth(1).map_or_else(std::env::temp_dir, Into::into);
    let folder = tempfile::tempdir_in(parent)?;
    let mut random = StdRng::seed_from_u64(1);
    let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;

    let memory = History::open("box", None).await?;
    let (mut spent, samples) = (Duration::ZERO, 3_600);
    for n in 0..samples {
        let sample = sample(&mut random);
        let began = Instant::now();
        memory.record(now - (samples - n) * 1_000, &sample);
        spent += began.elapsed();
    }
    let mut metrics = 0;
    metric::each(&sample(&mut random), |_, _| metrics += 1);
    println!("{metrics} metrics");
    println!("a sample: {:?}", spent / u32::try_from(samples)?);
    println!("an hour in memory: {} KB", memory.memory_bytes() / 1_000);
    answer("memory", &memory, &["cpu.total"], "1h").await?;
    answer("memory", &memory, &["cpu.core.*"], "1h").await?;

    for (name, is_busy) in [("as machines are", false), ("all of it moving", true)] {
        let path = folder.path().join(name);
        std::fs::create_dir(&path)?;
        let store = SqliteStore::open(&path.join(FILE_NAME), false).await?;
        let mut most = Duration::ZERO;
        let began = Instant::now();
        for minute in now / 60_000 - WEEK..now / 60_000 {
            let row = minute_row(&mut random, minute, is_busy);
            let began = Instant::now();
            store.save_minute("box", &row).await?;
            most = most.max(began.elapsed());
        }
        let each = began.elapsed() / u32::try_from(WEEK)?;
        let store = Arc::new(store);
        let history = History::open("box", Some(store.clone())).await?;
        println!("a week, {name}: a minute {each:?}, at most {most:?}");
        for range in ["24h", "7d"] {
            answer(name, &history, &["cpu.total"], range).await?;
        }
        answer(name, &history, &["cpu.core.*"], "7d").await?;
        store.close().await;
        println!("a week, {name}: {:.1} MB", size(&path)? as f64 / 1e6);
    }
    Ok(())
}

async fn answer(
    name: &str,
    history: &History,
    metrics: &[&str],
    range: &str,
) -> Result<(), Box<dyn Error>> {
    let metrics_of = metrics.iter().map(|metric| Wanted::new(metric)).collect::<Result<_, _>>()?;
    let question = Question { host: None, metrics: metrics_of, range: range.parse()? };
    let began = Instant::now();
    let read = history.read(&question).await?;
    let json = serde_json::to_vec(&read)?;
    let (series, points) = (read.series.len(), read.points());
    println!(
        "{name}: {range} of {metrics:?}: {series} × {points} points, {} KB, {:?}",
        json.len() / 1_000,
        began.elapsed()
    );
    Ok(())
}

fn size(folder: &Path) -> std::io::Result<u64> {
    let mut size = 0;
    for file in std::fs::read_dir(folder)? {
        size += file?.metadata()?.len();
    }
    Ok(size)
}

/// 64 cores and sensors, 16 disks, 12 interfaces.
fn sample(random: &mut impl Rng) -> Snapshot {
    let disk = |n: u64, random: &mut dyn Rng| Disk {
        name: format!("nvme{n}n1p2"),
        total: 1_000_204_886_016,
        used: 700_000_000_000 + random.random_range(0..1 << 20) * 4_096,
        available: 300_000_000_000,
        read: Some(random.random_range(0.0..1e8)),
        write: Some(random.random_range(0.0..1e8)),
        ..Disk::default()
    };
    let interface = |n: u64, random: &mut dyn Rng| Interface {
        name: format!("enp{n}s0"),
        received: Some(random.random_range(0.0..1e8)),
        sent: Some(random.random_range(0.0..1e8)),
        total_received: 5_000_000_000_000 + random.random_range(0..1 << 40),
        total_sent: 5_000_000_000_000,
    };
    let sensor = |n: u64, random: &mut dyn Rng| Temperature {
        label: format!("coretemp Core {n}"),
        celsius: random.random_range(40..90) as f32,
        critical: None,
    };
    Snapshot {
        interval_ms: 1_000,
        cpu: Some(Cpu {
            total: random.random_range(0.0..100.0),
            cores: (0..64).map(|_| random.random_range(0.0..100.0)).collect(),
            load: Some([0.5; 3]),
        }),
        memory: Some(Memory {
            total: 64 << 30,
            used: 20 << 30,
            available: 44 << 30,
            ..Memory::default()
        }),
        disks: (0..16).map(|n| disk(n, random)).collect(),
        network: (0..12).map(|n| interface(n, random)).collect(),
        temperatures: (0..64).map(|n| sensor(n, random)).collect(),
        processes: Some(Processes { count: random.random_range(300..400), ..Processes::default() }),
        ..Snapshot::default()
    }
}

/// What moves does so by a tenth, or, where the machine is busy, anything does by anything.
fn minute_row(random: &mut impl Rng, minute: u64, is_busy: bool) -> MinuteRow {
    let (first, mut figures) = (sample(random), Vec::new());
    metric::each(&first, |name, value| {
        let moves = ["cpu", "read", "write", "temperature", "received", "sent", "count"];
        let is_moving = is_busy || moves.iter().any(|part| name.contains(part));
        let (low, high) = match (is_moving, is_busy) {
            (false, _) => (1.0, 1.0),
            (true, false) => (0.9, 1.1),
            (true, true) => (random.random_range(0.0..1.0), random.random_range(1.0..3.0)),
        };
        let figure = Figure { min: value * low, mean: value, max: value * high };
        figures.push((Arc::from(name), figure));
    });
    MinuteRow { minute, samples: 60, figures }
}
