//! The dashboard: embedded and compressed when the server is built, served from memory.
//!
//! Own code, since the library for it (memory-serve) unpacks at every start, compresses at every start
//! of a debug build, and writes paths of the building machine into the binary.

use std::io::Read;
use std::sync::OnceLock;

use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use flate2::read::GzDecoder;

use crate::state::AppState;

/// A file of the UI.
#[derive(Debug)]
struct Asset {
    path: &'static str,
    content_type: &'static str,
    /// Of its content.
    hash: &'static str,
    /// Whether its name changes with its content.
    immutable: bool,
    /// As it is; null where it is in `gzip`, so that the program holds it in two forms and not in three.
    identity: Option<&'static [u8]>,
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
    /// What `gzip` has, once somebody asked for it: hardly anybody takes neither form.
    unpacked: &'static OnceLock<Bytes>,
}

static ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Serves the UI. The page itself is asked for anew each time; what carries a hash in its name may be
/// kept for ever.
pub(crate) fn router() -> Router<AppState> {
    let serve = |asset: &'static Asset| {
        get(move |headers: HeaderMap| std::future::ready(asset.answer(&headers)))
    };
    ASSETS.iter().fold(Router::new(), |router, asset| {
        let router = router.route(asset.path, serve(asset));
        if asset.path == "/index.html" { router.route("/", serve(asset)) } else { router }
    })
}

impl Asset {
    fn answer(&self, request: &HeaderMap) -> Response {
        let (encoding, bytes) = self.choose(request);
        let etag = format!("\"{}-{encoding}\"", self.hash);
        let cache = if self.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
        let mut headers = HeaderMap::new();
        let mut put = |name: HeaderName, value: &str| {
            // Types, hashes and encodings are ASCII of our own making.
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        put(header::CONTENT_TYPE, self.content_type);
        put(header::CACHE_CONTROL, cache);
        put(header::ETAG, &etag);
        put(header::VARY, "accept-encoding");
        if request.get(header::IF_NONE_MATCH).is_some_and(|value| lists(value, &etag)) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        if encoding != "identity" {
            put(header::CONTENT_ENCODING, encoding);
        }
        (headers, bytes).into_response()
    }

    fn choose(&self, request: &HeaderMap) -> (&'static str, Bytes) {
        let accepted = request.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
        let accepts = |encoding| accepted.is_some_and(|accepted| accepts(accepted, encoding));
        match (self.brotli, self.gzip) {
            (Some(bytes), _) if accepts("br") => ("br", Bytes::from_static(bytes)),
            (_, Some(bytes)) if accepts("gzip") => ("gzip", Bytes::from_static(bytes)),
            _ => ("identity", self.plain()),
        }
    }

    fn plain(&self) -> Bytes {
        if let Some(bytes) = self.identity {
            return Bytes::from_static(bytes);
        }
        let unpack = || {
            let mut plain = Vec::new();
            // It was packed by the build; a test unpacks every one.
            let unpacked = GzDecoder::new(self.gzip.unwrap_or_default()).read_to_end(&mut plain);
            unpacked.map_or_else(|_| Bytes::new(), |_| plain.into())
        };
        self.unpacked.get_or_init(unpack).clone()
    }
}

/// Whether an `Accept-Encoding` takes `encoding`; a quality of zero means it does not.
pub(crate) fn accepts(accepted: &str, encoding: &str) -> bool {
    accepted.split(',').any(|entry| {
        let (name, parameters) = entry.split_once(';').unwrap_or((entry, ""));
        let quality = parameters.trim().strip_prefix("q=").map(str::trim);
        let refused = quality.is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0));
        name.trim().eq_ignore_ascii_case(encoding) && !refused
    })
}

/// Whether an `If-None-Match` lists `etag`.
fn lists(value: &HeaderValue, etag: &str) -> bool {
    value.to_str().is_ok_and(|value| {
        value
            .split(',')
            .map(|entry| entry.trim().trim_start_matches("W/"))
            .any(|entry| entry == etag || entry == "*")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    static UNPACKED: OnceLock<Bytes> = OnceLock::new();

    static ASSET: Asset = Asset {
        path: "/a-0123456789abcdef.js",
        content_type: "text/javascript; charset=utf-8",
        hash: "abc",
        immutable: true,
        identity: Some(b"identity"),
        brotli: Some(b"br"),
        gzip: Some(b"gz"),
        unpacked: &UNPACKED,
    };

    fn request(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn the_best_encoding_a_client_takes_is_chosen() {
        for (accept, expected) in [
            ("gzip, deflate, br, zstd", "br"),
            ("gzip", "gzip"),
            ("br;q=0, gzip;q=0.5", "gzip"),
            ("GZIP", "gzip"),
            ("deflate", "identity"),
            ("", "identity"),
        ] {
            let headers = request(header::ACCEPT_ENCODING, accept);
            assert_eq!(ASSET.choose(&headers).0, expected, "{accept}");
        }
        assert_eq!(ASSET.choose(&HeaderMap::new()).0, "identity");
    }

    #[test]
    fn each_file_has_the_same_content_in_every_encoding() {
        use sha2::{Digest, Sha256};
        for asset in ASSETS {
            let digest = Sha256::digest(asset.plain());
            let hash: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hash, asset.hash, "{}", asset.path);
            assert!(
                asset.identity.is_none() || asset.gzip.is_none(),
                "{} is there twice",
                asset.path
            );
        }
    }

    #[test]
    fn an_unchanged_file_is_not_sent_again() {
        let first = ASSET.answer(&HeaderMap::new());
        let etag = first.headers()[header::ETAG].to_str().unwrap();
        for value in
            [etag.to_owned(), format!("\"x\", {etag}"), format!("W/{etag}"), "*".to_owned()]
        {
            let again = ASSET.answer(&request(header::IF_NONE_MATCH, &value));
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{value}");
        }
        let other = ASSET.answer(&request(header::IF_NONE_MATCH, "\"x\""));
        assert_eq!(other.status(), StatusCode::OK);
    }

    #[test]
    fn only_what_has_a_hash_in_its_name_is_kept_for_ever() {
        let cache = |asset: &Asset| {
            asset.answer(&HeaderMap::new()).headers()[header::CACHE_CONTROL].clone()
        };
        assert!(cache(&ASSET).to_str().unwrap().contains("immutable"));
        assert_eq!(cache(&Asset { immutable: false, ..ASSET }), "no-cache");
    }

    #[test]
    fn there_is_a_page_whether_or_not_the_ui_was_built() {
        let page = ASSETS.iter().find(|asset| asset.path == "/index.html").unwrap();
        assert!(!page.immutable);
        assert!(page.content_type.starts_with("text/html"));
    }
}
