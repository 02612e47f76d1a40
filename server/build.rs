//! Embeds the UI, compressed, or a page that says how to build it.
//!
//! Writes `assets.rs` for `src/assets.rs` to include: a list of `Asset`s whose bytes lie beside it.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use sha2::{Digest, Sha256};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let built = Path::new("../src-ui/dist");
    let folder = if built.join("index.html").exists() {
        built
    } else {
        // The folder `dist` will appear in; a path that does not exist would rebuild every time.
        println!("cargo::rerun-if-changed=../src-ui");
        Path::new("assets/placeholder")
    };
    println!("cargo::rerun-if-changed={}", folder.display());
    println!("cargo::rerun-if-changed=build.rs");
    // The macro that embeds them sees a changed file, and not a new one.
    println!("cargo::rerun-if-changed=migrations");

    let mut table = String::from("&[\n");
    let mut files = Vec::new();
    list(folder, &mut files)?;
    files.sort();
    for (number, file) in files.iter().enumerate() {
        let path = file.strip_prefix(folder)?.to_string_lossy().replace('\\', "/");
        embed(&mut table, &out, number, &path, &fs::read(file)?)?;
    }
    table.push(']');
    fs::write(out.join("assets.rs"), table)?;
    Ok(())
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        // Dot files are the build's own notes.
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_dir() {
            list(&path, files)?;
        } else if !hidden {
            files.push(path);
        }
    }
    Ok(())
}

fn embed(table: &mut String, out: &Path, number: usize, path: &str, bytes: &[u8]) -> Result<()> {
    let hash = Sha256::digest(bytes).iter().take(16).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    let save = |kind: &str, bytes: &[u8]| -> Result<String> {
        let name = format!("{number}.{kind}");
        fs::write(out.join(&name), bytes)?;
        Ok(format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}\"))"))
    };
    // What grows by compression is served as it is.
    let compressed = |kind: &str, packed: Vec<u8>| -> Result<String> {
        if packed.len() >= bytes.len() {
            Ok("None".to_owned())
        } else {
            Ok(format!("Some({})", save(kind, &packed)?))
        }
    };
    let brotli = compressed("br", brotli(bytes)?)?;
    let gzip = compressed("gz", gzip(bytes)?)?;
    // Unpacked where it is wanted, which is hardly ever.
    let identity =
        if gzip == "None" { format!("Some({})", save("raw", bytes)?) } else { "None".to_owned() };
    writeln!(
        table,
        "Asset {{ path: {:?}, content_type: {:?}, hash: {hash:?}, immutable: {}, \
         identity: {identity}, brotli: {brotli}, gzip: {gzip}, \
         unpacked: {{ static UNPACKED: OnceLock<Bytes> = OnceLock::new(); &UNPACKED }} }},",
        format!("/{path}"),
        content_type(path),
        has_hash(path),
    )?;
    Ok(())
}

fn brotli(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = Vec::new();
    let params = brotli::enc::BrotliEncoderParams::default();
    brotli::BrotliCompress(&mut &*bytes, &mut packed, &params)?;
    Ok(packed)
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Whether the name holds a hash of the content (`name-0123456789abcdef.js`), so that it never changes. Trunk
/// writes 64 bits without leading zeros.
fn has_hash(path: &str) -> bool {
    path.split(['-', '_', '.']).any(|part| {
        part.len() >= 8
            && part.bytes().all(|b| b.is_ascii_hexdigit())
            && part.bytes().any(|b| b.is_ascii_digit())
    })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
