//! Alerts: rules, how they stand, and changes of them.

use tidings_protocol::alert::{Alert, AlertChange, AlertRule};
use tidings_protocol::api::path;

use crate::client::Client;
use crate::error::ClientError;

/// Longest list of rules that is read, in bytes. As many rules as there may be, each with as many figures, would be more; no machine has those.
const LONGEST_LIST: usize = 16 << 20;

impl Client {
    /// Every rule and how it stands, those of the server's configuration first.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses.
    pub async fn alerts(&self) -> Result<Vec<Alert>, ClientError> {
        let request = self.get(self.route(path::ALERTS));
        Ok(self.ask_for(request, LONGEST_LIST).await?.json().await?)
    }

    /// Makes a rule, and returns it with its state.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses; only an admin makes rules.
    pub async fn create_alert(&self, rule: &AlertRule) -> Result<Alert, ClientError> {
        Ok(self.ask(self.post(self.route(path::ALERTS)).json(rule)).await?.json().await?)
    }

    /// Changes the rule with this id, and returns what became of it.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses, or knows no such rule.
    pub async fn change_alert(&self, id: &str, change: &AlertChange) -> Result<Alert, ClientError> {
        let request = self.patch(self.one_of(path::ALERTS, id)).json(change);
        Ok(self.ask(request).await?.json().await?)
    }

    /// Removes the rule with this id.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses, or knows no such rule.
    pub async fn remove_alert(&self, id: &str) -> Result<(), ClientError> {
        self.ask(self.delete(self.one_of(path::ALERTS, id))).await.map(drop)
    }
}
