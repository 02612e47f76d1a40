//! Where the load goes: a URL with `{topic}` in it, and the requests made of it.

use std::net::{SocketAddr, ToSocketAddrs};

use super::BenchError;

/// What stands for a topic's number.
const TOPIC: &str = "{topic}";

/// A URL template and what is sent with each request to it: a token among it, so it shows itself nowhere.
#[derive(Clone)]
pub(super) struct Target {
    /// Where its host was found.
    pub(super) address: SocketAddr,
    host: String,
    path: String,
    /// Further header lines, each with its line end.
    headers: String,
}

impl Target {
    /// Reads `http://HOST[:PORT]/PATH`, looks the host up, and checks the headers.
    pub(super) fn new(url: &str, headers: &[String]) -> Result<Self, BenchError> {
        let bad = |why| BenchError::Url { url: url.to_owned(), why };
        let rest = url.strip_prefix("http://").ok_or_else(|| bad("it must begin with http://"))?;
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let path = if path.is_empty() { "/" } else { path };
        if host.is_empty() || !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(bad("it needs a host, and may hold no spaces"));
        }
        let with_port = if host.rsplit(']').next().is_some_and(|end| end.contains(':')) {
            host.to_owned()
        } else {
            format!("{host}:80")
        };
        let address = with_port.to_socket_addrs().ok().and_then(|mut all| all.next());
        let mut lines = String::new();
        for header in headers {
            if !header.contains(':') || header.contains(['\r', '\n', '\0']) {
                return Err(BenchError::Header);
            }
            lines += header;
            lines += "\r\n";
        }
        Ok(Self {
            address: address.ok_or_else(|| bad("its host has no address"))?,
            host: host.to_owned(),
            path: path.to_owned(),
            headers: lines,
        })
    }

    /// Whether topics can be told apart by it.
    pub(super) fn names_topic(&self) -> bool {
        self.path.contains(TOPIC)
    }

    /// The request of a subscriber.
    pub(super) fn get(&self, topic: u32) -> Vec<u8> {
        let path = self.path.replace(TOPIC, &topic.to_string());
        let Self { host, headers, .. } = self;
        format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\n\
             Cache-Control: no-cache\r\n{headers}\r\n"
        )
        .into_bytes()
    }

    /// The request of a publisher.
    pub(super) fn post(&self, topic: u32, body: &str) -> Vec<u8> {
        let path = self.path.replace(TOPIC, &topic.to_string());
        let Self { host, headers, .. } = self;
        let length = body.len();
        format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n{headers}\r\n{body}"
        )
        .into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_the_topic_in_its_path_and_every_header() {
        let headers = ["Authorization: Bearer x".to_owned()];
        let url = "http://127.0.0.1:4180/api/events?topic=bench/{topic}";
        let target = Target::new(url, &headers).unwrap();
        assert_eq!(target.address, "127.0.0.1:4180".parse().unwrap());
        assert!(target.names_topic());
        let request = String::from_utf8(target.get(7)).unwrap();
        assert!(request.starts_with("GET /api/events?topic=bench/7 HTTP/1.1\r\n"), "{request}");
        assert!(request.ends_with("Authorization: Bearer x\r\n\r\n"), "{request}");
        let request = String::from_utf8(target.post(7, "[1]")).unwrap();
        assert!(request.contains("\r\nContent-Length: 3\r\n"), "{request}");
        assert!(request.ends_with("\r\n\r\n[1]"), "{request}");
    }

    #[test]
    fn a_port_is_80_unless_it_is_named() {
        assert_eq!(Target::new("http://127.0.0.1", &[]).unwrap().address.port(), 80);
        assert_eq!(Target::new("http://[::1]/x", &[]).unwrap().address.port(), 80);
        assert_eq!(Target::new("http://[::1]:81/x", &[]).unwrap().address.port(), 81);
    }

    #[test]
    fn what_is_no_plain_url_or_no_header_is_refused() {
        for url in ["https://127.0.0.1/", "127.0.0.1/", "http:///x", "http://127.0.0.1/a b"] {
            assert!(Target::new(url, &[]).is_err(), "{url}");
        }
        for header in ["no colon", "A: b\r\nC: d"] {
            assert!(Target::new("http://127.0.0.1/", &[header.to_owned()]).is_err(), "{header:?}");
        }
    }
}
