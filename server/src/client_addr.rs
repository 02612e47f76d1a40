//! Who a request comes from as far as the network knows: the address, and whether the way there is encrypted.
//!
//! Both are the connection's own, unless it is the reverse proxy's that the configuration names: then, and only
//! then, forwarded headers count. Of these only the last hop does, which the proxy itself has written; what stands
//! before it anybody may have sent.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Request, header};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Address of the client that sent a request; behind the proxy the one that the proxy names. Unspecified
/// (`0.0.0.0`) where a request came by no connection, as in tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddr(pub IpAddr);

/// Whether the client's connection is encrypted all the way from where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IsSecure(pub(crate) bool);

/// Whether a request came by a proxy on this machine that the configuration does not name: its address is nobody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IsUnnamedProxy(pub(crate) bool);

/// Whether a request came from this machine itself, by no proxy that is known for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IsLocal(pub(crate) bool);

/// What is known of a connection before anything was sent on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    peer: IpAddr,
    is_tls: bool,
    is_proxy: bool,
    has_proxy: bool,
}

impl Arrival {
    /// Of a connection from `peer`, to a server behind `proxy` if that is set.
    pub(crate) fn new(peer: SocketAddr, proxy: Option<IpAddr>, is_tls: bool) -> Self {
        let peer = peer.ip().to_canonical();
        let is_proxy = proxy.is_some_and(|proxy| proxy.to_canonical() == peer);
        Self { peer, is_tls, is_proxy, has_proxy: proxy.is_some() }
    }

    /// Whether it is the proxy's, which brings the requests of many people.
    pub(crate) fn is_proxy(self) -> bool {
        self.is_proxy
    }

    /// Notes on a request of this connection where it comes from, for the extractors.
    pub(crate) fn note<B>(self, request: &mut Request<B>) {
        let (mut addr, mut is_secure) = (self.peer, self.is_tls);
        if self.is_proxy {
            addr = forwarded_for(request.headers()).unwrap_or(addr);
            // A proxy that does not say ends TLS: that is what it is there for.
            is_secure = forwarded_https(request.headers()).unwrap_or(true);
        }
        let headers = request.headers();
        let is_forwarded =
            [X_FORWARDED_FOR, header::FORWARDED].iter().any(|name| headers.contains_key(name));
        if !self.has_proxy && self.peer.is_loopback() && is_forwarded {
            request.extensions_mut().insert(IsUnnamedProxy(true));
        }
        if self.peer.is_loopback() && !self.is_proxy && !is_forwarded {
            request.extensions_mut().insert(IsLocal(true));
        }
        request.extensions_mut().insert(ClientAddr(addr));
        // Its absence says the same, and costs nothing.
        if is_secure {
            request.extensions_mut().insert(IsSecure(true));
        }
    }
}

impl<S: Sync> FromRequestParts<S> for ClientAddr {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or(Self(Ipv4Addr::UNSPECIFIED.into())))
    }
}

impl<S: Sync> FromRequestParts<S> for IsSecure {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or(Self(false)))
    }
}

impl<S: Sync> FromRequestParts<S> for IsUnnamedProxy {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or(Self(false)))
    }
}

impl<S: Sync> FromRequestParts<S> for IsLocal {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or(Self(false)))
    }
}

/// The client as the proxy names it. A proxy writes one of the two headers and passes the other on as it came: where
/// both are there and differ, one is the client's own invention, and neither counts.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let x = last(headers, &X_FORWARDED_FOR).map(address);
    let standard = parameter(headers, "for").map(|node| address(&node));
    match (x, standard) {
        (Some(x), Some(standard)) if x != standard => None,
        (x, standard) => x.or(standard).flatten(),
    }
}

