//! One reader of a thousand that stops reading.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use harness::{Server, Wire, binary, wire};
use serde_json::Value;
use tokio::process::Command;

/// Rounds with a stalled reader, and as many without.
const ROUNDS: usize = 12;

/// Large events that fill the sockets on the way to a reader that stalls: more than the system ever buffers.
const FILLING: usize = 80;

/// A stream that was not read for so long may be ended: the server says so of clients that are gone.
const MAY_BE_ENDED_AFTER: Duration = Duration::from_secs(10);

/// By how much the others may be slower for it.
const TOLERANCE: f64 = 1.05;

/// The 99th percentile of 999 readers at 50 events a second, in ms.
async fn p99(server: &Server) -> Result<f64> {
    let token = server.data_dir().join("owner-token");
    let mut command = Command::new(binary("tidings")?);
    command.args(["bench", "--json", "--streams", "999", "--rate", "50", "--duration", "4s"]);
    command.arg("--server").arg(server.url("")).arg("--token-file").arg(token).kill_on_drop(true);
    let output = tokio::time::timeout(Duration::from_secs(60), command.output()).await??;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let fan_out = &report["fanOut"];
    ensure!(fan_out["lost"] == 0 && fan_out["duplicated"] == 0, "{report}");
    fan_out["latencyMs"]["p99"].as_f64().context("a latency")
}

/// Connects, and has more sent than the sockets hold, of which nothing is read.
async fn stall(server: &Server) -> Result<Wire> {
    let (address, token) = (server.address(), server.token()?);
    let (stalled, head) = Wire::get(address, "/api/events?topic=bench/0", &token).await?;
    ensure!(head.status == 200, "refused");
    let mut publisher = Wire::connect(address).await?;
    let large = format!("\"{}\"", "x".repeat(200_000));
    for _ in 0..FILLING {
        publisher.send(wire::publish("bench/0", &token, &large)).await?;
        let answer = publisher.head().await?;
        ensure!(answer.status == 200, "not published");
        publisher.body().await?;
    }
    Ok(stalled)
}

/// It is still connected, and begins where it stopped.
async fn goes_on(stalled: &mut Wire) -> Result<()> {
    for _ in 0..=FILLING / 2 {
        stalled.next().await?;
    }
    Ok(())
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2.0
}

#[tokio::test]
#[ignore = "takes minutes"]
async fn prove_stalled() -> Result<()> {
    let server = Server::start().await?;
    // Once without counting: the first run pays for what a server sets up.
    p99(&server).await?;
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        // A B, B A: what changes slowly with time falls to both alike.
        for is_stalled in [round % 2 == 0, round % 2 != 0] {
            if is_stalled {
                let begun = Instant::now();
                let mut stalled = stall(&server).await?;
                with.push(p99(&server).await?);
                let stalled_for = begun.elapsed();
                if let Err(error) = goes_on(&mut stalled).await {
                    ensure!(stalled_for >= MAY_BE_ENDED_AFTER, "after {stalled_for:?}: {error:#}");
                    println!("round {round}: ended after it was stalled for {stalled_for:?}");
                }
            } else {
                without.push(p99(&server).await?);
            }
        }
    }
    println!("p99 in ms, with a stalled reader: {with:.3?}, without: {without:.3?}");
    // Each against its neighbour: what else the machine does falls to both, or to one pair.
    let ratios: Vec<f64> =
        with.iter().zip(&without).map(|(with, without)| with / without).collect();
    let ratio = median(&ratios);
    println!("with a stalled reader {:+.1}%", (ratio - 1.0) * 100.0);
    ensure!(ratio <= TOLERANCE, "a stalled reader slows the others");
    Ok(())
}
