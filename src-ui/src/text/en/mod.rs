//! English.

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

pub use alerts::Alerts;
pub use data::Data;
pub use figures::Figures;
pub use help::Help;
pub use inbox::Inbox;
pub use jobs::Jobs;
pub use notice::Notice;
pub use panels::Panels;
pub use processes::Processes;
pub use servers::Servers;
pub use settings::Settings;
pub use shell::Shell;
pub use sign_in::SignIn;
pub use states::States;
pub use times::Times;
