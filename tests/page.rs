//! The page and what it is made of, as a browser would fetch it.

use anyhow::{Context, Result};
use harness::{Server, http};

/// Bytes below which a file may be shorter than what it is compressed to.
const SHORT: Option<u64> = Some(150);

/// Paths the page names that carry a hash of their content.
fn hashed_paths(page: &str) -> Vec<String> {
    page.split(['"', '\'', '=', ' ', '>'])
        .filter(|part| [".js", ".wasm", ".css"].iter().any(|end| part.ends_with(end)))
        .map(|part| format!("/{}", part.trim_start_matches("./").trim_start_matches('/')))
        .collect()
}

#[tokio::test]
async fn the_page_needs_no_sign_in_and_runs_nothing_inline() -> Result<()> {
    let server = Server::start().await?;
    let response = http()?.get(server.url("/")).send().await?;
    assert_eq!(response.status(), 200);
    let headers = response.headers().clone();
    let policy = headers["content-security-policy"].to_str()?;
    assert!(policy.contains("default-src 'self'") && !policy.contains("unsafe-inline"), "{policy}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-cache"),
    ] {
        assert_eq!(headers[name], value, "{name}");
    }
    let page = response.text().await?;
    for script in page.split("<script").skip(1) {
        let (attributes, rest) = script.split_once('>').context("a whole tag")?;
        let body = rest.split("</script>").next().unwrap_or_default();
        assert!(attributes.contains("src=") && body.trim().is_empty(), "inline: {body}");
    }
    assert!(!page.contains(" onclick=") && !page.contains(" style="), "{page}");
    Ok(())
}

#[tokio::test]
async fn every_file_the_page_names_is_compressed_tagged_and_kept_for_ever() -> Result<()> {
    let server = Server::start().await?;
    let client = http()?;
    let page = client.get(server.url("/")).send().await?.text().await?;
    let paths = hashed_paths(&page);
    assert!(paths.iter().any(|path| path.ends_with(".wasm")), "the UI is not built: {page}");
    for path in paths {
        for encoding in ["br", "gzip"] {
            let request = client.get(server.url(&path)).header("Accept-Encoding", encoding);
            let response = request.send().await?;
            assert_eq!(response.status(), 200, "{path}");
            let headers = response.headers();
            // What is shorter as it is comes as it is.
            if headers.contains_key("content-encoding") || response.content_length() > SHORT {
                assert_eq!(headers["content-encoding"], encoding, "{path}");
            }
            assert_eq!(headers["vary"], "accept-encoding", "{path}");
            assert!(headers["cache-control"].to_str()?.contains("immutable"), "{path}");
            let tag = headers["etag"].clone();
            let request = client.get(server.url(&path)).header("Accept-Encoding", encoding);
            let again = request.header("If-None-Match", tag).send().await?;
            assert_eq!(again.status(), 304, "{path}");
        }
    }
    Ok(())
}
