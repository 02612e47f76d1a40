//! What a job is started with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Arguments by name.
pub type Args = BTreeMap<String, ArgValue>;

/// Value of an argument.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ArgValue {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// Several texts.
    List(Vec<String>),
}
