use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::jobs::error::JobError;
use crate::jobs::kind::{Failure, Outcome, Task, Work};
use crate::jobs::registry::Kinds;
use crate::jobs::reporter::Reporter;
use crate::output::Pattern;
use tidings_protocol::job::{MAX_LINE_BYTES, MAX_LOG_LINES};

fn config(role: Role, description: Option<&str>) -> CommandConfig {
    CommandConfig {
        argv: vec!["true".to_owned()],
        pattern: None,
        cwd: None,
        timeout_seconds: Some(60),
        role,
        description: description.map(str::to_owned),
    }
}

fn commands() -> Commands {
    Commands(BTreeMap::from([
        ("backup".to_owned(), config(Role::Admin, Some("Copies all."))),
        ("build".to_owned(), config(Role::Publisher, None)),
    ]))
}

#[test]
fn each_role_is_shown_the_commands_that_it_may_run() {
    let labels = |role| {
        let info = commands().info(role)?;
        let Input::Choice { choices } = info.args[0].input.clone() else { return None };
        Some(choices.into_iter().map(|choice| choice.label).collect::<Vec<_>>())
    };
    assert_eq!(labels(Role::Admin).unwrap(), ["backup: Copies all.", "build"]);
    assert_eq!(labels(Role::Publisher).unwrap(), ["build"]);
    assert_eq!(labels(Role::Viewer), None);
    assert!(Commands(BTreeMap::new()).info(Role::Admin).is_none());
}

#[test]
fn where_no_command_is_configured_an_admin_is_told_so_and_not_that_they_may_not() {
    let kinds = |commands| Kinds::new(vec![Arc::new(Commands(commands)) as Arc<dyn Kind>]);
    let error = kinds(BTreeMap::new()).find("command", Role::Admin).unwrap_err();
    let JobError::UnknownKind(text) = &error else { unreachable!("{error:?}") };
    assert!(text.contains("[jobs.commands.NAME]"), "{text}");
    let error = kinds(commands().0).find("command", Role::Viewer).unwrap_err();
    assert!(matches!(error, JobError::Forbidden(_)), "{error:?}");
}

#[tokio::test]
async fn what_is_not_configured_or_not_for_the_role_is_refused_with_what_there_is() {
    let commands = commands();
    let refused = |args: Args, role| {
        let commands = &commands;
        async move { commands.prepare(&args, role).await.map(|_| ()).unwrap_err() }
    };
    let named = |name: &str| Args::from([(NAME.to_owned(), ArgValue::Text(name.to_owned()))]);
    let error = refused(named("rm -rf /"), Role::Publisher).await;
    let Refused::Argument(text) = &error else { unreachable!("{error:?}") };
    assert!(text.contains("\"rm -rf /\"") && text.ends_with("you may run: build"), "{text}");
    assert!(matches!(refused(Args::new(), Role::Admin).await, Refused::Argument(_)));
    let error = refused(named("backup"), Role::Publisher).await;
    assert!(matches!(error, Refused::Role(_)), "{error:?}");

    let prepared = commands.prepare(&named("backup"), Role::Admin).await.unwrap();
    assert_eq!((&*prepared.name, prepared.timeout), ("backup", Some(Duration::from_secs(60))));
}

#[cfg(unix)]
mod running {
    use super::*;
    use std::io;
    use std::process::Stdio;
    use std::time::Duration;
    use tidings_protocol::job::Percent;
    use tokio::process::Command;
    use tokio_util::sync::CancellationToken;

    /// The command itself: its own standard input stands for the life line.
    fn bare(argv: &[String]) -> io::Result<Command> {
        let mut command = Command::new(&argv[0]);
        command.args(&argv[1..]).stdin(Stdio::piped());
        Ok(command)
    }

    fn script(script: &str) -> Box<Run> {
        let argv = ["sh", "-c", script].map(str::to_owned).to_vec();
        let pattern = Pattern::parse(r"(\d+)%").unwrap();
        Box::new(Run { argv, pattern, cwd: None, guard: bare })
    }

    fn task() -> Task {
        let (reporter, cancelled) = (Reporter::default(), CancellationToken::new());
        Task { reporter, cancelled, folder: None }
    }

