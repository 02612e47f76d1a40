//! HTTP byte by byte, where a client library would forgive or hide what a test is about.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::{DEADLINE, Frame, tls};

/// Longest head of a response that is read, in bytes.
const MAX_HEAD: usize = 16 << 10;

/// A connection whose other end must speak HTTP to the letter.
#[derive(Debug)]
pub struct Wire {
    stream: Line,
    /// Read and not yet looked at.
    buffer: Vec<u8>,
    framing: Framing,
    /// Of the body: decoded and not yet a frame.
    text: Vec<u8>,
}

/// What bytes go over.
#[derive(Debug)]
enum Line {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

/// What tells where a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    /// The end of the connection.
    Close,
    Chunked,
    /// So many bytes are still to come.
    Length(usize),
    /// It has ended.
    Ended,
}

/// A response's head.
#[derive(Clone, Debug)]
pub struct Head {
    /// Status code.
    pub status: u16,
    /// Names in lower case, in the order they came.
    pub headers: Vec<(String, String)>,
}

impl Head {
    /// The value of a header that may come once.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn parse(text: &str) -> Result<Self> {
        let mut lines = text.split("\r\n");
        let status = lines.next().context("a status line")?;
        let (version, rest) = status.split_once(' ').context("a status")?;
        ensure!(matches!(version, "HTTP/1.1" | "HTTP/1.0"), "{status:?}");
        let (code, _) = rest.split_once(' ').context("a reason")?;
        let mut head = Self { status: code.parse()?, headers: Vec::new() };
        for line in lines {
            ensure!(!line.contains(['\r', '\n', '\0']), "a line in a line: {line:?}");
            let (name, value) = line.split_once(':').with_context(|| format!("{line:?}"))?;
            let is_token = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
            ensure!(!name.is_empty() && name.chars().all(is_token), "a name: {line:?}");
            let name = name.to_ascii_lowercase();
            ensure!(head.get(&name).is_none() || name == "vary", "{name} comes twice");
            head.headers.push((name, value.trim_matches([' ', '\t']).to_owned()));
        }
        Ok(head)
    }

    fn framing(&self) -> Result<Framing> {
        let (length, coding) = (self.get("content-length"), self.get("transfer-encoding"));
        ensure!(length.is_none() || coding.is_none(), "two lengths: {self:?}");
        Ok(match (length, coding) {
            _ if matches!(self.status, 204 | 304) => Framing::Ended,
            (Some(length), _) => Framing::Length(length.parse()?),
            (_, Some("chunked")) => Framing::Chunked,
            (_, Some(coding)) => bail!("an unknown coding: {coding}"),
            (None, None) => Framing::Close,
        })
    }
}

impl Wire {
    /// Connects.
    ///
    /// # Errors
    ///
    /// If nobody listens there.
    pub async fn connect(address: SocketAddr) -> Result<Self> {
        let stream = tokio::time::timeout(DEADLINE, TcpStream::connect(address)).await??;
        Ok(Self::new(stream))
    }

    /// Speaks over a connection that is there already.
    #[must_use]
    pub fn new(stream: TcpStream) -> Self {
        Self::over(Line::Plain(stream))
    }

    /// Speaks HTTP/1.1 over TLS.
    ///
    /// # Errors
    ///
    /// If there is no handshake in time.
    pub async fn secure(address: SocketAddr) -> Result<Self> {
        let stream = tls::connect(address, &["http/1.1"]).await?;
        Ok(Self::over(Line::Secure(Box::new(stream))))
    }

    fn over(stream: Line) -> Self {
        Self { stream, buffer: Vec::new(), framing: Framing::Ended, text: Vec::new() }
    }

    /// Connects, sends a GET request of HTTP/1.1 with a token and reads the answer's head.
    ///
    /// # Errors
    ///
    /// If there is no answer.
    pub async fn get(address: SocketAddr, path: &str, token: &str) -> Result<(Self, Head)> {
        let mut wire = Self::connect(address).await?;
        wire.send(&get(path, token)).await?;
        let head = wire.head().await?;
        Ok((wire, head))
    }

