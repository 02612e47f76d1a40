//! Several tabs of one browser on one stream.
//!
//! Whoever holds a lock of the browser's leads: it has a stream and hands its frames to the others, who follow. Each tab has a
//! [`Feed`] of its own, which reads what comes by either way, and tells by its own clock whether anything does.
//!
//! Nothing is lost by that, because a frame that is handed on says what came before it: who was not told all of that takes no
//! frame, opens a stream behind its own cursor, and shuts it once it has all that the leader has told. So does who joins. The lock
//! keeps streams few; what a tab believes never depends on who holds it.
//!
//! [`Tab`] decides and its owner acts, as with [`Feed`]: no I/O, no clock.

mod own;
mod word;

use std::time::Duration;

use tidings_protocol::event::EventId;

use crate::input::Failure;
use crate::machine::Feed;
use crate::status::State;
use own::Own;
use word::{Frame, Word};

/// A follower that somebody looks at asks after its leader once it has been silent for so long; most say more each second.
const ASK_AFTER: Duration = Duration::from_millis(1_500);

/// A leader that does not answer within this time stands still, and loses the lock.
const ANSWERS_WITHIN: Duration = Duration::from_millis(1_200);

/// A follower that looks no sooner than this after it asked stood still itself.
const ASLEEP: Duration = Duration::from_secs(4);

/// What the owner must do, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Stand in line for the lock; [`Tab::granted`] when it comes.
    Queue,
    /// Take the lock from whoever has it, and leave the line; [`Tab::granted`] when it comes.
    Steal,
    /// Give the lock back, or leave the line.
    Release,
    /// Open a stream behind the feed's cursor; its frames go to [`Tab::told`].
    Open,
    /// Shut the stream.
    Shut,
    /// Say this to all other tabs of the group, who [hear](Tab::hear) it.
    Post(String),
    /// Hand this frame to the feed.
    Take {
        /// The frame's id.
        id: EventId,
        /// The frame's data.
        data: String,
    },
    /// Tell the feed that the connection failed.
    Fail(Failure),
    /// Have the feed connect now.
    Retry,
}

/// One of the tabs.
#[derive(Debug)]
pub struct Tab {
    role: Role,
    own: Option<Own>,
    /// When the leader was last heard.
    heard: Duration,
    /// When it was asked after, if it did not answer since.
    asked: Option<Duration>,
    /// Up to here the leader has told everything, as far as it is known.
    leader: Option<EventId>,
    /// Whether there is another tab.
    has_company: bool,
    answers_within: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// The feed wants no connection.
    Out,
    /// In line for the lock.
    Follows,
    /// Holds the lock.
    Leads,
}

