//! A command, from its start to its end.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{ChildStdin, Command};
use tokio::time::{Instant, sleep_until};

use super::environment::passed;
use crate::config::CommandConfig;
use crate::guard;
use crate::jobs::kind::{Failure, Outcome, Task, Work};
use crate::jobs::reporter::Reporter;
use crate::output::{Output, Pattern, Piece};

/// How much is read at once.
const BUFFER_BYTES: usize = 16 << 10;

/// How much is read in each [`TURN`]: a program that writes more than 10 MB or 100,000 lines a second waits at its full
/// pipe, and takes no more of the server's time than that.
const TURN_BYTES: usize = 1 << 20;

/// What a line costs, in bytes.
const LINE_BYTES: usize = 100;

/// See [`TURN_BYTES`].
const TURN: Duration = Duration::from_millis(100);

/// How long what is still in the pipes may take to come once the guard has ended, where something has escaped it and holds
/// them open.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How many of its last lines a failure quotes, and how much of each.
const QUOTED_LINES: usize = 3;
const QUOTED_BYTES: usize = 300;

/// A command that can be run.
pub(super) struct Run {
    pub(super) argv: Vec<String>,
    pub(super) pattern: Pattern,
    /// Where it runs; the home folder, or the root where there is none, unless it is said.
    pub(super) cwd: Option<PathBuf>,
    /// Makes a guard for it.
    pub(super) guard: fn(&[String]) -> io::Result<Command>,
}

impl Run {
    /// As the configuration says, below a guard.
    pub(super) fn guarded(config: &CommandConfig) -> Self {
        let CommandConfig { argv, pattern, cwd, .. } = config.clone();
        // It has been checked that it is one.
        let pattern = pattern.and_then(|pattern| Pattern::parse(&pattern).ok());
        let pattern = pattern.unwrap_or_else(|| Pattern::of_program(&argv));
        Self { argv, pattern, cwd, guard: |argv| guard::command(argv) }
    }
}

impl Work for Run {
    fn run(self: Box<Self>, task: Task) -> BoxFuture<'static, Result<Outcome, Failure>> {
        Box::pin(self.do_it(task))
    }
}

impl Run {
    async fn do_it(self, task: Task) -> Result<Outcome, Failure> {
        let cwd = self.cwd.or_else(dirs::home_dir).unwrap_or_else(|| PathBuf::from("/"));
        if !tokio::fs::metadata(&cwd).await.is_ok_and(|found| found.is_dir()) {
            let cwd = cwd.display();
            return Err(failure(format!("there is no folder {cwd} that it could run in"), None));
        }
        let mut command = (self.guard)(&self.argv)?;
        command.env_clear().envs(passed(std::env::vars_os())).current_dir(&cwd);
        let mut guard = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        // Whichever way this future ends, it lets go of this, and the guard ends all.
        let mut life_line: Option<ChildStdin> = guard.stdin.take();
        let mut out = Source::new(guard.stdout.take(), self.pattern.clone());
        let mut err = Source::new(guard.stderr.take(), self.pattern);
        let mut teller = Teller { reporter: task.reporter };
        let mut turn = Turn::default();
        let mut status: Option<ExitStatus> = None;
        let mut until = Instant::now();
        while status.is_none() || out.is_open() || err.is_open() {
            tokio::select! {
                read = out.read(), if out.is_open() && !turn.is_over() => {
                    turn.took(out.tell(read, &mut teller));
                }
                read = err.read(), if err.is_open() && !turn.is_over() => {
                    turn.took(err.tell(read, &mut teller));
                }
                () = sleep_until(turn.next), if turn.is_over() => turn = Turn::default(),
                () = task.cancelled.cancelled(), if life_line.is_some() => life_line = None,
                ended = guard.wait(), if status.is_none() => {
                    status = Some(ended?);
                    until = Instant::now() + LAST_WORDS;
                }
                () = sleep_until(until), if status.is_some() => break,
            }
        }
        out.finish(&mut teller);
        err.finish(&mut teller);
        let code = status.and_then(|status| status.code());
        end(&self.argv, code, &out.last, &err.last)
    }
}

