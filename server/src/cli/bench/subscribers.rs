//! The subscribers: any number of streams on one thread and one poll, with one read buffer for all.
//!
//! The load shares the machine with what it measures, so it does as little as it can: one read a
//! wake-up, and of each event nothing but its stamp.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use socket2::SockRef;

use super::BenchError;
use super::histogram::Histogram;
use super::response::Response;
use super::stamp::{Scanner, Stamp};
use super::tally::{Arrival, Tally};
use super::target::Target;

/// Bytes read at once. A read that fills less has emptied the socket.
const BUFFER: usize = 64 << 10;

/// All streams.
pub(super) struct Subscribers {
    poll: Poll,
    events: Events,
    streams: Vec<Stream>,
    buffer: Vec<u8>,
    shared: Shared,
}

/// What all streams count together.
#[derive(Debug)]
struct Shared {
    /// When the run began; all times are µs since then.
    began: Instant,
    run: u32,
    counts: Counts,
    latency: Histogram,
    first_byte: Histogram,
    /// Streams that wait for their first byte.
    waiting: usize,
    open: usize,
    failed: usize,
    first_failure: Option<String>,
}

/// Deliveries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Different events, summed over the streams.
    pub(super) received: u64,
    /// Events that came to a stream again, or to one of another topic.
    pub(super) duplicated: u64,
    /// Events that came after later ones of their topic; they count as received too.
    pub(super) reordered: u64,
}

/// How connecting went.
#[derive(Clone, Debug)]
pub(super) struct Connected {
    pub(super) open: usize,
    pub(super) errors: usize,
    /// From the first attempt to the last first byte.
    pub(super) took: Duration,
    pub(super) first_byte: Histogram,
    pub(super) first_error: Option<String>,
}

struct Stream {
    socket: Option<TcpStream>,
    topic: u32,
    began: u64,
    /// What is still to be sent of the request.
    request: Vec<u8>,
    response: Response,
    scanner: Scanner,
    tally: Tally,
}

impl Subscribers {
    /// None yet.
    pub(super) fn new(began: Instant, run: u32) -> io::Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(512),
            streams: Vec::new(),
            buffer: vec![0; BUFFER],
            shared: Shared {
                began,
                run,
                counts: Counts::default(),
                latency: Histogram::default(),
                first_byte: Histogram::default(),
                waiting: 0,
                open: 0,
                failed: 0,
                first_failure: None,
            },
        })
    }

    /// Opens `count` streams, spread over `topics`, no more than `at_once` at a time, and waits until
    /// each has its first byte or has failed.
    pub(super) fn connect(
        &mut self,
        target: &Target,
        count: usize,
        topics: u32,
        at_once: usize,
        limit: Duration,
    ) -> Result<Connected, BenchError> {
        let began = Instant::now();
        self.streams.reserve_exact(count);
        let mut topic = 0;
        while self.streams.len() < count || self.shared.waiting > 0 {
            while self.shared.waiting < at_once && self.streams.len() < count {
                self.open(target, topic)?;
                topic = (topic + 1) % topics;
            }
            if began.elapsed() > limit {
                self.shared.failed += self.shared.waiting;
                self.shared.first_failure.get_or_insert("no answer in time".to_owned());
                break;
            }
            self.turn(Duration::from_millis(100))?;
        }
        Ok(Connected {
            open: self.shared.open,
            errors: self.shared.failed,
            took: began.elapsed(),
            first_byte: self.shared.first_byte.clone(),
            first_error: self.shared.first_failure.clone(),
        })
    }

    /// Reads what comes until `done` says so or the time is over.
    pub(super) fn listen(
        &mut self,
        limit: Duration,
        mut done: impl FnMut(Counts) -> bool,
    ) -> Result<(), BenchError> {
        let end = Instant::now() + limit;
        while !done(self.shared.counts) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            self.turn(left.min(Duration::from_millis(20)))?;
        }
        Ok(())
    }

    /// What was counted since the last call, with the time from due to received of each event.
    pub(super) fn take_counts(&mut self) -> (Counts, Histogram) {
        (std::mem::take(&mut self.shared.counts), std::mem::take(&mut self.shared.latency))
    }

    /// Streams of a topic that are open now.
    pub(super) fn open_streams(&self) -> usize {
        self.shared.open
    }

    fn open(&mut self, target: &Target, topic: u32) -> Result<(), BenchError> {
        let token = Token(self.streams.len());
        let mut socket = TcpStream::connect(target.address).map_err(connect_error)?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut socket, token, interest).map_err(BenchError::Poll)?;
        self.shared.waiting += 1;
        self.streams.push(Stream {
            socket: Some(socket),
            topic,
            began: self.shared.now(),
            request: target.get(topic),
            response: Response::default(),
            scanner: Scanner::default(),
            tally: Tally::default(),
        });
        Ok(())
    }

    fn turn(&mut self, wait: Duration) -> Result<(), BenchError> {
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            result => result.map_err(BenchError::Poll)?,
        }
        for event in &self.events {
            self.streams[event.token().0].serve(event, &mut self.buffer, &mut self.shared);
        }
        Ok(())
    }
}

