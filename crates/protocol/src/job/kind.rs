//! What kinds of jobs a server does, and what each wants to know.

use serde::{Deserialize, Serialize};

use super::args::ArgValue;

/// Answer of `GET` [`path::PROCESS`](crate::api::path::PROCESS): what whoever asks may start.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Kinds {
    /// The kinds, in the order they are to be shown in.
    pub kinds: Vec<KindInfo>,
}

/// A kind of job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KindInfo {
    /// Its name in a request.
    pub kind: String,
    /// What people call it.
    pub title: String,
    /// What it does, in a sentence.
    pub description: String,
    /// What it wants to know, in the order it is to be asked in.
    pub args: Vec<ArgInfo>,
}

/// An argument of a kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ArgInfo {
    /// Its name in a request.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// What it is for, in a sentence; may be empty.
    #[serde(default)]
    pub help: String,
    /// What it may be.
    pub input: Input,
    /// Whether a job cannot begin without it.
    #[serde(default)]
    pub required: bool,
    /// What it is without a word; null if nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<ArgValue>,
}

/// What an argument may be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Input {
    /// A text.
    Text,
    /// A folder or file of the server's machine, by its whole path.
    Path {
        /// It must lie below one of these.
        roots: Vec<String>,
    },
    /// A whole number.
    Integer {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// Yes or no.
    Bool,
    /// One of these.
    Choice {
        /// The texts.
        choices: Vec<Choice>,
    },
    /// Something of a newer server.
    #[serde(other)]
    Unknown,
}

/// A text that an argument may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// In a request.
    pub value: String,
    /// What people call it.
    pub label: String,
}
