//! The servers that the desktop knows, and what somebody writes of one. Read by hand for the sake of the page's weight.

use super::freshness::Freshness;
use super::json::{Json, quoted};
use super::members::{get, is_true, string, text as word, whole};
use crate::text::{fill, text};

/// A server at a glance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// By this the desktop knows it.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Where it is; empty of the one that the desktop brings along.
    pub url: String,
    /// How the desktop stands with it; none while its token cannot be had.
    pub state: Option<Freshness>,
    /// How many notifications are unread, once that is known.
    pub unread: Option<u64>,
    /// How busy its processor is, in percent.
    pub cpu: Option<u64>,
    /// How much of its memory is used, in percent.
    pub memory: Option<u64>,
    /// Whether its token lies in a file.
    pub is_in_file: bool,
}

/// All servers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Servers {
    /// Of this answer.
    pub version: u64,
    /// Id of the one that the page shows.
    pub chosen: String,
    /// What a token is called that could not be taken away; empty where there is none.
    pub left: String,
    /// The one that the desktop began with, and those that somebody added.
    pub all: Vec<Server>,
}

/// All servers in an answer of the desktop; none where it offers no others.
#[must_use]
pub fn servers(json: &str) -> Option<Servers> {
    let json = Json::parse(json)?;
    let Json::List(lines) = get(&json, "servers")? else { return None };
    let server = |line: &Json| {
        let state = word(line, "state")?;
        let name = string(line, "name")?;
        Some(Server {
            id: string(line, "id")?,
            name: if name.is_empty() { text().servers.this_computer.to_owned() } else { name },
            url: string(line, "url")?,
            state: (state != "locked").then(|| freshness(state)),
            unread: whole(line, "unread"),
            cpu: whole(line, "cpu"),
            memory: whole(line, "memory"),
            is_in_file: is_true(line, "isInFile"),
        })
    };
    Some(Servers {
        version: whole(&json, "version")?,
        chosen: string(&json, "chosen")?,
        left: string(&json, "left")?,
        all: lines.iter().map(server).collect::<Option<_>>()?,
    })
}

fn freshness(state: &str) -> Freshness {
    [
        Freshness::Live,
        Freshness::Degraded,
        Freshness::Stale,
        Freshness::Reconnecting,
        Freshness::Offline,
        Freshness::Unauthorized,
        Freshness::Incompatible,
    ]
    .into_iter()
    .find(|known| known.name() == state)
    .unwrap_or(Freshness::Waiting)
}

impl Server {
    /// How it stands, in a word.
    #[must_use]
    pub fn standing(&self) -> &'static str {
        let words = &text().servers;
        match self.state {
            None => words.locked,
            Some(Freshness::Live) => text().states.live,
            Some(Freshness::Waiting) => words.connecting,
            Some(state) => state.label().unwrap_or_default(),
        }
    }

    /// How busy it is; empty while nobody knows.
    #[must_use]
    pub fn load(&self) -> String {
        let words = &text().servers;
        let figure =
            |form: &str, percent: Option<u64>| percent.map(|it| fill(form, &[&it.to_string()]));
        let figures = [figure(words.cpu, self.cpu), figure(words.memory, self.memory)];
        figures.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

impl Servers {
    /// How many notifications are unread on servers that the page does not show.
    #[must_use]
    pub fn unread(&self) -> u64 {
        let others = self.all.iter().filter(|server| server.id != self.chosen);
        others.filter_map(|server| server.unread).sum()
    }

    /// What is to be said of what is otherwise than before: how a server stands that the page does not show.
    #[must_use]
    pub fn news(&self, before: &Self) -> Option<String> {
        let known = |id: &str| before.all.iter().find(|server| server.id == id);
        let others = self.all.iter().filter(|server| server.id != self.chosen);
        let news: Vec<_> = others
            .filter(|server| server.state != Some(Freshness::Waiting))
            .filter(|server| known(&server.id).is_some_and(|known| known.state != server.state))
            .map(|server| format!("{}: {}.", server.name, server.standing()))
            .collect();
        (!news.is_empty()).then(|| news.join(" "))
    }
}

/// What somebody writes of a server.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// Of the one that is changed; empty of a new one.
    pub id: String,
    /// What it is to be called.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// Empty where it stays.
    pub token: String,
    /// Fingerprint of the key that was compared.
    pub key: String,
    /// Whether the token may travel for others to read.
    pub is_plain: bool,
}

impl Draft {
    /// What is known of one that is to be changed.
    #[must_use]
    pub fn of(server: &Server) -> Self {
        let Server { id, name, url, .. } = server.clone();
        // It was allowed once.
        let is_plain = url.starts_with("http://");
        Self { id, name, url, is_plain, ..Self::default() }
    }

