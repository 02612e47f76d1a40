//! Behind the real nginx, which is told nothing about streams.

use std::io::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use flate2::write::GzDecoder;
use harness::{DEADLINE, Nginx, Server, ServerOptions, Wire, free_address, wire};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long an event may take through both.
const AT_ONCE: Duration = Duration::from_secs(1);

/// The page whose configuration is run here.
const PAGE: &str = include_str!("../docs/reverse-proxy.md");

/// A server as the page says to start it.
async fn server() -> Result<Server> {
    let options = ServerOptions {
        listen: Some(free_address()?),
        ..ServerOptions::with_config("[server]\nheartbeat_seconds = 1")
    };
    let args = ["--behind-proxy", "127.0.0.1", "--allowed-host", "tidings.example"];
    Server::start_with(options.with_args(args)).await
}

/// nginx with its defaults, and the one directive that it takes to forward at all.
fn proxy_pass(server: &Server) -> String {
    format!("location / {{\nproxy_pass http://{};\n}}", server.address())
}

fn stream_request(token: &str, more: &str) -> String {
    format!(
        "GET /api/events?topic=app/x HTTP/1.1\r\nHost: tidings.example\r\n\
         Authorization: Bearer {token}\r\nAccept: text/event-stream\r\n{more}\r\n"
    )
}

async fn open(nginx: &Nginx, token: &str, more: &str) -> Result<Wire> {
    let mut wire = Wire::connect(nginx.address()).await?;
    wire.send(stream_request(token, more)).await?;
    let head = wire.head().await?;
    ensure!(head.status == 200, "{head:?}");
    ensure!(head.get("content-type") == Some("text/event-stream"), "{head:?}");
    ensure!(head.get("cache-control") == Some("no-cache, no-transform"), "{head:?}");
    ensure!(head.get("content-encoding").is_none(), "{head:?}");
    Ok(wire)
}

/// Publishes a number, and returns its id.
async fn publish(address: SocketAddr, token: &str, number: u32) -> Result<String> {
    let mut wire = Wire::connect(address).await?;
    wire.send(wire::publish("app/x", token, &number.to_string())).await?;
    let head = wire.head().await?;
    let body = wire.body().await?;
    ensure!(head.status == 200, "{head:?} {body}");
    let answer: serde_json::Value = serde_json::from_str(&body)?;
    Ok(answer["id"].as_str().context("an id")?.to_owned())
}

/// The next event, past heartbeats; it must come at once.
async fn event(wire: &mut Wire, number: u32, id: &str) -> Result<()> {
    let begun = Instant::now();
    loop {
        let frame = wire.next_within(AT_ONCE).await?;
        ensure!(begun.elapsed() < AT_ONCE, "only heartbeats come");
        if frame.comment.is_none() {
            ensure!(frame.json()?["data"] == number, "{number} was due, not {frame:?}");
            ensure!(frame.id.as_deref() == Some(id), "{id}: {frame:?}");
            return Ok(());
        }
    }
}

