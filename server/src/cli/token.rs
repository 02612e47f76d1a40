//! `tidings token`

use std::error::Error;
use std::io::{self, Write};
use std::time::Duration;

use clap::{Args, Subcommand};
use tidings_protocol::api::{NewToken, TokenInfo, User};
use tidings_protocol::scope::Scope;

use super::connection::Connection;
use super::user::find;
use super::{duration, say, whole_seconds};
use crate::clock;
use crate::collectors::machine_name;

/// What `tidings token` does.
#[derive(Debug, Subcommand)]
pub(super) enum Token {
    /// Make a token, and print it: the only time it can be seen.
    Create(Create),
    /// List the tokens that may be used.
    List(List),
    /// Revoke a token: requests with it are refused from then on.
    Revoke(Revoke),
}

/// Flags of `tidings token create`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  tidings token create --name ci --scope publish:app/builds --expires 30d
  tidings token create --name wall --scope 'read:app/*' > token

The token is all there is on standard output.")]
pub(super) struct Create {
    /// Name of the user it acts for [default: whoever makes it]
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// What people call it [default: this machine's name]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// What it may do: read: or publish:, and a topic, a prefix ending in /* or ~*, or *; or notify, inbox, jobs or
    /// process; may be repeated. With --user it may be left away: read:* and publish:*
    #[arg(long = "scope", value_name = "SCOPE", required_unless_present = "user")]
    scopes: Vec<Scope>,
    /// Time until it expires, as in 12h or 30d [default: never]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    expires: Option<Duration>,
    #[command(flatten)]
    connection: Connection,
}

/// Flags of `tidings token list`.
#[derive(Args, Debug)]
pub(super) struct List {
    /// Name of the user whose tokens to list [default: everybody's, as far as you may see them]
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Flags of `tidings token revoke`.
#[derive(Args, Debug)]
pub(super) struct Revoke {
    /// Id of the token, as `tidings token list` shows it
    id: String,
    #[command(flatten)]
    connection: Connection,
}

impl Token {
    pub(super) fn run(self) -> Result<(), Box<dyn Error>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            match self {
                Self::Create(create) => create.run().await,
                Self::List(list) => list.run().await,
                Self::Revoke(revoke) => revoke.run().await,
            }
        })
    }
}

impl Create {
    async fn run(self) -> Result<(), Box<dyn Error>> {
        let mut scopes: Vec<_> = self.scopes.iter().map(ToString::to_string).collect();
        if scopes.is_empty() {
            scopes.extend(["read:*", "publish:*"].map(str::to_owned));
        }
        let client = self.connection.client().await?;
        let user_id = match &self.user {
            Some(name) => Some(find(&client, name).await?.id),
            None => None,
        };
        let new = NewToken {
            name: self.name.unwrap_or_else(machine_name),
            scopes,
            expires_in_seconds: self.expires.map(whole_seconds),
            user_id,
        };
        let created = client.create_token(&new).await?;
        let info = &created.info;
        say::note(format_args!(
            "made the token {} ({}); it is shown this once",
            info.id, info.name
        ));
        // Not as an answer that nobody need read: it is lost if it is not read now.
        writeln!(io::stdout(), "{}", created.token)?;
        Ok(())
    }
}

impl List {
    async fn run(self) -> Result<(), Box<dyn Error>> {
        let client = self.connection.client().await?;
        let user = match &self.user {
            Some(name) => Some(find(&client, name).await?),
            None => None,
        };
        let tokens = client.tokens(user.as_ref().map(|user| user.id.as_str())).await?;
        if self.json {
            say::answer(serde_json::to_string(&tokens)? + "\n")?;
        } else if tokens.is_empty() {
            say::note("there are no tokens; `tidings token create` makes one");
        } else {
            let users = client.users().await?;
            say::answer(table(&tokens, &users, clock::now_ms()))?;
        }
        Ok(())
    }
}

impl Revoke {
    async fn run(self) -> Result<(), Box<dyn Error>> {
        self.connection.client().await?.revoke_token(&self.id).await?;
        say::note(format_args!("revoked the token {}", self.id));
        Ok(())
    }
}

fn table(tokens: &[TokenInfo], users: &[User], now: u64) -> String {
    // A user who was added in between goes by the id.
    let user_of = |token: &TokenInfo| {
        let user = users.iter().find(|user| user.id == token.user_id);
        user.map_or_else(|| token.user_id.clone(), |user| user.name.clone())
    };
    let width = |column: &dyn Fn(&TokenInfo) -> String| {
        let longest = tokens.iter().map(|token| column(token).chars().count()).max();
        longest.unwrap_or_default().max("NAME".len())
    };
    let (name_width, user_width) = (width(&|token| token.name.clone()), width(&user_of));
    let mut text = format!(
        "{:12}  {:name_width$}  {:user_width$}  {:10}  SCOPES\n",
        "ID", "NAME", "USER", "EXPIRES"
    );
    for token in tokens {
        let TokenInfo { id, name, expires_at, scopes, .. } = token;
        let (user, scopes) = (user_of(token), scopes.join(" "));
        let expires =
            expires_at.map_or_else(|| "never".to_owned(), |at| left(at.saturating_sub(now)));
        let line =
            format!("{id:12}  {name:name_width$}  {user:user_width$}  {expires:10}  {scopes}");
        text += &say::visible(&line);
        text.push('\n');
    }
    text
}

/// A time to come, rounded to its largest unit.
fn left(ms: u64) -> String {
    let seconds = ms.div_ceil(1_000);
    let (unit, name) = match seconds {
        0..60 => (1, 's'),
        60..3_600 => (60, 'm'),
        3_600..86_400 => (3_600, 'h'),
        _ => (86_400, 'd'),
    };
    format!("in {}{name}", (seconds + unit / 2) / unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_protocol::api::Role;

    #[test]
    fn a_list_has_a_line_for_each_token() {
        let token = |id: &str, name: &str, user_id: &str, expires_at| TokenInfo {
            id: id.to_owned(),
            name: name.to_owned(),
            user_id: user_id.to_owned(),
            scopes: vec!["read:a/*".to_owned(), "publish:b".to_owned()],
            created_at: 0,
            expires_at,
        };
        let user = |id: &str, name: &str| User {
            id: id.to_owned(),
            name: name.to_owned(),
            role: Role::Viewer,
        };
        let day = 86_400_000;
        let tokens = [
            token("3f2a3f2a3f2a", "ci", "owner", Some(30 * day)),
            token("1", "größer", "77", None),
        ];
        assert_eq!(
            table(&tokens, &[user("owner", "Eve Ö.")], 1),
            "ID            NAME    USER    EXPIRES     SCOPES\n\
             3f2a3f2a3f2a  ci      Eve Ö.  in 30d      read:a/* publish:b\n\
             1             größer  77      never       read:a/* publish:b\n"
        );
        let times = [58_001, 60_000, 100_000, 3_600_000, day, 40 * day / 24].map(left);
        assert_eq!(times, ["in 59s", "in 1m", "in 2m", "in 1h", "in 1d", "in 2d"]);
    }
}
