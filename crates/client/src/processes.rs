//! Requests about the processes of the server's machine.

use tidings_protocol::api::{path, query};
use tidings_protocol::processes::{MAX_COMMAND_BYTES, MAX_NAME_BYTES, MAX_ROWS, ProcessTable};

use crate::client::Client;
use crate::error::ClientError;

/// Longest table, in bytes: texts with every character escaped, a user's name for each, and numbers.
const LONGEST: usize = MAX_ROWS * (6 * (MAX_COMMAND_BYTES + MAX_NAME_BYTES) + 512) + 10_000;

impl Client {
    /// Every process of the server's machine.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses, as it does whoever is no admin.
    pub async fn processes(&self) -> Result<ProcessTable, ClientError> {
        let request = self.get(self.route(path::MACHINE_PROCESSES));
        Ok(self.ask_for(request, LONGEST).await?.json().await?)
    }

    /// Asks the process of this id and beginning to end, or ends it by force.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses: with the code `no_such_process` if it has ended.
    pub async fn end_process(&self, pid: u32, start: u64, force: bool) -> Result<(), ClientError> {
        let mut url = self.one_of(path::MACHINE_PROCESSES, &pid.to_string());
        url.query_pairs_mut().append_pair(query::START, &start.to_string());
        if force {
            url.query_pairs_mut().append_pair(query::FORCE, "true");
        }
        self.ask(self.delete(url)).await.map(drop)
    }
}
