use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minisign::KeyPair;
use tauri::App;
use tauri::test::{MockRuntime, mock_builder};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

use super::look::{Release, UpdateError, look};
use super::*;

const INSTALLER: &[u8] = b"what is to be installed";
const NEWER: &str = "99.0.0";

/// An endpoint of updates on this machine, with an app that asks it.
struct Desk {
    app: App<MockRuntime>,
    publisher: Publisher,
    /// How often the installer was asked for.
    downloads: Arc<AtomicUsize>,
    _endpoint: AbortOnDropHandle<()>,
}

/// What an endpoint offers.
struct Offer {
    version: &'static str,
    signature: String,
    installer: &'static [u8],
}

impl Desk {
    /// An app that trusts the key of `keys`.
    async fn new(keys: &KeyPair, offer: Offer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let platform = serde_json::json!({
            "url": format!("http://{address}/installer"), "signature": offer.signature,
        });
        let manifest = serde_json::json!({
            "version": offer.version,
            "platforms": { format!("{}-{}", os(), std::env::consts::ARCH): platform },
        });
        let answers = HashMap::from([
            ("/latest.json", manifest.to_string().into_bytes()),
            ("/installer", offer.installer.to_vec()),
        ]);
        let downloads = Arc::new(AtomicUsize::new(0));
        let serving = tokio::spawn(serve(listener, Arc::new(answers), downloads.clone()));
        let app = mock_builder()
            .plugin(tauri_plugin_updater::Builder::new().build())
            .build(crate::context())
            .unwrap();
        let endpoint = format!("http://{address}/latest.json").parse().unwrap();
        let key = STANDARD.encode(keys.pk.to_box().unwrap().to_string());
        let publisher = Publisher { endpoint, key };
        Self { app, publisher, downloads, _endpoint: AbortOnDropHandle::new(serving) }
    }

    async fn look(&self) -> Result<Option<Release>, UpdateError> {
        self.look_again(None).await
    }

    async fn look_again(&self, ready: Option<&Release>) -> Result<Option<Release>, UpdateError> {
        look(self.app.handle(), &self.publisher, ready).await
    }
}

fn os() -> &'static str {
    if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS }
}

async fn serve(
    listener: TcpListener,
    answers: Arc<HashMap<&'static str, Vec<u8>>>,
    downloads: Arc<AtomicUsize>,
) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        (&mut stream).take(8_192).read_line(&mut line).await.unwrap();
        let mut header = String::from("-");
        while !header.trim().is_empty() {
            header.clear();
            (&mut stream).take(8_192).read_line(&mut header).await.unwrap();
        }
        let path = line.split(' ').nth(1).unwrap_or_default();
        let body = &answers[path];
        downloads.fetch_add(usize::from(path == "/installer"), Ordering::Relaxed);
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body).await.unwrap();
        stream.shutdown().await.unwrap();
    }
}

fn keys() -> KeyPair {
    KeyPair::generate_unencrypted_keypair().unwrap()
}

/// A signature of `INSTALLER` as Tauri's program makes it.
fn signature(keys: &KeyPair, version: &str) -> String {
    let comment = format!("timestamp:1\tfile:installer\tversion:{version}");
    let signed = minisign::sign(None, &keys.sk, INSTALLER, Some(&comment), None).unwrap();
    STANDARD.encode(signed.into_string())
}

#[tokio::test]
async fn a_newer_release_that_is_signed_with_the_right_key_is_offered() {
    let keys = keys();
    let signature = signature(&keys, NEWER);
    let desk = Desk::new(&keys, Offer { version: NEWER, signature, installer: INSTALLER }).await;
    let release = desk.look().await.unwrap().unwrap();
    assert_eq!((release.version(), release.installer()), (NEWER, INSTALLER));
    let refused = release.install().unwrap_err();
    assert!(matches!(refused, UpdateError::NotInstalled), "a test is no package: {refused}");
}

#[tokio::test]
async fn a_release_that_is_ready_is_not_downloaded_once_more() {
    let keys = keys();
    let signature = signature(&keys, NEWER);
    let desk = Desk::new(&keys, Offer { version: NEWER, signature, installer: INSTALLER }).await;
    let ready = desk.look().await.unwrap();
    let again = desk.look_again(ready.as_ref()).await.unwrap().unwrap();
    assert_eq!((again.version(), again.installer()), (NEWER, INSTALLER));
    assert_eq!(desk.downloads.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn the_release_that_runs_is_no_update() {
    let keys = keys();
    let version = env!("CARGO_PKG_VERSION");
    let signature = signature(&keys, version);
    let desk = Desk::new(&keys, Offer { version, signature, installer: INSTALLER }).await;
    assert!(desk.look().await.unwrap().is_none());
}

#[tokio::test]
async fn what_another_key_has_signed_is_refused() {
    let keys = keys();
    let signature = signature(&self::keys(), NEWER);
    let desk = Desk::new(&keys, Offer { version: NEWER, signature, installer: INSTALLER }).await;
    refuses(&desk).await;
}

#[tokio::test]
async fn an_installer_that_is_not_what_was_signed_is_refused() {
    let keys = keys();
    let signature = signature(&keys, NEWER);
    let installer = b"what is to be installed, and more";
    let desk = Desk::new(&keys, Offer { version: NEWER, signature, installer }).await;
    refuses(&desk).await;
}

#[tokio::test]
async fn an_older_release_in_the_name_of_a_newer_one_is_refused() {
    let keys = keys();
    let signature = signature(&keys, "0.0.1");
    let desk = Desk::new(&keys, Offer { version: NEWER, signature, installer: INSTALLER }).await;
    refuses(&desk).await;
}

async fn refuses(desk: &Desk) {
    let Err(error) = desk.look().await else { panic!("it was offered") };
    assert!(error.advice().starts_with("What was offered is not signed"), "{error}");
}

#[test]
fn without_a_key_nobody_is_asked() {
    let endpoint = Some("https://example.org/latest.json".to_owned());
    let key = Some("a key".to_owned());
    let set = UpdateSettings { on: true, endpoint: endpoint.clone(), key };
    assert!(Publisher::of(&set).is_some());
    assert_eq!(Publisher::of(&UpdateSettings { on: false, ..set.clone() }), None);
    assert_eq!(Publisher::of(&UpdateSettings { endpoint: Some("no URL".into()), ..set }), None);
    if BUILT_IN.1.is_none_or(str::is_empty) {
        for key in [None, Some(String::new())] {
            let keyless = UpdateSettings { on: true, endpoint: endpoint.clone(), key };
            assert_eq!(Publisher::of(&keyless), None);
        }
    }
}
