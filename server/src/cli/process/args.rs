//! Arguments of a job, as somebody writes them in a command: `key=value`.

use tidings_protocol::job::{ArgInfo, ArgValue, Args, Input, KindInfo};

/// What is no argument of a job.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum ArgError {
    #[error("{0:?} is no argument: write name=value")]
    NoValue(String),
    #[error("{0} is there twice")]
    Twice(String),
    #[error("{kind} has no argument {name}; {known}")]
    Unknown { kind: String, name: String, known: String },
    #[error("{name} wants {wanted}, and {value:?} is none")]
    Wrong { name: String, wanted: String, value: String },
}

/// Reads `name=value` by what the kind wants to know; bounds are left to the server.
pub(super) fn read(words: &[String], kind: &KindInfo) -> Result<Args, ArgError> {
    let mut args = Args::new();
    for word in words {
        let Some((name, value)) = word.split_once('=') else {
            return Err(ArgError::NoValue(word.clone()));
        };
        let Some(info) = kind.args.iter().find(|info| info.name == name) else {
            let (kind, name, known) = (kind.kind.clone(), name.to_owned(), known(kind));
            return Err(ArgError::Unknown { kind, name, known });
        };
        if args.insert(name.to_owned(), one(info, value)?).is_some() {
            return Err(ArgError::Twice(name.to_owned()));
        }
    }
    Ok(args)
}

fn known(kind: &KindInfo) -> String {
    let names: Vec<_> = kind.args.iter().map(|info| info.name.as_str()).collect();
    if names.is_empty() {
        "it takes none".to_owned()
    } else {
        format!("it has {}", names.join(", "))
    }
}

fn one(info: &ArgInfo, value: &str) -> Result<ArgValue, ArgError> {
    let wrong = || {
        let (name, wanted) = (info.name.clone(), wanted(&info.input));
        ArgError::Wrong { name, wanted, value: value.to_owned() }
    };
    Ok(match &info.input {
        Input::Integer { .. } => ArgValue::Integer(value.parse().map_err(|_| wrong())?),
        Input::Bool => match value {
            "true" | "yes" => ArgValue::Bool(true),
            "false" | "no" => ArgValue::Bool(false),
            _ => return Err(wrong()),
        },
        Input::Choice { choices } if choices.iter().all(|choice| choice.value != value) => {
            return Err(wrong());
        }
        Input::Text | Input::Path { .. } | Input::Choice { .. } => ArgValue::Text(value.to_owned()),
        // Of a newer server: JSON if it is that, else text.
        Input::Unknown => serde_json::from_str(value).unwrap_or(ArgValue::Text(value.to_owned())),
    })
}

/// What an argument may be, for people.
pub(super) fn wanted(input: &Input) -> String {
    match input {
        Input::Text => "a text".to_owned(),
        Input::Path { roots } if roots.is_empty() => "a path".to_owned(),
        Input::Path { roots } => format!("a path below {}", roots.join(" or ")),
        Input::Integer { min, max } => format!("a whole number from {min} to {max}"),
        Input::Bool => "yes or no".to_owned(),
        Input::Choice { choices } => {
            let values: Vec<_> = choices.iter().map(|choice| choice.value.as_str()).collect();
            format!("one of {}", values.join(", "))
        }
        Input::Unknown => "something".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_protocol::job::Choice;

    fn kind() -> KindInfo {
        let arg = |name: &str, input| ArgInfo {
            name: name.to_owned(),
            label: String::new(),
            help: String::new(),
            input,
            required: false,
            default: None,
        };
        let choice = |value: &str| Choice { value: value.to_owned(), label: String::new() };
        KindInfo {
            kind: "export".to_owned(),
            title: String::new(),
            description: String::new(),
            args: vec![
                arg("note", Input::Text),
                arg("most", Input::Integer { min: 1, max: 9 }),
                arg("deep", Input::Bool),
                arg("format", Input::Choice { choices: vec![choice("csv"), choice("ndjson")] }),
                arg("newer", Input::Unknown),
            ],
        }
    }

    fn parse(words: &[&str]) -> Result<Args, ArgError> {
        let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        read(&words, &kind())
    }

    #[test]
    fn an_argument_has_the_type_that_its_kind_wants() {
        let args = parse(&["note=7", "most=7", "deep=yes", "format=csv", "newer=[\"a\"]"]).unwrap();
        assert_eq!(args["note"], ArgValue::Text("7".to_owned()));
        assert_eq!(args["most"], ArgValue::Integer(7));
        assert_eq!(args["deep"], ArgValue::Bool(true));
        assert_eq!(args["format"], ArgValue::Text("csv".to_owned()));
        assert_eq!(args["newer"], ArgValue::List(vec!["a".to_owned()]));
        let args = parse(&["note=a=b", "deep=false"]).unwrap();
        assert_eq!(args["note"], ArgValue::Text("a=b".to_owned()));
        assert_eq!(args["deep"], ArgValue::Bool(false));
        assert_eq!(parse(&["note="]).unwrap()["note"], ArgValue::Text(String::new()));
    }

    #[test]
    fn a_mistake_says_what_would_do() {
        for (words, message) in [
            (&["note"][..], "\"note\" is no argument: write name=value"),
            (&["deep=1"], "deep wants yes or no, and \"1\" is none"),
            (&["most=many"], "most wants a whole number from 1 to 9, and \"many\" is none"),
            (&["format=xml"], "format wants one of csv, ndjson, and \"xml\" is none"),
            (&["path=/"], "export has no argument path; it has note, most, deep, format, newer"),
            (&["note=a", "note=b"], "note is there twice"),
        ] {
            assert_eq!(parse(words).unwrap_err().to_string(), message);
        }
    }
}
