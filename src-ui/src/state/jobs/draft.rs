//! A job as somebody is about to start it: what they wrote in the form, and what is wrong with it.

use std::rc::Rc;

use tidings_protocol::api::ErrorCode;
use tidings_protocol::job::{ArgInfo, ArgValue, Input, KindInfo};

use super::wire::request;
use crate::state::json::quoted;
use crate::state::request_error::RequestError;
use crate::text::{fill, text};

/// What is wrong: with the argument at this place, or with the whole.
pub type Problem = (Option<usize>, String);

/// What somebody wrote.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What is to be started.
    pub kind: Rc<KindInfo>,
    /// One text an argument; of a yes or no `true` or nothing.
    values: Vec<String>,
}

/// Of the same kind as it was told, and the same texts.
impl PartialEq for Draft {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.kind, &other.kind) && self.values == other.values
    }
}

impl Draft {
    /// With what the kind has for those who say nothing.
    #[must_use]
    pub fn new(kind: Rc<KindInfo>) -> Self {
        let values = kind.args.iter().map(first).collect();
        Self { kind, values }
    }

    /// What is written for the argument at `at`.
    #[must_use]
    pub fn value(&self, at: usize) -> &str {
        self.values.get(at).map_or("", |value| value)
    }

    /// Somebody wrote in the field of the argument of this name.
    pub fn set(&mut self, name: &str, value: String, checked: bool) {
        for (arg, own) in self.kind.args.iter().zip(&mut self.values) {
            if arg.name == name {
                *own = match arg.input {
                    Input::Bool if checked => "true".to_owned(),
                    Input::Bool => String::new(),
                    _ => value.clone(),
                };
            }
        }
    }

    /// The request, or what is wrong with it.
    ///
    /// # Errors
    ///
    /// What can be told without asking the server.
    pub fn body(&self) -> Result<String, Vec<Problem>> {
        let (mut args, mut problems) = (Vec::new(), Vec::new());
        for (at, (arg, value)) in self.kind.args.iter().zip(&self.values).enumerate() {
            match read(arg, value.trim()) {
                Ok(Some(json)) => args.push((&*arg.name, json)),
                Ok(None) => {}
                Err(why) => problems.push((Some(at), why)),
            }
        }
        if problems.is_empty() { Ok(request(&self.kind.kind, &args)) } else { Err(problems) }
    }

    /// Where the server's refusal stands: at the argument that it names, if it names one.
    #[must_use]
    pub fn problem(&self, error: &RequestError) -> Problem {
        let is_of_argument = matches!(
            error.code(),
            ErrorCode::MissingArgument | ErrorCode::InvalidArgument | ErrorCode::OutsideRoots
        );
        let names = |arg: &ArgInfo| has_word(error.message(), &arg.name);
        let mut at = self.kind.args.iter().position(names).filter(|_| is_of_argument);
        if at.is_none() && error.code() == ErrorCode::OutsideRoots {
            let paths = || {
                self.kind.args.iter().zip(&self.values).map(|(arg, value)| {
                    let is_path = matches!(arg.input, Input::Path { .. });
                    Some(value.trim()).filter(|value| is_path && !value.is_empty())
                })
            };
            // It tells the path, and may tell no name.
            at = paths()
                .position(|path| path.is_some_and(|path| error.message().contains(path)))
                .or_else(|| paths().position(|path| path.is_some()));
        }
        (at, error.explain())
    }
}

fn first(arg: &ArgInfo) -> String {
    match &arg.default {
        Some(ArgValue::Text(text)) => text.clone(),
        Some(ArgValue::Bool(true)) => "true".to_owned(),
        _ => String::new(),
    }
}

/// The value as JSON; none if there is none, and the server has its own.
fn read(arg: &ArgInfo, value: &str) -> Result<Option<String>, String> {
    if let Input::Bool = arg.input {
        return Ok(Some((value == "true").to_string()));
    }
    let words = &text().jobs;
    if value.is_empty() {
        return if arg.required { Err(words.needed.to_owned()) } else { Ok(None) };
    }
    match arg.input {
        Input::Integer { min, max } => match value.parse::<i64>() {
            Ok(number) if (min..=max).contains(&number) => Ok(Some(number.to_string())),
            _ => Err(fill(words.whole_number, &[&min.to_string(), &max.to_string()])),
        },
        Input::Path { .. } if !value.starts_with('/') && !value.contains(":\\") => {
            Err(words.whole_path.to_owned())
        }
        _ => Ok(Some(quoted(value))),
    }
}

