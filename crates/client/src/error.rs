//! Why a server could not be asked, or what it answered instead.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use tidings_protocol::api::{ErrorBody, ErrorDetail};
use url::Url;

use crate::transport::{retry_after, root_cause};
use crate::trust::Untrusted;

/// Why a server could not be asked, or what it answered instead.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address is no server's.
    #[error("{0} is not the address of a server: it must begin with http:// or https://")]
    Address(Url),
    /// The token has characters that no token has.
    #[error("the token holds characters that no token has")]
    Token,
    /// The HTTP client could not be made.
    #[error("https cannot be used on this machine: {0}")]
    Tls(String),
    /// The server's key is not trusted: nothing of the request was sent.
    #[error(transparent)]
    Untrusted(Box<Untrusted>),
    /// No connection could be made: nothing of the request was sent.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// No answer came; the request may have been carried out.
    #[error("the server did not answer: {0}")]
    Network(String),
    /// The answer is too long to be one of a server.
    #[error("the server answered with more than {} MiB", .0 >> 20)]
    TooLarge(usize),
    /// The answer came and is no answer of this protocol; the request may have been carried out.
    #[error("what answered is no Tidings server, or another release: {0}")]
    Unexpected(String),
    /// The server sends requests elsewhere, where this client does not take the token.
    #[error("the server answered {status} and redirects to {location}; use that address instead")]
    Redirect {
        /// HTTP status code.
        status: u16,
        /// Where to.
        location: String,
    },
    /// The server answered with an error.
    #[error("the server answered {status}: {}", detail.as_ref().map_or("no reason given", |d| &d.message))]
    Status {
        /// HTTP status code.
        status: u16,
        /// What the server says about it.
        detail: Option<ErrorDetail>,
        /// How long the server asks to be left alone (`Retry-After`).
        retry_after: Option<Duration>,
    },
}

/// What an answer means that sends elsewhere, if it does.
pub(crate) fn redirect(status: StatusCode, headers: &HeaderMap) -> Option<ClientError> {
    let location = headers.get(http::header::LOCATION).filter(|_| status.is_redirection())?;
    let location = location.to_str().ok()?.to_owned();
    Some(ClientError::Redirect { status: status.as_u16(), location })
}

/// What an answer means that is no success.
pub(crate) fn refused(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> ClientError {
    let detail = serde_json::from_slice::<ErrorBody>(body).ok().map(|body| body.error);
    ClientError::Status { status: status.as_u16(), detail, retry_after: retry_after(headers) }
}

impl From<reqwest::Error> for ClientError {
    fn from(error: reqwest::Error) -> Self {
        Self::from(&error)
    }
}

impl From<&reqwest::Error> for ClientError {
    fn from(error: &reqwest::Error) -> Self {
        if let Some(untrusted) = Untrusted::among(error) {
            return Self::Untrusted(Box::new(untrusted.clone()));
        }
        let cause = root_cause(error);
        if error.is_connect() {
            Self::Unreachable(cause)
        } else if error.is_decode() {
            Self::Unexpected(cause)
        } else {
            Self::Network(cause)
        }
    }
}
