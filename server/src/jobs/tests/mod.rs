//! Jobs from their beginning to whatever end, on a clock that stands until all wait for it.

mod ends;
mod files;
mod life;
mod reported;
mod restart;
mod slow;
mod told;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::json;
use tidings_protocol::job::{ArgInfo, ArgValue, Args, Choice, Input, JobState, Percent, Unit};

use super::kind::{Failure, Kind, Outcome, Refused, ResultFile, Task, Work};
use super::*;
use crate::hub::HubLimits;

/// A kind of job for tests: so many steps, one each so many ms, and then an end of some sort.
#[derive(Debug)]
pub(crate) struct Steps;

#[derive(Debug)]
struct Stepping {
    steps: u64,
    pause: Duration,
    end: String,
}

impl Kind for Steps {
    fn name(&self) -> &'static str {
        "steps"
    }

    fn info(&self, role: Role) -> Option<KindInfo> {
        let number = |name: &str, max, default| ArgInfo {
            name: name.to_owned(),
            label: name.to_owned(),
            help: String::new(),
            input: Input::Integer { min: 0, max },
            required: false,
            default: Some(ArgValue::Integer(default)),
        };
        let ends = ["success", "file", "failure", "bad", "panic", "never", "deaf"];
        let choices = ends.map(|end| Choice { value: end.to_owned(), label: end.to_owned() });
        let end = ArgInfo {
            input: Input::Choice { choices: choices.to_vec() },
            default: Some(ArgValue::Text("success".to_owned())),
            ..number("end", 0, 0)
        };
        (role >= Role::Publisher).then(|| KindInfo {
            kind: "steps".to_owned(),
            title: "Steps".to_owned(),
            description: String::new(),
            args: vec![number("steps", 1_000_000, 10), number("pause", 10_000, 100), end],
        })
    }

    fn prepare<'a>(&'a self, args: &'a Args, _: Role) -> BoxFuture<'a, Result<Prepared, Refused>> {
        let number = |name| match args[name] {
            ArgValue::Integer(number) => number.unsigned_abs(),
            _ => 0,
        };
        let ArgValue::Text(end) = &args["end"] else { unreachable!() };
        let pause = Duration::from_millis(number("pause"));
        let work = Box::new(Stepping { steps: number("steps"), pause, end: end.clone() });
        let prepared = Prepared { name: "Steps".to_owned(), timeout: None, work };
        std::future::ready(Ok(prepared)).boxed()
    }
}

impl Work for Stepping {
    fn run(self: Box<Self>, task: Task) -> BoxFuture<'static, Result<Outcome, Failure>> {
        Box::pin(async move {
            for step in 1..=self.steps {
                tokio::select! {
                    () = tokio::time::sleep(self.pause) => {}
                    () = task.cancelled.cancelled() => return Ok(Outcome::default()),
                }
                task.reporter.amount(step, Some(self.steps), Unit::Steps);
                task.reporter.line(format!("step {step}").as_bytes());
            }
            let result = json!({ "steps": self.steps });
            let outcome = Outcome { message: "Done".to_owned(), result, ..Outcome::default() };
            match self.end.as_str() {
                "failure" => Err(Failure { message: "It broke".to_owned(), exit_code: Some(3) }),
                "bad" => {
                    let message = "Two are not what they were".to_owned();
                    Ok(Outcome { message, failed: true, ..outcome })
                }
                "panic" => panic!("as it was asked to"),
                "never" => {
                    task.cancelled.cancelled().await;
                    Ok(outcome)
                }
                "deaf" => std::future::pending().await,
                "file" => {
                    let path = task.folder.expect("a folder").join("made");
                    tokio::fs::write(&path, "a,b\n").await?;
                    let name = "../table.csv".to_owned();
                    let file = ResultFile { path, name, content_type: "text/csv" };
                    let result = serde_json::Value::Null;
                    Ok(Outcome { file: Some(file), result, ..outcome })
                }
                _ => Ok(outcome),
            }
        })
    }
}

/// Jobs that are being done.
struct Stage {
    jobs: Jobs,
    hub: Hub,
    stop: CancellationToken,
    running: tokio::task::JoinHandle<()>,
}

fn user(id: &str) -> User {
    User { id: id.to_owned(), name: id.to_owned(), role: Role::Publisher }
}

impl Stage {
    async fn new(change: impl FnOnce(&mut JobsConfig)) -> Self {
        Self::over(None, change).await
    }

    async fn over(
        store: Option<(Arc<dyn JobStore>, bool)>,
        change: impl FnOnce(&mut JobsConfig),
    ) -> Self {
        Self::keeping(None, store, change).await
    }

    /// With files below `folder`.
    async fn keeping(
        folder: Option<&std::path::Path>,
        store: Option<(Arc<dyn JobStore>, bool)>,
        change: impl FnOnce(&mut JobsConfig),
    ) -> Self {
        let mut config = JobsConfig { roots: Vec::new(), ..JobsConfig::default() };
        change(&mut config);
        let hub = Hub::new(HubLimits::default());
        let jobs = Jobs::open(Needs {
            notifications: None,
            kinds: Kinds::new(vec![Arc::new(Steps)]),
            config,
            host: "box".to_owned(),
            hub: hub.clone(),
            store,
            data_dir: folder.map(PathBuf::from),
        });
        let (jobs, stop) = (jobs.await.unwrap(), CancellationToken::new());
        let running = tokio::spawn(jobs.clone().run(stop.clone()));
        Self { jobs, hub, stop, running }
    }

    async fn try_start(&self, args: serde_json::Value) -> Result<Following, JobError> {
        let args = serde_json::from_value(args).unwrap();
        let request = ProcessRequest { kind: "steps".to_owned(), args, name: None };
        self.jobs.start(&user("u1"), request).await
    }

    async fn start(&self, args: serde_json::Value) -> Following {
        self.try_start(args).await.unwrap()
    }

    async fn job(&self, id: &str) -> Job {
        self.jobs.find(id).await.unwrap()
    }

    async fn until(&self, id: &str, is_so: impl Fn(&Job) -> bool) -> Job {
        let looking = async {
            loop {
                let job = self.job(id).await;
                if is_so(&job) {
                    return job;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let day = Duration::from_secs(100_000);
        tokio::time::timeout(day, looking).await.expect("it becomes so")
    }

    async fn state(&self, id: &str, state: JobState) -> Job {
        self.until(id, |job| job.state == state).await
    }

    async fn end(self) -> Jobs {
        self.stop.cancel();
        self.running.await.unwrap();
        self.jobs
    }
}

/// Everything that a follower is told, and the end.
async fn follow(mut following: Following) -> (Vec<tidings_protocol::job::Update>, Last) {
    let mut updates = vec![following.update()];
    loop {
        if let Some(last) = following.last() {
            return (updates, last);
        }
        following.changed().await;
        updates.push(following.update());
    }
}

fn percent(value: f64) -> Option<Percent> {
    Some(Percent::try_from(value).unwrap())
}

/// A job of which nothing is known.
pub(crate) fn job(id: &str) -> Job {
    let user = id.split('~').next().unwrap_or_default();
    serde_json::from_value(json!({
        "id": id, "userId": user, "kind": "steps", "name": "Steps", "host": "box", "state": "queued", "version": 1,
        "progress": null, "message": "", "createdAt": 0, "startedAt": null, "updatedAt": 0, "endedAt": null,
    }))
    .unwrap()
}
