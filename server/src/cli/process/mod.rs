//! `tidings process`

mod args;
mod bar;

use std::error::Error;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use clap::Args;
use serde_json::Value;
use tidings_client::{
    Client, ClientError, Process as Started, ProcessError, ProcessEvent, ProcessOptions,
};
use tidings_protocol::job::{Failed, Job, JobState, KindInfo, Kinds, ProcessRequest};
use tokio::time::sleep;

use super::connection::Connection;
use super::retry::{Again, Retry};
use super::signals::Signals;
use super::{result_file, say};
use bar::Bar;

/// Time between two looks at a job whose stream has broken.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Longest result that is printed, in bytes; more goes to a file.
const MOST_PRINTED: usize = 16 << 20;

/// Flags of `tidings process`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  tidings process --list
  tidings process scan path=/usr
  tidings process export metric=cpu.total range=24h -o cpu.csv

The server does the work; how far it is goes to standard error, and what comes of it to standard output, as JSON. Ctrl-C
asks for the job's end and waits for it; a second one leaves the job alone. The exit code is 0 if the job has succeeded.")]
pub(super) struct Process {
    /// What is to be done
    #[arg(required_unless_present = "list")]
    kind: Option<String>,
    /// With what, as in path=/usr
    #[arg(value_name = "NAME=VALUE")]
    args: Vec<String>,
    /// Say what the server can do, and what each wants to know
    #[arg(long, conflicts_with_all = ["kind", "args", "detach", "output", "name"])]
    list: bool,
    /// Print the list as JSON
    #[arg(long, requires = "list")]
    json: bool,
    /// What people call the job [default: by its kind and arguments]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Print the job's id and leave it alone
    #[arg(long, conflicts_with = "output")]
    detach: bool,
    /// Write what comes of it to this file, which must not be there yet [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Do not say how far it is
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Why a job came to nothing.
#[derive(Debug, thiserror::Error)]
enum NothingCameOfIt {
    #[error("{} {}", .0.error, exit_code(.0))]
    Failed(Failed),
    #[error("the job {id} is {state}: {reason}")]
    Ended { id: String, state: JobState, reason: String },
    #[error("the job {0} is left alone; `tidings jobs show {0}` says how it stands")]
    Left(String),
    #[error("the server has not answered; `tidings jobs list` says whether the job has begun")]
    Unanswered,
    #[error("not all of what came of it was taken; `tidings jobs result {0}` has it")]
    Unread(String),
    #[error("{0} is there already; name another file, or remove it")]
    Exists(String),
}

fn exit_code(failed: &Failed) -> String {
    failed.exit_code.map(|code| format!("(exit code {code})")).unwrap_or_default()
}

impl Process {
    pub(super) fn run(self) -> Result<(), Box<dyn Error>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let result = runtime.block_on(self.process());
        // A write to a pipe that nobody empties cannot be given up.
        runtime.shutdown_background();
        result
    }

    async fn process(self) -> Result<(), Box<dyn Error>> {
        let client = self.connection.client().await?;
        let kinds = client.kinds().await?;
        let Some(kind) = self.kind.clone() else {
            if self.json {
                say::answer(serde_json::to_string(&kinds)? + "\n")?;
            } else if kinds.kinds.is_empty() {
                say::note("there is nothing that you may have the server do");
            } else {
                say::answer(list(&kinds))?;
            }
            return Ok(());
        };
        // Of what the server does not list it says why itself.
        let known = kinds.kinds.into_iter().find(|known| known.kind == kind);
        let args = match known {
            Some(known) => args::read(&self.args, &known)?,
            None => Default::default(),
        };
        if let Some(path) = self.output.as_ref().filter(|path| path.exists()) {
            return Err(NothingCameOfIt::Exists(path.display().to_string()).into());
        }
        let request = ProcessRequest { kind, args, name: self.name.clone() };
        if self.detach {
            let process = client.process(&request, ProcessOptions::default()).await?;
            say::answer(format_args!("{}\n", process.id()))?;
            return Ok(());
        }
        let mut follower = Follower {
            signals: Signals::listen()?,
            bar: Bar::new(self.quiet),
            is_cancelled: false,
            client,
        };
        let (id, end) = follower.follow(&request).await?;
        follower.bar.clear();
        match &self.output {
            Some(path) => result_file::fetch(&follower.client, &id, Some(path)).await,
            None => follower.print(&id, end).await,
        }
    }
}

