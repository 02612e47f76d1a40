//! The table as a server answers it, read by hand for the sake of the page's weight.

use std::rc::Rc;
use std::time::Duration;

use tidings_protocol::processes::MayEnd;

use super::{Process, Table};
use crate::state::json::{Json, raw_items, raw_members};

/// The table in a server's answer; none if it is none.
#[must_use]
pub fn table(json: &str) -> Option<Table> {
    let members = raw_members(json)?;
    let rows = raw_members(member(&members, "rows")?)?;
    let column = |key| raw_items(member(&rows, key)?);
    let users: Vec<_> = column("users")?.into_iter().map(text).collect::<Option<_>>()?;
    let state = text(member(&rows, "state")?)?;
    let mut states = state.chars();
    let (pid, parent, start) = (column("pid")?, column("parent")?, column("start")?);
    let (name, command, user) = (column("name")?, column("command")?, column("user")?);
    let (cpu, memory, threads) = (column("cpu")?, column("memory")?, column("threads")?);
    let row = |at: usize| {
        let whole = |column: &[&str]| column.get(at)?.parse::<u64>().ok();
        Some(Process {
            pid: whole(&pid)?.try_into().ok()?,
            start: whole(&start)?,
            parent: whole(&parent)?.try_into().ok()?,
            name: text(name.get(at)?)?,
            command: text(command.get(at)?)?,
            user: users.get(whole(&user)? as usize)?.clone(),
            cpu: serde_json::from_str::<f64>(cpu.get(at)?).ok()? as f32,
            memory: whole(&memory)?,
            threads: whole(&threads)?,
            state: states.next()?,
        })
    };
    let rows: Vec<Process> = (0..pid.len()).map(row).collect::<Option<_>>()?;
    let whole = |key| member(&members, key)?.parse::<u64>().ok();
    Some(Table {
        host: text(member(&members, "host")?)?.as_ref().to_owned(),
        at: whole("at")?,
        age: Duration::from_millis(whole("ageMs")?),
        boot_at: whole("bootAt")?,
        may_end: match &*text(member(&members, "mayEnd")?)? {
            "yes" => MayEnd::Yes,
            "forbidden" => MayEnd::Forbidden,
            "remote" => MayEnd::Remote,
            "never" => MayEnd::Never,
            _ => MayEnd::Unknown,
        },
        count: whole("count")?,
        // By id, or nothing would be found in it.
        rows: Some(rows).filter(|rows| rows.is_sorted_by_key(|row| row.pid))?,
    })
}

fn member<'a>(members: &[(String, &'a str)], key: &str) -> Option<&'a str> {
    members.iter().find(|(name, _)| name == key).map(|(_, value)| *value)
}

fn text(json: &str) -> Option<Rc<str>> {
    if let Json::Text(text) = Json::parse(json)? { Some(text.into()) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_protocol::processes::ProcessTable;

    const FULL: &str = r#"{"host":"box","at":1760000000000,"ageMs":12,"intervalMs":1000,"bootAt":1750000000000,"mayEnd":"yes",
        "count":3,"new":[1],"rows":{"pid":[1,2,42],"parent":[0,0,1],"start":[10,12,86400120],
        "name":["init","kthreadd","a \"b\" é"],"command":["/sbin/init","","sleep 60"],"user":[0,0,1],"users":["root","me"],
        "cpu":[0,0.1,250.5],"memory":[4096,0,17179869184],"threads":[1,1,3],"state":"SIR"}}"#;

    /// As it was read, and as serde reads it.
    fn agrees(read: &Table, expected: &ProcessTable) -> bool {
        let rows = &expected.rows;
        let states: Vec<char> = rows.state.chars().collect();
        (&read.host, read.at, read.boot_at, read.may_end, read.count)
            == (&expected.host, expected.at, expected.boot_at, expected.may_end, expected.count)
            && read.age == Duration::from_millis(expected.age_ms)
            && read.rows.len() == rows.pid.len()
            && read.rows.iter().enumerate().all(|(at, row)| {
                (row.pid, row.start, row.parent) == (rows.pid[at], rows.start[at], rows.parent[at])
                    && (&*row.name, &*row.command) == (&*rows.name[at], &*rows.command[at])
                    && *row.user == *rows.users[rows.user[at] as usize]
                    && (row.cpu, row.memory) == (rows.cpu[at], rows.memory[at])
                    && (row.threads, row.state) == (rows.threads[at].into(), states[at])
            })
    }

    #[test]
    fn a_table_is_read_as_serde_would_read_it() {
        for reason in ["yes", "forbidden", "remote", "never", "tuesday"] {
            let text = FULL.replace("\"yes\"", &format!("{reason:?}"));
            let expected: ProcessTable = serde_json::from_str(&text).unwrap();
            assert!(agrees(&table(&text).unwrap(), &expected), "{reason}");
            let written = serde_json::to_string(&expected).unwrap();
            let read = table(&written.replace("unknown", reason)).unwrap();
            assert!(agrees(&read, &expected), "{written}");
        }
    }

    #[test]
    fn what_is_no_table_is_none() {
        for text in ["", "{}", "[]", "<html>", r#"{"rows":{}}"#] {
            assert_eq!(table(text), None, "{text}");
        }
        // A column that is shorter, a user who is not there, and rows in disorder.
        for (from, to) in [
            ("[0,0,1],\"start\"", "[0,0],\"start\""),
            ("\"SIR\"", "\"SI\""),
            ("[0,0,1],\"users\"", "[0,0,2],\"users\""),
            ("[1,2,42]", "[2,1,42]"),
        ] {
            assert!(FULL.contains(from));
            assert_eq!(table(&FULL.replace(from, to)), None, "{to}");
        }
    }

    #[test]
    fn a_process_is_found_by_its_id_and_beginning() {
        let table = table(FULL).unwrap();
        assert_eq!(table.find((42, 86_400_120)).map(|row| &*row.user), Some("me"));
        assert_eq!(table.find((42, 7)), None, "another one had the id");
        assert_eq!(table.find((3, 10)), None);
        assert_eq!(table.age_of(&table.rows[0]), 9_999_999);
    }
}
