//! What can go wrong: on starting, and in answer to the web view.

use std::error::Error as _;

use serde::Serialize;
use tidings_client::{ClientError, CredentialsError, ProcessError, ResultError, TrustError};
use tidings_protocol::api::ErrorCode;

use crate::bridge::OtherPage;
use crate::servers::ServersError;

/// Why the app cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// `TIDINGS_SERVER` or its token cannot be used.
    #[error("{0}")]
    Credentials(#[from] CredentialsError),
    /// The server to watch cannot be asked.
    #[error("{0}")]
    Client(#[from] ClientError),
    /// The system refuses a thread, a socket or the like.
    #[error("{0}")]
    System(#[from] std::io::Error),
    /// The window cannot be made.
    #[error("the window cannot be made: {0}")]
    Window(#[from] tauri::Error),
}

/// Why a command failed, as the web view gets it: it matches the code, and shows the message.
#[derive(Debug, Serialize, thiserror::Error)]
#[error("{message}")]
pub(crate) struct CommandError {
    code: Code,
    message: String,
    /// HTTP status, where the server answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// What the server calls the error, where it said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<ErrorCode>,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Code {
    /// A fault of the app itself.
    Internal,
    /// The server did not do what was asked, or could not be asked.
    Server,
    /// The server's key cannot be trusted, or that not be kept.
    Untrusted,
    /// The page is that of another server than is shown now: it is to be loaded anew.
    OtherPage,
}

impl CommandError {
    /// What the page sends cannot be read, and is not shown.
    pub(crate) fn unreadable() -> Self {
        let message = "the page is of another release".to_owned();
        Self { code: Code::Internal, message, status: None, reason: None }
    }
}

impl From<ServersError> for CommandError {
    fn from(error: ServersError) -> Self {
        Self { code: Code::Internal, message: error.to_string(), status: None, reason: None }
    }
}

impl From<OtherPage> for CommandError {
    fn from(error: OtherPage) -> Self {
        Self { code: Code::OtherPage, message: error.to_string(), status: None, reason: None }
    }
}

impl From<TrustError> for CommandError {
    fn from(error: TrustError) -> Self {
        let cause = error.source().map_or_else(String::new, |cause| format!(": {cause}"));
        Self {
            code: Code::Untrusted,
            message: format!("{error}{cause}"),
            status: None,
            reason: None,
        }
    }
}

impl From<serde_json::Error> for CommandError {
    fn from(error: serde_json::Error) -> Self {
        Self { code: Code::Internal, message: error.to_string(), status: None, reason: None }
    }
}

impl From<std::io::Error> for CommandError {
    fn from(error: std::io::Error) -> Self {
        Self { code: Code::Internal, message: error.to_string(), status: None, reason: None }
    }
}

impl From<tauri::Error> for CommandError {
    fn from(error: tauri::Error) -> Self {
        Self { code: Code::Internal, message: error.to_string(), status: None, reason: None }
    }
}

impl From<ProcessError> for CommandError {
    fn from(error: ProcessError) -> Self {
        match error {
            ProcessError::Client(error) => error.into(),
            error => {
                let message = error.to_string();
                Self { code: Code::Server, message, status: None, reason: None }
            }
        }
    }
}

impl From<ResultError> for CommandError {
    fn from(error: ResultError) -> Self {
        match error {
            ResultError::Client(error) => error.into(),
            ResultError::Write(error) => error.into(),
        }
    }
}

impl From<ClientError> for CommandError {
    fn from(error: ClientError) -> Self {
        let (status, reason, message) = match error {
            ClientError::Status { status, detail: Some(detail), .. } => {
                (Some(status), Some(detail.code), detail.message)
            }
            ClientError::Status { status, .. } => {
                (Some(status), None, format!("HTTP status {status}"))
            }
            error => (None, None, error.to_string()),
        };
        Self { code: Code::Server, message, status, reason }
    }
}
