//! The least that a fan-out over plain sockets costs: one thread, and one write a delivery.
//!
//! `cargo xtask bench` measures it beside the real servers. It is no server anybody should use: it knows
//! two requests, keeps nothing, and drops whoever does not read.
//!
//! ```text
//! cargo run --release -p xtask --example floor -- 127.0.0.1:4185
//! ```
//!
//! `GET /sub/TOPIC` is a stream, `POST /pub/TOPIC` an event.

use std::collections::HashMap;
use std::error::Error;
use std::io::{self, Read, Write};
use std::net::SocketAddr;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

const LISTENER: Token = Token(usize::MAX);

const STREAM: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
    Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n: \n\n\r\n";
const TAKEN: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// One connection.
struct Connection {
    socket: TcpStream,
    /// Bytes of a request that is not complete.
    request: Vec<u8>,
}

struct Request {
    path: String,
    body: String,
    /// Bytes of all of it.
    length: usize,
}

struct Floor {
    poll: Poll,
    connections: Vec<Option<Connection>>,
    /// Tokens of each topic's subscribers.
    topics: HashMap<String, Vec<usize>>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let address: SocketAddr = std::env::args().nth(1).ok_or("usage: floor ADDRESS")?.parse()?;
    let mut listener = TcpListener::from_std(listen(address)?);
    let poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut floor = Floor { poll, connections: Vec::new(), topics: HashMap::new() };
    let mut events = Events::with_capacity(1024);
    loop {
        match floor.poll.poll(&mut events, None) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            result => result?,
        }
        for event in &events {
            if event.token() == LISTENER {
                floor.accept(&listener)?;
            } else if floor.serve(event.token().0).is_err() {
                floor.connections[event.token().0] = None;
            }
        }
    }
}

/// With a queue as long as the system allows: many connect at once.
fn listen(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket =
        socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(4096)?;
    Ok(socket.into())
}

impl Floor {
    fn accept(&mut self, listener: &TcpListener) -> io::Result<()> {
        loop {
            let mut socket = match listener.accept() {
                Ok((socket, _)) => socket,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            socket.set_nodelay(true)?;
            let token = Token(self.connections.len());
            self.poll.registry().register(&mut socket, token, Interest::READABLE)?;
            self.connections.push(Some(Connection { socket, request: Vec::new() }));
        }
    }

    fn serve(&mut self, index: usize) -> Result<(), Box<dyn Error>> {
        let mut buffer = [0; 64 << 10];
        loop {
            let Some(connection) = &mut self.connections[index] else { return Ok(()) };
            match connection.socket.read(&mut buffer) {
                Ok(0) => return Err("closed".into()),
                Ok(length) => connection.request.extend_from_slice(&buffer[..length]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            }
            let Some(Request { path, body, length }) = parse(&connection.request)? else {
                continue;
            };
            connection.request.drain(..length);
            if let Some(topic) = path.strip_prefix("/sub/") {
                connection.socket.write_all(STREAM)?;
                connection.request = Vec::new();
                self.topics.entry(topic.to_owned()).or_default().push(index);
            } else if let Some(topic) = path.strip_prefix("/pub/") {
                connection.socket.write_all(TAKEN)?;
                self.deliver(topic, &body);
            } else {
                return Err("no such path".into());
            }
        }
    }

    fn deliver(&mut self, topic: &str, body: &str) {
        let event = format!("data: {body}\n\n");
        let frame = format!("{:x}\r\n{event}\r\n", event.len()).into_bytes();
        let Some(subscribers) = self.topics.get_mut(topic) else { return };
        let connections = &mut self.connections;
        subscribers.retain(|&index| {
            let Some(connection) = &mut connections[index] else { return false };
            // A part of a frame cannot be mended later without a queue.
            let whole = connection.socket.write(&frame).is_ok_and(|length| length == frame.len());
            if !whole {
                connections[index] = None;
            }
            whole
        });
    }
}

/// The first request, if all of it is there.
fn parse(bytes: &[u8]) -> Result<Option<Request>, Box<dyn Error>> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&bytes[..end])?;
    let path = head.split(' ').nth(1).ok_or("no request")?.to_owned();
    let mut headers = head.lines().filter_map(|line| line.split_once(": "));
    let length = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.map_or(Ok(0), |(_, value)| value.parse())?;
    let (from, to) = (end + 4, end + 4 + length);
    let Some(body) = bytes.get(from..to) else { return Ok(None) };
    Ok(Some(Request { path, body: std::str::from_utf8(body)?.to_owned(), length: to }))
}
