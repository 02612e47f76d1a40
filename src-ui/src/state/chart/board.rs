//! Which machine is shown, how far back, and what is held still.

use std::rc::Rc;

use tidings_protocol::event::EventId;

use super::curve::{Curve, Recent, joined};
use super::window::{Window, about, part};
use super::{METRICS, Past, Span, values};
use crate::state::metrics::{MAX_HOSTS, Sample};

/// The machines' samples, and the curve of the one that is shown.
#[derive(Clone, Debug, Default)]
pub struct Board {
    /// The one that got a sample last comes last. A handful, so a list does.
    machines: Vec<(Rc<str>, EventId, Recent)>,
    host: Option<Rc<str>>,
    span: Span,
    curve: Curve,
    /// What is shown while a person holds the page still.
    held: Option<Curve>,
    zoom: Option<Window>,
    /// Which series the past was asked for.
    asked: [bool; METRICS.len()],
    /// A line broke since it was asked for: the server may know more.
    is_torn: bool,
    /// Grows with each change but a sample: all is to be drawn anew.
    revision: u32,
}

impl Board {
    /// Adds a sample, unless it is older than the newest of its machine; true if the past should be asked for anew.
    pub fn push(&mut self, sample: &Sample) -> bool {
        let place = self.machines.iter().position(|(host, ..)| *host == sample.host);
        let mut recent = match place {
            Some(at) if !sample.follows(self.machines[at].1) => return false,
            Some(at) => self.machines.remove(at).2,
            None => Recent::default(),
        };
        let (interval, values) = (sample.snapshot.interval_ms, values(&sample.snapshot));
        recent.push(sample.at, interval, values);
        let has = recent.has();
        if self.machines.len() >= MAX_HOSTS {
            self.machines.remove(0);
        }
        self.machines.push((sample.host.clone(), sample.id, recent));
        if self.host.as_ref() != Some(&sample.host) {
            return false;
        }
        self.is_torn |= self.curve.push(sample.at, interval, &values);
        self.curve.trim(self.span.ms());
        // Rates are there from the second sample on.
        let is_new = self.asked.iter().any(|asked| *asked)
            && has.iter().zip(self.asked).any(|(has, asked)| *has && !asked);
        self.is_torn || is_new
    }

    /// Shows a machine; false if it is shown already.
    pub fn look(&mut self, host: Option<Rc<str>>) -> bool {
        if self.host == host {
            return false;
        }
        self.host = host;
        (self.held, self.zoom) = (self.held.take().map(|_| Curve::default()), None);
        self.backfill(Past::default());
        true
    }

    /// Shows so much of the past.
    pub fn choose(&mut self, span: Span) {
        (self.span, self.zoom) = (span, None);
        self.curve.trim(span.ms());
        self.revision += 1;
    }

    /// What is shown: a machine, how far back, and which metrics; none while there is none.
    #[must_use]
    pub fn subject(&self) -> Option<(Rc<str>, Span, Vec<&'static str>)> {
        let has = self.recent()?.has();
        let names = METRICS.into_iter().zip(has).filter_map(|(name, has)| has.then_some(name));
        let names: Vec<_> = names.collect();
        Some((self.host.clone()?, self.span, names)).filter(|(.., names)| !names.is_empty())
    }

    /// The same, to ask a server for its past.
    pub fn question(&mut self) -> Option<(Rc<str>, Span, Vec<&'static str>)> {
        self.asked = self.recent()?.has();
        self.is_torn = false;
        self.subject()
    }

    /// Puts what a server answered before what came since.
    pub fn backfill(&mut self, past: Past) {
        self.curve = match self.recent() {
            Some(recent) => joined(past, recent),
            None => joined(past, &Recent::default()),
        };
        self.curve.trim(self.span.ms());
        if let Some(held) = &mut self.held {
            let until = self.curve.until(if held.is_empty() { u64::MAX } else { held.newest() });
            if !until.is_empty() {
                *held = until;
            }
        }
        self.revision += 1;
    }

    fn recent(&self) -> Option<&Recent> {
        let shown = |(host, ..): &&(Rc<str>, EventId, Recent)| Some(host) == self.host.as_ref();
        self.machines.iter().find(shown).map(|(.., recent)| recent)
    }

    /// Holds what is shown, or lets it go on.
    pub fn hold(&mut self, hold: bool) {
        self.held = hold.then(|| self.curve.clone());
        self.revision += 1;
    }

    /// Whether what is shown is held.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// The points to show.
    #[must_use]
    pub fn shown(&self) -> &Curve {
        self.held.as_ref().unwrap_or(&self.curve)
    }

    /// How far back it reaches.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }

    /// The machine that is shown.
    #[must_use]
    pub fn host(&self) -> Option<&Rc<str>> {
        self.host.as_ref()
    }

    /// Grows with each change but a sample.
    #[must_use]
    pub fn revision(&self) -> u32 {
        self.revision
    }

    /// Whether a part of it is shown, chosen by a person.
    #[must_use]
    pub fn is_zoomed(&self) -> bool {
        self.zoom.is_some()
    }

    /// First and last moment to show; none while there is nothing to show.
    #[must_use]
    pub fn window(&self) -> Option<Window> {
        if self.shown().is_empty() {
            return None;
        }
        Some(self.zoom.unwrap_or_else(|| self.all()))
    }

    fn all(&self) -> Window {
        let newest = self.shown().newest();
        (newest.saturating_sub(self.span.ms()) as f64 / 1_000.0, newest as f64 / 1_000.0)
    }

    /// Shows a part, or all again.
    pub fn zoom(&mut self, window: Option<Window>) {
        self.zoom = window.and_then(|window| part(self.all(), window));
        self.revision += 1;
    }

    /// Zooms by a factor about a moment, which stays where it is.
    pub fn zoom_about(&mut self, at: Option<f64>, factor: f64) {
        let Some(window) = self.window() else { return };
        self.zoom(Some(about(window, at, factor)));
    }
}