impl Tab {
    /// A tab that takes no part yet. `seed` should differ between tabs: they do not find out together that their leader stands
    /// still.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            role: Role::Out,
            own: None,
            heard: Duration::ZERO,
            asked: None,
            leader: None,
            has_company: false,
            answers_within: ANSWERS_WITHIN + Duration::from_millis(seed % 300),
        }
    }

    /// The feed wants to connect.
    pub fn begin(&mut self, now: Duration, feed: &Feed) -> Vec<Act> {
        let mut acts = Vec::new();
        self.shut(&mut acts);
        if self.role == Role::Leads {
            self.open(now, feed, &mut acts);
            return acts;
        }
        if self.role == Role::Out {
            acts.push(Act::Queue);
        }
        self.follow(now, &mut acts);
        acts
    }

    /// The feed wants no connection any more. If it was lost, the followers have lost it as well.
    pub fn end(&mut self, feed: &Feed, is_lost: bool) -> Vec<Act> {
        let mut acts = Vec::new();
        self.shut(&mut acts);
        if is_lost && self.role == Role::Leads && self.has_company {
            acts.push(Act::Post(word::lost(feed.cause())));
        }
        if self.role != Role::Out {
            acts.push(Act::Release);
        }
        self.role = Role::Out;
        self.leader = None;
        acts
    }

    /// The lock is ours.
    pub fn granted(&mut self, now: Duration, feed: &Feed) -> Vec<Act> {
        let mut acts = Vec::new();
        self.role = Role::Leads;
        if self.own.is_none() {
            self.open(now, feed, &mut acts);
        }
        self.say_place(now, feed, &mut acts);
        acts
    }

    /// Another tab took the lock: this one stood still.
    pub fn robbed(&mut self, now: Duration) -> Vec<Act> {
        let mut acts = Vec::new();
        self.shut(&mut acts);
        acts.push(Act::Queue);
        self.follow(now, &mut acts);
        acts
    }

    /// The own stream is that of the user whom the group is of: only from now on it is handed on.
    pub fn vouched(&mut self, now: Duration, feed: &Feed) -> Vec<Act> {
        let Some(own) = &mut self.own else { return Vec::new() };
        let mut acts = Vec::new();
        for word in own.vouch() {
            acts.push(Act::Post(word));
        }
        if self.role == Role::Leads {
            self.say_place(now, feed, &mut acts);
        }
        acts
    }

    /// The own stream brought a frame, which the feed, whose cursor was `before`, has taken: an event or a loss if it `is_news`.
    pub fn told(
        &mut self,
        now: Duration,
        feed: &Feed,
        before: Option<EventId>,
        (id, data): (Option<EventId>, &str),
        is_news: bool,
    ) -> Vec<Act> {
        let mut acts = Vec::new();
        let Some(own) = &mut self.own else { return acts };
        let was_whole = own.take(is_news);
        if self.role == Role::Follows {
            self.meet(now, feed, &mut acts);
        } else if self.has_company
            && let Some(own) = &mut self.own
        {
            let word = match (before, id) {
                (Some(behind), Some(id)) if was_whole => {
                    Word::Frame(Frame { behind, id, is_news, data })
                }
                _ => Word::At(feed.cursor().filter(|_| own.is_whole())),
            };
            if let Some(word) = own.share(word.text()) {
                acts.push(Act::Post(word));
            }
        }
        acts
    }

    /// Another tab said `text`.
    pub fn hear(&mut self, now: Duration, feed: &Feed, text: &str) -> Vec<Act> {
        let mut acts = Vec::new();
        self.has_company = true;
        let Some(word) = Word::read(text) else { return acts };
        match (word, self.role) {
            (Word::Ask, Role::Leads) => self.say_place(now, feed, &mut acts),
            (Word::Ask, _) | (_, Role::Leads) => {}
            (Word::At(place), Role::Out) => {
                let waits = matches!(feed.status(now).state, State::Reconnecting { .. });
                if place.is_some() && waits {
                    acts.push(Act::Retry);
                }
            }
            (_, Role::Out) => {}
            (Word::At(place), Role::Follows) => {
                self.note(now, place);
                self.meet(now, feed, &mut acts);
            }
            (Word::Frame(frame), Role::Follows) => {
                self.note(now, Some(frame.id));
                if feed.is_open() && covers(feed, frame.behind) {
                    self.shut(&mut acts);
                    if !frame.is_news || !covers(feed, frame.id) {
                        acts.push(Act::Take { id: frame.id, data: frame.data.to_owned() });
                    }
                } else {
                    self.meet(now, feed, &mut acts);
                }
            }
            // A stream of its own will say so itself.
            (Word::Lost(failure), Role::Follows) if self.own.is_none() => {
                acts.push(Act::Fail(failure));
            }
            (Word::Lost(_), _) => {}
        }
        acts
    }

    /// Time passed; see [`next_deadline`](Self::next_deadline).
    pub fn tick(&mut self, now: Duration, feed: &Feed, is_seen: bool) -> Vec<Act> {
        let mut acts = Vec::new();
        if self.next_deadline(feed, is_seen).is_none_or(|due| now < due) {
            return acts;
        }
        if self.own.is_some() {
            acts.push(Act::Fail(Failure::Network("it does not answer".to_owned())));
        } else if self.asked.is_some_and(|asked| now < asked + ASLEEP) {
            acts.push(Act::Steal);
            self.asked = None;
            self.heard = now;
        } else {
            self.ask(now, &mut acts);
        }
        acts
    }

    /// When there is something to do unless something comes before; the owner calls [`tick`](Self::tick) then. A tab that nobody sees
    /// goes by the deadlines of its feed.
    #[must_use]
    pub fn next_deadline(&self, feed: &Feed, is_seen: bool) -> Option<Duration> {
        match &self.own {
            Some(own) => own.deadline(),
            None if self.role != Role::Follows || (feed.is_open() && !is_seen) => None,
            None => Some(match self.asked {
                Some(asked) => asked + self.answers_within,
                None => self.heard + ASK_AFTER,
            }),
        }
    }

    fn follow(&mut self, now: Duration, acts: &mut Vec<Act>) {
        self.role = Role::Follows;
        self.leader = None;
        self.ask(now, acts);
    }

    fn ask(&mut self, now: Duration, acts: &mut Vec<Act>) {
        self.asked = Some(now);
        acts.push(Act::Post(Word::Ask.text()));
    }

    fn note(&mut self, now: Duration, place: Option<EventId>) {
        self.heard = now;
        self.asked = None;
        self.leader = place;
    }

    /// Goes on without an own stream where everything is here that the leader has told, and else by one.
    fn meet(&mut self, now: Duration, feed: &Feed, acts: &mut Vec<Act>) {
        let Some(place) = self.leader else { return };
        if feed.is_open() && covers(feed, place) {
            self.shut(acts);
        } else if self.own.is_none() {
            self.open(now, feed, acts);
        }
    }

    fn say_place(&self, now: Duration, feed: &Feed, acts: &mut Vec<Act>) {
        let is_live = matches!(feed.status(now).state, State::Live | State::Degraded);
        let is_ready = is_live && self.own.as_ref().is_some_and(Own::is_shared);
        let place = feed.cursor().filter(|_| is_ready);
        if self.has_company {
            acts.push(Act::Post(Word::At(place).text()));
        }
    }

    fn open(&mut self, now: Duration, feed: &Feed, acts: &mut Vec<Act>) {
        self.own = Some(Own::new(now, feed.cursor().is_some()));
        acts.push(Act::Open);
    }

    fn shut(&mut self, acts: &mut Vec<Act>) {
        if self.own.take().is_some() {
            acts.push(Act::Shut);
        }
    }
}

/// Whether the feed was told everything up to `id`.
fn covers(feed: &Feed, id: EventId) -> bool {
    feed.cursor().is_some_and(|cursor| cursor.epoch == id.epoch && cursor.seq >= id.seq)
}