/// Streams are reset, not closed: a port that was closed stays taken for a minute, and with tens of thousands of them the
/// system searches long for a free one, which the next run would be charged with.
impl Drop for Subscribers {
    fn drop(&mut self) {
        for socket in self.streams.iter().filter_map(|stream| stream.socket.as_ref()) {
            // Where it fails, that one is closed.
            let _ = SockRef::from(socket).set_linger(Some(Duration::ZERO));
        }
    }
}

impl Shared {
    fn now(&self) -> u64 {
        micros(self.began.elapsed())
    }
}

impl Stream {
    fn serve(&mut self, event: &Event, buffer: &mut [u8], shared: &mut Shared) {
        let was_waiting = self.response.status().is_none();
        let result = self.exchange(event, buffer, shared);
        if let Err(error) = result {
            self.socket = None;
            if was_waiting {
                shared.waiting -= 1;
            } else {
                shared.open -= 1;
            }
            shared.failed += 1;
            shared.first_failure.get_or_insert(error);
        } else if was_waiting && self.response.status().is_some() {
            shared.waiting -= 1;
            shared.open += 1;
        }
    }

    fn exchange(
        &mut self,
        event: &Event,
        buffer: &mut [u8],
        shared: &mut Shared,
    ) -> Result<(), String> {
        let Some(socket) = &mut self.socket else { return Ok(()) };
        if !self.request.is_empty() && event.is_writable() {
            if let Ok(Some(error)) | Err(error) = socket.take_error() {
                return Err(error.to_string());
            }
            match socket.write(&self.request) {
                Ok(written) => drop(self.request.drain(..written)),
                Err(error) if is_later(&error) => {}
                Err(error) => return Err(error.to_string()),
            }
            if self.request.is_empty() {
                self.request = Vec::new();
            }
        }
        if !event.is_readable() && !event.is_read_closed() && !event.is_error() {
            return Ok(());
        }
        loop {
            let length = match socket.read(buffer) {
                Ok(0) => return Err("the server ended the stream".to_owned()),
                Ok(length) => length,
                Err(error) if is_later(&error) => return Ok(()),
                Err(error) => return Err(error.to_string()),
            };
            let now = shared.now();
            let head = self.response.status().is_none();
            let (scanner, tally, topic) = (&mut self.scanner, &mut self.tally, self.topic);
            let fed = self.response.feed(&buffer[..length], |body| {
                scanner.scan(body, |stamp| shared.count(stamp, topic, tally, now));
            });
            fed.map_err(|error| error.to_string())?;
            if head && let Some(status) = self.response.status() {
                if status != 200 {
                    let text = String::from_utf8_lossy(&buffer[..length]);
                    let body = text.split("\r\n\r\n").nth(1).unwrap_or_default();
                    return Err(format!("status {status}: {}", body.trim()));
                }
                shared.first_byte.add(now.saturating_sub(self.began));
            }
            if self.response.is_complete() {
                return Err("the server ended the stream".to_owned());
            }
            // Only a full buffer, or an end that no further wake-up will tell of, needs another look.
            if length < buffer.len() && !event.is_read_closed() {
                return Ok(());
            }
        }
    }
}

impl Shared {
    fn count(&mut self, stamp: Stamp, topic: u32, tally: &mut Tally, now: u64) {
        if stamp.run != self.run {
            return;
        }
        let counts = &mut self.counts;
        if stamp.topic != topic {
            counts.duplicated += 1;
            return;
        }
        match tally.take(stamp.seq) {
            Arrival::New => counts.received += 1,
            Arrival::Reordered => {
                counts.received += 1;
                counts.reordered += 1;
            }
            Arrival::Again => {
                counts.duplicated += 1;
                return;
            }
        }
        self.latency.add(now.saturating_sub(stamp.due));
    }
}

/// µs of a duration.
pub(super) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Whether there is nothing wrong but the time.
pub(super) fn is_later(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, NotConnected, WouldBlock};
    matches!(error.kind(), WouldBlock | Interrupted | NotConnected)
}

/// What to do about a socket that cannot even be made.
fn connect_error(source: io::Error) -> BenchError {
    if source.kind() == io::ErrorKind::AddrNotAvailable {
        BenchError::Ports(source)
    } else {
        BenchError::Connect(source)
    }
}