    async fn run(text: &str) -> (Reporter, Result<Outcome, Failure>) {
        let task = task();
        let reporter = task.reporter.clone();
        let ended = tokio::time::timeout(Duration::from_secs(60), script(text).run(task));
        (reporter, ended.await.unwrap())
    }

    fn lines(reporter: &Reporter) -> Vec<String> {
        reporter.lines(0).lines.into_iter().map(|line| line.text).collect()
    }

    #[tokio::test]
    async fn its_lines_are_logged_and_its_bar_is_shown_and_not_logged() {
        let (reporter, ended) =
            run(r"echo begin; printf '10%%\r42%% of it\r'; echo '\033[1mwarning\033[0m' >&2; printf end").await;
        let outcome = ended.unwrap();
        assert_eq!(outcome.result, serde_json::json!({ "exitCode": 0 }));
        let mut lines = lines(&reporter);
        lines.sort();
        assert_eq!(lines, ["begin", "end", "warning"]);
        assert_eq!(reporter.told().progress.map(Percent::tenths), Some(420));
    }

    #[tokio::test]
    async fn a_failure_has_the_exit_code_and_the_last_lines() {
        let (_, ended) = run("echo 1; echo 2; echo 3; echo; echo 4 >&2; exit 23").await;
        let failure = ended.unwrap_err();
        assert_eq!(failure.exit_code, Some(23));
        assert_eq!(failure.message, "sh ended with exit code 23: 2; 3; 4");
        let (_, ended) = run("for n in 1 2 3 4; do echo $n >&2; done; echo 5; exit 23").await;
        assert_eq!(ended.unwrap_err().message, "sh ended with exit code 23: 2; 3; 4");
        let (_, ended) = run("exit 137").await;
        assert_eq!(ended.unwrap_err().message, "sh was ended by signal 9");
        let run = Run { cwd: Some("/no/such/folder".into()), ..*script("true") };
        let failure = Box::new(run).run(task()).await.unwrap_err();
        assert!(failure.message.contains("/no/such/folder"), "{failure}");
    }

    #[tokio::test]
    async fn a_line_of_ten_megabytes_and_one_that_is_no_text_are_marked() {
        let (reporter, ended) =
            run(r"head -c 10000000 /dev/zero | tr '\0' x; echo; printf 'caf\351\n'; echo end")
                .await;
        assert!(ended.is_ok(), "{ended:?}");
        let lines = reporter.lines(0).lines;
        assert_eq!(lines.len(), 3);
        assert!(lines[0].cut && lines[0].text.len() == MAX_LINE_BYTES);
        assert!(lines[1].lossy && lines[1].text == "caf\u{fffd}", "{:?}", lines[1]);
        assert_eq!(lines[2].text, "end");
    }

    #[tokio::test]
    async fn one_that_writes_without_end_is_held_back_and_still_ends_when_asked() {
        let task = task();
        let (reporter, cancelled) = (task.reporter.clone(), task.cancelled.clone());
        let work = tokio::spawn(script("yes & cat; kill $!; wait").run(task));
        while reporter.told().lines < 2 * MAX_LOG_LINES as u64 {
            reporter.changed().await;
        }
        cancelled.cancel();
        let ended = tokio::time::timeout(Duration::from_secs(60), work).await;
        assert!(ended.is_ok());
        assert!(reporter.lines(0).lines.len() <= MAX_LOG_LINES);
    }

    #[tokio::test]
    async fn it_ends_with_its_program_however_its_pipes_are_held() {
        let (_, ended) = run("exec >&- 2>&-; cat /dev/null; exit 5").await;
        assert_eq!(ended.unwrap_err().exit_code, Some(5));
        // Bare of a guard, what it leaves behind keeps them open for a day.
        let (reporter, ended) = run("sleep 86400 & echo $!; exit 0").await;
        assert!(ended.is_ok(), "{ended:?}");
        let sleeper = lines(&reporter).remove(0);
        assert!(std::process::Command::new("kill").arg(sleeper).status().unwrap().success());
    }
}
