//! What stands before the routes: the host a request names, the page it comes from, and who sent it.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri, header};
use tidings_protocol::api::ErrorCode;

use super::Caller;
use crate::error::ApiError;
use crate::state::AppState;

/// Host names this server answers to; anything else is a name somebody else made point here.
#[derive(Clone, Debug)]
pub struct AllowedHosts(Vec<String>);

impl AllowedHosts {
    /// `localhost`, loopback addresses, the address listened on and the configured names.
    #[must_use]
    pub fn new(listen: IpAddr, configured: &[String]) -> Self {
        let mut names: Vec<_> = configured.iter().map(|name| name.to_ascii_lowercase()).collect();
        names.push("localhost".to_owned());
        if !listen.is_unspecified() {
            names.push(listen.to_string());
        }
        Self(names)
    }

    /// Whether `host`, with or without a port, is one of them.
    #[must_use]
    pub fn allows(&self, host: &str) -> bool {
        let name = host_name(host);
        let loopback = name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        loopback || self.0.iter().any(|known| name.eq_ignore_ascii_case(known))
    }
}

/// The name in `name`, `name:port` or `[v6]:port`.
fn host_name(host: &str) -> &str {
    if let Some(bracketed) = host.strip_prefix('[') {
        return bracketed.split(']').next().unwrap_or_default();
    }
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}

/// Refuses requests for other hosts (DNS rebinding) and from pages of other origins, but for API requests of
/// those that are allowed; these prove themselves by a token, for the browser's session is not theirs to use.
///
/// # Errors
///
/// 400 without a host, 403 for a foreign host or origin.
pub fn same_site(state: &AppState, request: &mut Request) -> Result<(), ApiError> {
    let host = requested_host(request.uri(), request.headers())
        .ok_or_else(|| ApiError::new(ErrorCode::BadRequest, "the request names no host"))?;
    if !state.hosts.allows(host) {
        let message = format!(
            "this server does not answer to the name {}; start it with --allowed-host to allow it",
            host_name(host)
        );
        return Err(ApiError::new(ErrorCode::HostNotAllowed, message));
    }
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let page = Page::of(request.headers(), host, is_read);
    let is_by_cookie = || {
        !request.headers().contains_key(header::AUTHORIZATION)
            && session_cookie(request.headers(), &state.cookie).is_some()
    };
    match page {
        Page::Ours => return Ok(()),
        // What changes something by a browser's session comes from a page of ours, and says so.
        Page::Unnamed if is_read || !is_by_cookie() => return Ok(()),
        Page::Unnamed => {
            let message = "a request that a session allows names the page it comes from: send `Origin`, or a token";
            return Err(ApiError::new(ErrorCode::OriginNotAllowed, message));
        }
        Page::Foreign => {}
    }
    if is_allowed_elsewhere(state, request) {
        request.headers_mut().remove(header::COOKIE);
        return Ok(());
    }
    let message = "requests from pages of another origin are refused";
    Err(ApiError::new(ErrorCode::OriginNotAllowed, message))
}

fn requested_host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    match uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => headers.get(header::HOST)?.to_str().ok(),
    }
}

fn is_allowed_elsewhere(state: &AppState, request: &Request) -> bool {
    let origin = request.headers().get(header::ORIGIN);
    request.uri().path().starts_with("/api/")
        && origin.is_some_and(|origin| state.origins.allows(origin.as_bytes()))
}

/// The page that a request comes from, as the browser tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Page {
    /// One of this server's.
    Ours,
    /// None that is named: it is no page, or the browser was led here by its user.
    Unnamed,
    /// Another.
    Foreign,
}

impl Page {
    /// Programs send neither header. A browser may leave `Origin` out of a GET, but says in `Sec-Fetch-Site`
    /// where it comes from; another port of this machine is `same-site`, and none of ours.
    fn of(headers: &HeaderMap, host: &str, is_read: bool) -> Self {
        if let Some(origin) = headers.get(header::ORIGIN) {
            let origin = origin.to_str().unwrap_or_default();
            let authority = origin.split_once("://").map_or("", |(_, authority)| authority);
            let is_ours = authority.eq_ignore_ascii_case(host);
            return if is_ours { Self::Ours } else { Self::Foreign };
        }
        let header = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
        match header("sec-fetch-site") {
            Some("same-origin") => Self::Ours,
            None | Some("none") => Self::Unnamed,
            // A link may lead here from anywhere, and a form may not.
            Some(_) if is_read && header("sec-fetch-mode") == Some("navigate") => Self::Unnamed,
            Some(_) => Self::Foreign,
        }
    }
}

