//! Errors of the routes: a code for programs, a sentence for people, a status for HTTP.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tidings_protocol::api::{ErrorBody, ErrorCode, ErrorDetail};

use crate::alerts::AlertError;
use crate::auth::allowance::OverRate;
use crate::auth::attempts::TooOften;
use crate::auth::directory::{PeopleError, Unsure};
use crate::auth::password::PasswordError;
use crate::auth::sign_in::SignInError;
use crate::auth::users::UserError;
use crate::history::HistoryError;
use crate::hub::PublishError;
use crate::jobs::JobError;
use crate::limits::NoSlot;
use crate::notifications::NotifyError;
use crate::processes::EndError;
use crate::store::{Refused, StoreError};

/// An answer that is an error.
#[derive(Debug)]
pub struct ApiError {
    detail: ErrorDetail,
    /// In seconds, for errors that say when to come back.
    retry_after: u64,
}

/// A time in whole seconds, and never none because of rounding.
fn seconds(time: Duration) -> u64 {
    time.as_secs_f64().ceil().max(1.0) as u64
}

/// When to come back unless something more exact is known, in seconds.
const RETRY_AFTER: u64 = 5;

impl ApiError {
    /// An error with its code and what to do about it.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { detail: ErrorDetail { code, message: message.into() }, retry_after: RETRY_AFTER }
    }

    /// 401, the same whatever was wrong.
    #[must_use]
    pub fn unauthorized() -> Self {
        let message = "sign in, or send the token as `Authorization: Bearer …`";
        Self::new(ErrorCode::Unauthorized, message)
    }

    /// 500; the cause goes to the log and not to the client.
    #[must_use]
    pub fn internal(error: &dyn std::error::Error) -> Self {
        let cause = error.source().map(ToString::to_string);
        tracing::error!(%error, cause, "a request failed");
        Self::new(ErrorCode::Internal, "the server failed; its log says why")
    }

    fn status(&self) -> StatusCode {
        match self.detail.code {
            ErrorCode::BadRequest
            | ErrorCode::InvalidTopic
            | ErrorCode::InvalidType
            | ErrorCode::InvalidName
            | ErrorCode::WeakPassword
            | ErrorCode::UnknownKind
            | ErrorCode::MissingArgument
            | ErrorCode::InvalidArgument => StatusCode::BAD_REQUEST,
            ErrorCode::Unauthorized | ErrorCode::InvalidCode | ErrorCode::InvalidCredentials => {
                StatusCode::UNAUTHORIZED
            }
            ErrorCode::Forbidden
            | ErrorCode::WrongPassword
            | ErrorCode::HostNotAllowed
            | ErrorCode::OriginNotAllowed
            | ErrorCode::OutsideRoots
            | ErrorCode::NotLocal
            | ErrorCode::ProcessProtected
            | ErrorCode::NotPermitted => StatusCode::FORBIDDEN,
            ErrorCode::NameTaken
            | ErrorCode::OwnerStays
            | ErrorCode::JobEnded
            | ErrorCode::JobActive => StatusCode::CONFLICT,
            ErrorCode::NotFound
            | ErrorCode::NoSuchUser
            | ErrorCode::NoSuchProcess
            | ErrorCode::UnknownMetric => StatusCode::NOT_FOUND,
            ErrorCode::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            ErrorCode::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            ErrorCode::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ErrorCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::TooManyStreams
            | ErrorCode::TooManyTopics
            | ErrorCode::QueueFull
            | ErrorCode::Unavailable
            | ErrorCode::Unconfirmed
            | ErrorCode::ShuttingDown => StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::Internal | ErrorCode::Unknown => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (code, retry_after) = (self.detail.code, self.retry_after);
        let mut response = (self.status(), Json(ErrorBody { error: self.detail })).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match code {
            ErrorCode::Unauthorized => {
                let scheme = HeaderValue::from_static("Bearer realm=\"tidings\"");
                headers.insert(header::WWW_AUTHENTICATE, scheme);
            }
            ErrorCode::RateLimited
            | ErrorCode::TooManyStreams
            | ErrorCode::QueueFull
            | ErrorCode::Unavailable
            | ErrorCode::ShuttingDown => {
                headers.insert(header::RETRY_AFTER, retry_after.into());
            }
            _ => {}
        }
        response
    }
}

