//! What it costs to say how a hundred jobs stand, one by one and at once, and what a journal beside it waits for that. In a folder
//! that is removed afterwards and, on Linux, in a Postgres that is started for it.
//!
//! `cargo run --release -p tidings-server --example job_cost [FOLDER]`

use std::error::Error;
use std::time::{Duration, Instant};

use tidings_server::store::{FILE_NAME, JobRow, JournalMeta, JournalRow, SqliteStore, Store};

const JOBS: u64 = 100;
const ROUNDS: u64 = 20;
/// As large as the JSON of a job with a few arguments and a long message.
const BYTES: usize = 1_500;
const HOLDER: &str = "one";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let parent = std::env::args().nth(1).map_or_else(std::env::temp_dir, Into::into);
    for durable in [false, true] {
        let folder = tempfile::tempdir_in(&parent)?;
        let store = SqliteStore::open(&folder.path().join(FILE_NAME), durable).await?;
        let name = if durable { "SQLite, durable" } else { "SQLite" };
        measure(name, &store).await?;
        store.close().await;
    }
    #[cfg(target_os = "linux")]
    {
        use tidings_server::store::{Claim, PostgresStore};
        let database = test_postgres::Database::new().await.map_err(|error| error.to_string())?;
        let store = PostgresStore::open(&database.url().into(), true, Claim::Alone).await?;
        measure("Postgres", &store).await?;
        store.close().await;
    }
    Ok(())
}

async fn measure(name: &str, store: &dyn Store) -> Result<(), Box<dyn Error>> {
    store.begin(JournalMeta { epoch: 1, head: 0, reserved: 0, clean: false }).await?;
    let mut rows: Vec<_> = (0..JOBS).map(job).collect();
    for row in &rows {
        store.add_job(row).await?;
    }
    let ids: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
    let mut seq = 0;
    for way in ["one by one", "at once", "renewed", "not at all"] {
        let (mut whole, mut slowest) = (Duration::ZERO, Duration::ZERO);
        for _ in 0..ROUNDS {
            rows.iter_mut().for_each(|row| row.version += 1);
            let saving = async {
                let began = Instant::now();
                match way {
                    "one by one" => {
                        for row in &rows {
                            store.save_job(row, None).await?;
                        }
                    }
                    "at once" => drop(store.save_jobs(HOLDER, &rows).await?),
                    "renewed" => drop(store.renew_jobs(HOLDER, &ids).await?),
                    _ => {}
                }
                Ok::<_, Box<dyn Error>>(began.elapsed())
            };
            let appending = async {
                let mut slowest = Duration::ZERO;
                for _ in 0..5 {
                    seq += 1;
                    let began = Instant::now();
                    store.append(&[event(seq)], seq, seq).await?;
                    slowest = slowest.max(began.elapsed());
                }
                Ok::<_, Box<dyn Error>>(slowest)
            };
            let (saved, appended) = tokio::try_join!(saving, appending)?;
            whole += saved;
            slowest = slowest.max(appended);
        }
        say(name, way, whole / u32::try_from(ROUNDS)?, slowest);
    }
    Ok(())
}

fn job(n: u64) -> JobRow {
    JobRow {
        id: format!("owner~{n:016x}"),
        user_id: "owner".to_owned(),
        version: 1,
        is_active: true,
        holder: HOLDER.to_owned(),
        lease: Duration::from_secs(15),
        created_at: n,
        record: format!("{{\"message\":\"{}\"}}", "x".repeat(BYTES)),
        ..JobRow::default()
    }
}

fn event(seq: u64) -> JournalRow {
    let (topic, kind) = ("t".to_owned(), "update".to_owned());
    JournalRow { seq, topic, kind, at: seq, data: vec![b'x'; 200].into() }
}

#[expect(clippy::print_stdout, reason = "the answer of a command")]
fn say(name: &str, way: &str, took: Duration, append: Duration) {
    println!("{name}, {JOBS} jobs {way}: {took:.1?}; slowest append beside it {append:.1?}");
}
