//! A time chart. Its data goes past the virtual DOM: new points are drawn once a frame at most, and only where a pixel changes.

mod drawing;
mod options;
mod scale;

use std::any::Any;
use std::rc::Rc;

use web_sys::Element;
use yew::prelude::*;

use crate::state::chart::{Figure, Window};
use crate::text::{Text, text};
use crate::view::{edition, html, use_effect_with};
use drawing::Drawing;

pub use scale::{Scale, number};

/// One line of a chart.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// What it shows.
    pub label: fn(&'static Text) -> &'static str,
    /// Custom property that holds its colour.
    pub color: &'static str,
}

/// Lines of a chart have a colour each.
impl PartialEq for Line {
    fn eq(&self, other: &Self) -> bool {
        self.color == other.color
    }
}

/// Columns of a chart.
#[derive(Clone, Debug, Default)]
pub struct ChartData {
    /// Seconds since the epoch, ascending.
    pub times: Vec<f64>,
    /// One column a line; the line breaks at what is NaN.
    pub columns: Vec<Vec<Figure>>,
}

/// Says whether there is something new to draw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// All is new where this is another.
    pub revision: u32,
    /// Time of the newest point, in seconds since the epoch.
    pub newest: f64,
    /// First and last moment to show.
    pub window: Window,
}

/// What a person wants to see of the time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Zoom {
    /// From one moment to another.
    To(f64, f64),
    /// So much as now times this, about a moment.
    About(Option<f64>, f64),
    /// All.
    All,
}

/// What a chart wants called when its data changed.
pub type Wake = Rc<dyn Fn()>;

/// Where a chart's data comes from; equal only to itself.
#[derive(Clone)]
pub struct ChartSource {
    /// Says what there is; none while there is nothing.
    pub mark: Rc<dyn Fn() -> Option<Mark>>,
    /// Reads what there is.
    pub read: Rc<dyn Fn() -> ChartData>,
    /// Calls back after each change until what it returns is dropped.
    pub subscribe: Rc<dyn Fn(Wake) -> Box<dyn Any>>,
    /// Shows another part of the time.
    pub zoom: Rc<dyn Fn(Zoom)>,
}

impl PartialEq for ChartSource {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.read, &other.read)
    }
}

/// Properties of [`Chart`].
#[derive(Properties, PartialEq)]
pub struct ChartProps {
    /// Names it on the page.
    pub id: &'static str,
    /// What it shows, in words.
    pub label: AttrValue,
    /// The same in figures.
    pub summary: AttrValue,
    /// Why it does not show all it should.
    pub trouble: Option<AttrValue>,
    /// Its lines.
    pub lines: &'static [Line],
    /// What its vertical axis measures.
    pub scale: Scale,
    /// Where its data comes from.
    pub source: ChartSource,
    /// Whether a band from least to greatest lies about each line.
    pub is_banded: bool,
    /// Changes when colours do.
    pub scheme: u32,
}

/// A time chart. It takes the focus: arrows move the cursor, plus and minus zoom.
#[component]
pub fn Chart(props: &ChartProps) -> Html {
    let frame = use_node_ref();
    let drawing = use_mut_ref(|| None::<Drawing>);
    {
        let (lines, scale, drawing) = (props.lines, props.scale, drawing.clone());
        let frame = frame.clone();
        // What it has drawn of another language stays on its canvas.
        let of = (props.source.clone(), (props.scheme, edition()), props.is_banded);
        use_effect_with(of, move |(source, _, is_banded)| {
            *drawing.borrow_mut() = frame.cast::<Element>().and_then(|element| {
                Drawing::start(&element, lines, scale, source.clone(), *is_banded).ok()
            });
            move || drop(drawing.take())
        });
    }
    let ondblclick = {
        let zoom = props.source.zoom.clone();
        Callback::from(move |_: MouseEvent| zoom(Zoom::All))
    };
    let onkeydown = Callback::from(move |event: KeyboardEvent| {
        let is_plain = !event.ctrl_key() && !event.alt_key() && !event.meta_key();
        if is_plain && drawing.borrow().as_ref().is_some_and(|drawing| drawing.key(&event.key())) {
            event.prevent_default();
            event.stop_propagation();
        }
    });
    let summary = format!("{}-summary", props.id);
    html! {
        <div class="chart-frame">
            <div class="chart" id={props.id} ref={frame} tabindex="0" role="group" {ondblclick} {onkeydown}
                aria-roledescription={text().times.chart} aria-label={props.label.clone()} aria-describedby={summary.clone()}
                aria-keyshortcuts="ArrowLeft ArrowRight + - 0" />
            <p class="unseen" id={summary}>{ props.summary.clone() }</p>
            if let Some(trouble) = &props.trouble {
                <p class="chart-trouble">{ trouble }</p>
            }
        </div>
    }
}