impl From<PublishError> for ApiError {
    fn from(error: PublishError) -> Self {
        let code = match error {
            PublishError::TooManyTopics(_) => ErrorCode::TooManyTopics,
            PublishError::TooLarge(_) => ErrorCode::BodyTooLarge,
            PublishError::Unavailable => ErrorCode::Unavailable,
            PublishError::Unconfirmed => ErrorCode::Unconfirmed,
            PublishError::Closed => ErrorCode::ShuttingDown,
        };
        Self::new(code, error.to_string())
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let code = match error {
            StoreError::Full
            | StoreError::Busy
            | StoreError::Unreachable(_)
            | StoreError::Taken
            | StoreError::Diverged => ErrorCode::Unavailable,
            StoreError::Lost(_) => ErrorCode::Unconfirmed,
            StoreError::Closed => ErrorCode::ShuttingDown,
            _ => return Self::internal(&error),
        };
        tracing::warn!(%error, "a request failed");
        Self::new(code, error.to_string())
    }
}

impl From<PeopleError> for ApiError {
    fn from(error: PeopleError) -> Self {
        let code = match error {
            PeopleError::NoStore | PeopleError::Refused(Refused::NoSuch) => ErrorCode::NotFound,
            PeopleError::Refused(Refused::TooMany) => ErrorCode::BadRequest,
            PeopleError::Refused(Refused::NameTaken) => ErrorCode::NameTaken,
            PeopleError::Crowded => ErrorCode::Unavailable,
            PeopleError::Unsure(error) => return error.into(),
            PeopleError::Store(error) => return error.into(),
        };
        Self::new(code, error.to_string())
    }
}

impl From<AlertError> for ApiError {
    fn from(error: AlertError) -> Self {
        let code = match error {
            AlertError::NoSuch | AlertError::NoStore => ErrorCode::NotFound,
            AlertError::Configured | AlertError::Unreadable(_) => ErrorCode::Forbidden,
            AlertError::Invalid(_) | AlertError::TooMany => ErrorCode::BadRequest,
            AlertError::NoSuchUser(_) => ErrorCode::NoSuchUser,
            AlertError::NameTaken => ErrorCode::NameTaken,
            AlertError::Store(error) => return error.into(),
            AlertError::Unwritable(_) => return Self::internal(&error),
        };
        Self::new(code, error.to_string())
    }
}

impl From<JobError> for ApiError {
    fn from(error: JobError) -> Self {
        let code = match error {
            JobError::UnknownKind(_) => ErrorCode::UnknownKind,
            JobError::MissingArgument(_) => ErrorCode::MissingArgument,
            JobError::InvalidArgument(_) => ErrorCode::InvalidArgument,
            JobError::OutsideRoots(_) => ErrorCode::OutsideRoots,
            JobError::Forbidden(_) => ErrorCode::Forbidden,
            JobError::Unavailable(_) => ErrorCode::Unavailable,
            JobError::QueueFull(_) | JobError::TooManyReported(_) => ErrorCode::QueueFull,
            JobError::Invalid(_) => ErrorCode::BadRequest,
            JobError::NoSuch | JobError::NoResult(_) => ErrorCode::NotFound,
            JobError::Ended(_) => ErrorCode::JobEnded,
            JobError::Active(_) => ErrorCode::JobActive,
            JobError::Closing => ErrorCode::ShuttingDown,
            JobError::Store(error) => return error.into(),
            JobError::Unwritable(_) | JobError::File(_) => return Self::internal(&error),
        };
        Self::new(code, error.to_string())
    }
}

