//! What the fuzzed files name of the rest of the server: the same shapes, and nothing behind them.

pub mod auth {
    /// Nothing that is fuzzed looks into it.
    #[derive(Clone, Debug)]
    pub struct Secret;

    impl From<String> for Secret {
        fn from(_: String) -> Self {
            Self
        }
    }

    pub mod tokens {
        #[derive(Clone, Copy, Debug)]
        pub struct TokenLimits {
            pub events_per_second: std::num::NonZeroU32,
            pub streams: usize,
        }
    }
}

pub mod collectors {
    #[derive(Clone, Debug)]
    pub struct CollectorsConfig {
        pub interval: std::time::Duration,
        pub processes_interval: std::time::Duration,
        pub host_name: String,
    }

    pub fn machine_name() -> String {
        "workshop".to_owned()
    }
}

pub mod hub {
    use std::time::Duration;

    use std::sync::Arc;
    use tidings_protocol::event::{EventId, Gap};

    pub use crate::event::{Event, FORMS};

    #[derive(Debug)]
    pub enum Item {
        Event(Arc<Event>),
        Gap(EventId, Gap),
    }

    #[derive(Clone, Copy, Debug)]
    pub struct Retention {
        pub events: usize,
        pub bytes: usize,
        pub age: Duration,
    }

    #[derive(Clone, Copy, Debug)]
    pub struct HubLimits {
        pub retention: Retention,
        pub memory_bytes: usize,
        pub topics: usize,
    }

    impl Default for HubLimits {
        fn default() -> Self {
            let age = Duration::from_secs(86_400);
            let retention = Retention { events: 10_000, bytes: 16 << 20, age };
            Self { retention, memory_bytes: 256 << 20, topics: 10_000 }
        }
    }

    #[derive(Clone, Copy, Debug)]
    pub enum Durability {
        Relaxed,
        Durable,
    }
}

pub mod sse {
    #[derive(Clone, Copy, Debug)]
    pub struct Pace {
        pub heartbeat: std::time::Duration,
        pub max_life: Option<std::time::Duration>,
    }
}