#[tokio::test]
async fn events_come_at_once_and_again_where_a_client_left_off() -> Result<()> {
    let server = server().await?;
    let token = server.token()?;
    let nginx = Nginx::start("", &proxy_pass(&server)).await?;
    let mut stream = open(&nginx, &token, "").await?;
    let first = stream.next_within(AT_ONCE).await?;
    ensure!(first.json()?["type"] == "connected", "{first:?}");
    let mut ids = Vec::new();
    for number in 0..10 {
        let id = publish(nginx.address(), &token, number).await?;
        event(&mut stream, number, &id).await?;
        ids.push(id);
    }
    drop(stream);

    let mut again = open(&nginx, &token, &format!("Last-Event-ID: {}\r\n", ids[3])).await?;
    let first = again.next_within(AT_ONCE).await?;
    ensure!(first.id.as_deref() == Some(&*ids[3]), "{first:?}");
    for number in 4..10 {
        event(&mut again, number, &ids[number as usize]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn heartbeats_keep_nginx_from_giving_a_quiet_stream_up() -> Result<()> {
    let server = server().await?;
    let token = server.token()?;
    // As 60 s, nginx's own, are to a heartbeat of 15 s, with room for a busy machine.
    let nginx = Nginx::start("proxy_read_timeout 3s;", &proxy_pass(&server)).await?;
    let mut stream = open(&nginx, &token, "").await?;
    stream.next().await?;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(5) {
        let beat = stream.next_within(Duration::from_secs(3)).await?;
        ensure!(beat.comment.as_deref() == Some("heartbeat"), "{beat:?}");
    }
    let id = publish(server.address(), &token, 1).await?;
    event(&mut stream, 1, &id).await
}

#[tokio::test]
async fn a_client_that_goes_ends_its_stream_and_a_server_that_goes_ends_its_clients() -> Result<()>
{
    let mut server = server().await?;
    let token = server.token()?;
    let nginx = Nginx::start("", &proxy_pass(&server)).await?;
    let before = server.open_files_at_rest().await?;
    let mut streams = Vec::new();
    for _ in 0..20 {
        let mut stream = open(&nginx, &token, "").await?;
        stream.next().await?;
        streams.push(stream);
    }
    ensure!(server.open_files()? >= before + 20, "each has a stream of its own");
    let (gone, mut kept) = (streams.split_off(10), streams);
    gone.into_iter().for_each(drop);
    server.closes_down_to(before + 10, DEADLINE).await?;

    ensure!(server.stop().await?.success(), "it did not end as it should");
    for stream in &mut kept {
        // To the last chunk, as nginx writes it where its own upstream has ended properly.
        stream.body().await?;
    }
    let mut after = Wire::connect(nginx.address()).await?;
    after.send(stream_request(&token, "")).await?;
    ensure!(after.head().await?.status == 502, "nginx answers though the server is gone");
    Ok(())
}

#[tokio::test]
async fn gzip_as_debian_switches_it_on_leaves_streams_alone() -> Result<()> {
    let server = server().await?;
    let token = server.token()?;
    let nginx = Nginx::start("gzip on;\ngzip_min_length 0;", &proxy_pass(&server)).await?;
    let mut stream = open(&nginx, &token, "Accept-Encoding: gzip, br\r\n").await?;
    stream.next_within(AT_ONCE).await?;

    let nginx = Nginx::start("gzip on;\ngzip_types *;", &proxy_pass(&server)).await?;
    let mut stream = open(&nginx, &token, "").await?;
    stream.next_within(AT_ONCE).await.context("whoever asks for no compression gets none")?;
    Ok(())
}

#[tokio::test]
async fn an_nginx_that_compresses_everything_holds_no_event_back() -> Result<()> {
    let server = server().await?;
    let token = server.token()?;
    let nginx = Nginx::start("gzip on;\ngzip_types *;", &proxy_pass(&server)).await?;
    let mut stream = TcpStream::connect(nginx.address()).await?;
    stream.write_all(stream_request(&token, "Accept-Encoding: gzip\r\n").as_bytes()).await?;
    let mut unzipped = Unzipped::default();
    unzipped.read_until(&mut stream, "connected").await?;
    for number in 0..5 {
        publish(server.address(), &token, number).await?;
        unzipped.read_until(&mut stream, &format!("\"data\":{number}}}")).await?;
    }
    Ok(())
}

/// What a chunked, compressed body says so far.
#[derive(Default)]
struct Unzipped {
    raw: Vec<u8>,
    /// Of `raw`: done with.
    at: usize,
    text: Option<GzDecoder<Vec<u8>>>,
}

impl Unzipped {
    async fn read_until(&mut self, stream: &mut TcpStream, wanted: &str) -> Result<()> {
        let read = async {
            loop {
                if let Some(text) = &mut self.text {
                    text.flush()?;
                    if String::from_utf8_lossy(text.get_ref()).contains(wanted) {
                        return Ok(());
                    }
                }
                ensure!(stream.read_buf(&mut self.raw).await? > 0, "the stream ended");
                self.decode()?;
            }
        };
        tokio::time::timeout(AT_ONCE, read).await.with_context(|| format!("{wanted} at once"))?
    }

    fn decode(&mut self) -> Result<()> {
        if self.text.is_none() {
            let Some(end) = self.raw.windows(4).position(|end| end == b"\r\n\r\n") else {
                return Ok(());
            };
            let head = String::from_utf8_lossy(&self.raw[..end]).to_ascii_lowercase();
            ensure!(head.contains("content-encoding: gzip"), "nothing to test: {head}");
            (self.at, self.text) = (end + 4, Some(GzDecoder::new(Vec::new())));
        }
        while let Some(text) = &mut self.text {
            let rest = &self.raw[self.at..];
            let Some(line) = rest.windows(2).position(|end| end == b"\r\n") else { break };
            let size = usize::from_str_radix(std::str::from_utf8(&rest[..line])?, 16)?;
            let Some(chunk) = rest.get(line + 2..line + 2 + size) else { break };
            text.write_all(chunk)?;
            self.at += line + 2 + size + 2;
        }
        Ok(())
    }
}

#[tokio::test]
async fn the_configuration_in_the_documentation_signs_a_browser_in() -> Result<()> {
    let server = server().await?;
    let (_, block) = PAGE.split_once("```nginx\n").context("a block for nginx")?;
    let (block, _) = block.split_once("```").context("its end")?;
    ensure!(block.contains("127.0.0.1:4180"), "{block}");
    let block = block.replace("127.0.0.1:4180", &server.address().to_string());
    let sign_in = async |block: &str| {
        let nginx = Nginx::start("", block).await?;
        let body = format!("{{\"token\":\"{}\"}}", server.token()?);
        let mut wire = Wire::connect(nginx.address()).await?;
        let length = body.len();
        wire.send(format!(
            "POST /api/session HTTP/1.1\r\nHost: tidings.example\r\n\
             Origin: https://tidings.example\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
        .await?;
        let head = wire.head().await?;
        anyhow::Ok((nginx, head))
    };
    let (_, refused) = sign_in(&proxy_pass(&server)).await?;
    ensure!(refused.status == 403, "the page need not say so: {refused:?}");

    let (nginx, head) = sign_in(&block).await?;
    ensure!(head.status == 200, "{head:?}");
    let cookie = head.get("set-cookie").context("a cookie")?;
    ensure!(cookie.contains("Secure") && cookie.contains("HttpOnly"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap_or_default();
    let mut stream = Wire::connect(nginx.address()).await?;
    stream
        .send(format!(
            "GET /api/events?unnamed=1 HTTP/1.1\r\nHost: tidings.example\r\nCookie: {cookie}\r\n\
             Sec-Fetch-Site: same-origin\r\n\r\n"
        ))
        .await?;
    ensure!(stream.head().await?.status == 200, "the cookie is good for nothing");
    ensure!(stream.next_within(AT_ONCE).await?.json()?["type"] == "connected", "no first frame");
    Ok(())
}