/// One of the two outputs.
struct Source<R> {
    pipe: Option<R>,
    output: Output,
    buffer: Box<[u8; BUFFER_BYTES]>,
    /// Its last lines, for the case that the command fails.
    last: VecDeque<String>,
}

impl<R: AsyncRead + Unpin> Source<R> {
    fn new(pipe: Option<R>, pattern: Pattern) -> Self {
        let (buffer, last) = (Box::new([0; BUFFER_BYTES]), VecDeque::new());
        Self { pipe, output: Output::new(pattern), buffer, last }
    }

    fn is_open(&self) -> bool {
        self.pipe.is_some()
    }

    async fn read(&mut self) -> io::Result<usize> {
        match &mut self.pipe {
            Some(pipe) => pipe.read(&mut *self.buffer).await,
            None => Ok(0),
        }
    }

    /// Tells what was read, and says what that costs.
    fn tell(&mut self, read: io::Result<usize>, teller: &mut Teller) -> usize {
        let count = read.unwrap_or_default();
        if count == 0 {
            self.pipe = None;
        }
        let mut cost = count;
        self.output.feed(&self.buffer[..count], &mut |piece| {
            teller.take(&piece, &mut self.last);
            cost += LINE_BYTES;
        });
        cost
    }

    fn finish(&mut self, teller: &mut Teller) {
        self.output.finish(&mut |piece| teller.take(&piece, &mut self.last));
    }
}

/// How much may still be read, and when there may be more.
struct Turn {
    left: usize,
    next: Instant,
}

impl Default for Turn {
    fn default() -> Self {
        Self { left: TURN_BYTES, next: Instant::now() + TURN }
    }
}

impl Turn {
    fn took(&mut self, bytes: usize) {
        self.left = self.left.saturating_sub(bytes);
    }

    fn is_over(&self) -> bool {
        self.left == 0
    }
}

/// Tells what the command writes.
struct Teller {
    reporter: Reporter,
}

impl Teller {
    /// Tells a piece, and notes it among the `last` lines of where it was written.
    fn take(&mut self, piece: &Piece<'_>, last: &mut VecDeque<String>) {
        if let Some(seen) = piece.seen {
            self.reporter.amounts(Some(seen.percent), [seen.done, seen.total], seen.unit);
        }
        let start = &piece.plain[..piece.plain.len().min(QUOTED_BYTES)];
        let text = String::from_utf8_lossy(start).trim().replace(char::is_control, " ");
        if piece.is_overwritten {
            if !text.is_empty() {
                self.reporter.message(text);
            }
            return;
        }
        self.reporter.line(piece.plain.trim_ascii_end());
        if !text.is_empty() {
            last.push_back(text);
            if last.len() > QUOTED_LINES {
                last.pop_front();
            }
        }
    }
}

/// What came of a command with these last lines. Which of the two outputs it wrote to last nobody knows; what it says of a failure is
/// most likely in the second.
fn end(
    argv: &[String],
    code: Option<i32>,
    out: &VecDeque<String>,
    err: &VecDeque<String>,
) -> Result<Outcome, Failure> {
    let name = argv.first().map(Path::new).and_then(Path::file_name).unwrap_or_default();
    let name = name.to_string_lossy();
    let how = match code {
        Some(0) => {
            let last = out.back().or_else(|| err.back()).cloned();
            let message = last.unwrap_or_else(|| format!("{name} is done"));
            let result = json!({ "exitCode": 0 });
            return Ok(Outcome { message, result, exit_code: Some(0), ..Outcome::default() });
        }
        None => return Err(failure(format!("what guards {name} was killed"), None)),
        Some(code @ 129..=192) => format!("{name} was ended by signal {}", code - 128),
        Some(code) => format!("{name} ended with exit code {code}"),
    };
    let before = out.len().saturating_sub(QUOTED_LINES - err.len());
    let last: Vec<&str> = out.iter().skip(before).chain(err).map(String::as_str).collect();
    let message = if last.is_empty() { how } else { format!("{how}: {}", last.join("; ")) };
    Err(failure(message, code))
}

fn failure(message: String, exit_code: Option<i32>) -> Failure {
    Failure { message, exit_code }
}
