//! The publisher: a thread that sends each event when it is due, whatever became of those before it.
//!
//! A topic's events go over one connection, each when the one before is answered, as a program that
//! waits for its acknowledgements sends them. One that had to wait still bears the time it was due.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream as Blocking};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use super::histogram::Histogram;
use super::response::Response;
use super::stamp::Stamp;
use super::subscribers::{is_later, micros};
use super::target::Target;

/// Most connections it publishes over.
const LANES: u32 = 8;

/// How exactly the time of an answer is known.
const STEP: Duration = Duration::from_micros(100);

/// How long a server may take to accept a publisher.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// What to publish.
#[derive(Clone)]
pub(super) struct Plan {
    pub(super) target: Target,
    pub(super) run: u32,
    pub(super) topics: u32,
    /// Number of each topic's first event.
    pub(super) first: u32,
    /// Events of each topic.
    pub(super) rounds: u32,
    /// Events a second on each topic.
    pub(super) rate: f64,
    /// Bytes of a body.
    pub(super) size: usize,
    /// When the run began, which due times count from.
    pub(super) began: Instant,
    /// When the first event is due.
    pub(super) start: Instant,
    /// When what is not answered yet is given up.
    pub(super) end: Instant,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Published {
    /// Events of each topic that were taken.
    pub(super) taken: Vec<u64>,
    /// Events that were refused, or not answered.
    pub(super) failed: u64,
    pub(super) first_failure: Option<String>,
    /// From due to answered.
    pub(super) answered: Histogram,
}

/// One connection, and the topics that go over it: every [`LANES`]th.
struct Lane {
    socket: Option<TcpStream>,
    response: Response,
    answer: Vec<u8>,
    /// What is still to be written of the request.
    request: Vec<u8>,
    /// The event that is not answered yet.
    pending: Option<Pending>,
    round: u32,
    topic: u32,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    topic: u32,
    due: u64,
}

impl Plan {
    /// Publishes all of it, on the calling thread.
    pub(super) fn run(&self) -> io::Result<Published> {
        let mut poll = Poll::new()?;
        let mut events = Events::with_capacity(64);
        let topics = usize::try_from(self.topics).unwrap_or_default();
        let mut published = Published { taken: vec![0; topics], ..Published::default() };
        let mut lanes: Vec<Lane> = (0..self.topics.min(LANES)).map(Lane::new).collect();
        loop {
            let now = Instant::now();
            if now >= self.end {
                break;
            }
            let mut next = self.end;
            let mut busy = false;
            for (token, lane) in lanes.iter_mut().enumerate() {
                if lane.pending.is_none() && lane.round < self.rounds {
                    let due = self.due(lane.round, lane.topic);
                    if due <= now {
                        if let Err(error) = lane.send(self, due, &poll, Token(token)) {
                            lane.fail(&mut published, error.to_string());
                        }
                    } else {
                        next = next.min(due);
                    }
                }
                busy |= lane.pending.is_some() || lane.round < self.rounds;
            }
            if !busy {
                break;
            }
            let answers = lanes.iter().any(|lane| lane.pending.is_some());
            wait(&mut poll, &mut events, next, answers)?;
            for event in &events {
                let lane = &mut lanes[event.token().0];
                if let Err(error) = lane.serve(self.began, &mut published) {
                    lane.fail(&mut published, error.to_string());
                }
            }
        }
        published.failed += lanes.iter().filter(|lane| lane.pending.is_some()).count() as u64;
        Ok(published)
    }

    /// Topics take turns, so that their events are spread over the time between two of one topic.
    fn due(&self, round: u32, topic: u32) -> Instant {
        let share = f64::from(topic) / f64::from(self.topics);
        self.start + Duration::from_secs_f64((f64::from(round) + share) / self.rate)
    }
}

/// Waits for an answer, or for `next`. A poll knows milliseconds only, so the rest is slept: in steps
/// while there are answers to come.
#[expect(clippy::disallowed_methods, reason = "a thread of its own, which has nothing else to do")]
fn wait(poll: &mut Poll, events: &mut Events, next: Instant, answers: bool) -> io::Result<()> {
    let left = next.saturating_duration_since(Instant::now());
    let whole = Duration::from_millis(left.as_secs() * 1000 + u64::from(left.subsec_millis()));
    match poll.poll(events, Some(whole)) {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
        result => result?,
    }
    if events.is_empty() && whole.is_zero() {
        let left = next.saturating_duration_since(Instant::now());
        std::thread::sleep(if answers { left.min(STEP) } else { left });
    }
    Ok(())
}

impl Lane {
    fn new(topic: u32) -> Self {
        Self {
            socket: None,
            response: Response::default(),
            answer: Vec::new(),
            request: Vec::new(),
            pending: None,
            round: 0,
            topic,
        }
    }

    fn send(&mut self, plan: &Plan, due: Instant, poll: &Poll, token: Token) -> io::Result<()> {
        let due = micros(due.saturating_duration_since(plan.began));
        let stamp = Stamp { run: plan.run, topic: self.topic, seq: plan.first + self.round, due };
        self.request = plan.target.post(self.topic, &stamp.body(plan.size));
        self.pending = Some(Pending { topic: self.topic, due });
        self.response = Response::default();
        self.answer.clear();
        self.topic += LANES;
        if self.topic >= plan.topics {
            self.topic %= LANES;
            self.round += 1;
        }
        if self.socket.is_none() {
            let mut socket = connect(plan.target.address)?;
            let interest = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(&mut socket, token, interest)?;
            self.socket = Some(socket);
        }
        self.write()
    }

    fn write(&mut self) -> io::Result<()> {
        let Some(socket) = &mut self.socket else { return Ok(()) };
        while !self.request.is_empty() {
            match socket.write(&self.request) {
                Ok(written) => drop(self.request.drain(..written)),
                Err(error) if is_later(&error) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn serve(&mut self, began: Instant, published: &mut Published) -> io::Result<()> {
        self.write()?;
        let mut buffer = [0; 8 << 10];
        while let Some(socket) = &mut self.socket {
            match socket.read(&mut buffer) {
                Ok(0) => {
                    self.socket = None;
                    if self.pending.is_some() {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Ok(length) => {
                    let answer = &mut self.answer;
                    self.response
                        .feed(&buffer[..length], |body| answer.extend_from_slice(body))
                        .map_err(io::Error::other)?;
                }
                Err(error) if is_later(&error) => break,
                Err(error) => return Err(error),
            }
        }
        if self.response.is_complete()
            && let Some(Pending { topic, due }) = self.pending.take()
        {
            let status = self.response.status().unwrap_or_default();
            if (200..300).contains(&status) {
                published.taken[topic as usize] += 1;
                published.answered.add(micros(began.elapsed()).saturating_sub(due));
            } else {
                let answer = String::from_utf8_lossy(&self.answer);
                published.fail(format!("status {status}: {}", answer.trim()));
            }
        }
        Ok(())
    }

    /// Gives the connection up, and the event that was under way.
    fn fail(&mut self, published: &mut Published, error: String) {
        self.socket = None;
        if self.pending.take().is_some() {
            published.fail(error);
        }
    }
}

impl Published {
    fn fail(&mut self, error: String) {
        self.failed += 1;
        self.first_failure.get_or_insert(error);
    }
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = Blocking::connect_timeout(&address, CONNECT_LIMIT)?;
    socket.set_nodelay(true)?;
    socket.set_nonblocking(true)?;
    Ok(TcpStream::from_std(socket))
}
