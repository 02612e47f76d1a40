//! What a run found, as JSON and as a table.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::histogram::Percentiles;
use super::load::{Load, Mode};
use super::subscribers::Connected;

/// Everything that one run found.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    mode: &'static str,
    streams: usize,
    topics: u32,
    rate: f64,
    size: usize,
    connect: Connects,
    /// Streams that the server ended before their time.
    pub(super) streams_ended: usize,
    pub(super) fan_out: Option<FanOut>,
    pub(super) cpu: Option<Cpu>,
    pub(super) memory: Option<Memory>,
}

/// How connecting went.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Connects {
    open: usize,
    errors: usize,
    first_error: Option<String>,
    seconds: f64,
    per_second: f64,
    first_byte_ms: Option<Percentiles>,
}

/// How publishing and delivering went.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FanOut {
    pub(super) planned: u64,
    pub(super) published: u64,
    pub(super) publish_errors: u64,
    pub(super) first_publish_error: Option<String>,
    pub(super) expected: u64,
    pub(super) received: u64,
    pub(super) lost: u64,
    pub(super) duplicated: u64,
    pub(super) reordered: u64,
    pub(super) seconds: f64,
    /// From the time an event was due to its arrival.
    pub(super) latency_ms: Option<Percentiles>,
    /// From the time an event was due to the publisher's answer.
    pub(super) answered_ms: Option<Percentiles>,
}

/// Processor time of the server, and of this program for comparison.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cpu {
    server_seconds: f64,
    share_of_a_core: f64,
    micros_per_delivery: Option<f64>,
    own_micros_per_delivery: Option<f64>,
}

/// Memory of the server's processes (PSS), in KiB. The kernel's buffers are not in it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Memory {
    before: u64,
    idle: u64,
    after: u64,
    per_idle_stream: f64,
    per_stream_after: f64,
}

impl Report {
    pub(super) fn new(load: &Load, connect: Connects) -> Self {
        Self {
            mode: match load.mode {
                Mode::FanOut => "fan-out",
                Mode::Idle => "idle",
                Mode::Connect => "connect",
            },
            streams: load.streams,
            topics: load.topics,
            rate: load.rate,
            size: load.size,
            connect,
            streams_ended: 0,
            fan_out: None,
            cpu: None,
            memory: None,
        }
    }
}

impl From<&Connected> for Connects {
    fn from(connected: &Connected) -> Self {
        let seconds = connected.took.as_secs_f64();
        Self {
            open: connected.open,
            errors: connected.errors,
            first_error: connected.first_error.clone(),
            seconds,
            per_second: connected.open as f64 / seconds,
            first_byte_ms: connected.first_byte.percentiles(),
        }
    }
}

impl Cpu {
    pub(super) fn of(used: f64, time: Duration, own: Option<f64>, deliveries: Option<u64>) -> Self {
        let each = |seconds: f64| deliveries.map(|count| seconds * 1e6 / count as f64);
        Self {
            server_seconds: used,
            share_of_a_core: used / time.as_secs_f64(),
            micros_per_delivery: each(used),
            own_micros_per_delivery: own.and_then(each),
        }
    }
}

impl Memory {
    pub(super) fn of(before: u64, idle: u64, after: u64, streams: usize) -> Self {
        let each = |bytes: u64| (bytes as f64 - before as f64) / 1024.0 / streams as f64;
        Self {
            before: before >> 10,
            idle: idle >> 10,
            after: after >> 10,
            per_idle_stream: each(idle),
            per_stream_after: each(after),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { streams, topics, rate, size, connect, .. } = self;
        write!(f, "load         {streams} streams, {topics} topics")?;
        if self.fan_out.is_some() {
            write!(f, ", {rate} events a second on each, {size} bytes")?;
        }
        let Connects { open, errors, seconds, per_second, .. } = connect;
        write!(f, "\nconnected    {open} in {seconds:.2} s: {per_second:.0} a second, ")?;
        writeln!(f, "{errors} errors{}", because(connect.first_error.as_deref()))?;
        writeln!(f, "first byte   {}", Shown(connect.first_byte_ms))?;
        if let Some(fan_out) = &self.fan_out {
            write!(f, "{fan_out}")?;
        }
        match &self.cpu {
            Some(cpu) => writeln!(f, "server CPU   {cpu}")?,
            None => writeln!(f, "server CPU   n/a")?,
        }
        match &self.memory {
            Some(memory) => writeln!(f, "memory       {memory}")?,
            None => writeln!(f, "memory       n/a")?,
        }
        if self.streams_ended > 0 {
            writeln!(f, "ended        {} streams before their time", self.streams_ended)?;
        }
        Ok(())
    }
}

impl fmt::Display for FanOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { planned, published, publish_errors, expected, received, .. } = self;
        let Self { lost, duplicated, reordered, seconds, .. } = self;
        let why = because(self.first_publish_error.as_deref());
        writeln!(f, "published    {published} of {planned}, {publish_errors} errors{why}")?;
        writeln!(f, "answered     {}", Shown(self.answered_ms))?;
        write!(f, "delivered    {received} of {expected} in {seconds:.2} s: {lost} lost, ")?;
        writeln!(f, "{duplicated} repeated, {reordered} reordered")?;
        writeln!(f, "latency      {}", Shown(self.latency_ms))
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}% of a core", self.share_of_a_core * 100.0)?;
        if let Some(each) = self.micros_per_delivery {
            write!(f, ", {each:.2} µs a delivery")?;
        }
        if let Some(each) = self.own_micros_per_delivery {
            write!(f, " (this program {each:.2} µs)")?;
        }
        Ok(())
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { before, idle, after, per_idle_stream, per_stream_after } = self;
        write!(f, "{before} KiB without streams, {idle} KiB with them idle ")?;
        write!(f, "({per_idle_stream:.1} KiB each), {after} KiB after ({per_stream_after:.1} each)")
    }
}

struct Shown(Option<Percentiles>);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Percentiles { p50, p90, p99, max }) = self.0 else { return f.write_str("n/a") };
        write!(f, "p50 {p50:.2} ms, p90 {p90:.2} ms, p99 {p99:.2} ms, max {max:.2} ms")
    }
}

fn because(error: Option<&str>) -> String {
    error.map_or_else(String::new, |error| format!(" (the first: {error})"))
}
