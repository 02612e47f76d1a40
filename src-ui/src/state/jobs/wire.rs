//! Jobs as the wire has them, read by hand for the sake of the page's weight.

use tidings_protocol::job::{
    ArgInfo, ArgValue, Args, Choice, Input, Job, JobState, KindInfo, Percent, ResultInfo, Unit,
};

use super::Row;
use crate::state::json::{Json, quoted};
use crate::state::members::{float, get, is_true, string, strings, text, whole};

/// A page of jobs: the rows, and what to ask with for the next.
pub type Page = (Vec<Row>, Option<String>);

/// The page in a server's answer; none if it is none.
#[must_use]
pub fn page(json: &str) -> Option<Page> {
    let json = Json::read(json);
    let Json::List(jobs) = get(&json, "jobs")? else { return None };
    Some((jobs.iter().map(row).collect::<Option<_>>()?, string(&json, "next")))
}

/// The job in a server's answer or event; none if it is none.
#[must_use]
pub fn one(json: &str) -> Option<Row> {
    row(&Json::read(json))
}

fn row(json: &Json) -> Option<Row> {
    let signed = |key: &str| match get(json, key)? {
        Json::Number(digits) => digits.parse().ok(),
        _ => None,
    };
    let job = Job {
        id: string(json, "id")?,
        user_id: string(json, "userId")?,
        kind: string(json, "kind")?,
        name: string(json, "name")?,
        host: string(json, "host")?,
        args: Args::new(),
        state: text(json, "state")?.parse().unwrap_or(JobState::Unknown),
        version: whole(json, "version")?,
        place: whole(json, "place").and_then(|place| place.try_into().ok()),
        progress: float(json, "progress").and_then(|percent| Percent::try_from(percent).ok()),
        message: string(json, "message").unwrap_or_default(),
        done: whole(json, "done"),
        total: whole(json, "total"),
        unit: text(json, "unit").map(|unit| match unit {
            "bytes" => Unit::Bytes,
            "entries" => Unit::Entries,
            "rows" => Unit::Rows,
            _ => Unit::Steps,
        }),
        rate: float(json, "rate"),
        eta_seconds: whole(json, "etaSeconds"),
        cancel_requested: is_true(json, "cancelRequested"),
        error: string(json, "error"),
        exit_code: signed("exitCode"),
        result: get(json, "result").and_then(|result| {
            Some(ResultInfo {
                content_type: string(result, "contentType")?,
                bytes: whole(result, "bytes")?,
                file_name: string(result, "fileName"),
            })
        }),
        lines: whole(json, "lines").unwrap_or_default(),
        created_at: whole(json, "createdAt")?,
        started_at: whole(json, "startedAt"),
        updated_at: whole(json, "updatedAt")?,
        ended_at: whole(json, "endedAt"),
    };
    let args = get(json, "args").filter(|args| !args.is_empty());
    Some(Row { job, args: args.cloned().map(Into::into) })
}

/// The kinds in a server's answer; none if it is none.
#[must_use]
pub fn kinds(json: &str) -> Option<Vec<KindInfo>> {
    let json = Json::read(json);
    let Json::List(kinds) = get(&json, "kinds")? else { return None };
    kinds.iter().map(kind).collect()
}

fn kind(json: &Json) -> Option<KindInfo> {
    let Json::List(args) = get(json, "args")? else { return None };
    Some(KindInfo {
        kind: string(json, "kind")?,
        title: string(json, "title")?,
        description: string(json, "description")?,
        args: args.iter().map(arg).collect::<Option<_>>()?,
    })
}

fn arg(json: &Json) -> Option<ArgInfo> {
    Some(ArgInfo {
        name: string(json, "name")?,
        label: string(json, "label")?,
        help: string(json, "help").unwrap_or_default(),
        input: input(get(json, "input")?)?,
        required: is_true(json, "required"),
        default: match get(json, "default") {
            Some(Json::Bool(value)) => Some(ArgValue::Bool(*value)),
            Some(Json::Text(value) | Json::Number(value)) => Some(ArgValue::Text(value.clone())),
            _ => None,
        },
    })
}

