//! A window of Tauri's with nothing in it but a text that changes once a second: what the app is compared with by
//! `cargo xtask prove window`.

use tauri::http::Response;
use tauri::test::{mock_context, noop_assets};
use tauri::{Builder, WebviewUrl, WebviewWindowBuilder};

const PAGE: &str = r#"<!doctype html><meta charset="utf-8"><title>Empty</title>
<p data-testid="seconds">0</p>
<script>
let seconds = 0;
setInterval(() => { document.querySelector('p').textContent = ++seconds; }, 1000);
</script>"#;

fn main() -> tauri::Result<()> {
    Builder::<tauri::Wry>::default()
        .register_uri_scheme_protocol("empty", |_, _| {
            let page = Response::builder().header("Content-Type", "text/html");
            page.body(PAGE.as_bytes().to_vec()).unwrap_or_default()
        })
        .setup(|app| {
            let address = "empty://localhost/".parse()?;
            WebviewWindowBuilder::new(app, "empty", WebviewUrl::CustomProtocol(address))
                .title("Empty")
                .inner_size(1280.0, 800.0)
                .build()?;
            Ok(())
        })
        .run(mock_context(noop_assets()))
}
