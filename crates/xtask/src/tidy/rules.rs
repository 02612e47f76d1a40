//! The table of rules.

/// A rule of the house.
#[derive(Debug)]
pub struct Rule {
    /// Its name, which is also its fixture's.
    pub name: &'static str,
    /// Why it is one, told to whoever breaks it.
    pub why: &'static str,
    /// What it says.
    pub kind: Kind,
}

/// What a rule can say. A place is a file, or a folder if it ends with `/`.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the line above each variant speaks of its fields")]
pub enum Kind {
    /// These packages are named in these places only
    CratesOnlyIn { crates: &'static [&'static str], allowed: &'static [&'static str] },
    /// These places never name these modules of their package
    ModulesNever { from: &'static [&'static str], modules: &'static [&'static str] },
    /// This place names only these modules of its package, and only these packages if there is a list
    ModulesOnly {
        from: &'static str,
        modules: &'static [&'static str],
        crates: Option<&'static [&'static str]>,
    },
    /// These words, strings included, stand in these places only
    WordsOnlyIn {
        words: &'static [&'static str],
        within: &'static [&'static str],
        allowed: &'static [&'static str],
    },
    /// A package depends on these of ours, and on these others if there is a list
    DependenciesOnly {
        manifest: &'static str,
        ours: &'static [&'static str],
        others: Option<&'static [&'static str]>,
    },
    /// No line has what the search finds
    NeverWritten { search: fn(&str) -> Option<&'static str>, except: &'static [&'static str] },
    /// Files with these endings have at most so many lines; exceptions give their reason
    NoLongerThan {
        lines: usize,
        endings: &'static [&'static str],
        except: &'static [(&'static str, &'static str)],
    },
}

use Kind::{
    CratesOnlyIn, DependenciesOnly, ModulesNever, ModulesOnly, NeverWritten, NoLongerThan,
    WordsOnlyIn,
};

