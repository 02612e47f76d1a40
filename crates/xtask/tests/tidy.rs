//! Every rule of `cargo xtask tidy` catches what it is there for. A fixture is a small repository in one file: a
//! line `expect FILE:LINE` for each place where the rule of the fixture's name is broken, then the files.

use std::path::PathBuf;
use std::{fs, io};

use xtask::tidy::rules::RULES;
use xtask::tidy::tree::Tree;
use xtask::tidy::{Violation, check};

fn fixture(name: &str) -> io::Result<String> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/{name}.txt"));
    fs::read_to_string(file)
}

#[test]
fn every_rule_names_the_file_and_line_where_it_is_broken() {
    for rule in RULES {
        let text = fixture(rule.name).expect(rule.name);
        let expected: Vec<&str> =
            text.lines().filter_map(|line| line.strip_prefix("expect ")).collect();
        assert!(!expected.is_empty(), "the fixture of {} expects nothing", rule.name);
        let found = check(&Tree::parse(&text));
        let places: Vec<String> =
            found.iter().map(|found| format!("{}:{}", found.file, found.line)).collect();
        assert_eq!(places, expected, "{}: {found:#?}", rule.name);
        assert!(found.iter().all(|found| found.rule == rule.name), "{}: {found:#?}", rule.name);
        assert!(found.iter().all(|found| found.to_string().contains(rule.name)));
    }
}

#[test]
fn a_repository_that_keeps_the_rules_passes() {
    assert_eq!(check(&Tree::parse(&fixture("clean").unwrap())), Vec::<Violation>::new());
}
