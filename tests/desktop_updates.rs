//! New releases of the desktop app, from an endpoint of the test's own and signed with a key that is made for it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use harness::{DEADLINE, NoticeService, Screen, Server, TrayService, until};
use minisign::KeyPair;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

const INSTALLER: &str = "what is to be installed";

/// Tells of a release, and hands out its installer.
struct Endpoint {
    url: String,
    asked: Arc<AtomicUsize>,
    serving: JoinHandle<()>,
}

impl Endpoint {
    async fn start(signature: &str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/", listener.local_addr()?);
        let platform = json!({ "url": format!("{url}installer"), "signature": signature });
        let platforms = json!({ format!("linux-{}", std::env::consts::ARCH): platform });
        let manifest = json!({ "version": "99.0.0", "platforms": platforms }).to_string();
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = asked.clone();
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                // An app that ends meanwhile hangs up.
                answer(stream, &manifest).await.ok();
            }
        });
        Ok(Self { url, asked, serving })
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(mut stream: TcpStream, manifest: &str) -> Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let body = if head.starts_with(b"GET /installer ") { INSTALLER } else { manifest };
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all((head + body).as_bytes()).await?;
    Ok(stream.shutdown().await?)
}

fn signature(keys: &KeyPair) -> Result<String> {
    let comment = Some("timestamp:1\tfile:installer\tversion:99.0.0");
    let signed = minisign::sign(None, &keys.sk, INSTALLER.as_bytes(), comment, None)?;
    Ok(STANDARD.encode(signed.into_string()))
}

fn public(keys: &KeyPair) -> Result<String> {
    Ok(STANDARD.encode(keys.pk.to_box()?.to_string()))
}

fn set(home: &Path, updates: &Value) -> Result<()> {
    let folder = home.join("dev.tidings.desktop");
    std::fs::create_dir_all(&folder)?;
    let settings = json!({ "updates": updates }).to_string();
    Ok(std::fs::write(folder.join("settings.json"), settings)?)
}

/// Chooses the entry for updates in the menu, if there is one.
async fn choose(screen: &Screen) -> Result<()> {
    screen.strike("alt+h").await?;
    screen.strike("u").await
}

async fn wait_for_title(notices: &NoticeService, title: &str) -> Result<()> {
    until(&format!("{title:?} is said"), DEADLINE, || async {
        let titles = notices.titles();
        ensure!(titles.iter().any(|told| told == title), "{titles:?}");
        Ok(Some(()))
    })
    .await
}

#[tokio::test]
async fn a_release_that_is_signed_with_the_key_that_is_set_is_offered_in_the_menu() -> Result<()> {
    let keys = KeyPair::generate_unencrypted_keypair()?;
    let endpoint = Endpoint::start(&signature(&keys)?).await?;
    let (server, service) = (Server::start().await?, TrayService::start().await?);
    let notices = NoticeService::on(service.address()).await?;
    let home = tempfile::tempdir()?;
    set(home.path(), &json!({ "endpoint": endpoint.url, "key": public(&keys)? }))?;
    let screen = Screen::desktop_at(&server, service.address(), home.path()).await?;
    choose(&screen).await?;
    wait_for_title(&notices, "Tidings 99.0.0 is ready").await?;
    // This one was built by hand: there is no package to put another in the place of.
    choose(&screen).await?;
    wait_for_title(&notices, "Tidings 99.0.0 was not installed").await?;
    screen.wait_for_state("live", DEADLINE).await?;
    screen.close().await
}

#[tokio::test]
async fn a_release_that_another_key_has_signed_is_refused() -> Result<()> {
    let (keys, other) =
        (KeyPair::generate_unencrypted_keypair()?, KeyPair::generate_unencrypted_keypair()?);
    let endpoint = Endpoint::start(&signature(&other)?).await?;
    let (server, service) = (Server::start().await?, TrayService::start().await?);
    let notices = NoticeService::on(service.address()).await?;
    let home = tempfile::tempdir()?;
    set(home.path(), &json!({ "endpoint": endpoint.url, "key": public(&keys)? }))?;
    let screen = Screen::desktop_at(&server, service.address(), home.path()).await?;
    choose(&screen).await?;
    wait_for_title(&notices, "No update").await?;
    screen.close().await
}

#[tokio::test]
async fn without_a_key_there_is_no_entry_for_updates_and_nobody_is_asked() -> Result<()> {
    let keys = KeyPair::generate_unencrypted_keypair()?;
    let endpoint = Endpoint::start(&signature(&keys)?).await?;
    let (server, service) = (Server::start().await?, TrayService::start().await?);
    let home = tempfile::tempdir()?;
    set(home.path(), &json!({ "endpoint": endpoint.url }))?;
    let screen = Screen::desktop_at(&server, service.address(), home.path()).await?;
    choose(&screen).await?;
    screen.strike("Escape").await?;
    screen.strike("Escape").await?;
    // What comes after shows that the keys before have arrived.
    screen.strike("ctrl+q").await?;
    screen.wait_for_end().await?;
    ensure!(endpoint.asked.load(Ordering::Relaxed) == 0, "the endpoint was asked");
    Ok(())
}
