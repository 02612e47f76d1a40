//! TLS: streams over both versions of HTTP, what is no TLS, and certificates that change.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use harness::tls::{STREAM, open, past_heartbeats, publish, server};
use harness::{DEADLINE, Http2, Server, ServerOptions, Wire, tls, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long a handshake may take; the documentation says so.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// What a busy machine adds.
const SLACK: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_stream_is_the_same_over_both_versions() -> Result<()> {
    let server = server("heartbeat_seconds = 1").await?;
    let (address, token) = (server.address(), server.token()?);
    let mut one = open(address, &token, "").await?;
    let mut connection = Http2::connect(address).await?;
    let mut two = connection.open(STREAM, &token, &[]).await?;
    for (name, value) in [
        ("content-type", Some("text/event-stream")),
        ("cache-control", Some("no-cache, no-transform")),
        ("x-accel-buffering", Some("no")),
        ("x-content-type-options", Some("nosniff")),
        ("connection", None),
        ("transfer-encoding", None),
        ("keep-alive", None),
        ("content-length", None),
        ("strict-transport-security", None),
    ] {
        let found = two.headers.get(name).map(|value| value.to_str()).transpose()?;
        ensure!(found == value, "{name} in {:?}", two.headers);
    }
    ensure!(two.headers.contains_key("date"), "{:?}", two.headers);
    for first in [one.next().await?, two.next().await?] {
        ensure!(first.json()?["type"] == "connected" && first.retry.is_some(), "{first:?}");
    }
    let mut ids = Vec::new();
    for number in 0..5 {
        let id = publish(address, &token, &number.to_string()).await?;
        for frame in [past_heartbeats(&mut one).await?, two.past_heartbeats().await?] {
            ensure!(frame.id.as_deref() == Some(&id), "{frame:?}");
            ensure!(frame.json()?["data"] == number, "{frame:?}");
        }
        ids.push(id);
    }
    let (beat, beat_2) = (one.next().await?, two.next().await?);
    ensure!(beat.comment.as_deref() == Some("heartbeat"), "{beat:?}");
    ensure!(beat_2.comment.as_deref() == Some("heartbeat"), "{beat_2:?}");

    let mut again = open(address, &token, &format!("Last-Event-ID: {}\r\n", ids[1])).await?;
    let mut again_2 = connection.open(STREAM, &token, &[("last-event-id", &ids[1])]).await?;
    let _connected = (again.next().await?, again_2.next().await?);
    for id in &ids[2..] {
        for frame in [again.next().await?, again_2.next().await?] {
            ensure!(frame.id.as_ref() == Some(id), "{id}: {frame:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_cookie_is_for_https_and_the_link_leads_there() -> Result<()> {
    let server = server("").await?;
    ensure!(server.url("/").starts_with("https://127.0.0.1:"), "{}", server.url("/"));
    let request = harness::http()?.post(server.url("/api/session"));
    let answer = request.json(&serde_json::json!({ "code": server.code() })).send().await?;
    let cookie = answer.headers()["set-cookie"].to_str()?.to_owned();
    ensure!(cookie.contains("; Secure"), "{cookie}");
    Ok(())
}

#[tokio::test]
async fn what_is_no_tls_is_let_go_at_once_and_what_is_silent_after_ten_seconds() -> Result<()> {
    let server = server("").await?;
    let begun = Instant::now();
    let mut silent = TcpStream::connect(server.address()).await?;
    let mut half = TcpStream::connect(server.address()).await?;
    half.write_all(&[22, 3, 1, 2]).await?;

    let (mut plain, head) = Wire::get(server.address(), "/healthz", "x").await?;
    let said = plain.body().await?;
    ensure!(head.status == 400 && said.contains("https://"), "{head:?} {said}");
    plain.closed().await?;
    let mut noise = TcpStream::connect(server.address()).await?;
    noise.write_all(b"\0\0\0\0").await?;
    ensure!(noise.read(&mut [0; 16]).await.unwrap_or(0) == 0, "it is answered");
    ensure!(begun.elapsed() < SLACK, "that took {:?}", begun.elapsed());

    for stream in [&mut silent, &mut half] {
        let closed = tokio::time::timeout(HANDSHAKE + SLACK, stream.read(&mut [0; 16])).await;
        ensure!(closed.context("it is kept")?.unwrap_or(0) == 0, "it is answered");
    }
    ensure!(begun.elapsed() >= HANDSHAKE, "after {:?}", begun.elapsed());
    Ok(())
}

/// A certificate for this machine, and its key, PEM.
fn made() -> Result<(String, String)> {
    let key = rcgen::KeyPair::generate()?;
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()])?;
    Ok((params.self_signed(&key)?.pem(), key.serialize_pem()))
}

fn write(folder: &Path, (cert, key): &(String, String)) -> Result<(PathBuf, PathBuf)> {
    let paths = (folder.join("cert.pem"), folder.join("key.pem"));
    std::fs::write(&paths.0, cert)?;
    std::fs::write(&paths.1, key)?;
    Ok(paths)
}

#[tokio::test]
async fn a_certificate_that_changes_under_load_disturbs_nobody() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (cert, key) = write(folder.path(), &made()?)?;
    let config = format!("[server]\ntls_cert = {cert:?}\ntls_key = {key:?}\n");
    let server = Server::start_with(ServerOptions::with_config(config)).await?;
    let (address, token) = (server.address(), server.token()?);
    let mut one = open(address, &token, "").await?;
    let mut connection = Http2::connect(address).await?;
    let mut two = connection.open(STREAM, &token, &[]).await?;
    let _connected = (one.next().await?, two.next().await?);

    let is_over = Arc::new(AtomicBool::new(false));
    let publishing = tokio::spawn({
        let (is_over, token) = (Arc::clone(&is_over), token.clone());
        async move {
            let mut published = 0;
            while !is_over.load(Ordering::Relaxed) {
                publish(address, &token, &published.to_string()).await?;
                published += 1;
            }
            anyhow::Ok(published)
        }
    });
    let reading = tokio::spawn({
        let is_over = Arc::clone(&is_over);
        async move {
            let mut number = 0;
            while !is_over.load(Ordering::Relaxed) {
                for frame in [past_heartbeats(&mut one).await?, two.past_heartbeats().await?] {
                    ensure!(frame.json()?["data"] == number, "{number}: {frame:?}");
                }
                number += 1;
            }
            anyhow::Ok(number)
        }
    });
    let mut shown = tls::certificate(&tls::connect(address, &[]).await?);
    for _ in 0..2 {
        let next = made()?;
        // First what is half written, then a certificate without its key: neither is taken.
        std::fs::write(&cert, &next.0[..next.0.len() / 2])?;
        tokio::time::sleep(Duration::from_secs(3)).await;
        std::fs::write(&cert, &next.0)?;
        tokio::time::sleep(Duration::from_secs(3)).await;
        let now = tls::certificate(&tls::connect(address, &[]).await?);
        ensure!(now == shown, "half of a pair was taken");
        write(folder.path(), &next)?;
        shown = until("new connections get the new certificate", DEADLINE, || async {
            let now = tls::certificate(&tls::connect(address, &[]).await?);
            Ok((now != shown).then_some(now))
        })
        .await?;
    }
    is_over.store(true, Ordering::Relaxed);
    let (published, read) = (publishing.await??, reading.await??);
    ensure!(published > 10 && read > 10, "{published} published and {read} read are no load");
    Ok(())
}

#[tokio::test]
async fn a_certificate_of_its_own_is_the_same_after_a_restart() -> Result<()> {
    let mut server = server("").await?;
    let before = tls::certificate(&tls::connect(server.address(), &[]).await?);
    let told = server.data_dir().join("tls-fingerprint");
    ensure!(told.exists(), "clients on this machine do not learn its key");
    ensure!(server.stop().await?.success(), "it did not end as it should");
    ensure!(!told.exists(), "clients on this machine go on asking for https");
    server.start_again().await?;
    let after = tls::certificate(&tls::connect(server.address(), &[]).await?);
    ensure!(before == after, "whoever trusts the certificate is asked again");
    Ok(())
}
