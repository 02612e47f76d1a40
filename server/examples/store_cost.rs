//! What the store costs: a million events written and read back, in a folder that is removed afterwards.
//!
//! `cargo run --release -p tidings-server --example store_cost [FOLDER]`

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use tidings_server::store::{
    FILE_NAME, JournalCut, JournalMeta, JournalRow, JournalStore as _, PageLimits, Retain,
    SqliteStore, Store as _,
};

const EVENTS: u64 = 1_000_000;
const BATCH: u64 = 1_000;
const BYTES: usize = 200;
const LIMITS: PageLimits = PageLimits { events: 1_000, bytes: 1 << 20 };

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let parent = std::env::args().nth(1).map_or_else(std::env::temp_dir, Into::into);
    let folder = tempfile::tempdir_in(parent)?;
    // Half of the events to one topic, half over ten thousand, and one to a topic of its own at the end.
    let topic = |seq: u64| match seq {
        EVENTS => "rare".to_owned(),
        _ if seq.is_multiple_of(2) => "hot".to_owned(),
        _ => format!("cold/{}", seq / 2 % 10_000),
    };
    write("one topic", folder.path(), false, |_| "hot".to_owned()).await?;
    write("10,000 topics, durable", folder.path(), true, topic).await?;
    let store = write("10,000 topics", folder.path(), false, topic).await?;

    let cold: Vec<_> = (0..10_000).map(|n| format!("cold/{n}")).collect();
    let all = [cold.clone(), vec!["hot".to_owned(), "rare".to_owned()]].concat();
    let few = vec!["rare".to_owned(), "cold/5".to_owned()];
    let shapes = [("hot", &["hot".to_owned()][..]), ("rare", &few[..1]), ("two rare", &few)];
    for (name, topics) in shapes.into_iter().chain([("10,000 cold", &*cold), ("all", &*all)]) {
        replay(&store, name, topics).await?;
    }
    timed("topics", async || Ok(store.topics().await?.len())).await?;
    timed("load", async || Ok(store.load().await?.map_or(0, |meta| meta.head as usize))).await?;
    let retain = Retain { events: 10_000, bytes: u64::MAX, oldest_at: 0 };
    timed("boundary", async || Ok(store.boundary("hot", u64::MAX, retain).await?.seq as usize))
        .await?;
    timed("trim 400,000", async || {
        store.trim(&[JournalCut { topic: "hot".to_owned(), evicted: EVENTS / 5 * 4 }]).await?;
        Ok(0)
    })
    .await?;
    timed("end", async || {
        store.end(EVENTS).await?;
        Ok(0)
    })
    .await?;
    store.close().await;
    Ok(())
}

async fn write(
    name: &str,
    folder: &Path,
    durable: bool,
    topic: impl Fn(u64) -> String,
) -> Result<SqliteStore, Box<dyn Error>> {
    let store = SqliteStore::open(&folder.join(FILE_NAME), durable).await?;
    store.reset(JournalMeta { epoch: 1, head: 0, reserved: 0, clean: false }).await?;
    let data = vec![b'x'; BYTES];
    let mut slowest = 0.0_f64;
    let start = Instant::now();
    for batch in 0..EVENTS / BATCH {
        let seqs = batch * BATCH + 1..=(batch + 1) * BATCH;
        let head = *seqs.end();
        let row = |seq| JournalRow {
            seq,
            topic: topic(seq),
            kind: "update".to_owned(),
            at: seq,
            data: data.clone().into(),
        };
        let rows: Vec<_> = seqs.map(row).collect();
        let began = Instant::now();
        store.append(&rows, head, head).await?;
        slowest = slowest.max(began.elapsed().as_secs_f64());
    }
    let rate = EVENTS as f64 / start.elapsed().as_secs_f64();
    say(&format!("append, {name}: {rate:.0} events/s, slowest batch {:.1} ms", slowest * 1e3));
    Ok(store)
}

async fn replay(store: &SqliteStore, name: &str, topics: &[String]) -> Result<(), Box<dyn Error>> {
    let (mut after, mut events, mut pages, mut first) = (0, 0, 0, None);
    let topics: Vec<_> = topics.iter().map(String::as_str).collect();
    let start = Instant::now();
    loop {
        let page = store.page(&topics, after, EVENTS, LIMITS).await?;
        first.get_or_insert(start.elapsed());
        let Some(last) = page.last() else { break };
        (after, events, pages) = (last.seq, events + page.len(), pages + 1);
    }
    let (all, first) = (start.elapsed(), first.unwrap_or_default());
    let rate = events as f64 / all.as_secs_f64();
    say(&format!(
        "replay, {name}: {events} in {pages} pages, {rate:.0}/s, first after {first:.1?}"
    ));
    Ok(())
}

async fn timed(
    name: &str,
    work: impl AsyncFnOnce() -> Result<usize, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let result = work().await?;
    say(&format!("{name}: {result} in {:.1?}", start.elapsed()));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the answer of a command")]
fn say(line: &str) {
    println!("{line}");
}
