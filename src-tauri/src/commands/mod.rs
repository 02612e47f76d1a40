//! What the web view may ask, one file a subject. A command delegates; it decides nothing.

pub(crate) mod alerts;
pub(crate) mod feed;
pub(crate) mod history;
pub(crate) mod inbox;
pub(crate) mod jobs;
pub(crate) mod notices;
pub(crate) mod processes;
pub(crate) mod servers;
pub(crate) mod trust;
