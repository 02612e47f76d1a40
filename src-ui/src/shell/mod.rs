//! What stands around the panels: the header, notices, sign-in, help.

mod account;
mod header;
mod help;
mod notice;
mod refused;
mod updated;

pub use header::Header;
pub use help::Help;
pub use notice::Notice;
pub use refused::Refused;
pub use updated::Updated;