fn input(json: &Json) -> Option<Input> {
    let bound = |key: &str| match get(json, key)? {
        Json::Number(digits) => digits.parse().ok(),
        _ => None,
    };
    Some(match text(json, "type")? {
        "text" => Input::Text,
        "path" => Input::Path { roots: strings(json, "roots")? },
        "integer" => Input::Integer { min: bound("min")?, max: bound("max")? },
        "bool" => Input::Bool,
        "choice" => {
            let Json::List(choices) = get(json, "choices")? else { return None };
            let choice = |json| {
                Some(Choice { value: string(json, "value")?, label: string(json, "label")? })
            };
            Input::Choice { choices: choices.iter().map(choice).collect::<Option<_>>()? }
        }
        _ => Input::Unknown,
    })
}

/// The request that starts a job; `args` are names and values as JSON.
#[must_use]
pub fn request(kind: &str, args: &[(&str, String)]) -> String {
    let args: Vec<_> =
        args.iter().map(|(name, value)| format!("{}:{value}", quoted(name))).collect();
    format!("{{\"kind\":{},\"args\":{{{}}}}}", quoted(kind), args.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_protocol::job::{JobPage, Kinds, ProcessRequest};

    const FULL: &str = r#"{"id":"u1~0f","userId":"u1","kind":"scan","name":"Scan \"/usr\"","host":"box",
        "args":{"path":"/usr","depth":3},"state":"running","version":9,"place":2,"progress":42.3,"message":"m",
        "done":12,"total":100,"unit":"entries","rate":1.5,"etaSeconds":60,"cancelRequested":true,"error":"e",
        "exitCode":-9,"result":{"contentType":"text/csv","bytes":7,"fileName":"a.csv"},"lines":4,
        "createdAt":1,"startedAt":2,"updatedAt":3,"endedAt":null}"#;

    #[test]
    fn a_job_is_read_as_serde_would_read_it() {
        let states = JobState::ALL.iter().map(|state| state.as_str()).chain(["new"]);
        let units = ["bytes", "entries", "rows", "steps", "new"];
        for (state, unit) in states.zip(units.iter().cycle()) {
            let text =
                FULL.replace("running", state).replace("\"entries\"", &format!("\"{unit}\""));
            let mut expected: Job = serde_json::from_str(&text).unwrap();
            expected.args.clear();
            let row = one(&text).unwrap();
            assert_eq!(row.job, expected);
            assert_eq!(row.args.unwrap().len(), 2);
        }
        let page_text = format!(r#"{{"jobs":[{FULL},{FULL}],"next":"u1~0f"}}"#);
        let expected: JobPage = serde_json::from_str(&page_text).unwrap();
        let (rows, next) = page(&page_text).unwrap();
        assert_eq!((rows.len(), next), (expected.jobs.len(), expected.next));
    }

    #[test]
    fn a_job_that_says_little_is_one_all_the_same() {
        let text = r#"{"id":"u~1","userId":"u","kind":"reported","name":"n","host":"h","state":"queued","version":1,
            "progress":null,"message":"","createdAt":1,"startedAt":null,"updatedAt":1,"endedAt":null}"#;
        let expected: Job = serde_json::from_str(text).unwrap();
        assert_eq!(one(text).unwrap().job, expected);
    }

    #[test]
    fn what_is_no_job_is_none() {
        for text in ["", "{}", "[]", "<html>", r#"{"id":"u~1"}"#] {
            assert!(one(text).is_none() && page(text).is_none() && kinds(text).is_none(), "{text}");
        }
    }

    #[test]
    fn kinds_are_read_as_serde_would_read_them() {
        let text = r#"{"kinds":[{"kind":"scan","title":"Scan","description":"d","args":[
            {"name":"path","label":"Folder","help":"h","input":{"type":"path","roots":["/home"]},"required":true},
            {"name":"n","label":"N","input":{"type":"integer","min":-1,"max":5}},
            {"name":"all","label":"All","input":{"type":"bool"},"default":true},
            {"name":"t","label":"T","input":{"type":"text"},"default":"x"},
            {"name":"c","label":"C","input":{"type":"choice","choices":[{"value":"v","label":"V"}]}},
            {"name":"new","label":"New","input":{"type":"colour","of":[1]}}]}]}"#;
        let expected: Kinds = serde_json::from_str(text).unwrap();
        assert_eq!(kinds(text).unwrap(), expected.kinds);
    }

    #[test]
    fn a_request_is_what_the_server_reads() {
        let text = request("a\"b", &[("path", quoted("/usr")), ("n", "3".to_owned())]);
        let read: ProcessRequest = serde_json::from_str(&text).unwrap();
        assert_eq!(read.kind, "a\"b");
        assert_eq!(read.args["path"], ArgValue::Text("/usr".to_owned()));
        assert_eq!(read.args["n"], ArgValue::Integer(3));
    }
}
