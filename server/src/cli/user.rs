//! `tidings user`

use std::error::Error;
use std::io::{self, IsTerminal as _, Read as _, Write as _};

use clap::{Args, Subcommand};
use tidings_client::{Client, ClientError};
use tidings_protocol::api::users::MAX_PASSWORD_BYTES;
use tidings_protocol::api::{ChangedUser, NewUser, Password, Role, User as Person};

use super::connection::Connection;
use super::say;

/// What `tidings user` does.
#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// Add a user, who signs in by name and password.
    Add(Add),
    /// List the users.
    List(List),
    /// Set a user's password: everybody who signed in by the old one must do so again.
    Passwd(Passwd),
    /// Give a user another role. A lower one revokes the tokens that may do more.
    Role(NewRole),
    /// Remove a user with all tokens and sessions; what they have open ends.
    Remove(Remove),
}

/// Flags of `tidings user add`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  tidings user add Ada --role publisher
  tidings user add ci --role publisher --no-password
  pass show tidings/ada | tidings user add Ada --password-stdin

Viewers read, publishers send events as well, admins do everything.")]
pub(super) struct Add {
    /// What people call them; case does not count
    name: String,
    /// What they may do: viewer, publisher or admin
    #[arg(long, value_name = "ROLE", default_value = "viewer")]
    role: Role,
    #[command(flatten)]
    password: PasswordSource,
    /// They sign in nowhere, and have tokens alone
    #[arg(long, conflicts_with = "password_stdin")]
    no_password: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Flags of `tidings user list`.
#[derive(Args, Debug)]
pub(super) struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Flags of `tidings user passwd`.
#[derive(Args, Debug)]
pub(super) struct Passwd {
    /// Name of the user
    name: String,
    #[command(flatten)]
    password: PasswordSource,
    #[command(flatten)]
    connection: Connection,
}

/// Flags of `tidings user role`.
#[derive(Args, Debug)]
pub(super) struct NewRole {
    /// Name of the user
    name: String,
    /// What they may do from now on: viewer, publisher or admin
    role: Role,
    #[command(flatten)]
    connection: Connection,
}

/// Flags of `tidings user remove`.
#[derive(Args, Debug)]
pub(super) struct Remove {
    /// Name of the user
    name: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Where a password comes from: never from the arguments, which every user of the machine can read.
#[derive(Args, Debug)]
struct PasswordSource {
    /// Read the password from standard input [default: ask for it on the terminal]
    #[arg(long)]
    password_stdin: bool,
}

/// Why a command was not even sent.
#[derive(Debug, thiserror::Error)]
enum UserError {
    #[error("there is no user {0:?}; `tidings user list` shows all")]
    NoSuchUser(String),
    #[error(
        "there is no terminal to ask for a password; use --password-stdin, or --no-password where there is to be none"
    )]
    NoTerminal,
    #[error("the two are not the same")]
    Different,
    #[error("standard input has more than {MAX_PASSWORD_BYTES} bytes, or is no text")]
    Unreadable,
    #[error("nobody was removed; without a terminal to ask on, use --yes")]
    Unasked,
    #[error("nobody was removed")]
    Kept,
}

impl User {
    pub(super) fn run(self) -> Result<(), Box<dyn Error>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            match self {
                Self::Add(add) => add.run().await,
                Self::List(list) => list.run().await,
                Self::Passwd(passwd) => passwd.run().await,
                Self::Role(role) => role.run().await,
                Self::Remove(remove) => remove.run().await,
            }
        })
    }
}

impl Add {
    async fn run(self) -> Result<(), Box<dyn Error>> {
        let client = self.connection.client().await?;
        let password = (!self.no_password).then(|| self.password.read(&self.name)).transpose()?;
        let user = client.add_user(&NewUser { name: self.name, role: self.role, password }).await?;
        say::note(format_args!("added the user {} ({}), a {}", user.name, user.id, user.role));
        Ok(())
    }
}

impl List {
    async fn run(self) -> Result<(), Box<dyn Error>> {
        let users = self.connection.client().await?.users().await?;
        let text = if self.json { serde_json::to_string(&users)? + "\n" } else { table(&users) };
        Ok(say::answer(text)?)
    }
}

impl Passwd {
    async fn run(self) -> Result<(), Box<dyn Error>> {
        let client = self.connection.client().await?;
        let user = find(&client, &self.name).await?;
        let password = Some(self.password.read(&user.name)?);
        client.change_user(&user.id, &ChangedUser { password, ..ChangedUser::default() }).await?;
        say::note(format_args!("set the password of {}; all their sessions have ended", user.name));
        Ok(())
    }
}

