//! A browser with tabs: its lock, what they say to each other, and a server.

mod checks;
mod faults;
mod page;
mod server;

use std::collections::VecDeque;
use std::time::Duration;

use page::Page;
use server::Server;
use tidings_feed::tabs::Act;
use tidings_feed::{Command, Config, Feed, Input, Item};
use tidings_protocol::event::EventId;

pub(crate) const SECOND: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(crate) struct Browser {
    now: Duration,
    server: Server,
    tabs: Vec<Option<Page>>,
    holder: Option<Request>,
    line: VecDeque<Request>,
    requests: u64,
    /// How many words were said.
    pub(crate) said: usize,
}

/// A tab, and which of its requests for the lock.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Request(usize, u64);

impl Browser {
    pub(crate) fn tabs(&self) -> usize {
        self.tabs.len()
    }

    pub(crate) fn join(&mut self) {
        let seed = 77 * (self.tabs.len() as u64 + 1);
        let (feed, command) = Feed::new(Config::default(), self.now, seed);
        self.tabs.push(Some(Page::new(feed, seed, self.now)));
        self.carry_out(self.tabs.len() - 1, Some(command), false);
    }

    pub(crate) fn leave(&mut self, tab: usize) {
        if self.tabs.get(tab).is_some_and(Option::is_some) {
            self.tabs[tab] = None;
            self.line.retain(|request| request.0 != tab);
            self.pass_on(tab);
        }
    }

    /// A tab stands still; where it is told before, it leaves.
    pub(crate) fn freeze(&mut self, tab: usize, is_told: bool) {
        if !self.is_awake(tab) {
            return;
        }
        if is_told {
            self.with(tab, |page| page.is_told = true);
            let page = self.page(tab);
            let acts = page.tab.end(&page.feed, false);
            self.act(tab, acts);
        }
        self.with(tab, |page| page.is_frozen = true);
    }

    pub(crate) fn thaw(&mut self, tab: usize) {
        let mut is_told = false;
        self.with(tab, |page| {
            page.is_frozen = false;
            is_told = std::mem::take(&mut page.is_told);
            if is_told {
                page.words.clear();
            }
        });
        if is_told && self.page(tab).feed.wants_connection() {
            self.input(tab, Input::Retry);
        }
        self.tick(tab);
    }

    pub(crate) fn show(&mut self, tab: usize, is_seen: bool) {
        self.with(tab, |page| page.is_seen = is_seen);
        self.tick(tab);
    }

    pub(crate) fn publish(&mut self, is_lasting: bool) {
        let frame = self.server.publish(is_lasting);
        for stream in self.tabs.iter_mut().flatten().filter_map(|page| page.stream.as_mut()) {
            stream.push(frame.clone(), self.now);
        }
    }

    pub(crate) fn disconnect(&mut self, tab: usize) {
        if self.is_awake(tab) {
            self.with(tab, |page| page.is_wanted = false);
            self.input(tab, Input::Disconnect);
        }
    }

    pub(crate) fn retry(&mut self, tab: usize) {
        if self.is_awake(tab) {
            self.with(tab, |page| page.is_wanted = true);
            self.input(tab, Input::Retry);
        }
    }

