//! What a job was started with, by name. The types were checked against what its kind asks for; what is missing all the
//! same is refused rather than guessed.

use tidings_protocol::job::{ArgValue, Args};

use super::kind::Refused;

/// A text; none if there is none, or an empty one.
pub(super) fn text<'a>(args: &'a Args, name: &str) -> Result<Option<&'a str>, Refused> {
    match args.get(name) {
        None => Ok(None),
        Some(ArgValue::Text(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
        Some(_) => Err(Refused::Argument(format!("`{name}` is a text"))),
    }
}

/// A path, which must be there.
pub(super) fn path<'a>(args: &'a Args, name: &str) -> Result<&'a str, Refused> {
    text(args, name)?.ok_or_else(|| Refused::Argument(format!("`{name}` is missing")))
}

/// A whole number.
pub(super) fn integer(args: &Args, name: &str, default: i64) -> Result<i64, Refused> {
    match args.get(name) {
        None => Ok(default),
        Some(ArgValue::Integer(value)) => Ok(*value),
        Some(_) => Err(Refused::Argument(format!("`{name}` is a whole number"))),
    }
}

/// Yes or no.
pub(super) fn bool(args: &Args, name: &str, default: bool) -> Result<bool, Refused> {
    match args.get(name) {
        None => Ok(default),
        Some(ArgValue::Bool(value)) => Ok(*value),
        Some(_) => Err(Refused::Argument(format!("`{name}` is true or false"))),
    }
}

/// What a look at the disk, which may take its time, says of an argument.
pub(super) async fn looked_up<T: Send + 'static>(
    look: impl FnOnce() -> Result<T, Refused> + Send + 'static,
) -> Result<T, Refused> {
    let broken = || Refused::Unavailable("the server could not look at its disk".to_owned());
    tokio::task::spawn_blocking(look).await.unwrap_or_else(|_| Err(broken()))
}