impl NewRole {
    async fn run(self) -> Result<(), Box<dyn Error>> {
        let client = self.connection.client().await?;
        let user = find(&client, &self.name).await?;
        let role = Some(self.role);
        let after =
            client.change_user(&user.id, &ChangedUser { role, ..ChangedUser::default() }).await?;
        let Person { name, role, .. } = after.user;
        say::note(format_args!("{name} is a {role} now{}", revoked(after.revoked_tokens)));
        Ok(())
    }
}

impl Remove {
    async fn run(self) -> Result<(), Box<dyn Error>> {
        let client = self.connection.client().await?;
        let user = find(&client, &self.name).await?;
        if !self.yes {
            confirm(&user)?;
        }
        client.remove_user(&user.id).await?;
        say::note(format_args!("removed the user {} ({})", user.name, user.id));
        Ok(())
    }
}

/// What to say of tokens that ended with the role.
fn revoked(tokens: usize) -> String {
    match tokens {
        0 => String::new(),
        1 => "; revoked one token, which may do more than that".to_owned(),
        some => format!("; revoked {some} tokens, which may do more than that"),
    }
}

/// The user of that name, which the server must know.
pub(super) async fn find(client: &Client, name: &str) -> Result<Person, Box<dyn Error>> {
    let found: Result<_, ClientError> = client.user_named(name).await;
    Ok(found?.ok_or_else(|| UserError::NoSuchUser(name.to_owned()))?)
}

impl PasswordSource {
    /// Reads it, without the line end that `echo` puts behind it.
    fn read(&self, name: &str) -> Result<Password, Box<dyn Error>> {
        if self.password_stdin {
            return Ok(of_input(io::stdin().lock())?);
        }
        if !io::stdin().is_terminal() {
            return Err(UserError::NoTerminal.into());
        }
        let ask = |what: &str| rpassword::prompt_password(format!("{what}: "));
        let password = ask(&format!("Password for {}", say::visible(name)))?;
        if ask("The same again")? != password {
            return Err(UserError::Different.into());
        }
        Ok(Password::from(password))
    }
}

fn of_input(input: impl io::Read) -> Result<Password, UserError> {
    let mut text = String::new();
    // Room for a line end, and for one byte too many.
    let most = MAX_PASSWORD_BYTES as u64 + 3;
    input.take(most).read_to_string(&mut text).map_err(|_| UserError::Unreadable)?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.len() > MAX_PASSWORD_BYTES {
        return Err(UserError::Unreadable);
    }
    Ok(Password::from(text.to_owned()))
}

fn confirm(user: &Person) -> Result<(), Box<dyn Error>> {
    if !io::stdin().is_terminal() {
        return Err(UserError::Unasked.into());
    }
    let name = say::visible(&user.name);
    write!(io::stderr(), "Remove {name}, a {}, with all tokens and sessions? [y/N] ", user.role)?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    let is_yes = matches!(answer.trim().to_lowercase().as_str(), "y" | "yes");
    is_yes.then_some(()).ok_or_else(|| UserError::Kept.into())
}

fn table(users: &[Person]) -> String {
    let name = |user: &Person| user.name.chars().count();
    let width = users.iter().map(name).max().unwrap_or_default().max("NAME".len());
    let mut text = format!("{:12}  {:width$}  ROLE\n", "ID", "NAME");
    for Person { id, name, role } in users {
        text += &say::visible(&format!("{id:12}  {name:width$}  {role}"));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_a_line_for_each_user() {
        let user = |id: &str, name: &str, role| {
            let (id, name) = (id.to_owned(), name.to_owned());
            Person { id, name, role }
        };
        let users =
            [user("owner", "owner", Role::Admin), user("3f2a3f2a3f2a", "Größe", Role::Viewer)];
        assert_eq!(
            table(&users),
            "ID            NAME   ROLE\n\
             owner         owner  admin\n\
             3f2a3f2a3f2a  Größe  viewer\n"
        );
    }

    #[test]
    fn a_password_from_standard_input_is_all_of_it_but_one_line_end() {
        let read = |text: &str| of_input(text.as_bytes()).ok().map(|read| read.expose().to_owned());
        assert_eq!(read("correct horse\n").as_deref(), Some("correct horse"));
        assert_eq!(read(" two \r\n").as_deref(), Some(" two "));
        assert_eq!(read("a\n\n").as_deref(), Some("a\n"));
        let longest = "x".repeat(MAX_PASSWORD_BYTES);
        assert_eq!(read(&format!("{longest}\r\n")), Some(longest.clone()));
        assert_eq!(read(&format!("{longest}xxx\n")), None);
        assert!(of_input(&b"\xff"[..]).is_err());
    }
}