    /// Time passes, and timers go off.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.now = end.min(self.now + Duration::from_millis(100));
            let head = self.server.head();
            for stream in self.tabs.iter_mut().flatten().filter_map(|page| page.stream.as_mut()) {
                stream.beat_if_due(head, self.now);
            }
            (0..self.tabs.len()).for_each(|tab| self.tick(tab));
        }
    }

    /// Time passes with a figure each second, and everybody reads what comes.
    pub(crate) fn settle(&mut self, time: Duration) {
        for tenth in 0..time.as_millis() / 100 {
            if tenth % 10 == 0 {
                self.publish(false);
            }
            self.read_all();
            self.pass(Duration::from_millis(100));
            self.check_freshness();
        }
        self.read_all();
    }

    pub(crate) fn read_all(&mut self) {
        for _ in 0..10_000 {
            let waiting =
                (0..self.tabs.len()).find_map(|tab| Some((tab, *self.waiting(tab).first()?)));
            let Some((tab, of)) = waiting else { return };
            self.read_from(tab, of);
        }
        panic!("they never stop talking");
    }

    /// Reads one thing that waits for a tab, of those there are.
    pub(crate) fn read(&mut self, tab: usize, of: usize) {
        let waiting = self.waiting(tab);
        if !waiting.is_empty() {
            self.read_from(tab, waiting[of % waiting.len()]);
        }
    }

    fn waiting(&self, tab: usize) -> Vec<Source> {
        let Some(Some(page)) = self.tabs.get(tab).filter(|_| self.is_awake(tab)) else {
            return Vec::new();
        };
        let is_streaming = page
            .stream
            .as_ref()
            .is_some_and(|stream| !stream.frames.is_empty() || stream.failure.is_some());
        [
            (Source::Stream, is_streaming),
            (Source::Words, !page.words.is_empty()),
            (Source::Locks, !page.locks.is_empty()),
            (Source::Answer, page.is_asking),
        ]
        .into_iter()
        .filter_map(|(source, is_there)| is_there.then_some(source))
        .collect()
    }

    fn read_from(&mut self, tab: usize, source: Source) {
        let now = self.now;
        match source {
            Source::Words => {
                let Some(word) = self.page(tab).words.pop_front() else { return };
                self.input(tab, Input::Tick);
                let page = self.page(tab);
                let acts = page.tab.hear(now, &page.feed, &word);
                self.act(tab, acts);
            }
            Source::Locks => {
                let page = self.page(tab);
                let Some((request, is_granted)) = page.locks.pop_front() else { return };
                // Of a request that was given up meanwhile nobody hears.
                if request == page.request {
                    let acts = match is_granted {
                        true => page.tab.granted(now, &page.feed),
                        false => page.tab.robbed(now),
                    };
                    self.act(tab, acts);
                }
            }
            Source::Answer => {
                let page = self.page(tab);
                page.is_asking = false;
                let acts = page.tab.vouched(now, &page.feed);
                self.act(tab, acts);
            }
            Source::Stream => {
                let page = self.page(tab);
                let Some(stream) = &mut page.stream else { return };
                let began = stream.began;
                match stream.frames.pop_front() {
                    Some((id, data)) => {
                        page.is_asking |= data.contains("\"connected\"");
                        let before = page.feed.cursor();
                        if before.is_none() {
                            page.starts.insert(began.epoch, began.seq);
                        }
                        if let Some(is_news) = self.take(tab, id, &data) {
                            let page = self.page(tab);
                            let frame = (Some(id), &*data);
                            let acts = page.tab.told(now, &page.feed, before, frame, is_news);
                            self.act(tab, acts);
                        }
                    }
                    None => {
                        let failure = stream.failure.take();
                        page.stream = None;
                        if let Some(failure) = failure {
                            self.input(tab, Input::Failed(failure));
                        }
                    }
                }
            }
        }
    }

    /// Hands a frame to the feed; whether it was news, unless the connection ended with it.
    fn take(&mut self, tab: usize, id: EventId, data: &str) -> Option<bool> {
        let now = self.now;
        let page = self.page(tab);
        let taken = page.feed.take_frame(now, data, Some(id));
        page.came = now;
        let is_news = taken.delivery.is_some();
        if let Some((_, Item::Event(event))) = &taken.delivery
            && event.topic == "app/x"
        {
            page.got.push(event.id);
        }
        if taken.command.is_some() {
            self.carry_out(tab, taken.command, false);
            return None;
        }
        Some(is_news)
    }

    fn input(&mut self, tab: usize, input: Input<'_>) {
        let now = self.now;
        let is_lost = matches!(input, Input::Failed(_) | Input::Tick);
        let command = self.page(tab).feed.handle(now, input);
        self.carry_out(tab, command, is_lost);
    }

    fn carry_out(&mut self, tab: usize, command: Option<Command>, is_lost: bool) {
        let now = self.now;
        let page = self.page(tab);
        let acts = match command {
            None => return,
            Some(Command::Connect { .. }) => page.tab.begin(now, &page.feed),
            Some(Command::Close) => page.tab.end(&page.feed, is_lost),
        };
        self.act(tab, acts);
    }

    fn act(&mut self, tab: usize, acts: Vec<Act>) {
        let now = self.now;
        for act in acts {
            match act {
                Act::Queue => {
                    let request = self.request(tab);
                    self.line.push_back(request);
                    self.pass_on(usize::MAX);
                }
                Act::Steal => {
                    let request = self.request(tab);
                    if let Some(Request(robbed, which)) = self.holder.replace(request)
                        && let Some(page) = &mut self.tabs[robbed]
                    {
                        page.locks.push_back((which, false));
                    }
                    self.page(tab).locks.push_back((request.1, true));
                }
                Act::Release => {
                    self.request(tab);
                }
                Act::Open => {
                    let cursor = self.page(tab).feed.cursor();
                    let stream = self.server.open(cursor, now);
                    self.page(tab).stream = Some(stream);
                    self.page(tab).is_asking = false;
                }
                Act::Shut => {
                    self.page(tab).stream = None;
                    self.page(tab).is_asking = false;
                }
                Act::Post(word) => {
                    self.said += 1;
                    for (at, page) in self.tabs.iter_mut().enumerate() {
                        if let Some(page) = page.as_mut().filter(|_| at != tab) {
                            page.words.push_back(word.clone());
                        }
                    }
                }
                Act::Take { id, data } => drop(self.take(tab, id, &data)),
                Act::Fail(failure) => self.input(tab, Input::Failed(failure)),
                Act::Retry => self.input(tab, Input::Retry),
            }
        }
    }

    /// A new request of a tab, which gives up the one before.
    fn request(&mut self, tab: usize) -> Request {
        self.requests += 1;
        self.page(tab).request = self.requests;
        self.line.retain(|request| request.0 != tab);
        self.pass_on(tab);
        Request(tab, self.requests)
    }

    /// Gives the lock to the next in line, if `tab` had it or nobody has.
    fn pass_on(&mut self, tab: usize) {
        if self.holder.is_some_and(|holder| holder.0 == tab) {
            self.holder = None;
        }
        if self.holder.is_none()
            && let Some(next) = self.line.pop_front()
        {
            self.holder = Some(next);
            self.page(next.0).locks.push_back((next.1, true));
        }
    }

    fn tick(&mut self, tab: usize) {
        if !self.is_awake(tab) {
            return;
        }
        let now = self.now;
        let page = self.page(tab);
        if page.feed.next_deadline(now).is_some_and(|due| now >= due) {
            self.input(tab, Input::Tick);
        }
        let page = self.page(tab);
        let acts = page.tab.tick(now, &page.feed, page.is_seen);
        self.act(tab, acts);
    }

    fn page(&mut self, tab: usize) -> &mut Page {
        self.tabs[tab].as_mut().expect("a tab that is there")
    }

    fn with(&mut self, tab: usize, change: impl FnOnce(&mut Page)) {
        if let Some(Some(page)) = self.tabs.get_mut(tab) {
            change(page);
        }
    }

    fn is_awake(&self, tab: usize) -> bool {
        matches!(self.tabs.get(tab), Some(Some(page)) if !page.is_frozen)
    }

    /// Tabs that run and want a connection.
    fn users(&self) -> impl Iterator<Item = &Page> {
        self.tabs.iter().flatten().filter(|page| !page.is_frozen && page.is_wanted)
    }
}

#[derive(Clone, Copy, Debug)]
enum Source {
    Stream,
    Words,
    Locks,
    Answer,
}
