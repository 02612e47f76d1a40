//! Holds what a job is started with to what its kind asks for.

use tidings_protocol::job::{ArgInfo, ArgValue, Args, Input, KindInfo};

use super::error::JobError;
use super::registry::nearest;

/// Longest text of an argument, in bytes: that of a path.
const MAX_TEXT_BYTES: usize = 4_096;

/// What a job of this kind is started with: what was given, and the defaults of what was not.
///
/// # Errors
///
/// If an argument is unknown, missing, or not what it may be; the text names it and says what to do.
pub(super) fn check(kind: &KindInfo, mut given: Args) -> Result<Args, JobError> {
    if let Some(unknown) =
        given.keys().find(|name| !kind.args.iter().any(|known| known.name == **name))
    {
        return Err(JobError::InvalidArgument(no_such(kind, unknown)));
    }
    let mut args = Args::new();
    for known in &kind.args {
        let value = match given.remove(&known.name) {
            Some(value) => {
                fitting(&known.input, value).map_err(|expected| wrong(kind, known, &expected))?
            }
            None => match &known.default {
                Some(default) => default.clone(),
                None if known.required => {
                    return Err(JobError::MissingArgument(missing(kind, known)));
                }
                None => continue,
            },
        };
        args.insert(known.name.clone(), value);
    }
    Ok(args)
}

fn no_such(kind: &KindInfo, name: &str) -> String {
    let known = kind.args.iter().map(|known| known.name.as_str());
    let kind = &kind.kind;
    match nearest(name, known) {
        Some(nearest) => {
            format!("`{kind}` has no argument {name:?}; did you mean `{nearest}`?")
        }
        None => format!("`{kind}` takes no arguments, and there is {name:?}"),
    }
}

fn missing(kind: &KindInfo, known: &ArgInfo) -> String {
    let (kind, name) = (&kind.kind, &known.name);
    let expected = expected(&known.input);
    format!("`{kind}` needs the argument `{name}` ({}): {expected}", known.label)
}

fn wrong(kind: &KindInfo, known: &ArgInfo, expected: &str) -> JobError {
    let (kind, name) = (&kind.kind, &known.name);
    JobError::InvalidArgument(format!("the argument `{name}` of `{kind}` must be {expected}"))
}

/// The value as its kind takes it, or what it must be.
fn fitting(input: &Input, value: ArgValue) -> Result<ArgValue, String> {
    let fits = match (input, &value) {
        (Input::Text | Input::Path { .. }, ArgValue::Text(text)) => {
            text.len() <= MAX_TEXT_BYTES && !text.contains('\0')
        }
        (Input::Integer { min, max }, ArgValue::Integer(number)) => (min..=max).contains(&number),
        (Input::Integer { min, max }, ArgValue::Number(number)) => {
            // What some languages make of a whole number.
            let whole = *number as i64;
            if whole as f64 == *number && (min..=max).contains(&&whole) {
                return Ok(ArgValue::Integer(whole));
            }
            false
        }
        (Input::Bool, ArgValue::Bool(_)) | (Input::Unknown, _) => true,
        (Input::Choice { choices }, ArgValue::Text(text)) => {
            if !choices.iter().any(|choice| choice.value == *text) {
                let expected = expected(input);
                let known = choices.iter().map(|choice| choice.value.as_str());
                return Err(match nearest(text, known) {
                    Some(nearest) => format!("{expected}; did you mean `{nearest}`?"),
                    None => expected,
                });
            }
            true
        }
        _ => false,
    };
    if fits { Ok(value) } else { Err(expected(input)) }
}

