//! The areas.

use super::{de, en};

/// All texts of a language.
#[derive(Debug)]
pub struct Text {
    /// The rules that figures are held to.
    pub alerts: en::Alerts,
    /// Events and topics as they come.
    pub data: en::Data,
    /// What each kind of figure says.
    pub figures: en::Figures,
    /// What the help says.
    pub help: en::Help,
    /// Notifications, in the inbox and as toasts.
    pub inbox: en::Inbox,
    /// The jobs.
    pub jobs: en::Jobs,
    /// What the notice says of the connection.
    pub notice: en::Notice,
    /// The panels of figures.
    pub panels: en::Panels,
    /// The processes of a machine.
    pub processes: en::Processes,
    /// The servers that the desktop knows.
    pub servers: en::Servers,
    /// What the settings dialog says.
    pub settings: en::Settings,
    /// What stands around the panels.
    pub shell: en::Shell,
    /// The card that asks who somebody is.
    pub sign_in: en::SignIn,
    /// How connection and panels stand.
    pub states: en::States,
    /// Times and how long they last.
    pub times: en::Times,
}

/// English.
pub(super) static EN: Text = Text {
    alerts: en::alerts::TEXTS,
    data: en::data::TEXTS,
    figures: en::figures::TEXTS,
    help: en::help::TEXTS,
    inbox: en::inbox::TEXTS,
    jobs: en::jobs::TEXTS,
    notice: en::notice::TEXTS,
    panels: en::panels::TEXTS,
    processes: en::processes::TEXTS,
    servers: en::servers::TEXTS,
    settings: en::settings::TEXTS,
    shell: en::shell::TEXTS,
    sign_in: en::sign_in::TEXTS,
    states: en::states::TEXTS,
    times: en::times::TEXTS,
};

/// German.
pub(super) static DE: Text = Text {
    alerts: de::alerts::TEXTS,
    data: de::data::TEXTS,
    figures: de::figures::TEXTS,
    help: de::help::TEXTS,
    inbox: de::inbox::TEXTS,
    jobs: de::jobs::TEXTS,
    notice: de::notice::TEXTS,
    panels: de::panels::TEXTS,
    processes: de::processes::TEXTS,
    servers: de::servers::TEXTS,
    settings: de::settings::TEXTS,
    shell: de::shell::TEXTS,
    sign_in: de::sign_in::TEXTS,
    states: de::states::TEXTS,
    times: de::times::TEXTS,
};

#[cfg(test)]
impl Text {
    /// All of them, each with its name.
    pub(super) fn all(&self) -> Vec<(&'static str, &'static str)> {
        let areas = [
            self.alerts.all(),
            self.data.all(),
            self.figures.all(),
            self.help.all(),
            self.inbox.all(),
            self.jobs.all(),
            self.notice.all(),
            self.panels.all(),
            self.processes.all(),
            self.servers.all(),
            self.settings.all(),
            self.shell.all(),
            self.sign_in.all(),
            self.states.all(),
            self.times.all(),
        ];
        areas.concat()
    }
}