    /// Sends bytes.
    ///
    /// # Errors
    ///
    /// If the other end has gone.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> Result<()> {
        let bytes = bytes.as_ref();
        match &mut self.stream {
            Line::Plain(stream) => stream.write_all(bytes).await?,
            Line::Secure(stream) => {
                stream.write_all(bytes).await?;
                stream.flush().await?;
            }
        }
        Ok(())
    }

    /// Reads a response's head.
    ///
    /// # Errors
    ///
    /// If none comes in time, or it is none.
    pub async fn head(&mut self) -> Result<Head> {
        self.head_of("GET").await
    }

    /// Reads the head of the response to a request of that method.
    ///
    /// # Errors
    ///
    /// As [`head`](Self::head).
    pub async fn head_of(&mut self, method: &str) -> Result<Head> {
        loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                let head = Head::parse(std::str::from_utf8(&self.buffer[..end])?)?;
                self.buffer.drain(..end + 4);
                self.framing = if method == "HEAD" { Framing::Ended } else { head.framing()? };
                return Ok(head);
            }
            ensure!(self.buffer.len() < MAX_HEAD, "no end of the head");
            ensure!(self.more(DEADLINE).await?, "closed within the head: {:?}", self.buffer);
        }
    }

    /// The next frame of a stream, within the usual deadline.
    ///
    /// # Errors
    ///
    /// If none comes in time, the stream ends, or it breaks a rule of HTTP.
    pub async fn next(&mut self) -> Result<Frame> {
        self.next_within(DEADLINE).await
    }

    /// The next frame of a stream.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next).
    pub async fn next_within(&mut self, deadline: Duration) -> Result<Frame> {
        let read = async {
            loop {
                if let Some(end) = find(&self.text, b"\n\n") {
                    let block: Vec<u8> = self.text.drain(..end + 2).collect();
                    return Frame::parse(std::str::from_utf8(&block)?);
                }
                ensure!(self.more_text().await?, "the stream ended");
            }
        };
        let frame = tokio::time::timeout(deadline, read).await;
        frame.with_context(|| format!("a frame within {deadline:?}"))?
    }

    /// The rest of the body, to an end as HTTP says; a second request may follow.
    ///
    /// # Errors
    ///
    /// If it does not end in time, or breaks off.
    pub async fn body(&mut self) -> Result<String> {
        let read = async {
            while self.more_text().await? {}
            Ok(String::from_utf8(std::mem::take(&mut self.text))?)
        };
        tokio::time::timeout(DEADLINE, read).await.context("the body to end")?
    }

    /// Waits for the connection's end, at which nothing is left over.
    ///
    /// # Errors
    ///
    /// If something else comes, or no end in time.
    pub async fn closed(mut self) -> Result<()> {
        ensure!(self.buffer.is_empty(), "more than asked for: {:?}", show(&self.buffer));
        let more = self.more(DEADLINE).await?;
        ensure!(!more, "more than asked for: {:?}", show(&self.buffer));
        Ok(())
    }

    /// Says that nothing more will be sent, and goes on reading.
    ///
    /// # Errors
    ///
    /// If the other end has gone.
    pub async fn finish_sending(&mut self) -> Result<()> {
        match &mut self.stream {
            Line::Plain(stream) => stream.shutdown().await?,
            Line::Secure(stream) => stream.shutdown().await?,
        }
        Ok(())
    }

    /// Ends the connection as a process that is killed does, with a reset.
    pub fn reset(self) {
        // Only a socket that is gone refuses, and then there is nothing to reset.
        let _ = self.stream().set_zero_linger();
    }

    /// The connection itself.
    #[must_use]
    pub fn stream(&self) -> &TcpStream {
        match &self.stream {
            Line::Plain(stream) => stream,
            Line::Secure(stream) => stream.get_ref().0,
        }
    }

    /// Decodes more of the body. Whether there was more.
    async fn more_text(&mut self) -> Result<bool> {
        loop {
            match self.framing {
                Framing::Ended | Framing::Length(0) => return Ok(false),
                Framing::Length(left) if !self.buffer.is_empty() => {
                    let taken = left.min(self.buffer.len());
                    self.text.extend(self.buffer.drain(..taken));
                    self.framing = Framing::Length(left - taken);
                    return Ok(true);
                }
                Framing::Close if !self.buffer.is_empty() => {
                    self.text.append(&mut self.buffer);
                    return Ok(true);
                }
                Framing::Chunked => {
                    if let Some(chunk) = self.take_chunk()? {
                        if chunk.is_empty() {
                            self.framing = Framing::Ended;
                        }
                        self.text.extend_from_slice(&chunk);
                        return Ok(!chunk.is_empty());
                    }
                }
                Framing::Length(_) | Framing::Close => {}
            }
            if !self.more(Duration::MAX).await? {
                ensure!(self.framing == Framing::Close, "the body breaks off");
                self.framing = Framing::Ended;
                return Ok(false);
            }
        }
    }

    /// A whole chunk, if it is there; an empty one is the last.
    fn take_chunk(&mut self) -> Result<Option<Vec<u8>>> {
        let Some(end) = find(&self.buffer, b"\r\n") else {
            ensure!(self.buffer.len() <= 16, "no chunk: {:?}", show(&self.buffer));
            return Ok(None);
        };
        let digits = std::str::from_utf8(&self.buffer[..end])?;
        let is_hex = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        ensure!(is_hex, "no size of a chunk: {digits:?}");
        let size = usize::from_str_radix(digits, 16)?;
        let Some(rest) = self.buffer.get(end + 2..end + 2 + size + 2) else { return Ok(None) };
        let (chunk, line_end) = rest.split_at(size);
        ensure!(line_end == b"\r\n", "a chunk of another size than it says: {:?}", show(rest));
        let chunk = chunk.to_owned();
        self.buffer.drain(..end + 2 + size + 2);
        Ok(Some(chunk))
    }

    /// Reads more. Whether there was more.
    async fn more(&mut self, deadline: Duration) -> Result<bool> {
        let read = async {
            match &mut self.stream {
                Line::Plain(stream) => stream.read_buf(&mut self.buffer).await,
                Line::Secure(stream) => stream.read_buf(&mut self.buffer).await,
            }
        };
        let read = tokio::time::timeout(deadline, read).await;
        Ok(read.with_context(|| format!("bytes within {deadline:?}"))?? > 0)
    }
}

/// A GET request of HTTP/1.1 to this machine, with a token.
#[must_use]
pub fn get(path: &str, token: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n")
}

/// A POST request of HTTP/1.1 to this machine that publishes JSON.
#[must_use]
pub fn publish(topic: &str, token: &str, json: &str) -> String {
    let length = json.len();
    format!(
        "POST /api/publish/{topic} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{json}"
    )
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_that_could_be_read_in_two_ways_is_none() {
        let both =
            Head::parse("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked");
        assert!(both.unwrap().framing().is_err());
        for text in [
            "HTTP/1.1 200 OK\r\nDate: x\r\ndate: y",
            "HTTP/1.1 200 OK\r\nDate : x",
            "HTTP/1.1 200 OK\r\nDate: x\ny",
            "HTTP/2 200 OK",
        ] {
            assert!(Head::parse(text).is_err(), "{text:?}");
        }
    }
}
