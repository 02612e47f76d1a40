//! Keeps the UI small: what a browser downloads before it shows anything.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::shell::Step;
use crate::{paths, say};

/// Bytes of wasm after brotli.
const LIMIT: u64 = 204_000;

// Node has brotli; this task would compile one for minutes, or run one unoptimised.
const COMPRESS: &str = "const {readFileSync: read} = require('fs'), {brotliCompressSync: brotli} = require('zlib'); \
    console.log(brotli(read(process.argv[1])).length)";

/// Fails when the built UI is over its limit.
///
/// # Errors
/// When it is, or is not there.
pub fn check() -> Result<()> {
    let mut total = 0;
    let dist = paths::dist();
    for entry in fs::read_dir(&dist).with_context(|| format!("cannot read {}", dist.display()))? {
        let file = entry?.path();
        if file.extension().is_some_and(|extension| extension == "wasm") {
            let size = Step::new("node").args(["-e", COMPRESS]).arg(&file).output();
            let size: Option<u64> = size.and_then(|size| size.parse().ok());
            total += size.with_context(|| format!("cannot compress {}", file.display()))?;
        }
    }
    if total == 0 {
        bail!("{} holds no wasm: build the UI first", dist.display());
    }
    if total > LIMIT {
        bail!("the UI is {total} bytes of wasm after brotli, over its limit of {LIMIT}");
    }
    say::info(&format!("the UI is {total} bytes of wasm after brotli (limit {LIMIT})"));
    Ok(())
}