/// All rules.
pub const RULES: &[Rule] = &[
    Rule {
        name: "axum-at-the-edge",
        why: "HTTP belongs to the routes and the few files that frame, guard and serve",
        kind: CratesOnlyIn {
            crates: &["axum", "axum_extra"],
            allowed: &[
                "server/src/routes/",
                "server/src/auth/guards.rs",
                "server/src/auth/guards/",
                "server/src/sse/mod.rs",
                "server/src/assets.rs",
                "server/src/client_addr.rs",
                "server/src/error.rs",
                "server/src/lib.rs",
                "server/src/accept/",
            ],
        },
    },
    Rule {
        name: "sql-in-the-store",
        why: "rows are private to the store, so that a backend can be added without a look elsewhere",
        kind: CratesOnlyIn { crates: &["sqlx*"], allowed: &["server/src/store/"] },
    },
    Rule {
        name: "redis-in-its-bus",
        why: "the hub must not depend on which bus carries its events",
        kind: CratesOnlyIn { crates: &["redis"], allowed: &["server/src/bus/"] },
    },
    Rule {
        name: "tauri-in-the-desktop",
        why: "everything else runs without a window",
        kind: CratesOnlyIn { crates: &["tauri*"], allowed: &["src-tauri/"] },
    },
    Rule {
        name: "server-in-bundled",
        why: "the desktop knows its bundled server in one file, and consumes it like any other",
        kind: CratesOnlyIn {
            crates: &["tidings_server"],
            allowed: &["server/", "src-tauri/src/bundled.rs"],
        },
    },
    Rule {
        name: "client-in-the-cli",
        why: "a server does not call servers; only its command line does",
        kind: CratesOnlyIn {
            crates: &["tidings_client"],
            allowed: &["crates/client/", "server/src/cli/", "src-tauri/", "tests/"],
        },
    },
    Rule {
        name: "sources-know-no-route",
        why: "what produces events hands them to the hub and never sees who asks for them",
        kind: ModulesNever {
            from: &["server/src/collectors/", "server/src/jobs/", "server/src/alerts/"],
            modules: &["routes", "sse", "assets"],
        },
    },
    Rule {
        name: "hub-knows-no-store",
        why: "`journal.rs` joins the two; the hub works without a disk",
        kind: ModulesNever { from: &["server/src/hub/"], modules: &["store"] },
    },
    Rule {
        name: "store-knows-no-hub",
        why: "`journal.rs` joins the two; what is stored does not depend on who listens",
        kind: ModulesNever { from: &["server/src/store/"], modules: &["hub"] },
    },
    Rule {
        name: "ui-panels",
        why: "panels read the state and hooks, and never the feed: what they show can be tested without a server",
        kind: ModulesOnly {
            from: "src-ui/src/panels/",
            modules: &["panels", "hooks", "components", "state", "text", "view"],
            crates: None,
        },
    },
    Rule {
        name: "ui-hooks",
        why: "hooks tie the feed to the state and draw nothing",
        kind: ModulesOnly {
            from: "src-ui/src/hooks/",
            modules: &["hooks", "feed", "state", "text", "view"],
            crates: None,
        },
    },
    Rule {
        name: "ui-state",
        why: "the state is plain data and reducers, tested by a native `cargo test`",
        kind: ModulesOnly {
            from: "src-ui/src/state/",
            modules: &["state", "text"],
            // The feed's crate is pure too; the module `feed` is not.
            crates: Some(&["tidings_feed", "tidings_protocol", "serde", "serde_json"]),
        },
    },
    Rule {
        name: "ui-text",
        why: "texts are plain data that every part may name, and name none",
        kind: ModulesOnly { from: "src-ui/src/text/", modules: &["text"], crates: Some(&[]) },
    },
    Rule {
        name: "ui-components",
        why: "components take props only, so that any panel can use them",
        // The state's types may be props; what is in the state comes by hooks, to panels.
        kind: ModulesOnly {
            from: "src-ui/src/components/",
            modules: &["components", "state", "text", "view"],
            crates: None,
        },
    },
    Rule {
        name: "ui-view",
        why: "it makes nodes of any view, and knows none",
        kind: ModulesOnly { from: "src-ui/src/view/", modules: &["view"], crates: None },
    },
    Rule {
        name: "ui-one-door",
        why: "`feed/` is the UI's one door to the outside, so that the desktop can replace it",
        kind: WordsOnlyIn {
            words: &[
                "EventSource",
                "EventSourceInit",
                "fetch",
                "fetch_with_*",
                "WebSocket",
                "XmlHttpRequest",
                "__TAURI*",
            ],
            within: &["src-ui/src/", "src-ui/scripts/"],
            allowed: &["src-ui/src/feed/"],
        },
    },
    Rule {
        name: "protocol-dependencies",
        why: "the wire contract is plain data, on every target",
        kind: DependenciesOnly {
            manifest: "crates/protocol/Cargo.toml",
            ours: &[],
            others: Some(&["serde"]),
        },
    },
    Rule {
        name: "feed-dependencies",
        why: "the feed is pure: no I/O and no clock, on every target",
        kind: DependenciesOnly {
            manifest: "crates/feed/Cargo.toml",
            ours: &["tidings-protocol"],
            others: Some(&["serde", "serde_json", "thiserror"]),
        },
    },
    Rule {
        name: "client-dependencies",
        why: "a client knows servers by their protocol only",
        kind: DependenciesOnly {
            manifest: "crates/client/Cargo.toml",
            ours: &["tidings-feed", "tidings-protocol"],
            others: None,
        },
    },
    Rule {
        name: "server-dependencies",
        why: "a server knows its clients by the protocol only; its command line is a client",
        kind: DependenciesOnly {
            manifest: "server/Cargo.toml",
            ours: &["tidings-client", "tidings-protocol"],
            others: None,
        },
    },
    Rule {
        name: "ui-dependencies",
        why: "the UI knows servers by their protocol only",
        kind: DependenciesOnly {
            manifest: "src-ui/Cargo.toml",
            ours: &["tidings-feed", "tidings-protocol", "tidings-view"],
            others: None,
        },
    },
    Rule {
        name: "view-dependencies",
        why: "the macro reads and writes tokens",
        kind: DependenciesOnly {
            manifest: "crates/view/Cargo.toml",
            ours: &[],
            others: Some(&["proc-macro2", "quote", "syn"]),
        },
    },
    Rule {
        name: "xtask-dependencies",
        why: "the tasks must build when nothing else does",
        kind: DependenciesOnly { manifest: "crates/xtask/Cargo.toml", ours: &[], others: None },
    },
    Rule {
        name: "no-machine-paths",
        why: "a path of one machine means nothing on another",
        kind: NeverWritten {
            search: machine_path,
            except: &["crates/xtask/src/tidy/", "Cargo.lock"],
        },
    },
    Rule {
        name: "no-notes-to-self",
        why: "finish it, or write an issue",
        kind: NeverWritten {
            search: note_to_self,
            except: &[
                "crates/xtask/src/tidy/",
                "Cargo.lock",
                "src-ui/package-lock.json",
                "CONTRIBUTING.md",
            ],
        },
    },
    Rule {
        name: "short-files",
        why: "a file of one noun has at most 400 lines: split it, or list it with a reason",
        kind: NoLongerThan {
            lines: 400,
            endings: &[".rs", ".js", ".css", ".html", ".yml", ".ci/run"],
            except: LONG,
        },
    },
];

/// Files that are long for a reason.
const LONG: &[(&str, &str)] = &[];

/// A home or working folder of somebody's machine. The name `me` is nobody's, and stands in examples.
fn machine_path(line: &str) -> Option<&'static str> {
    ["/home/", "/root/", "/work/"].into_iter().find(|folder| {
        line.match_indices(folder).any(|(at, _)| {
            let (before, after) = (&line[..at], &line[at + folder.len()..]);
            let inside = before.ends_with(|c: char| c.is_alphanumeric() || "._-}~*$".contains(c));
            let name: String = after.chars().take_while(|c| c.is_alphanumeric()).collect();
            !inside && name != "me"
        })
    })
}

fn note_to_self(line: &str) -> Option<&'static str> {
    let mut words = line.split(|c: char| !c.is_alphanumeric());
    words.find_map(|word| ["TODO", "FIXME", "XXX"].into_iter().find(|note| *note == word))
}
