//! A server that pours events into whoever connects, faster than anything real.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Result, ensure};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval};

/// Events go out in so many bursts a second.
const BURSTS: u64 = 100;

/// Longest head of a request, in bytes.
const MAX_HEAD: usize = 16 << 10;

/// How much is poured, and how fast.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Events, each time that the tap is opened.
    pub events: u64,
    /// Events a second.
    pub rate: u64,
    /// About how many bytes a frame has.
    pub bytes: usize,
}

/// A scripted server that has a stream of events and nothing else; it takes any token. A sample of a machine goes out each second,
/// before, while and after it pours.
#[derive(Debug)]
pub struct Firehose {
    address: SocketAddr,
    tap: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Firehose {
    /// Starts one with its tap closed.
    ///
    /// # Errors
    ///
    /// If there is no free port.
    pub async fn start(load: Load) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let tap = Arc::new(Notify::new());
        let opened = Arc::clone(&tap);
        let task = tokio::spawn(async move {
            let mut peers = JoinSet::new();
            while let Ok((mut peer, _)) = listener.accept().await {
                let opened = Arc::clone(&opened);
                // It ends when the client goes.
                peers.spawn(async move { pour(&mut peer, load, &opened).await });
            }
        });
        Ok(Self { address, tap, task })
    }

    /// Lets the events go; once they have gone, as many again.
    pub fn open_tap(&self) {
        self.tap.notify_one();
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Firehose {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pour(peer: &mut TcpStream, load: Load, tap: &Notify) -> Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        ensure!(peer.read_buf(&mut head).await? > 0 && head.len() < MAX_HEAD, "no request");
    }
    // Of what is a user's own there is nothing.
    let head = String::from_utf8_lossy(&head);
    let request = head.lines().next().unwrap_or_default();
    if !request.starts_with("GET /api/events?") || request.contains("topic=") {
        let answer = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        return Ok(peer.write_all(answer).await?);
    }
    let mut frames = Frames::default();
    frames.connected()?;
    let mut samples = interval(Duration::from_secs(1));
    let mut bursts = interval(Duration::from_millis(1_000 / BURSTS));
    bursts.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut poured, mut goal) = (0, 0);
    loop {
        tokio::select! {
            _ = samples.tick() => frames.sample()?,
            () = tap.notified(), if poured == goal => {
                goal += load.events;
                bursts.reset_immediately();
            }
            _ = bursts.tick(), if poured < goal => {
                for _ in 0..(load.rate / BURSTS).max(1).min(goal - poured) {
                    poured += 1;
                    frames.event(poured, load.bytes)?;
                }
            }
        }
        peer.write_all(frames.text.as_bytes()).await?;
        frames.text.clear();
    }
}

#[derive(Debug, Default)]
struct Frames {
    seq: u64,
    text: String,
}

impl Frames {
    fn connected(&mut self) -> Result<()> {
        self.text.push_str("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n");
        let connected = json!({
            "type": "connected", "protocol": 1, "serverVersion": "0.0.0", "heartbeatSeconds": 15,
            "topics": ["*"], "at": now(),
        });
        write!(self.text, "data: {connected}\n\n")?;
        Ok(())
    }

    fn event(&mut self, number: u64, bytes: usize) -> Result<()> {
        let filler = "x".repeat(bytes.saturating_sub(140));
        self.frame("work/soak", &json!({ "number": number, "filler": filler }))
    }

    fn sample(&mut self) -> Result<()> {
        let sample = json!({
            "intervalMs": 1000,
            "host": { "name": "soak", "os": "", "kernel": "", "uptime": self.seq },
            "cpu": { "total": self.seq % 100, "cores": [1, 2, 3, 4], "load": null },
            "memory": { "total": 8_u64 << 30, "used": 2_u64 << 30, "available": 6_u64 << 30,
                "swapTotal": 0, "swapUsed": 0 },
        });
        self.frame("metrics/soak", &sample)
    }

    fn frame(&mut self, topic: &str, data: &serde_json::Value) -> Result<()> {
        self.seq += 1;
        let id = format!("0000002a-{}", self.seq);
        let event =
            json!({ "type": "update", "id": id, "topic": topic, "at": now(), "data": data });
        write!(self.text, "id: {id}\ndata: {event}\n\n")?;
        Ok(())
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