/// Whether the client came to the proxy by https; none if it does not say, or the two headers contradict each other.
fn forwarded_https(headers: &HeaderMap) -> Option<bool> {
    let https = |scheme: &str| match scheme.trim() {
        scheme if scheme.eq_ignore_ascii_case("https") => Some(true),
        scheme if scheme.eq_ignore_ascii_case("http") => Some(false),
        _ => None,
    };
    let x = last(headers, &X_FORWARDED_PROTO).and_then(https);
    let standard = parameter(headers, "proto").and_then(|scheme| https(&scheme));
    match (x, standard) {
        (Some(x), Some(standard)) if x != standard => None,
        (x, standard) => x.or(standard),
    }
}

/// What stands behind the last comma of a list, over all its lines.
fn last<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let line = headers.get_all(name).iter().next_back()?.to_str().unwrap_or_default();
    Some(line.rsplit(',').next().unwrap_or(line).trim())
}

/// A parameter of the last hop in `Forwarded` (RFC 7239), without its quotes.
fn parameter(headers: &HeaderMap, name: &str) -> Option<String> {
    let hop = last(headers, &header::FORWARDED)?;
    let pairs = hop.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.into_iter().find(|(key, _)| key.trim().eq_ignore_ascii_case(name))?;
    Some(value.trim().trim_matches('"').to_owned())
}