impl From<HistoryError> for ApiError {
    fn from(error: HistoryError) -> Self {
        let code = match error {
            HistoryError::NoSuchMachine => ErrorCode::NotFound,
            HistoryError::UnknownMetric { .. } => ErrorCode::UnknownMetric,
            HistoryError::Invalid { .. } | HistoryError::TooMany(_) => ErrorCode::BadRequest,
            HistoryError::Store(error) => return error.into(),
        };
        Self::new(code, error.to_string())
    }
}

impl From<EndError> for ApiError {
    fn from(error: EndError) -> Self {
        let code = match error {
            EndError::Gone | EndError::Zombie => ErrorCode::NoSuchProcess,
            EndError::Protected(_) => ErrorCode::ProcessProtected,
            EndError::NotPermitted => ErrorCode::NotPermitted,
            EndError::System(_) => return Self::internal(&error),
        };
        Self::new(code, error.to_string())
    }
}

impl From<NotifyError> for ApiError {
    fn from(error: NotifyError) -> Self {
        let code = match error {
            NotifyError::Invalid(_) => ErrorCode::BadRequest,
            NotifyError::NoStore => ErrorCode::NotFound,
            NotifyError::Store(error) => return error.into(),
        };
        Self::new(code, error.to_string())
    }
}

impl From<UserError> for ApiError {
    fn from(error: UserError) -> Self {
        let code = match error {
            UserError::Name(_) => ErrorCode::InvalidName,
            UserError::Weak(_) => ErrorCode::WeakPassword,
            UserError::WrongPassword => ErrorCode::WrongPassword,
            UserError::OwnerStays => ErrorCode::OwnerStays,
            UserError::OwnersOwn => ErrorCode::Forbidden,
            UserError::Password(error) => return error.into(),
            UserError::TooOften(error) => return error.into(),
            UserError::People(error) => return error.into(),
        };
        Self::new(code, error.to_string())
    }
}

impl From<SignInError> for ApiError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Wrong => Self::new(ErrorCode::InvalidCredentials, error.to_string()),
            SignInError::TooOften(error) => error.into(),
            SignInError::Password(error) => error.into(),
            SignInError::Unsure(error) => error.into(),
            SignInError::People(error) => error.into(),
        }
    }
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => {
                Self { retry_after: 1, ..Self::new(ErrorCode::Unavailable, error.to_string()) }
            }
            PasswordError::Failed => Self::internal(&error),
        }
    }
}

impl From<TooOften> for ApiError {
    fn from(error: TooOften) -> Self {
        let retry_after = seconds(error.wait);
        Self { retry_after, ..Self::new(ErrorCode::RateLimited, error.to_string()) }
    }
}

impl From<Unsure> for ApiError {
    fn from(error: Unsure) -> Self {
        Self { retry_after: 1, ..Self::new(ErrorCode::Unavailable, error.to_string()) }
    }
}

impl From<OverRate> for ApiError {
    fn from(over: OverRate) -> Self {
        let retry_after = seconds(over.wait);
        Self { retry_after, ..Self::new(ErrorCode::RateLimited, over.to_string()) }
    }
}

impl From<NoSlot> for ApiError {
    fn from(error: NoSlot) -> Self {
        Self::new(ErrorCode::TooManyStreams, error.to_string())
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        let code = match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => ErrorCode::BodyTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => ErrorCode::UnsupportedMediaType,
            _ => ErrorCode::BadRequest,
        };
        // serde's own text may repeat what was sent, and that may be a token.
        let message = match code {
            ErrorCode::BodyTooLarge => "the body is too large",
            ErrorCode::UnsupportedMediaType => "send JSON, with `Content-Type: application/json`",
            _ => "the body is not the JSON this route takes",
        };
        Self::new(code, message)
    }
}
