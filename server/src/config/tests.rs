use tidings_protocol::api::Role;
use tidings_protocol::notification::Level;

use super::*;

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, Path::new("tidings.toml"))
}

#[test]
fn what_a_file_does_not_say_keeps_its_default() {
    let config = parse("[server]\nheartbeat_seconds = 30\n").unwrap();
    assert_eq!(config.server.heartbeat_seconds, 30);
    assert_eq!(config.server.listen, ServerConfig::default().listen);
    assert_eq!(config.hub, HubConfig::default());
}

#[test]
fn an_unknown_key_names_the_nearest_known_one() {
    for (text, key, expected) in [
        ("[server]\nheartbeat_second = 3", "server.heartbeat_second", "server.heartbeat_seconds"),
        ("[sever]\nlisten = 3", "sever", "server"),
        ("[collectors]\ninterval = 3", "collectors.interval", "collectors.interval_ms"),
        ("[server]\nheartbeat = 3", "server.heartbeat", "server.heartbeat_seconds"),
        ("listen = 3", "listen", "server.listen"),
    ] {
        match parse(text) {
            Err(ConfigError::UnknownKey { key: found, nearest, .. }) => {
                assert_eq!((&*found, &*nearest), (key, expected));
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn processes_are_ended_locally_unless_nobody_may() {
    assert_eq!(Config::default().processes.end, EndProcesses::Local);
    let never = parse("[processes]\nend = \"never\"").unwrap();
    assert_eq!(never.processes.end, EndProcesses::Never);
    let error = parse("[processes]\nend = \"always\"").unwrap_err().to_string();
    assert!(error.contains("never"), "{error}");
}

#[test]
fn a_wrong_type_says_where() {
    let error = parse("[server]\nheartbeat_seconds = \"x\"").unwrap_err().to_string();
    assert!(error.contains("line 2"), "{error}");
}

#[test]
fn a_password_in_the_file_is_not_told_whatever_is_wrong_with_it() {
    for text in [
        "[server]\ndatabase = postgres://u:hunter2@h/x",
        "[server]\ndatabase = \"postgres://u:hunter2@h/x",
        "[server]\ndatabase = [\"postgres://u:hunter2@h/x\"]",
        "[server]\nheartbeat_seconds = \"postgres://u:hunter2@h/x\"",
        "[server]\nredis = redis://u:hunter2@h/0",
        "[server]\nredis = \"redis://u:hunter2@h/0",
        "[server]\nredis = [\"redis://u:hunter2@h/0\"]",
    ] {
        let error = parse(text).unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(told.contains("line 2") && !told.contains("hunter2"), "{told}");
    }
    for text in [
        "[server]\ndatabase = \"mysql://u:hunter2@h/x\"",
        "[server]\nredis = \"http://u:hunter2@h/x\"",
    ] {
        let config = parse(text).unwrap();
        assert!(!format!("{config:?} {}", config.check().unwrap_err()).contains("hunter2"));
    }
}

#[test]
fn an_address_others_can_reach_needs_tls_or_a_proxy() {
    let mut config = Config::default();
    for (listen, public) in [
        ("127.0.0.1:1", false),
        ("127.9.9.9:1", false),
        ("[::1]:1", false),
        ("[::ffff:127.0.0.1]:1", false),
        ("0.0.0.0:1", true),
        ("[::]:1", true),
        ("192.168.1.5:1", true),
    ] {
        config.server.listen = listen.parse().unwrap();
        config.server.behind_proxy = None;
        assert_eq!(config.check().is_err(), public, "{listen}");
        config.server.behind_proxy = Some(Ipv4Addr::LOCALHOST.into());
        assert!(config.check().is_ok(), "{listen}");
        config.server.behind_proxy = None;
        config.server.tls_self_signed = true;
        assert!(config.check().is_ok(), "{listen}");
        config.server.tls_self_signed = false;
    }
}

#[test]
fn tls_is_one_whole_pair() {
    for (text, expected) in [
        ("tls_cert = \"a\"", "needs both"),
        ("tls_key = \"a\"", "needs both"),
        ("tls_cert = \"a\"\ntls_key = \"b\"\ntls_self_signed = true", "not by both"),
    ] {
        let error = parse(&format!("[server]\n{text}")).unwrap().check().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let whole = parse("[server]\ntls_cert = \"a\"\ntls_key = \"b\"").unwrap();
    assert!(whole.check().is_ok() && whole.server.has_tls());
}

#[test]
fn values_out_of_range_are_refused_by_name() {
    for (text, key) in [
        ("[server]\nheartbeat_seconds = 0", "server.heartbeat_seconds"),
        ("[collectors]\ninterval_ms = 99", "collectors.interval_ms"),
        ("[collectors]\nprocesses_interval_ms = 3600001", "collectors.processes_interval_ms"),
        ("[hub]\nhistory_events = 0", "hub.history_events"),
        ("[hub]\nmax_topics = 0", "hub.max_topics"),
        ("[limits]\nbody_bytes = 1023", "limits.body_bytes"),
        ("[limits]\nbody_bytes = 16777217", "limits.body_bytes"),
        ("[server]\nallowed_origins = [\"https://a.example/\"]", "https://a.example/"),
        ("[server]\ndatabase = \"mysql://h/x\"", "mysql"),
        ("[server]\nredis = \"http://h/x\"", "http"),
        ("[server]\nredis = \"redis://h\"\n[hub]\ndurable = true", "durable"),
        ("[server]\nredis_prefix = \"{x}\"", "server.redis_prefix"),
        ("[limits]\nevents_per_second = 0", "limits.events_per_second"),
        ("[limits]\nstreams_per_token = 0", "limits.streams_per_token"),
        ("[limits]\nuser_events_per_second = 0", "limits.user_events_per_second"),
        ("[limits]\nstreams_per_user = 0", "limits.streams_per_user"),
        ("[notifications]\nmax_per_user = 0", "notifications.max_per_user"),
        ("[notifications]\nmax_age_days = 3651", "notifications.max_age_days"),
    ] {
        let error = parse(text).unwrap().check().unwrap_err().to_string();
        assert!(error.contains(key), "{error}");
    }
}

const BUSY: &str = "[[alerts]]\nname = \"Busy\"\nmetric = \"cpu.total\"\nabove = 90\n";

#[test]
fn an_alert_says_what_it_must_and_the_rest_has_defaults() {
    let config =
        parse(&format!("{BUSY}for = \"2m\"\n[alerting]\nquiet = [\"22:00-07:00\"]")).unwrap();
    config.check().unwrap();
    let rule = config.alerts[0].rule();
    assert_eq!((rule.above, rule.for_seconds, rule.recovers_after()), (Some(90.0), 120, 120));
    assert_eq!((rule.level, rule.enabled), (Level::Warning, true));
    assert_eq!((rule.users, rule.quiet, rule.host), (None, None, None));
}

#[test]
fn an_alert_that_is_none_says_why() {
    let alert = |keys: &str| format!("[[alerts]]\nname = \"Full\"\n{keys}");
    let disk = "metric = \"disk.*.used_percent\"\n";
    for (text, why) in [
        (alert("metric = \"cpu.totl\"\nabove = 1"), "did you mean `cpu.total`"),
        (alert("metric = \"disk.sda1.used_precent\"\nabove = 1"), "`disk.*.used_percent`"),
        (alert("metric = \"memory.*\"\nabove = 1"), "different units"),
        (alert(disk), "either `above` or `below`"),
        (alert(&format!("{disk}above = 1\nbelow = 1")), "either `above` or `below`"),
        (alert(&format!("{disk}above = 90\nrecover = 91")), "good side"),
        (alert(&format!("{disk}above = 90\nfor = \"25h\"")), "a day at most"),
        (alert(&format!("{disk}above = 90\nquiet = [\"22-7\"]")), "22:00-07:00"),
        (alert(&format!("{disk}above = 90\nusers = []")), "`users`"),
        (format!("{BUSY}{BUSY}"), "another of this name"),
        (BUSY.repeat(201), "more than 200"),
        ("[alerting]\nquiet = [\"22\"]".to_owned(), "alerting.quiet"),
    ] {
        let error = parse(&text).unwrap().check().unwrap_err().to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
    for (text, why) in [
        (alert("metric = \"cpu.total\"\nabuve = 1"), "did you mean `alerts.above`"),
        (alert("metric = \"cpu.total\"\nabove = nan"), "a threshold is a number"),
        (alert("metric = \"cpu.total\"\nabove = 1\nfor = \"2 min\""), "as in 90s"),
        (alert("above = 1"), "metric"),
        (alert("metric = \"cpu.total\"\nabove = 1\nlevel = \"bad\""), "warning"),
        ("[alerting]\nquite = []".to_owned(), "did you mean `alerting.quiet`"),
    ] {
        let error = parse(&text).unwrap_err().to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
}

const BACKUP: &str = "[jobs.commands.backup]\nargv = [\"rsync\", \"-a\", \"/a\", \"/b\"]\n";

#[test]
fn a_command_is_for_admins_unless_it_says_otherwise() {
    let config = parse(&format!("[jobs]\nmax_running = 2\n{BACKUP}")).unwrap();
    config.check().unwrap();
    assert_eq!((config.jobs.max_running, config.jobs.max_queued), (2, 100));
    let backup = &config.jobs.commands["backup"];
    assert_eq!((backup.argv.len(), backup.role), (4, Role::Admin));
    let config = parse(&format!("{BACKUP}role = \"publisher\"\ncwd = \"/srv\"")).unwrap();
    config.check().unwrap();
    assert_eq!(config.jobs.commands["backup"].role, Role::Publisher);
}

#[test]
fn what_jobs_may_not_be_told_says_why() {
    let command = |name: &str, keys: &str| format!("[jobs.commands.{name}]\n{keys}");
    for (text, why) in [
        ("[jobs]\nmax_running = 0".to_owned(), "jobs.max_running"),
        ("[jobs]\ntimeout_seconds = 0".to_owned(), "jobs.timeout_seconds"),
        ("[jobs]\nkeep_days = 0".to_owned(), "jobs.keep_days"),
        ("[jobs]\nroots = [\"home\"]".to_owned(), "whole paths"),
        (command("b", "argv = []"), "jobs.commands.b: `argv` begins with a program"),
        (command("b", "argv = [\"\"]"), "begins with a program"),
        (command("b", "argv = [\"a\\u0000\"]"), "NUL"),
        (command("b", "argv = [\"./a\"]"), "by its whole path"),
        (command("b", "argv = [\"bin/a\"]"), "by its whole path"),
        (command("b", "argv = [\"a\"]\npattern = '%'"), "(?<percent>"),
        (command("b", "argv = [\"a\"]\npattern = '('"), "`pattern`: the pattern cannot be read"),
        (command("\"a b\"", "argv = [\"a\"]"), "letters, digits"),
        (command("b", "argv = [\"a\"]\ncwd = \"x\""), "whole path"),
        (command("b", "argv = [\"a\"]\ntimeout_seconds = 0"), "timeout_seconds"),
        (command("b", "argv = [\"a\"]\nrole = \"viewer\""), "viewers run nothing"),
    ] {
        let error = parse(&text).unwrap().check().unwrap_err().to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
    for (text, why) in [
        ("[jobs]\nmax_runing = 1".to_owned(), "did you mean `jobs.max_running`"),
        ("[jobs]\ncommand = 1".to_owned(), "did you mean `jobs.commands`"),
        (command("b", "arvg = [\"a\"]"), "did you mean `jobs.commands.b.argv`"),
        (command("b", "argv = [\"a\"]\ntimeout = 1"), "`jobs.commands.b.timeout_seconds`"),
        (command("b", ""), "argv"),
    ] {
        let error = parse(&text).unwrap_err().to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
}

#[test]
fn what_is_written_is_read_as_the_same() {
    let mut config = Config { alerts: vec![AlertConfig::full(); 2], ..Config::default() };
    config.alerts[0].hold = Span(90);
    config.jobs = jobs::full();
    let written = toml::to_string(&config).unwrap();
    assert_eq!(parse(&written).unwrap(), config, "{written}");
}

#[test]
fn every_key_is_documented() {
    let docs = include_str!("../../../docs/configuration.md");
    for key in known_keys().iter().filter_map(|key| key.split_once('.').map(|(_, key)| key)) {
        assert!(docs.contains(&format!("`{key}`")), "docs/configuration.md does not tell of {key}");
    }
}
