//! A network in front of a server that does what networks do.

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What happens to connections that are made from now on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// They are cut once so many bytes have gone to the server.
    CutRequest(usize),
    /// They are cut once so many bytes have come from the server.
    CutAnswer(usize),
    /// From so many bytes of the server's on, answers are swallowed, and the connection stays.
    Swallow(usize),
    /// The client's end is told that nothing more comes once so many bytes have come; what it sends still arrives.
    HalfClose(usize),
    /// Every piece is late by so much.
    Delay(Duration),
    /// They are answered with this status, and the server hears nothing of it.
    Answer(u16),
    /// Of what comes from the server the first of each pair is replaced by the second, which is as long.
    Rewrite(&'static [(&'static str, &'static str)]),
}

/// A network that ends with all its connections when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    target: watch::Sender<SocketAddr>,
    fault: watch::Sender<Fault>,
    cuts: watch::Sender<u64>,
    held: watch::Sender<bool>,
    _listening: JoinSet<()>,
}

impl Proxy {
    /// One that leads to `target`.
    ///
    /// # Errors
    ///
    /// If there is no port.
    pub async fn start(target: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (fault, cuts) = (watch::Sender::new(Fault::None), watch::Sender::new(0));
        let held = watch::Sender::new(false);
        let holds = held.subscribe();
        let target = watch::Sender::new(target);
        let mut listening = JoinSet::new();
        let (now, cut, leads_to) = (fault.subscribe(), cuts.subscribe(), target.subscribe());
        listening.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let (fault, mut cut) = (*now.borrow(), cut.clone());
                let mut holds = holds.clone();
                let target = *leads_to.borrow();
                cut.mark_unchanged();
                connections.spawn(async move {
                    let mut carrying = pin!(carry(client, target, fault));
                    loop {
                        let is_held = *holds.borrow_and_update();
                        tokio::select! {
                            _ = cut.changed() => break,
                            changed = holds.changed() => if changed.is_err() { break },
                            () = &mut carrying, if !is_held => break,
                        }
                    }
                });
            }
        });
        Ok(Self { address, target, fault, cuts, held, _listening: listening })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where connections lead from now on; those that are there go on as they are.
    pub fn lead_to(&self, target: SocketAddr) {
        self.target.send_replace(target);
    }

    /// What happens to connections from now on; those that are there go on as they are.
    pub fn set(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }

    /// Holds what either side sends, on connections that are there and on new ones, until it is let go: no end is told anything.
    pub fn hold(&self, is_held: bool) {
        self.held.send_replace(is_held);
    }

    /// Cuts every connection that is there.
    pub fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}

async fn carry(mut client: TcpStream, target: SocketAddr, fault: Fault) {
    if let Fault::Answer(status) = fault {
        // Behind the request: an answer before it is none to some clients.
        let _ = client.read(&mut [0; 16 << 10]).await;
        let head =
            format!("HTTP/1.1 {status} Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        let _ = client.write_all(head.as_bytes()).await;
        let _ = client.shutdown().await;
        return;
    }
    let Ok(server) = TcpStream::connect(target).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let delay = if let Fault::Delay(delay) = fault { delay } else { Duration::ZERO };
    let rewrites: &[_] = if let Fault::Rewrite(pairs) = fault { pairs } else { &[] };
    let request = End {
        cut: if let Fault::CutRequest(at) = fault { Some(at) } else { None },
        delay,
        rewrites: &[],
    };
    let answer = async {
        let cut = match fault {
            Fault::CutAnswer(at) | Fault::Swallow(at) | Fault::HalfClose(at) => Some(at),
            _ => None,
        };
        let (mut from, mut to) =
            (End { cut, delay, rewrites }).carry(from_server, to_client).await?;
        match fault {
            Fault::Swallow(_) => while from.read(&mut [0; 4096]).await.ok()? > 0 {},
            Fault::HalfClose(_) => {
                to.shutdown().await.ok()?;
                while from.read(&mut [0; 4096]).await.ok()? > 0 {}
            }
            _ => {}
        }
        Some(())
    };
    // Whichever ends first ends the other.
    tokio::select! {
        _ = request.carry(from_client, to_server) => {}
        _ = answer => {}
    }
}

/// One direction of a connection.
struct End {
    /// After so many bytes it is over.
    cut: Option<usize>,
    delay: Duration,
    rewrites: &'static [(&'static str, &'static str)],
}

impl End {
    /// Carries until the end, and gives both back; null if it broke.
    async fn carry(
        self,
        mut from: OwnedReadHalf,
        mut to: OwnedWriteHalf,
    ) -> Option<(OwnedReadHalf, OwnedWriteHalf)> {
        let (mut buffer, mut left) = (vec![0; 16 << 10], self.cut.unwrap_or(usize::MAX));
        loop {
            let most = buffer.len().min(left);
            if most == 0 {
                return Some((from, to));
            }
            let count = from.read(&mut buffer[..most]).await.ok().filter(|count| *count > 0)?;
            for (from, to) in self.rewrites {
                rewrite(&mut buffer[..count], from.as_bytes(), to.as_bytes());
            }
            tokio::time::sleep(self.delay).await;
            to.write_all(&buffer[..count]).await.ok()?;
            left -= count;
        }
    }
}

fn rewrite(buffer: &mut [u8], from: &[u8], to: &[u8]) {
    let mut at = 0;
    while let Some(found) = buffer[at..].windows(from.len()).position(|part| part == from) {
        at += found;
        buffer[at..at + from.len()].copy_from_slice(to);
        at += from.len();
    }
}
