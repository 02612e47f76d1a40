//! What the figures of a machine were.

use bytes::Bytes;
use tidings_protocol::api::{path, query};
use tidings_protocol::history::History;
use url::Url;

use crate::client::Client;
use crate::error::ClientError;

/// Longest answer that is read, in bytes: as many series and points as there may be, of ten letters each.
const LONGEST: usize = 16 << 20;

/// What to ask of the past.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Metrics, or patterns of several; at least one.
    pub metrics: Vec<String>,
    /// How far back, as in `90s`, `1h` or `7d`; an hour without it.
    pub range: Option<String>,
    /// The machine; the server's own without it.
    pub host: Option<String>,
    /// How many significant digits, 1 to 7; all that are kept without it.
    pub digits: Option<u8>,
}

impl Client {
    /// What figures of a machine were, as columns.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses, as with the code `unknown_metric`.
    pub async fn history(&self, asked: &HistoryQuery) -> Result<History, ClientError> {
        let request = self.get(self.history_url(asked));
        Ok(self.ask_for(request, LONGEST).await?.json().await?)
    }

    /// The same as a sheet: CSV, a row for each time.
    ///
    /// # Errors
    ///
    /// As [`history`](Self::history).
    pub async fn history_csv(&self, asked: &HistoryQuery) -> Result<Bytes, ClientError> {
        let mut url = self.history_url(asked);
        url.query_pairs_mut().append_pair(query::FORMAT, "csv");
        Ok(self.ask_for(self.get(url), LONGEST).await?.bytes().await?)
    }

    fn history_url(&self, asked: &HistoryQuery) -> Url {
        let mut url = self.route(path::METRICS_HISTORY);
        let mut pairs = url.query_pairs_mut();
        for metric in &asked.metrics {
            pairs.append_pair(query::METRIC, metric);
        }
        for (key, value) in [(query::RANGE, &asked.range), (query::HOST, &asked.host)] {
            if let Some(value) = value {
                pairs.append_pair(key, value);
            }
        }
        if let Some(digits) = asked.digits {
            pairs.append_pair(query::DIGITS, &digits.to_string());
        }
        drop(pairs);
        url
    }
}