/// Who a request comes from; a route that takes it answers 401 to everybody else.
impl FromRequestParts<AppState> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        // A token that is wrong is not saved by a cookie that is right.
        let caller = match parts.headers.get(header::AUTHORIZATION) {
            Some(value) => match bearer(value.as_bytes()) {
                Some(token) => state.auth.caller_of_token(token).await?,
                None => None,
            },
            None => match session_cookie(&parts.headers, &state.cookie) {
                Some(session) => state.auth.caller_of_session(session).await?,
                None => None,
            },
        };
        caller.ok_or_else(ApiError::unauthorized)
    }
}

/// Whether a request asks for this machine by a name that means it wherever it is said: `localhost`, or a loopback address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IsForThisMachine(pub(crate) bool);

impl<S: Sync> FromRequestParts<S> for IsForThisMachine {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let name = requested_host(&parts.uri, &parts.headers).map(host_name).unwrap_or_default();
        let is_loopback = name.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback());
        Ok(Self(is_loopback || name.eq_ignore_ascii_case("localhost")))
    }
}

/// A caller who may administer the server; a route that takes it answers 403 to other callers.
#[derive(Clone, Debug)]
pub struct Admin(pub Caller);

impl FromRequestParts<AppState> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, state).await?;
        if !caller.is_admin() {
            let message = "only an admin may do this, signed in or by the owner's token";
            return Err(ApiError::new(ErrorCode::Forbidden, message));
        }
        Ok(Self(caller))
    }
}

/// A caller who acts by no token of limited scope; a route that takes it answers 403 to other callers.
#[derive(Clone, Debug)]
pub struct Unlimited(pub Caller);

impl FromRequestParts<AppState> for Unlimited {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, state).await?;
        if caller.grant().is_some() {
            let message =
                "a token of limited scope may not do this; sign in, or use the owner's token";
            return Err(ApiError::new(ErrorCode::Forbidden, message));
        }
        Ok(Self(caller))
    }
}

fn bearer(value: &[u8]) -> Option<&str> {
    let (scheme, token) = std::str::from_utf8(value).ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The value of the cookie `name`.
#[must_use]
pub fn session_cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_host_is_allowed_by_its_name_whatever_its_port() {
        let hosts = AllowedHosts::new([192, 168, 1, 5].into(), &["Box.lan".to_owned()]);
        for host in [
            "localhost",
            "LOCALHOST:4180",
            "127.0.0.1:1",
            "127.8.8.8",
            "[::1]:4180",
            "::1:80",
            "box.lan:4180",
            "192.168.1.5:4180",
        ] {
            assert!(hosts.allows(host), "{host}");
        }
        for host in ["", "evil.example", "localhost.evil.example:4180", "192.168.1.6", "[::2]:80"] {
            assert!(!hosts.allows(host), "{host}");
        }
    }

    #[test]
    fn a_page_is_ours_only_if_its_browser_says_so() {
        use Page::{Foreign, Ours, Unnamed};
        // What a request that reads is taken for, and one that changes something.
        type Row = (&'static [(&'static str, &'static str)], Page, Page);
        let table: [Row; 15] = [
            (&[], Unnamed, Unnamed),
            (&[("origin", "http://localhost:4180")], Ours, Ours),
            (&[("origin", "https://LOCALHOST:4180")], Ours, Ours),
            (&[("origin", "http://localhost:9999")], Foreign, Foreign),
            (&[("origin", "http://localhost")], Foreign, Foreign),
            (&[("origin", "http://evil.example")], Foreign, Foreign),
            (&[("origin", "null")], Foreign, Foreign),
            (&[("origin", "null"), ("sec-fetch-site", "same-origin")], Foreign, Foreign),
            (&[("sec-fetch-site", "cross-site")], Foreign, Foreign),
            (&[("sec-fetch-site", "same-site")], Foreign, Foreign),
            (&[("sec-fetch-site", "same-origin")], Ours, Ours),
            (&[("sec-fetch-site", "none")], Unnamed, Unnamed),
            (&[("sec-fetch-site", "same-site"), ("sec-fetch-mode", "no-cors")], Foreign, Foreign),
            (&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")], Unnamed, Foreign),
            (&[("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")], Unnamed, Unnamed),
        ];
        for (headers, reads, changes) in table {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.insert(*name, HeaderValue::from_str(value).unwrap());
            }
            let page = |is_read| Page::of(&map, "localhost:4180", is_read);
            assert_eq!((page(true), page(false)), (reads, changes), "{headers:?}");
        }
    }

    #[test]
    fn a_session_is_found_among_other_cookies() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; tidings-4180=abc;b=2"));
        headers.append(header::COOKIE, HeaderValue::from_static("tidings-4181=def"));
        assert_eq!(session_cookie(&headers, "tidings-4180"), Some("abc"));
        assert_eq!(session_cookie(&headers, "tidings-4181"), Some("def"));
        assert_eq!(session_cookie(&headers, "tidings-418"), None);
    }
}
