//! Bodies that bring an event: JSON or text, by their content type.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use http_body::Body as _;
use http_body_util::LengthLimitError;
use serde::Serialize;
use serde_json::value::RawValue;
use tidings_protocol::api::ErrorCode;

use crate::error::ApiError;
use crate::json;

/// Bytes around a text in `{"raw":"…"}`.
const RAW_BYTES: usize = 10;

/// What a body brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Payload {
    /// A JSON text that every client can read, without white space around it.
    Json(Bytes),
    /// Text, exactly as it was sent.
    Text(String),
}

/// What a content type says of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Json,
    Text,
    /// JSON if it is that, else text: what `curl -d` sends says nothing of it.
    Either,
}

impl Payload {
    /// Reads a body of at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// 413 if it is longer, 415 if it has another type, 400 if it is not what its type says, or empty.
    pub(super) async fn read(
        headers: &HeaderMap,
        body: Body,
        limit: usize,
    ) -> Result<Self, ApiError> {
        let kind = kind(headers)?;
        let body = collect(body, limit).await?;
        if body.is_empty() {
            let message = "the body is empty: send the event in it, as JSON or as text";
            return Err(bad(message));
        }
        match kind {
            Kind::Json => read_json(body),
            Kind::Text => text(body),
            Kind::Either => match read_json(body.clone()) {
                // JSON that some client could not read is not what is meant by text.
                Err(error) if serde_json::from_slice::<&RawValue>(&body).is_ok() => Err(error),
                Err(_) => text(body),
                read => read,
            },
        }
    }

    /// What subscribers get: JSON as it stands, text as `{"raw":…}`.
    ///
    /// # Errors
    ///
    /// 413 if text more than doubles `limit` by what must be escaped: line ends and quotes never do that,
    /// control characters grow sixfold, beyond what clients read of one event.
    pub(super) fn into_json(self, limit: usize) -> Result<Bytes, ApiError> {
        #[derive(Serialize)]
        struct Raw<'a> {
            raw: &'a str,
        }
        match self {
            Self::Json(json) => Ok(json),
            Self::Text(text) => {
                // A struct of one string always serializes.
                let json = serde_json::to_vec(&Raw { raw: &text }).unwrap_or_default();
                if json.len() > 2 * limit + RAW_BYTES {
                    let message = format!(
                        "the text has so many control characters that as JSON it is larger than twice \
                         {limit} bytes; send binary data in base64"
                    );
                    return Err(ApiError::new(ErrorCode::BodyTooLarge, message));
                }
                Ok(json.into())
            }
        }
    }
}

fn read_json(body: Bytes) -> Result<Payload, ApiError> {
    match json::check(&body) {
        Ok(()) => Ok(Payload::Json(body.slice_ref(body.trim_ascii()))),
        Err(error) => Err(bad(format!("the body is no JSON that every client can read: {error}"))),
    }
}

fn text(body: Bytes) -> Result<Payload, ApiError> {
    let text = String::from_utf8(body.into()).map_err(|_| bad("the body is not UTF-8"))?;
    Ok(Payload::Text(text))
}

/// Whether the content type says that the body is JSON, so that it is nothing else if it is not.
pub(super) fn is_declared_json(headers: &HeaderMap) -> bool {
    matches!(kind(headers), Ok(Kind::Json))
}

fn kind(headers: &HeaderMap) -> Result<Kind, ApiError> {
    let encoding = headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes());
    if encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case(b"identity")) {
        return Err(unsupported("send the body without a content encoding"));
    }
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let Some(value) = types.next() else { return Ok(Kind::Either) };
    if types.next().is_some() {
        return Err(bad("a body has one content type"));
    }
    let value = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
    let (essence, parameters) = value.split_once(';').unwrap_or((&value, ""));
    let charset = parameters.split(';').filter_map(|parameter| parameter.split_once('=')).find_map(
        |(name, value)| (name.trim() == "charset").then(|| value.trim().trim_matches('"')),
    );
    if charset.is_some_and(|charset| !matches!(charset, "utf-8" | "utf8" | "us-ascii")) {
        return Err(unsupported("send the body as UTF-8"));
    }
    match essence.trim() {
        "" | "application/x-www-form-urlencoded" => Ok(Kind::Either),
        "application/json" => Ok(Kind::Json),
        "text/plain" => Ok(Kind::Text),
        essence if is_json_by_suffix(essence) => Ok(Kind::Json),
        _ => {
            let message = "send JSON as `Content-Type: application/json`, or text as `text/plain`";
            Err(unsupported(message))
        }
    }
}

/// Source: RFC 6839, section 3.1.
fn is_json_by_suffix(essence: &str) -> bool {
    let subtype = essence.split_once('/').map(|(_, subtype)| subtype);
    let name = subtype.and_then(|subtype| subtype.strip_suffix("+json"));
    name.is_some_and(|name| !name.is_empty())
}

async fn collect(body: Body, limit: usize) -> Result<Bytes, ApiError> {
    let too_large = || {
        let message = format!("the body is larger than {limit} bytes, the most this server takes");
        ApiError::new(ErrorCode::BodyTooLarge, message)
    };
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large());
    }
    to_bytes(body, limit).await.map_err(|error| {
        let source = std::error::Error::source(&error);
        if source.is_some_and(|source| source.is::<LengthLimitError>()) {
            return too_large();
        }
        bad("the body did not arrive in full")
    })
}

fn bad(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::BadRequest, message)
}

fn unsupported(message: &str) -> ApiError {
    ApiError::new(ErrorCode::UnsupportedMediaType, message)
}
