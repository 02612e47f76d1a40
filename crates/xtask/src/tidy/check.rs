//! What the kinds of rules mean.

use std::collections::BTreeSet;

use super::Violation;
use super::rules::{Kind, Rule};
use super::source::{Language, Named, Token, named, tokens};
use super::tree::{File, Tree};

/// Where this rule is broken.
#[must_use]
pub fn violations(rule: &Rule, tree: &Tree) -> Vec<Violation> {
    let mut found = Found { rule, violations: Vec::new() };
    match rule.kind {
        Kind::CratesOnlyIn { crates, allowed } => {
            for file in sources(tree).filter(|file| !under(&file.path, allowed)) {
                for (package, line) in packages_named(file) {
                    if crates.iter().any(|name| matches(name, &package)) {
                        found.add(file, line, &format!("names `{package}`"));
                    }
                }
            }
        }
        Kind::ModulesNever { from, modules } => {
            for file in sources(tree).filter(|file| under(&file.path, from)) {
                for (module, line) in modules_named(file) {
                    if modules.contains(&module.as_str()) {
                        found.add(file, line, &format!("names `crate::{module}`"));
                    }
                }
            }
        }
        Kind::ModulesOnly { from, modules, crates } => {
            let known = dependencies_of(from, tree);
            for file in sources(tree).filter(|file| under(&file.path, &[from])) {
                for (module, line) in modules_named(file) {
                    if !modules.contains(&module.as_str()) {
                        found.add(file, line, &format!("names `crate::{module}`"));
                    }
                }
                let Some(crates) = crates else { continue };
                for (package, line) in packages_named(file) {
                    if known.contains(&package) && !crates.contains(&package.as_str()) {
                        found.add(file, line, &format!("names `{package}`"));
                    }
                }
            }
        }
        Kind::WordsOnlyIn { words, within, allowed } => {
            for file in tree
                .files
                .iter()
                .filter(|file| under(&file.path, within) && !under(&file.path, allowed))
            {
                words_in(file, words, &mut found);
            }
        }
        Kind::DependenciesOnly { manifest, ours, others } => {
            for file in tree.files.iter().filter(|file| file.path == manifest) {
                dependencies(file, ours, others, &mut found);
            }
        }
        Kind::NeverWritten { search, except } => {
            for file in tree.files.iter().filter(|file| !under(&file.path, except)) {
                for (number, line) in file.text.lines().enumerate() {
                    if let Some(what) = search(line) {
                        found.add(file, number + 1, &format!("has `{what}`"));
                    }
                }
            }
        }
        Kind::NoLongerThan { lines, endings, except } => {
            for file in tree
                .files
                .iter()
                .filter(|file| endings.iter().any(|ending| file.path.ends_with(ending)))
            {
                let length = file.text.lines().count();
                let excepted = except.iter().any(|(path, _reason)| *path == file.path);
                if length > lines && !excepted {
                    found.add(file, length, &format!("has {length} lines"));
                } else if length <= lines && excepted {
                    found.add(file, length, "is short again: take it off the list of exceptions");
                }
            }
        }
    }
    found.violations
}

struct Found<'a> {
    rule: &'a Rule,
    violations: Vec<Violation>,
}

impl Found<'_> {
    fn add(&mut self, file: &File, line: usize, what: &str) {
        let message = format!("{what}; {}", self.rule.why);
        self.violations.push(Violation {
            file: file.path.clone(),
            line,
            rule: self.rule.name,
            message,
        });
    }
}

/// Rust sources of programs and libraries; what tests and build scripts import is nobody's layer.
fn sources(tree: &Tree) -> impl Iterator<Item = &File> {
    tree.files.iter().filter(|file| file.path.ends_with(".rs") && file.path.contains("src/"))
}

/// Whether a path is one of these files or in one of these folders (which end with `/`).
fn under(path: &str, places: &[&str]) -> bool {
    places.iter().any(|place| path == *place || (place.ends_with('/') && path.starts_with(place)))
}

/// `name*` stands for all that begin so.
fn matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start))
}

/// The module a source file is, within its package.
fn module_of(path: &str) -> Vec<String> {
    let inner = path.rsplit_once("src/").map_or(path, |(_, inner)| inner).trim_end_matches(".rs");
    let mut parts: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| matches!(last.as_str(), "mod" | "lib" | "main")) {
        parts.pop();
    }
    parts
}

fn paths_named(file: &File) -> Vec<Named> {
    named(&tokens(&file.text, Language::Rust), &module_of(&file.path))
}

/// The first parts of the paths that lead out of the package.
fn packages_named(file: &File) -> impl Iterator<Item = (String, usize)> {
    paths_named(file).into_iter().filter_map(|named| {
        let first = named.parts.into_iter().next()?;
        (first != "crate").then_some((first, named.line))
    })
}

/// The package's own modules that are named.
fn modules_named(file: &File) -> impl Iterator<Item = (String, usize)> {
    paths_named(file).into_iter().filter_map(|named| {
        let mut parts = named.parts.into_iter();
        (parts.next()? == "crate").then_some((parts.next()?, named.line))
    })
}

fn words_in(file: &File, words: &[&str], found: &mut Found<'_>) {
    let language = match file.path.rsplit_once('.') {
        Some((_, "rs")) => Language::Rust,
        Some((_, "js")) => Language::Script,
        _ => return,
    };
    for (token, line) in tokens(&file.text, language) {
        // A string can be JavaScript, or the name of a thing in it.
        let (Token::Word(text) | Token::Text(text)) = token else { continue };
        let mut parts = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        if let Some(word) = parts.find(|part| words.iter().any(|word| matches(word, part))) {
            found.add(file, line, &format!("names `{word}`"));
        }
    }
}

/// The dependencies in a manifest, development's aside, with the lines they stand on.
fn listed(manifest: &str) -> Vec<(String, usize)> {
    let Ok(table) = manifest.parse::<toml::Table>() else { return Vec::new() };
    let mut names = BTreeSet::new();
    let mut add = |table: &toml::Table| {
        for section in ["dependencies", "build-dependencies"] {
            names.extend(
                table
                    .get(section)
                    .and_then(toml::Value::as_table)
                    .into_iter()
                    .flat_map(|t| t.keys().cloned()),
            );
        }
    };
    add(&table);
    let targets = table.get("target").and_then(toml::Value::as_table);
    targets
        .into_iter()
        .flat_map(|targets| targets.values())
        .filter_map(toml::Value::as_table)
        .for_each(add);
    let line_of = |name: &str| {
        let starts = |line: &str| {
            line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
        };
        manifest.lines().position(starts).map_or(1, |at| at + 1)
    };
    names.into_iter().map(|name| (name.clone(), line_of(&name))).collect()
}

fn dependencies(file: &File, ours: &[&str], others: Option<&[&str]>, found: &mut Found<'_>) {
    for (name, line) in listed(&file.text) {
        let own = name.starts_with("tidings-");
        let allowed = if own {
            ours.contains(&name.as_str())
        } else {
            others.is_none_or(|list| list.contains(&&*name))
        };
        if !allowed {
            found.add(file, line, &format!("depends on `{name}`"));
        }
    }
}

/// What the package that holds this folder depends on, as its sources name it.
fn dependencies_of(folder: &str, tree: &Tree) -> BTreeSet<String> {
    let package = folder.split_once("src/").map_or(folder, |(package, _)| package);
    let manifest = tree.files.iter().find(|file| file.path == format!("{package}Cargo.toml"));
    let names = manifest.map(|file| listed(&file.text)).unwrap_or_default();
    names.into_iter().map(|(name, _)| name.replace('-', "_")).collect()
}
