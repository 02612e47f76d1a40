//! How the app stands with its server, in the words of the tray. Pure.

use tidings_client::{ClientError, State};
use tidings_feed::NoticeSettings;

use super::summary::Summary;

/// Where the connection stands, without times: what is said of it changes only when it does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Standing {
    #[default]
    Connecting,
    Live,
    Degraded,
    Stale,
    Reconnecting,
    Offline,
    Unauthorized,
    Incompatible,
}

impl From<State> for Standing {
    fn from(state: State) -> Self {
        match state {
            State::Connecting => Self::Connecting,
            State::Live => Self::Live,
            State::Degraded => Self::Degraded,
            State::Stale => Self::Stale,
            State::Reconnecting { .. } => Self::Reconnecting,
            State::Offline => Self::Offline,
            State::Unauthorized => Self::Unauthorized,
            State::Incompatible => Self::Incompatible,
        }
    }
}

impl From<&ClientError> for Standing {
    fn from(error: &ClientError) -> Self {
        match error {
            ClientError::Unreachable(_) | ClientError::Network(_) => Self::Reconnecting,
            ClientError::Status { status: 401 | 403, .. } => Self::Unauthorized,
            ClientError::Status { status: 408 | 429 | 500.., .. } => Self::Reconnecting,
            _ => Self::Incompatible,
        }
    }
}

impl Standing {
    /// Where it stands with this state after the one before: an attempt that follows others is no news.
    pub(crate) fn then(self, state: State) -> Self {
        match (self, Self::from(state)) {
            (Self::Live | Self::Degraded | Self::Stale | Self::Reconnecting, Self::Connecting) => {
                Self::Reconnecting
            }
            (_, next) => next,
        }
    }

    /// By this the page knows it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Live => "live",
            Self::Degraded => "degraded",
            Self::Stale => "stale",
            Self::Reconnecting => "reconnecting",
            Self::Offline => "offline",
            Self::Unauthorized => "unauthorized",
            Self::Incompatible => "incompatible",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Connecting => "Connecting",
            Self::Live => "Live",
            Self::Degraded => "Degraded: the server misses its Redis",
            Self::Stale => "Stale: nothing is heard",
            Self::Reconnecting => "Reconnecting",
            Self::Offline => "Offline",
            Self::Unauthorized => "Signed out: the token is not taken",
            Self::Incompatible => "Stopped: the window says why",
        }
    }
}

/// All that the tray shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Face {
    pub(super) standing: Standing,
    /// How many notifications are unread, as far as the server has said.
    pub(super) unread: Option<u64>,
    /// What is chosen of quiet hours.
    pub(super) notices: NoticeSettings,
    pub(super) jobs: Summary,
}

/// What the icon looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// Whether what is shown is what is.
    pub(super) is_live: bool,
    /// Whether something is unread.
    pub(super) has_unread: bool,
}

impl Face {
    pub(super) fn state_line(&self) -> &'static str {
        self.standing.words()
    }

    pub(super) fn unread_line(&self) -> String {
        match self.unread {
            None => "Notifications: not known".to_owned(),
            Some(0) => "No unread notifications".to_owned(),
            Some(1) => "1 unread notification".to_owned(),
            Some(count) => format!("{count} unread notifications"),
        }
    }

    pub(super) fn quiet_line(&self) -> String {
        let quiet = &self.notices.quiet;
        format!("Quiet Hours, {} to {}", quiet.from, quiet.to)
    }

    /// What shows while the pointer is over the icon: no more than what is not as usual.
    pub(super) fn tooltip(&self) -> String {
        let mut text = self.jobs.tooltip();
        if self.standing != Standing::Live {
            text = format!("{text}\n{}", self.state_line());
        }
        if self.unread.is_some_and(|count| count > 0) {
            text = format!("{text}\n{}", self.unread_line());
        }
        text
    }

    pub(super) fn look(&self) -> Look {
        let is_live = matches!(self.standing, Standing::Live | Standing::Degraded);
        Look { is_live, has_unread: self.unread.is_some_and(|count| count > 0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(standing: Standing, unread: Option<u64>) -> Face {
        Face { standing, unread, ..Face::default() }
    }

    #[test]
    fn the_pointer_is_told_only_what_is_not_as_usual() {
        assert_eq!(face(Standing::Live, Some(0)).tooltip(), "Tidings");
        let told = face(Standing::Reconnecting, Some(2)).tooltip();
        assert_eq!(told, "Tidings\nReconnecting\n2 unread notifications");
    }

    #[test]
    fn the_icon_is_full_while_it_is_live_and_marked_while_something_is_unread() {
        let look = |standing, unread| face(standing, unread).look();
        let live = Look { is_live: true, has_unread: false };
        assert_eq!(look(Standing::Live, None), live);
        assert_eq!(look(Standing::Live, Some(0)), live);
        assert_eq!(look(Standing::Degraded, Some(1)), Look { has_unread: true, ..live });
        for standing in [Standing::Connecting, Standing::Stale, Standing::Unauthorized] {
            let old = Look { is_live: false, has_unread: true };
            assert_eq!(look(standing, Some(1)), old, "{standing:?}: what was known stays");
        }
    }

    #[test]
    fn a_server_that_is_gone_is_told_in_one_word_however_often_it_is_tried() {
        let tried = [State::Live, State::Connecting, State::Reconnecting { retry_in_ms: 1 }];
        let mut standing = Standing::default();
        for state in tried.into_iter().chain([State::Connecting]) {
            standing = standing.then(state);
        }
        assert_eq!(standing, Standing::Reconnecting);
        assert_eq!(Standing::Unauthorized.then(State::Connecting), Standing::Connecting);
    }

    #[test]
    fn what_a_server_refuses_is_told_otherwise_than_one_that_is_gone() {
        let told = |status| {
            Standing::from(&ClientError::Status { status, detail: None, retry_after: None })
        };
        assert_eq!((told(401), told(503)), (Standing::Unauthorized, Standing::Reconnecting));
    }
}
