//! The project's own tasks: `cargo xtask setup`, `build`, `run`, `dev`, `lint`, `test` and the rest.
//!
//! - [`setup`]: what a task needs on this machine, installed if it is missing.
//! - [`ui`]: the web UI by Trunk, into `src-ui/dist`; [`size`] keeps it small.
//! - [`build`], [`run`], [`dev`], [`bundle`]: the programs.
//! - [`lint`], [`tidy`], [`mod@test`], [`prove`]: the checks.
//! - [`mod@bench`]: the server beside others.
//! - [`fuzz`]: what arrives from outside, made up by a fuzzer.
//! - [`icons`]: the icon set out of its one drawing.
//! - [`shell`], [`say`], [`paths`]: how steps are run, told, and where things lie.

pub mod bench;
pub mod build;
pub mod bundle;
pub mod dev;
pub mod fuzz;
pub mod icons;
pub mod lint;
pub mod paths;
pub mod prove;
pub mod run;
pub mod say;
pub mod setup;
pub mod shell;
pub mod size;
pub mod test;
pub mod tidy;
pub mod ui;