/// What a value must be, for people.
fn expected(input: &Input) -> String {
    match input {
        Input::Text => format!("a text of at most {MAX_TEXT_BYTES} bytes, without NUL characters"),
        Input::Path { roots } if roots.is_empty() => {
            "a whole path; but the server may read no folder: an admin sets `jobs.roots`".to_owned()
        }
        Input::Path { roots } => format!("a whole path, below {}", roots.join(" or ")),
        Input::Integer { min, max } => format!("a whole number from {min} to {max}"),
        Input::Bool => "true or false".to_owned(),
        Input::Choice { choices } => {
            let known: Vec<_> =
                choices.iter().map(|choice| format!("`{}`", choice.value)).collect();
            match known.as_slice() {
                [] => "one of a list that is empty here".to_owned(),
                known => format!("one of {}", known.join(", ")),
            }
        }
        Input::Unknown => "what its kind wants".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use tidings_protocol::job::Choice;

    use super::*;

    fn kind() -> KindInfo {
        let arg = |name: &str, input, required, default| ArgInfo {
            name: name.to_owned(),
            label: name.to_uppercase(),
            help: String::new(),
            input,
            required,
            default,
        };
        let choices = ["csv", "ndjson"];
        let choices = choices.map(|value| Choice { value: value.into(), label: value.into() });
        let choice = Input::Choice { choices: choices.to_vec() };
        KindInfo {
            kind: "copy".to_owned(),
            title: String::new(),
            description: String::new(),
            args: vec![
                arg("path", Input::Path { roots: vec!["/srv".to_owned()] }, true, None),
                arg("count", Input::Integer { min: 1, max: 9 }, false, Some(ArgValue::Integer(3))),
                arg("deep", Input::Bool, false, None),
                arg("format", choice, false, Some(ArgValue::Text("csv".to_owned()))),
            ],
        }
    }

    fn args(json: &str) -> Args {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_is_not_given_is_its_default() {
        let found = check(&kind(), args(r#"{"path":"/srv/a"}"#)).unwrap();
        assert_eq!(found, args(r#"{"path":"/srv/a","count":3,"format":"csv"}"#));
        let all = r#"{"path":"/srv/a","count":9,"deep":true,"format":"ndjson"}"#;
        assert_eq!(check(&kind(), args(all)).unwrap(), args(all));
        let whole = check(&kind(), args(r#"{"path":"/","count":4.0}"#)).unwrap();
        assert_eq!(whole["count"], ArgValue::Integer(4));
    }

    #[test]
    fn each_wrong_argument_is_named_with_what_it_may_be() {
        for (json, is_missing, told) in [
            ("{}", true, "needs the argument `path` (PATH): a whole path, below /srv"),
            (r#"{"pth":"/a"}"#, false, "no argument \"pth\"; did you mean `path`"),
            (r#"{"path":7}"#, false, "`path` of `copy` must be a whole path"),
            (r#"{"path":"a\u0000b"}"#, false, "`path`"),
            (r#"{"path":["/a"]}"#, false, "`path`"),
            (r#"{"path":"/","count":0}"#, false, "a whole number from 1 to 9"),
            (r#"{"path":"/","count":10}"#, false, "from 1 to 9"),
            (r#"{"path":"/","count":1.5}"#, false, "from 1 to 9"),
            (r#"{"path":"/","count":1e300}"#, false, "from 1 to 9"),
            (r#"{"path":"/","count":"3"}"#, false, "from 1 to 9"),
            (r#"{"path":"/","deep":"yes"}"#, false, "true or false"),
            (r#"{"path":"/","format":"cvs"}"#, false, "`csv`, `ndjson`; did you mean `csv`?"),
            (r#"{"path":"/","format":true}"#, false, "one of `csv`, `ndjson`"),
        ] {
            let error = check(&kind(), args(json)).unwrap_err();
            assert_eq!(matches!(error, JobError::MissingArgument(_)), is_missing, "{json}");
            assert!(error.to_string().contains(told), "{json}: {error}");
        }
        let bare = KindInfo { args: Vec::new(), ..kind() };
        let error = check(&bare, args(r#"{"x":1}"#)).unwrap_err().to_string();
        assert!(error.contains("takes no arguments"), "{error}");
    }
}