/// What is known of a job that has succeeded.
enum End {
    /// What came of it.
    Told(Value),
    /// How it stands: its stream had broken.
    Seen(Box<Job>),
}

/// Follows one job to its end.
struct Follower {
    client: Client,
    signals: Signals,
    bar: Bar,
    /// Whether its end was asked for.
    is_cancelled: bool,
}

impl Follower {
    /// The job's id, and how it succeeded.
    async fn follow(&mut self, request: &ProcessRequest) -> Result<(String, End), Box<dyn Error>> {
        let (mut process, is_unwanted) = self.start(request).await?;
        let id = process.id().to_owned();
        if is_unwanted {
            self.cancel(&id).await?;
        }
        loop {
            let event = tokio::select! {
                event = process.next() => event,
                () = self.signals.next() => {
                    self.cancel(&id).await?;
                    continue;
                }
            };
            match event {
                Some(Ok(ProcessEvent::Progress(update))) => {
                    self.bar.show(update.progress, &update.message, update.place);
                }
                Some(Ok(ProcessEvent::Complete(result))) => return Ok((id, End::Told(result))),
                Some(Ok(ProcessEvent::Failed(failed))) => {
                    self.bar.clear();
                    return Err(NothingCameOfIt::Failed(failed).into());
                }
                Some(Err(error @ (ProcessError::Interrupted(_) | ProcessError::Silent(_)))) => {
                    self.bar.clear();
                    say::note(format_args!("{error}; looking at the job instead"));
                    let job = self.look(&id).await?;
                    return Ok((id, End::Seen(Box::new(job))));
                }
                Some(Err(error)) => {
                    self.bar.clear();
                    return Err(error.into());
                }
                None => return Err(NothingCameOfIt::Left(id).into()),
            }
        }
    }

    /// Starts the job, and says whether its end was asked for meanwhile: only who knows its id can end it.
    async fn start(&mut self, request: &ProcessRequest) -> Result<(Started, bool), Box<dyn Error>> {
        let mut starting = pin!(self.client.process(request, ProcessOptions::default()));
        let mut is_unwanted = false;
        loop {
            tokio::select! {
                process = &mut starting => return Ok((process?, is_unwanted)),
                () = self.signals.next() => {}
            }
            if std::mem::replace(&mut is_unwanted, true) {
                return Err(NothingCameOfIt::Unanswered.into());
            }
            say::note(
                "its end is asked for once it has begun; Ctrl-C again does not wait for that",
            );
        }
    }

    /// Looks at a job until it has succeeded: its stream has broken.
    async fn look(&mut self, id: &str) -> Result<Job, Box<dyn Error>> {
        let mut retry = Retry::of_one_heard();
        loop {
            let client = &self.client;
            let asked = async || client.job(id).await;
            let job = tokio::select! {
                job = retry.until_answered(Again::Always, asked) => job?,
                () = self.signals.next() => {
                    self.cancel(id).await?;
                    continue;
                }
            };
            self.bar.show(job.progress, &job.message, job.place);
            if job.state == JobState::Succeeded {
                return Ok(job);
            }
            if !job.state.is_active() {
                self.bar.clear();
                let reason = job.error.unwrap_or(job.message);
                let id = id.to_owned();
                return Err(NothingCameOfIt::Ended { id, state: job.state, reason }.into());
            }
            tokio::select! {
                () = sleep(LOOK_EVERY) => {}
                () = self.signals.next() => self.cancel(id).await?,
            }
        }
    }