/// Reads `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` and `[2001:db8::1]:80`.
fn address(node: &str) -> Option<IpAddr> {
    let bracketed = node.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let text = bracketed.map_or(node, |(inner, _)| inner);
    let ip = text.parse().ok();
    let ip = ip.or_else(|| text.parse().ok().map(|address: SocketAddr| address.ip()))?;
    Some(ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXY: &str = "10.0.0.5";

    /// What is noted of a request with these headers from `peer`, to a server behind `PROXY`.
    fn noted(peer: &str, headers: &[(&'static str, &str)]) -> (String, bool) {
        let peer = SocketAddr::new(peer.parse().unwrap(), 1);
        let mut request = Request::new(());
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        Arrival::new(peer, Some(PROXY.parse().unwrap()), false).note(&mut request);
        let ClientAddr(addr) = *request.extensions().get().unwrap();
        (addr.to_string(), request.extensions().get() == Some(&IsSecure(true)))
    }

    #[test]
    fn the_last_hop_that_the_proxy_names_is_the_client() {
        for (headers, client) in [
            (&[][..], PROXY),
            (&[("x-forwarded-for", "192.0.2.1")], "192.0.2.1"),
            (&[("x-forwarded-for", "6.6.6.6, 192.0.2.1")], "192.0.2.1"),
            (&[("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "192.0.2.1")], "192.0.2.1"),
            (&[("x-forwarded-for", "192.0.2.1:4711")], "192.0.2.1"),
            (&[("x-forwarded-for", "2001:db8::1")], "2001:db8::1"),
            (&[("x-forwarded-for", "::ffff:192.0.2.1")], "192.0.2.1"),
            (&[("forwarded", "for=6.6.6.6, for=192.0.2.1;proto=https")], "192.0.2.1"),
            (&[("forwarded", "proto=https;For=\"[2001:db8::1]:4711\"")], "2001:db8::1"),
            (&[("forwarded", "for=192.0.2.1"), ("x-forwarded-for", "192.0.2.1")], "192.0.2.1"),
        ] {
            assert_eq!(noted(PROXY, headers).0, client, "{headers:?}");
        }
    }

    #[test]
    fn what_names_nobody_leaves_the_proxy_itself() {
        for headers in [
            &[("x-forwarded-for", "unknown")][..],
            &[("x-forwarded-for", "192.0.2.1, ")],
            &[("x-forwarded-for", "192.0.2.1, _hidden")],
            &[("forwarded", "for=_hidden")],
            &[("forwarded", "by=192.0.2.1")],
            // One of the two is the client's own.
            &[("forwarded", "for=6.6.6.6"), ("x-forwarded-for", "192.0.2.1")],
            &[("forwarded", "for=unknown"), ("x-forwarded-for", "192.0.2.1")],
        ] {
            assert_eq!(noted(PROXY, headers).0, PROXY, "{headers:?}");
        }
    }

    #[test]
    fn headers_of_anybody_but_the_proxy_say_nothing() {
        let headers = [
            ("x-forwarded-for", "192.0.2.1"),
            ("forwarded", "for=192.0.2.1;proto=https"),
            ("x-forwarded-proto", "https"),
        ];
        assert_eq!(noted("127.0.0.1", &headers), ("127.0.0.1".to_owned(), false));
        assert_eq!(noted("::ffff:10.0.0.5", &headers), ("192.0.2.1".to_owned(), true));
        let mut request = Request::new(());
        request.headers_mut().insert("x-forwarded-for", "192.0.2.1".parse().unwrap());
        let peer = SocketAddr::new(PROXY.parse().unwrap(), 1);
        Arrival::new(peer, None, true).note(&mut request);
        assert_eq!(request.extensions().get(), Some(&ClientAddr(peer.ip())), "there is no proxy");
        assert_eq!(request.extensions().get(), Some(&IsSecure(true)), "the connection is TLS");
    }

    #[test]
    fn a_proxy_on_this_machine_that_nobody_named_is_known_by_its_headers() {
        let is_unnamed = |peer: &str, proxy: Option<&str>, header: Option<&'static str>| {
            let peer = SocketAddr::new(peer.parse().unwrap(), 1);
            let mut request = Request::new(());
            if let Some(name) = header {
                request.headers_mut().append(name, "192.0.2.1".parse().unwrap());
            }
            let proxy = proxy.map(|proxy| proxy.parse().unwrap());
            Arrival::new(peer, proxy, false).note(&mut request);
            request.extensions().get() == Some(&IsUnnamedProxy(true))
        };
        assert!(is_unnamed("127.0.0.1", None, Some("x-forwarded-for")));
        assert!(is_unnamed("::1", None, Some("forwarded")));
        assert!(!is_unnamed("127.0.0.1", None, None), "a program of this machine");
        assert!(!is_unnamed("192.0.2.1", None, Some("forwarded")));
        assert!(!is_unnamed("127.0.0.1", Some("127.0.0.1"), Some("forwarded")));
        assert!(!is_unnamed("127.0.0.1", Some(PROXY), Some("forwarded")));
    }

    #[test]
    fn local_is_who_comes_from_this_machine_and_by_nobody_else() {
        let is_local = |peer: &str, proxy: Option<&str>, header: Option<&'static str>| {
            let peer = SocketAddr::new(peer.parse().unwrap(), 1);
            let mut request = Request::new(());
            if let Some(name) = header {
                request.headers_mut().append(name, "127.0.0.1".parse().unwrap());
            }
            let proxy = proxy.map(|proxy| proxy.parse().unwrap());
            Arrival::new(peer, proxy, false).note(&mut request);
            request.extensions().get() == Some(&IsLocal(true))
        };
        for peer in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert!(is_local(peer, None, None), "{peer}");
            assert!(is_local(peer, Some(PROXY), None), "{peer}: not the proxy");
        }
        assert!(!is_local("192.0.2.1", None, None));
        assert!(!is_local("127.0.0.1", Some("127.0.0.1"), None), "it may be the proxy");
        assert!(!is_local("127.0.0.1", None, Some("x-forwarded-for")));
        assert!(!is_local("127.0.0.1", None, Some("forwarded")));
        assert!(!is_local(PROXY, Some(PROXY), Some("x-forwarded-for")), "only the proxy says so");
    }

    #[test]
    fn the_proxy_says_by_what_the_client_came_and_ends_tls_if_it_does_not() {
        for (headers, is_secure) in [
            (&[][..], true),
            (&[("x-forwarded-proto", "https")], true),
            (&[("x-forwarded-proto", "HTTP")], false),
            (&[("x-forwarded-proto", "https, http")], false),
            (&[("forwarded", "proto=http;for=192.0.2.1")], false),
            (&[("forwarded", "proto=http"), ("x-forwarded-proto", "https")], true),
            (&[("x-forwarded-proto", "gopher")], true),
        ] {
            assert_eq!(noted(PROXY, headers).1, is_secure, "{headers:?}");
        }
    }
}