/// Whether a word of `text` is `word`.
fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-')).any(|other| other == word)
}

#[cfg(test)]
mod tests {
    use super::super::wire::kinds;
    use super::*;
    use crate::state::request_error::tests::refused;

    fn draft() -> Draft {
        let text = r#"{"kinds":[{"kind":"scan","title":"Scan","description":"d","args":[
            {"name":"path","label":"Folder","input":{"type":"path","roots":["/srv"]},"required":true},
            {"name":"largest","label":"N","input":{"type":"integer","min":0,"max":5},"default":3},
            {"name":"all","label":"All","input":{"type":"bool"},"default":true},
            {"name":"new","label":"New","input":{"type":"colour"}}]}]}"#;
        Draft::new(Rc::new(kinds(text).unwrap().remove(0)))
    }

    fn with(name: &str, value: &str) -> Draft {
        let mut draft = draft();
        draft.set("path", "/srv/a".to_owned(), false);
        draft.set(name, value.to_owned(), false);
        draft
    }

    #[test]
    fn a_draft_begins_with_the_defaults_and_what_is_needed_must_be_there() {
        let first = draft();
        assert_eq!([0, 1, 2, 3].map(|at| first.value(at).to_owned()), ["", "3", "true", ""]);
        assert_eq!(first.body(), Err(vec![(Some(0), "This is needed.".to_owned())]));
    }

    #[test]
    fn a_request_has_the_types_that_the_kind_wants() {
        let body = with("new", " red\" ").body().unwrap();
        let expected =
            r#"{"kind":"scan","args":{"path":"/srv/a","largest":3,"all":true,"new":"red\""}}"#;
        assert_eq!(body, expected);
        let body = with("largest", "").body().unwrap();
        assert!(!body.contains("largest"), "the server has its own: {body}");
        assert!(with("all", "").body().unwrap().contains("\"all\":false"));
    }

    #[test]
    fn numbers_have_bounds_and_paths_begin_at_the_root() {
        for value in ["6", "-1", "x", "1.5"] {
            let problems = with("largest", value).body().unwrap_err();
            assert_eq!(problems, [(Some(1), "This is a whole number from 0 to 5.".to_owned())]);
        }
        assert_eq!(with("path", "srv").body().unwrap_err()[0].0, Some(0));
        assert!(with("path", "C:\\data").body().is_ok());
    }

    #[test]
    fn a_path_that_lies_outside_is_told_from_others_by_itself() {
        let text = r#"{"kinds":[{"kind":"check","title":"C","description":"d","args":[
            {"name":"folder","label":"F","input":{"type":"path","roots":["/srv"]},"required":true},
            {"name":"list","label":"L","input":{"type":"path","roots":["/srv"]}}]}]}"#;
        let mut draft = Draft::new(Rc::new(kinds(text).unwrap().remove(0)));
        draft.set("folder", "/srv/a".to_owned(), false);
        draft.set("list", "/etc/b".to_owned(), false);
        let place = |message: &str| draft.problem(&refused(ErrorCode::OutsideRoots, message)).0;
        assert_eq!(place("/etc/b: jobs may read /srv and nothing else"), Some(1));
        assert_eq!(place("jobs may read /srv and nothing else"), Some(0));
    }

    #[test]
    fn what_the_server_refuses_stands_at_the_argument_it_names() {
        let place = |code, message: &str| draft().problem(&refused(code, message)).0;
        let invalid = ErrorCode::InvalidArgument;
        assert_eq!(place(invalid, "`largest` is a whole number"), Some(1));
        assert_eq!(place(invalid, "the argument \"path\" is no folder"), Some(0));
        assert_eq!(place(invalid, "the largestest is unknown"), None);
        assert_eq!(place(ErrorCode::OutsideRoots, "path lies outside of /srv"), Some(0));
        assert_eq!(place(ErrorCode::QueueFull, "as many jobs wait as may; path"), None);
    }
}