    /// Writes what came of a job to standard output, as JSON.
    async fn print(&mut self, id: &str, end: End) -> Result<(), Box<dyn Error>> {
        let result = match end {
            End::Told(result) => serde_json::to_string(&result)?,
            End::Seen(job) => match job.result {
                None => Value::Null.to_string(),
                // What there is to say of the file was in the stream.
                Some(info) if info.file_name.is_some() => {
                    say::note(format_args!(
                        "what came of it is a file; `tidings jobs result {id} -o FILE` fetches it"
                    ));
                    return Ok(());
                }
                Some(_) => {
                    let bytes = tokio::select! {
                        bytes = self.client.job_result(id, MOST_PRINTED) => bytes?,
                        () = self.signals.next() => return Err(NothingCameOfIt::Unread(id.to_owned()).into()),
                    };
                    serde_json::from_slice::<Value>(&bytes)?.to_string()
                }
            },
        };
        // Whoever reads it may take their time.
        let printing = tokio::task::spawn_blocking(move || say::answer(result + "\n"));
        tokio::select! {
            printed = printing => Ok(printed??),
            () = self.signals.next() => Err(NothingCameOfIt::Unread(id.to_owned()).into()),
        }
    }

    /// Asks for the job's end; the second time it is left alone.
    async fn cancel(&mut self, id: &str) -> Result<(), Box<dyn Error>> {
        self.bar.clear();
        if std::mem::replace(&mut self.is_cancelled, true) {
            return Err(NothingCameOfIt::Left(id.to_owned()).into());
        }
        say::note("asking for its end; Ctrl-C again leaves it alone");
        let asked = tokio::select! {
            asked = self.client.cancel_job(id) => asked,
            () = self.signals.next() => return Err(NothingCameOfIt::Left(id.to_owned()).into()),
        };
        match asked {
            // It has ended meanwhile, and says so.
            Ok(_) | Err(ClientError::Status { status: 409, .. }) => Ok(()),
            Err(error) => {
                self.is_cancelled = false;
                say::note(format_args!("its end could not be asked for: {error}"));
                Ok(())
            }
        }
    }
}

/// What a server can do, for people.
fn list(Kinds { kinds }: &Kinds) -> String {
    let mut text = String::new();
    for KindInfo { kind, title, description, args } in kinds {
        text += &line(format_args!("{kind}  {title}. {description}"));
        for info in args {
            let required = if info.required { ", required" } else { "" };
            let default = info.default.as_ref().and_then(|value| serde_json::to_string(value).ok());
            let default = default.map(|value| format!(", else {value}")).unwrap_or_default();
            let (name, wanted) = (&info.name, args::wanted(&info.input));
            text += "  ";
            text += &line(format_args!("{name}=  {wanted}{required}{default}. {}", info.help));
        }
    }
    text
}

fn line(text: std::fmt::Arguments<'_>) -> String {
    format!("{}\n", say::visible(text.to_string().trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_protocol::job::{ArgInfo, ArgValue, Input};

    #[test]
    fn a_list_says_what_each_kind_wants_to_know() {
        let arg = |name: &str, input, required, default| ArgInfo {
            name: name.to_owned(),
            label: String::new(),
            help: "Help.".to_owned(),
            input,
            required,
            default,
        };
        let roots = vec!["/srv".to_owned()];
        let kind = KindInfo {
            kind: "scan".to_owned(),
            title: "Disk use".to_owned(),
            description: "Sizes of folders.".to_owned(),
            args: vec![
                arg("path", Input::Path { roots }, true, None),
                arg("deep", Input::Bool, false, Some(ArgValue::Bool(false))),
            ],
        };
        assert_eq!(
            list(&Kinds { kinds: vec![kind] }),
            "scan  Disk use. Sizes of folders.\n  path=  a path below /srv, required. Help.\n  \
             deep=  yes or no, else false. Help.\n"
        );
    }
}
