//! The loads, and what is told of each.

/// One load.
#[derive(Debug)]
pub struct Scenario {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What it is, in words.
    pub what: &'static str,
    /// Arguments of `tidings bench`.
    pub args: &'static [&'static str],
    /// How many turns every server has in a round: what is over in a moment takes more of them.
    pub turns: usize,
    /// What of its report is told.
    pub metrics: &'static [Metric],
}

/// A figure out of the report of `tidings bench`.
#[derive(Debug)]
pub struct Metric {
    /// What it is, with its unit.
    pub title: &'static str,
    /// Where it stands in the report.
    pub pointer: &'static str,
    /// What it is multiplied by.
    pub factor: f64,
    /// Digits behind the point.
    pub digits: usize,
    /// With whose it is compared.
    pub compared: Compared,
}

/// With which other servers' figures one is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// Every server's
    All,
    /// Not the floor's, which keeps next to nothing for a stream
    Servers,
    /// None: it is to be zero, or next to it
    None,
}

const fn metric(title: &'static str, pointer: &'static str, digits: usize) -> Metric {
    Metric { title, pointer, factor: 1.0, digits, compared: Compared::All }
}

const fn memory(title: &'static str, pointer: &'static str, digits: usize) -> Metric {
    Metric { title, pointer, factor: 1.0, digits, compared: Compared::Servers }
}

const fn count(title: &'static str, pointer: &'static str) -> Metric {
    Metric { title, pointer, factor: 1.0, digits: 0, compared: Compared::None }
}

const FAN_OUT: &[Metric] = &[
    metric("CPU µs/delivery", "/cpu/microsPerDelivery", 2),
    metric("p50 ms", "/fanOut/latencyMs/p50", 1),
    metric("p99 ms", "/fanOut/latencyMs/p99", 1),
    memory("KiB/stream after", "/memory/perStreamAfter", 1),
    count("lost", "/fanOut/lost"),
    count("repeated", "/fanOut/duplicated"),
    count("reordered", "/fanOut/reordered"),
];

/// All of them.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "1k",
        what: "1,000 streams of one topic, 50 events/s",
        args: &["--streams", "1000", "--rate", "50"],
        turns: 1,
        metrics: FAN_OUT,
    },
    Scenario {
        name: "10k",
        what: "10,000 streams of one topic, 5 events/s",
        args: &["--streams", "10000", "--rate", "5"],
        turns: 1,
        metrics: FAN_OUT,
    },
    Scenario {
        name: "topics",
        what: "1,000 topics with 10 streams each, 1 event/s on each",
        args: &["--streams", "10000", "--topics", "1000", "--rate", "1"],
        turns: 1,
        metrics: FAN_OUT,
    },
    Scenario {
        name: "idle",
        what: "10,000 idle streams",
        args: &["--mode", "idle", "--streams", "10000"],
        turns: 1,
        metrics: &[
            memory("KiB/stream", "/memory/perIdleStream", 2),
            Metric {
                title: "CPU % of a core",
                pointer: "/cpu/shareOfACore",
                factor: 100.0,
                digits: 2,
                compared: Compared::None,
            },
        ],
    },
    Scenario {
        name: "connect",
        what: "10,000 connects, 256 at a time",
        args: &["--mode", "connect", "--streams", "10000"],
        turns: 6,
        metrics: &[
            metric("connects/s", "/connect/perSecond", 0),
            metric("first byte p50 ms", "/connect/firstByteMs/p50", 2),
            metric("first byte p99 ms", "/connect/firstByteMs/p99", 2),
            count("errors", "/connect/errors"),
        ],
    },
];
