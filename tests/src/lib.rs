//! Stories that run against real processes.
