//! What a task tells the person at the terminal. The only place of this crate that prints.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "talking to a terminal is the job of this module"
)]

use std::io::{IsTerminal, Write, stdin, stdout};
use std::process::ExitCode;
use std::time::Duration;

/// A line of plain information.
pub fn info(line: &str) {
    println!("{line}");
}

/// The command line of a step that is about to run.
pub fn step(line: &str) {
    // Flushed, or the line would follow the step's own output where stdout is a pipe.
    println!("$ {line}");
    let _ = stdout().flush();
}

/// Something that did not go as it should, and does not stop the task.
pub fn warning(line: &str) {
    eprintln!("warning: {line}");
}

/// Whether to go on: asked on a terminal only, never in CI. Whoever cannot be asked has agreed by
/// calling the task.
#[must_use]
pub fn agreed(question: &str) -> bool {
    if std::env::var_os("CI").is_some() || !stdin().is_terminal() || !stdout().is_terminal() {
        return true;
    }
    print!("{question} [Y/n] ");
    let _ = stdout().flush();
    let mut answer = String::new();
    if stdin().read_line(&mut answer).is_err() {
        return false;
    }
    matches!(answer.trim().to_lowercase().as_str(), "" | "y" | "yes")
}

/// The last line of a task: the time it took or why it failed, and the exit code that says the same.
#[must_use]
pub fn end(done: anyhow::Result<ExitCode>, took: Duration) -> ExitCode {
    let took = duration(took);
    match done {
        Ok(code) if code == ExitCode::SUCCESS => {
            println!("done in {took}");
            code
        }
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}\nfailed after {took}");
            ExitCode::FAILURE
        }
    }
}

/// A duration in words: `0.4 s`, `12 s`, `3 min 12 s`.
#[must_use]
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_told_in_the_unit_that_fits() {
        assert_eq!(duration(Duration::from_millis(420)), "0.4 s");
        assert_eq!(duration(Duration::from_secs(12)), "12 s");
        assert_eq!(duration(Duration::from_secs(192)), "3 min 12 s");
    }
}
