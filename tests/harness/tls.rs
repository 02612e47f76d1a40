//! The client's end of a TLS connection that trusts anybody, and says whom.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::{DEADLINE, Frame, Server, ServerOptions, Wire, wire};

/// A stream of what [`publish`] publishes.
pub const STREAM: &str = "/api/events?topic=app/x";

/// Connects by TLS, asks for these protocols, and resumes no session.
///
/// # Errors
///
/// If there is no handshake in time.
pub async fn connect(address: SocketAddr, protocols: &[&str]) -> Result<TlsStream<TcpStream>> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody))
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    config.resumption = rustls::client::Resumption::disabled();
    let connect = async {
        let stream = TcpStream::connect(address).await?;
        let name = ServerName::try_from("localhost")?;
        anyhow::Ok(TlsConnector::from(Arc::new(config)).connect(name, stream).await?)
    };
    tokio::time::timeout(DEADLINE, connect).await.context("a handshake in time")?
}

/// The certificate that the server has shown.
#[must_use]
pub fn certificate(stream: &TlsStream<TcpStream>) -> Vec<u8> {
    let (_, session) = stream.get_ref();
    let shown = session.peer_certificates().and_then(|chain| chain.first());
    shown.map(|certificate| certificate.to_vec()).unwrap_or_default()
}

/// A server with a certificate of its own, and this in its table `[server]`.
///
/// # Errors
///
/// If it does not come up in time.
pub async fn server(config: &str) -> Result<Server> {
    let options = ServerOptions::with_config(format!("[server]\n{config}"));
    Server::start_with(options.with_args(["--tls-self-signed"])).await
}

/// Publishes JSON to `app/x` on a connection of its own, and returns its id.
///
/// # Errors
///
/// If it is not taken.
pub async fn publish(address: SocketAddr, token: &str, json: &str) -> Result<String> {
    let mut wire = Wire::secure(address).await?;
    wire.send(wire::publish("app/x", token, json)).await?;
    let head = wire.head().await?;
    let body = wire.body().await?;
    ensure!(head.status == 200, "{head:?} {body}");
    let answer: serde_json::Value = serde_json::from_str(&body)?;
    Ok(answer["id"].as_str().context("an id")?.to_owned())
}

/// Opens [`STREAM`] by HTTP/1.1 with these headers.
///
/// # Errors
///
/// If the answer is no stream as it should be.
pub async fn open(address: SocketAddr, token: &str, more: &str) -> Result<Wire> {
    let mut wire = Wire::secure(address).await?;
    wire.send(format!(
        "GET {STREAM} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n{more}\r\n"
    ))
    .await?;
    let head = wire.head().await?;
    ensure!(head.status == 200, "{head:?}");
    ensure!(head.get("transfer-encoding") == Some("chunked"), "{head:?}");
    ensure!(head.get("connection") == Some("keep-alive"), "{head:?}");
    Ok(wire)
}

/// The next frame that is no heartbeat.
///
/// # Errors
///
/// If none comes in time, or the stream ends.
pub async fn past_heartbeats(wire: &mut Wire) -> Result<Frame> {
    loop {
        let frame = wire.next().await?;
        if frame.comment.is_none() {
            return Ok(frame);
        }
    }
}

#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
