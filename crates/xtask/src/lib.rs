//! The project's own tasks: set-up, build, run, lint, test.
