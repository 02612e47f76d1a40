//! German.

pub(super) mod alerts;
pub(super) mod data;
pub(super) mod figures;
pub(super) mod help;
pub(super) mod inbox;
pub(super) mod jobs;
pub(super) mod notice;
pub(super) mod panels;
pub(super) mod processes;
pub(super) mod servers;
pub(super) mod settings;
pub(super) mod shell;
pub(super) mod sign_in;
pub(super) mod states;
pub(super) mod times;
