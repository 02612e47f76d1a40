//! Gives what the program and its script call each other by short names: two hundred functions of the browser with a hash each take
//! four kilobytes, and nobody reads them.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};

use anyhow::{Context, Result, bail};

use crate::paths;
use crate::shell::Step;

/// The new name of what [`shorten`] found.
pub struct Names {
    /// The module that the program imports from, and its name from now on.
    module: (String, String),
    /// Functions that the program imports.
    imports: Vec<(String, String)>,
    /// What it exports.
    exports: Vec<(String, String)>,
}

/// The page, whose program and script have short names in them and are called by their new content.
///
/// # Errors
/// When there is no program, or something in it that this does not know.
pub fn shorten(html: &str) -> Result<String> {
    let dist = paths::dist();
    let stem = stem(html).context("the page names no program")?;
    let (program, script) = (dist.join(format!("{stem}_bg.wasm")), dist.join(format!("{stem}.js")));
    let source = paths::ui().join("index.html");
    let source =
        fs::read_to_string(&source).with_context(|| format!("cannot read {}", source.display()))?;
    let map = Step::new("wasm-opt")
        .args(features(&source))
        .arg("--minify-imports-and-exports-and-modules")
        .arg(&program)
        .arg("-o")
        .arg(&program)
        .answer()?;
    let text =
        fs::read_to_string(&script).with_context(|| format!("cannot read {}", script.display()))?;
    let text = Names::read(&map)?.apply(&text)?;
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    fs::read(&program).context("cannot read the program")?.hash(&mut hasher);
    let name = format!("tidings-ui-{:016x}", hasher.finish());
    fs::write(dist.join(format!("{name}.js")), text).context("cannot write the script")?;
    fs::rename(&program, dist.join(format!("{name}_bg.wasm")))
        .context("cannot name the program")?;
    fs::remove_file(&script).with_context(|| format!("cannot remove {}", script.display()))?;
    Ok(html.replace(stem, &name))
}

/// What the files of the program are called, but for their ends.
fn stem(html: &str) -> Option<&str> {
    let before = html.split_once("_bg.wasm")?.0;
    before.rsplit_once("./").map(|(_, stem)| stem)
}

/// What wasm-opt has to know of the program, as the page says it for Trunk.
fn features(source: &str) -> impl Iterator<Item = &str> {
    let params = source.split_once("data-wasm-opt-params=\"");
    let params = params.and_then(|(_, rest)| rest.split_once('"')).map_or("", |(params, _)| params);
    params.split(' ').filter(|param| param.starts_with("--enable-"))
}

impl Names {
    /// Reads what wasm-opt says of its work.
    fn read(map: &str) -> Result<Self> {
        let map: serde_json::Value = serde_json::from_str(map).context("no map of names")?;
        let list = |key: &str| {
            let list = map[key].as_array().cloned().unwrap_or_default();
            let words = |row: serde_json::Value| {
                serde_json::from_value::<Vec<String>>(row).context("a row that is no list of names")
            };
            list.into_iter().map(words).collect::<Result<Vec<_>>>()
        };
        let (mut module, mut imports, mut exports) = (None, Vec::new(), Vec::new());
        for row in list("imports")? {
            let [from, old, new] = <[String; 3]>::try_from(row)
                .map_err(|row| anyhow::anyhow!("an import that is none: {row:?}"))?;
            if module.get_or_insert_with(|| from.clone()) != &from {
                bail!("the program imports from more than one module: {from} too");
            }
            imports.push((old, new));
        }
        for row in list("exports")? {
            let [old, new] = <[String; 2]>::try_from(row)
                .map_err(|row| anyhow::anyhow!("an export that is none: {row:?}"))?;
            exports.push((old, new));
        }
        let module = module.context("the program imports nothing")?;
        // What wasm-opt calls the only module there is.
        Ok(Self { module: (module, "a".to_owned()), imports, exports })
    }

    /// The script with the new names.
    fn apply(&self, script: &str) -> Result<String> {
        let (old, new) = &self.module;
        let mut text = replaced(script, &format!("\"{old}\":"), &format!("\"{new}\":"))?;
        for (old, new) in &self.imports {
            text = replaced(&text, &format!("\n        {old}: "), &format!("\n        {new}: "))?;
        }
        // From the longest: one can begin as another does.
        let mut exports: Vec<_> = self.exports.iter().collect();
        exports.sort_by_key(|(old, _)| std::cmp::Reverse(old.len()));
        for (old, new) in exports {
            // Some the script has no use for.
            text = text.replace(&format!("wasm.{old}"), &format!("wasm.{new}"));
        }
        Ok(text)
    }
}

fn replaced(text: &str, old: &str, new: &str) -> Result<String> {
    if !text.contains(old) {
        bail!("the script has no {:?}, which the program has", old.trim());
    }
    Ok(text.replace(old, new))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &str = r#"{
        "imports": [["./ui_bg.js", "__wbg_now_1f", "$"], ["./ui_bg.js", "__wbg_log_2e", "a"]],
        "exports": [["memory", "b"], ["call", "c"], ["call_5", "d"], ["unused", "e"]]
    }"#;

    #[test]
    fn both_ends_call_each_other_by_the_new_names() {
        let script = "{\n        __wbg_now_1f: function() {},\n        __wbg_log_2e: function() {},\n    }\n\
            \"./ui_bg.js\": import0\nwasm.memory wasm.call(wasm.call_5)";
        let named = Names::read(MAP).unwrap().apply(script).unwrap();
        assert_eq!(
            named,
            "{\n        $: function() {},\n        a: function() {},\n    }\n\
             \"a\": import0\nwasm.b wasm.c(wasm.d)"
        );
    }

    #[test]
    fn a_name_that_the_script_does_not_have_is_an_error() {
        let error = Names::read(MAP).unwrap().apply("\"./ui_bg.js\": import0").unwrap_err();
        assert!(error.to_string().contains("__wbg_now_1f"), "{error}");
    }

    #[test]
    fn a_second_module_is_an_error() {
        let map = r#"{"imports": [["./a.js", "f", "a"], ["./b.js", "g", "b"]], "exports": []}"#;
        assert!(Names::read(map).is_err());
    }

    #[test]
    fn the_page_tells_the_program_and_what_it_needs() {
        let html = "import init from './tidings-ui-0a.js'; './tidings-ui-0a_bg.wasm'";
        assert_eq!(stem(html), Some("tidings-ui-0a"));
        let source = "data-wasm-opt=\"z\" data-wasm-opt-params=\"--enable-sign-ext -x --enable-a\"";
        assert_eq!(features(source).collect::<Vec<_>>(), ["--enable-sign-ext", "--enable-a"]);
    }
}
