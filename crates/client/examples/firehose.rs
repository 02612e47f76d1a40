//! A server that pours events into whoever connects: the source of the desktop's soak.
//!
//! `cargo run --example firehose -- 200000 4000 200 30` binds a free port of 127.0.0.1, prints its
//! address, and gives every connection 200,000 events of 200 bytes at 4,000 a second after 30 seconds of
//! quiet, and a sample of a machine each second, before, while and after. It takes any token.

#![allow(clippy::print_stdout, reason = "the address is what a script reads")]

use std::error::Error;
use std::fmt::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tidings_protocol::metrics::{Cpu, Host, Memory, Snapshot};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

/// Events go out in so many bursts a second.
const BURSTS: u32 = 100;

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[derive(Clone, Copy)]
struct Load {
    events: u64,
    rate: u32,
    bytes: usize,
    quiet: Duration,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<u32>());
    let mut number = |default| numbers.next().unwrap_or(Ok(default));
    let load = Load {
        events: number(200_000)?.into(),
        rate: number(4_000)?,
        bytes: number(200)? as usize,
        quiet: Duration::from_secs(number(30)?.into()),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    loop {
        let (mut peer, _) = listener.accept().await?;
        // One at a time: there is one window.
        match pour(&mut peer, load).await {
            Ok(()) => println!("closed"),
            Err(error) => println!("closed: {error}"),
        }
    }
}

async fn pour(peer: &mut TcpStream, load: Load) -> Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(peer.read_u8().await?);
    }
    let mut stream = Stream { seq: 0, text: String::new() };
    stream.text.push_str(HEAD);
    write!(
        stream.text,
        "data: {{\"type\":\"connected\",\"protocol\":1,\"serverVersion\":\"0.1.0\",\"heartbeatSeconds\":15,\"topics\":[\"*\"],\"at\":{}}}\n\n",
        now()
    )?;
    let mut samples = interval(Duration::from_secs(1));
    let mut bursts = interval(Duration::from_secs(1) / BURSTS);
    bursts.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let begin = Instant::now() + load.quiet;
    let mut poured = 0;
    let mut quiet = true;
    loop {
        tokio::select! {
            _ = samples.tick() => stream.sample(poured)?,
            () = sleep_until(begin), if quiet => {
                quiet = false;
                bursts.reset_immediately();
                println!("pouring");
            }
            _ = bursts.tick(), if !quiet && poured < load.events => {
                for _ in 0..(load.rate / BURSTS).max(1) {
                    poured += 1;
                    stream.event(poured, load.bytes)?;
                }
                if poured >= load.events {
                    println!("poured {poured} in {:.1} s", begin.elapsed().as_secs_f64());
                }
            }
        }
        peer.write_all(stream.text.as_bytes()).await?;
        stream.text.clear();
    }
}

struct Stream {
    seq: u64,
    text: String,
}

impl Stream {
    /// An event whose frame has about `bytes`.
    fn event(&mut self, number: u64, bytes: usize) -> std::fmt::Result {
        let before = self.text.len();
        self.open("jobs/soak")?;
        write!(self.text, "{{\"number\":{number},\"filler\":\"")?;
        while self.text.len() - before < bytes.saturating_sub(5) {
            self.text.push('x');
        }
        self.text.push_str("\"}}\n\n");
        Ok(())
    }

    fn sample(&mut self, poured: u64) -> Result<()> {
        #[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
        let total = (poured % 100) as f32;
        let sample = Snapshot {
            interval_ms: 1000,
            host: Host { name: "soak".to_owned(), ..Host::default() },
            cpu: Some(Cpu { total, cores: vec![total; 4], load: None }),
            memory: Some(Memory { total: 8 << 30, used: 2 << 30, ..Memory::default() }),
            ..Snapshot::default()
        };
        self.open("metrics/soak")?;
        write!(self.text, "{}}}\n\n", serde_json::to_string(&sample)?)?;
        Ok(())
    }

    /// The frame up to its payload.
    fn open(&mut self, topic: &str) -> std::fmt::Result {
        self.seq += 1;
        let (seq, at) = (self.seq, now());
        write!(
            self.text,
            "id: 0000002a-{seq}\ndata: {{\"type\":\"update\",\"id\":\"0000002a-{seq}\",\"topic\":\"{topic}\",\"at\":{at},\"data\":"
        )
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