    /// As the desktop reads it.
    #[must_use]
    pub fn json(&self, is_kept_anyway: bool) -> String {
        let Self { id, name, url, token, key, is_plain } = self;
        let [id, name, url, token, key] = [id, name, url, token, key].map(|text| quoted(text));
        format!(
            r#"{{"id":{id},"name":{name},"url":{url},"token":{token},"key":{key},"isPlain":{is_plain},"isKeptAnyway":{is_kept_anyway}}}"#
        )
    }
}

/// How a trial of a server went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What is wrong, in a word of the desktop's; none where all is well.
    pub problem: Option<String>,
    /// What somebody else says of it.
    pub detail: String,
    /// Fingerprint of the key that the server shows.
    pub key: String,
    /// Who the token belongs to, what they may do, and the server's release.
    pub found: [String; 3],
}

/// How a trial went, by an answer of the desktop.
#[must_use]
pub fn verdict(json: &str) -> Option<Verdict> {
    let json = Json::parse(json)?;
    Some(Verdict {
        problem: string(&json, "problem"),
        detail: string(&json, "detail")?,
        key: string(&json, "key")?,
        found: [string(&json, "user")?, string(&json, "role")?, string(&json, "version")?],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"{"version":4,"chosen":"first","left":"","servers":[
        {"id":"first","name":"","url":"","state":"live","unread":0,"cpu":12,"memory":40,"isInFile":false},
        {"id":"a1","name":"Hub","url":"https://hub.example/","state":"reconnecting","unread":3,"cpu":null,"memory":null,"isInFile":true}]}"#;

    fn two() -> Servers {
        servers(ANSWER).unwrap()
    }

    #[test]
    fn servers_are_read_with_what_is_known_of_them() {
        let servers = two();
        assert_eq!((servers.version, &*servers.chosen, &*servers.left), (4, "first", ""));
        let [first, hub] = &servers.all[..] else { panic!("{servers:?}") };
        assert_eq!(
            (&*first.name, first.standing(), &*first.load()),
            ("This computer", "Live", "CPU 12%, memory 40%")
        );
        assert_eq!((&*hub.name, hub.standing(), &*hub.load()), ("Hub", "Reconnecting", ""));
        assert_eq!((hub.unread, hub.is_in_file), (Some(3), true));
    }

    #[test]
    fn where_no_others_are_offered_there_is_no_list() {
        for text in ["", "{}", "null", r#"{"version":1,"chosen":"first","left":"","servers":[{}]}"#]
        {
            assert_eq!(servers(text), None, "{text}");
        }
    }

    #[test]
    fn a_server_whose_token_is_not_to_be_had_says_so() {
        let locked = servers(&ANSWER.replace("reconnecting", "locked")).unwrap();
        assert_eq!((locked.all[1].state, locked.all[1].standing()), (None, "No token"));
        let tomorrow = servers(&ANSWER.replace("reconnecting", "dreaming")).unwrap();
        assert_eq!(tomorrow.all[1].standing(), "Connecting");
    }

    #[test]
    fn only_a_change_of_a_server_that_is_not_in_sight_is_said() {
        let (before, mut now) = (two(), two());
        assert_eq!(now.news(&before), None);
        now.all[0].state = Some(Freshness::Stale);
        now.all[1].cpu = Some(4);
        assert_eq!(now.news(&before), None, "its page says it, and figures are not said");
        now.all[1].state = Some(Freshness::Live);
        assert_eq!(now.news(&before).as_deref(), Some("Hub: Live."));
        assert_eq!(now.news(&Servers::default()), None, "nothing changed on the first look");
    }

    #[test]
    fn what_is_unread_elsewhere_is_that_of_all_servers_but_the_one_in_sight() {
        let mut servers = two();
        assert_eq!(servers.unread(), 3);
        servers.all.push(Server { id: "b2".to_owned(), unread: None, ..servers.all[1].clone() });
        servers.all.push(Server { id: "c3".to_owned(), unread: Some(4), ..servers.all[1].clone() });
        assert_eq!(servers.unread(), 7);
        servers.chosen = "a1".to_owned();
        assert_eq!(servers.unread(), 4, "what is in sight the bell counts");
    }

    #[test]
    fn what_is_written_is_what_the_desktop_reads() {
        let draft = Draft { name: "A \"b\"\n".to_owned(), is_plain: true, ..Draft::default() };
        let read: serde_json::Value = serde_json::from_str(&draft.json(false)).unwrap();
        assert_eq!(read["name"], "A \"b\"\n");
        assert_eq!((&read["isPlain"], &read["isKeptAnyway"]), (&true.into(), &false.into()));
    }

    #[test]
    fn a_verdict_is_read_whether_or_not_something_is_wrong() {
        let text =
            r#"{"problem":null,"detail":"","key":"","user":"ann","role":"admin","version":"1"}"#;
        let well = verdict(text).unwrap();
        assert_eq!((well.problem, &*well.found[0]), (None, "ann"));
        let wrong = verdict(&text.replace("null", r#""untrusted""#)).unwrap();
        assert_eq!(wrong.problem.as_deref(), Some("untrusted"));
        assert_eq!(verdict("null"), None);
    }
}
