//! Keeps the UI small: what a browser downloads before it shows anything.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::setup::wasm::Toolchain;
use crate::shell::Step;
use crate::{paths, say};

/// Bytes of WebAssembly after brotli. All processes with their table, tree, details and end take 15,000 of them; what programs publish as many:
/// numbers by their paths, lines and charts; arranging panels and the settings 8,000; the desktop's servers, with their form, 12,000. Every text in
/// German, and where each stands in its table, 15,000.
const WASM: u64 = 294_000;
/// Bytes of all files of the page after brotli, each by itself. The aim is 200,000.
const PAGE: u64 = 331_000;

// Node has brotli; this task would compile one for minutes, or run one unoptimised.
const COMPRESS: &str = "const {readFileSync: read} = require('fs'), {brotliCompressSync: brotli} = require('zlib'); \
    console.log(brotli(read(process.argv[1])).length)";

/// Tells the size of each file of the built UI, and fails when they are over their limit.
///
/// # Errors
/// When they are, or there are none.
pub fn check() -> Result<()> {
    let dist = paths::dist();
    let mut files = Vec::new();
    for entry in fs::read_dir(&dist).with_context(|| format!("cannot read {}", dist.display()))? {
        let file = entry?.path();
        if file.is_file() {
            files.push((compressed(&file)?, file));
        }
    }
    files.sort_by(|a, b| b.cmp(a));
    for (size, file) in &files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        say::info(&format!("{size:>8}  {name}"));
    }
    let sum = |files: &mut dyn Iterator<Item = &(u64, _)>| files.map(|(size, _)| size).sum();
    let is_wasm =
        |file: &&(u64, std::path::PathBuf)| file.1.extension().is_some_and(|e| e == "wasm");
    let wasm: u64 = sum(&mut files.iter().filter(is_wasm));
    let page: u64 = sum(&mut files.iter());
    if wasm == 0 {
        bail!("{} holds no wasm: build the UI first", dist.display());
    }
    let said = format!(
        "the UI is {page} bytes after brotli (limit {PAGE}), {wasm} of them wasm (limit {WASM})"
    );
    if page <= PAGE && wasm <= WASM {
        say::info(&said);
    } else if Toolchain::find().is_some_and(Toolchain::has_sources) {
        bail!("{said}");
    } else {
        say::warning(&format!("{said}; `rustup component add rust-src` makes it smaller"));
    }
    Ok(())
}

fn compressed(file: &Path) -> Result<u64> {
    let size = Step::new("node").args(["-e", COMPRESS]).arg(file).output();
    let size = size.and_then(|size| size.parse().ok());
    size.with_context(|| format!("cannot compress {}", file.display()))
}
