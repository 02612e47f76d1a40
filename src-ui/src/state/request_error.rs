//! Why a request brought nothing: kept as it is, and put into words where it is shown, in the language of then.

use std::rc::Rc;

use tidings_protocol::api::ErrorCode;

use super::alerts::sentence;
use super::connection::unreachable;
use crate::text::{fill, text};

/// An answer that is no success, or none at all. Behind a pointer, since every request hands it on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestError(Rc<Kind>);

/// What it is.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    /// No answer came, for a reason as [`unreachable()`] takes it.
    Network(String),
    /// The server said no.
    Status {
        /// HTTP status code.
        status: u16,
        /// Why, for programs.
        code: ErrorCode,
        /// Why, for people.
        message: String,
        /// `Retry-After`, in seconds.
        retry_after: Option<u32>,
    },
    /// The answer is none of this protocol.
    Unreadable,
    /// The app says what is wrong itself: that its server could not be asked, or what else.
    App {
        /// Why, for people.
        message: String,
        /// Whether it was the server that could not be asked.
        is_of_server: bool,
    },
}

impl RequestError {
    /// No answer came, for a reason as [`unreachable()`] takes it.
    #[must_use]
    pub fn network(detail: String) -> Self {
        Self(Rc::new(Kind::Network(detail)))
    }

    /// The server said no: with this HTTP status, why for programs and for people, and its `Retry-After` in seconds.
    #[must_use]
    pub fn status(status: u16, code: ErrorCode, message: String, retry_after: Option<u32>) -> Self {
        Self(Rc::new(Kind::Status { status, code, message, retry_after }))
    }

    /// The answer is none of this protocol.
    #[must_use]
    pub fn unreadable() -> Self {
        Self(Rc::new(Kind::Unreadable))
    }

    /// The app says what is wrong itself: that its server could not be asked, if it is `of_server`, or what else.
    #[must_use]
    pub fn app(message: String, is_of_server: bool) -> Self {
        Self(Rc::new(Kind::App { message, is_of_server }))
    }

    /// The cause, for people.
    #[must_use]
    pub fn explain(&self) -> String {
        match &*self.0 {
            Kind::Network(detail) => unreachable(detail),
            Kind::Status { message, .. } | Kind::App { message, .. } => sentence(message),
            Kind::Unreadable => text().sign_in.unreadable.to_owned(),
        }
    }

    /// The cause where a list was asked for, which an old server may not have: that is told by `too_old`.
    #[must_use]
    pub fn explain_list(&self, too_old: &str) -> String {
        if self.is_not_found() { too_old.to_owned() } else { self.explain() }
    }

    /// The cause of a sign-in or sign-out that failed, and what to do next.
    #[must_use]
    pub fn explain_sign_in(&self) -> String {
        let words = &text().sign_in;
        let Kind::Status { code, retry_after, .. } = &*self.0 else { return self.explain() };
        let known = match (code, retry_after) {
            (ErrorCode::InvalidCredentials, _) => words.wrong,
            (ErrorCode::RateLimited, Some(seconds)) => {
                return fill(words.too_many, &[&seconds.to_string()]);
            }
            (ErrorCode::RateLimited, None) => words.too_many_wait,
            (ErrorCode::InvalidCode, _) => words.link_used,
            (ErrorCode::Unauthorized, _) => words.unknown_token,
            _ => return self.explain(),
        };
        known.to_owned()
    }

    /// Why, for programs.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match *self.0 {
            Kind::Status { code, .. } => code,
            _ => ErrorCode::Unknown,
        }
    }

    /// The HTTP status; 0 where no server said no.
    #[must_use]
    pub fn http_status(&self) -> u16 {
        match *self.0 {
            Kind::Status { status, .. } => status,
            _ => 0,
        }
    }

    /// What server, app or system say of it; empty where nobody does.
    #[must_use]
    pub fn message(&self) -> &str {
        match &*self.0 {
            Kind::Network(message) | Kind::Status { message, .. } | Kind::App { message, .. } => {
                message
            }
            Kind::Unreadable => "",
        }
    }

    /// Whether the server has no such thing.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.http_status() == 404
    }

    /// Whether the same request may go well a little later.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(
            &*self.0,
            Kind::Network(_)
                | Kind::Status { status: 429 | 500.., .. }
                | Kind::App { is_of_server: true, .. }
        )
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::connection::NO_ANSWER;
    use super::*;
    use crate::text::{Language, Marks, choose};

    /// What a server says of a request that it refuses.
    pub(in crate::state) fn refused(code: ErrorCode, message: &str) -> RequestError {
        let status = if code == ErrorCode::NotFound { 404 } else { 400 };
        RequestError::status(status, code, message.to_owned(), None)
    }

    #[test]
    fn what_the_app_says_itself_is_said_once_and_tried_again_only_where_the_server_is_away() {
        let told = |is_of_server| {
            let message = "the server cannot be reached: connection refused".to_owned();
            RequestError::app(message, is_of_server)
        };
        assert_eq!(told(true).explain(), "The server cannot be reached: connection refused.");
        assert!(told(true).may_pass() && !told(false).may_pass());
    }

    #[test]
    fn an_error_that_is_kept_is_told_in_the_language_of_whoever_looks_at_it() {
        let errors = [
            RequestError::network(NO_ANSWER.to_owned()),
            RequestError::unreadable(),
            refused(ErrorCode::InvalidCredentials, "no"),
        ];
        let told = || errors.each_ref().map(RequestError::explain_sign_in);
        let english = told();
        assert_eq!(english[0], "The server could not be reached: it does not answer.");
        choose(Language::German, "de", Marks::ENGLISH);
        let german = told();
        choose(Language::English, "", Marks::ENGLISH);
        assert!(english.iter().zip(&german).all(|(before, now)| before != now), "{german:?}");
        assert_eq!(english, told());
    }

    #[test]
    fn what_a_server_says_is_told_as_it_comes() {
        let error = refused(ErrorCode::QueueFull, "as many jobs wait as may");
        assert_eq!(error.explain(), "As many jobs wait as may.");
        assert_eq!(error.explain_sign_in(), error.explain());
        assert_eq!(
            RequestError::network(String::new()).explain(),
            "The server could not be reached."
        );
    }
}
