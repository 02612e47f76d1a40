//! What may go wrong between tabs, and between them and the server.

use tidings_feed::Failure;

use super::{Browser, SECOND};

impl Browser {
    pub(crate) fn lose_word(&mut self, tab: usize) {
        self.with(tab, |page| drop(page.words.pop_front()));
    }

    pub(crate) fn cut(&mut self, tab: usize) {
        self.with(tab, |page| {
            if let Some(stream) = &mut page.stream {
                stream.fail(Failure::Closed);
            }
        });
    }

    pub(crate) fn restart(&mut self, is_other: bool) {
        self.fail_all(&Failure::Closed);
        self.server.is_away = true;
        self.read_all();
        self.pass(SECOND);
        self.server.is_away = false;
        if is_other {
            self.server.begin_anew();
        }
    }

    pub(crate) fn refuse(&mut self) {
        self.server.refuses = true;
        self.fail_all(&Failure::Status(401));
    }

    fn fail_all(&mut self, failure: &Failure) {
        for stream in self.tabs.iter_mut().flatten().filter_map(|page| page.stream.as_mut()) {
            stream.fail(failure.clone());
        }
    }
}
