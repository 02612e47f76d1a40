//! Tokens in a file that is not used.

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use super::{SqliteStore, signed};

impl SqliteStore {
    /// Whether the file at `path` holds tokens that are good at `now`, in ms since the epoch. Leaves it as it is; one that
    /// cannot be read has none.
    pub async fn has_tokens(path: &Path, now: u64) -> bool {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        // Without a log nothing need be made beside the file to read it.
        let is_whole = !Path::new(&log).exists();
        let options = SqliteConnectOptions::new().filename(path).read_only(true);
        let look = async {
            let mut on = options.immutable(is_whole).disable_statement_logging().connect().await?;
            let any = "SELECT EXISTS (SELECT 1 FROM tokens \
                       WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?))";
            let any = sqlx::query_scalar(any).bind(signed(now)).fetch_one(&mut on).await?;
            on.close().await?;
            Ok::<bool, sqlx::Error>(any)
        };
        look.await.unwrap_or_default()
    }
}
