//! `command`: a program that the configuration names, run below a guard.
//!
//! - `environment`: what it is told of the server's own surroundings.
//! - `run`: from its start to its end.

mod environment;
mod run;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tidings_protocol::api::Role;
use tidings_protocol::job::{ArgInfo, ArgValue, Args, Choice, Input, KindInfo};

use super::kind::{Kind, Prepared, Refused};
use crate::config::{CommandConfig, JobsConfig};
use run::Run;

/// The argument that says which.
const NAME: &str = "name";

/// The commands that the configuration names. Nobody else can say what is run: whoever starts one says its name alone.
#[derive(Debug)]
pub(crate) struct Commands(BTreeMap<String, CommandConfig>);

impl Commands {
    /// Those of a configuration that has been checked.
    #[must_use]
    pub(crate) fn new(config: &JobsConfig) -> Self {
        Self(config.commands.clone())
    }

    /// Those that users of this role may run.
    fn of(&self, role: Role) -> impl Iterator<Item = (&String, &CommandConfig)> {
        self.0.iter().filter(move |(_, command)| role >= command.role)
    }

    fn find(&self, args: &Args, role: Role) -> Result<(&String, &CommandConfig), Refused> {
        let Some(ArgValue::Text(name)) = args.get(NAME) else {
            return Err(Refused::Argument(format!("`{NAME}` says which command is to run")));
        };
        let Some(found) = self.0.get_key_value(name) else {
            let known: Vec<_> = self.of(role).map(|(name, _)| name.as_str()).collect();
            return Err(Refused::Argument(format!(
                "the configuration has no command {name:?}; you may run: {}",
                known.join(", ")
            )));
        };
        if role < found.1.role {
            let needed = found.1.role;
            return Err(Refused::Role(format!("to run {name:?} takes the role {needed}")));
        }
        Ok(found)
    }
}

impl Kind for Commands {
    fn name(&self) -> &'static str {
        "command"
    }

    fn info(&self, role: Role) -> Option<KindInfo> {
        let choice = |(name, command): (&String, &CommandConfig)| {
            let label = match &command.description {
                Some(description) => format!("{name}: {description}"),
                None => name.clone(),
            };
            Choice { value: name.clone(), label }
        };
        let choices: Vec<_> = self.of(role).map(choice).collect();
        if choices.is_empty() {
            return None;
        }
        let name = ArgInfo {
            name: NAME.to_owned(),
            label: "Command".to_owned(),
            help: String::new(),
            input: Input::Choice { choices },
            required: true,
            default: None,
        };
        Some(KindInfo {
            kind: self.name().to_owned(),
            title: "Run a command".to_owned(),
            description: "Runs a command that the server's configuration names.".to_owned(),
            args: vec![name],
        })
    }

    fn unavailable(&self) -> Option<String> {
        let nothing = || {
            "the configuration names no command; each is a table `[jobs.commands.NAME]`".to_owned()
        };
        self.0.is_empty().then(nothing)
    }

    fn prepare<'a>(
        &'a self,
        args: &'a Args,
        role: Role,
    ) -> BoxFuture<'a, Result<Prepared, Refused>> {
        let prepared = self.find(args, role).map(|(name, command)| Prepared {
            name: name.clone(),
            timeout: command.timeout_seconds.map(Duration::from_secs),
            work: Box::new(Run::guarded(command)),
        });
        Box::pin(std::future::ready(prepared))
    }
}
