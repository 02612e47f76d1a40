//! A chart on the page. Its data goes past the virtual DOM.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, ResizeObserver};

use super::options::{empty, options, size};
use super::{ChartData, ChartSource, Line, Mark, Scale, Zoom};
use crate::components::local_time::{axis_time, clock_time, full_time};
use crate::components::uplot::{UPlot, list, object};
use crate::state::chart::Figure;

/// A chart on the page; gone when dropped.
pub(super) struct Drawing {
    inner: Rc<Inner>,
    subscription: Option<Box<dyn Any>>,
    observer: ResizeObserver,
    _on_resize: Closure<dyn FnMut()>,
    _functions: Vec<Closure<dyn FnMut(JsValue, JsValue) -> JsValue>>,
    _hooks: Vec<Closure<dyn FnMut(UPlot)>>,
    readout: Element,
}

struct Inner {
    plot: UPlot,
    element: Element,
    source: ChartSource,
    is_banded: bool,
    frame: RefCell<Option<i32>>,
    draw: RefCell<Option<Closure<dyn FnMut()>>>,
    shown: Rc<RefCell<ChartData>>,
    /// What was drawn last, and how many pixels wide.
    drawn: Cell<Option<Mark>>,
    width: Cell<f64>,
}

impl Drawing {
    pub(super) fn start(
        element: &Element,
        lines: &'static [Line],
        scale: Scale,
        source: ChartSource,
        is_banded: bool,
    ) -> Result<Self, JsValue> {
        let window = web_sys::window().ok_or(JsValue::NULL)?;
        let document = window.document().ok_or(JsValue::NULL)?;
        let style = window.get_computed_style(element)?.ok_or(JsValue::NULL)?;
        let readout = document.create_element("div")?;
        readout.set_class_name("chart-readout");

        let ticks = Closure::new(move |_: JsValue, splits: JsValue| {
            let splits: Array = splits.unchecked_into();
            list(splits.iter().map(|value| {
                value.as_f64().map_or(JsValue::NULL, |value| scale.tick(value).into())
            }))
        });
        let times = Closure::new(|_: JsValue, splits: JsValue| {
            let splits: Array = splits.unchecked_into();
            let at = |place| splits.get(place).as_f64().unwrap_or_default();
            let distance = at(1) - at(0);
            list((0..splits.length()).map(|place| axis_time(at(place) * 1_000.0, distance).into()))
        });
        let shown = Rc::new(RefCell::new(ChartData::default()));
        let on_cursor = {
            let (shown, readout) = (shown.clone(), readout.clone());
            Closure::new(move |plot: UPlot| {
                let at = plot.cursor().idx();
                let text = at
                    .and_then(|at| describe(&shown.borrow(), at as usize, lines, scale, is_banded));
                readout.set_text_content(text.as_deref());
            })
        };
        let on_select = {
            let act = source.zoom.clone();
            Closure::new(move |plot: UPlot| {
                let select = plot.select();
                let (left, width) = (select.left(), select.width());
                if width > 0.0 {
                    act(Zoom::To(plot.pos_to_val(left, "x"), plot.pos_to_val(left + width, "x")));
                    let none = object([("width", 0.into()), ("height", 0.into())]);
                    plot.set_select(&none, false);
                }
            })
        };
        // Axes without data would show made-up figures.
        element.set_attribute("data-empty", "true")?;
        let options = options(
            &style,
            element,
            lines,
            scale,
            is_banded,
            [ticks.as_ref(), times.as_ref(), on_cursor.as_ref(), on_select.as_ref()],
        );
        let plot = UPlot::new(&options, &empty(lines, is_banded), element)?;
        element.append_child(&readout)?;

        let inner = Rc::new(Inner {
            plot,
            element: element.clone(),
            source: source.clone(),
            is_banded,
            frame: RefCell::new(None),
            draw: RefCell::new(None),
            shown,
            drawn: Cell::new(None),
            width: Cell::new(element.client_width().into()),
        });
        let weak = Rc::downgrade(&inner);
        *inner.draw.borrow_mut() = Some(Closure::new(move || {
            if let Some(inner) = weak.upgrade() {
                inner.frame.replace(None);
                inner.draw();
            }
        }));
        let weak = Rc::downgrade(&inner);
        let on_resize = Closure::new(move || {
            if let Some(inner) = weak.upgrade() {
                inner.width.set(inner.element.client_width().into());
                inner.plot.set_size(&size(&inner.element));
            }
        });
        let observer = ResizeObserver::new(on_resize.as_ref().unchecked_ref())?;
        observer.observe(element);
        let weak = Rc::downgrade(&inner);
        let subscription = (source.subscribe)(Rc::new(move || {
            if let Some(inner) = weak.upgrade() {
                inner.draw_if_seen();
            }
        }));
        inner.draw();
        Ok(Self {
            inner,
            subscription: Some(subscription),
            observer,
            _on_resize: on_resize,
            _functions: vec![ticks, times],
            _hooks: vec![on_cursor, on_select],
            readout,
        })
    }

    /// Does what a key stands for; false if it stands for nothing.
    pub(super) fn key(&self, key: &str) -> bool {
        let inner = &self.inner;
        let at = inner.plot.cursor().idx().map(|at| at as usize);
        let time = || inner.shown.borrow().times.get(at?).copied();
        let zoom = |factor| (inner.source.zoom)(Zoom::About(time(), factor));
        match key {
            "ArrowLeft" => inner.step(at, -1),
            "ArrowRight" => inner.step(at, 1),
            "+" | "=" => zoom(0.5),
            "-" => zoom(2.0),
            "0" => (inner.source.zoom)(Zoom::All),
            _ => return false,
        }
        true
    }
}

impl Drop for Drawing {
    fn drop(&mut self) {
        drop(self.subscription.take());
        self.observer.disconnect();
        if let (Some(frame), Some(window)) = (self.inner.frame.take(), web_sys::window()) {
            let _ = window.cancel_animation_frame(frame);
        }
        self.inner.plot.destroy();
        self.readout.remove();
    }
}

impl Inner {
    /// Draws with the next frame, unless no pixel would change: an hour moves by one every few seconds. In a hidden tab there is no
    /// frame before it is seen.
    fn draw_if_seen(&self) {
        let moves = |drawn: Mark, mark: Mark| {
            let pixel = (mark.window.1 - mark.window.0) / self.width.get().max(1.0);
            drawn.revision != mark.revision
                || mark.newest < drawn.newest
                || mark.newest.min(mark.window.1) - drawn.newest.min(mark.window.1) >= pixel
        };
        let mark = (self.source.mark)();
        if let (Some(drawn), Some(mark)) = (self.drawn.get(), mark)
            && !moves(drawn, mark)
        {
            return;
        }
        let mut frame = self.frame.borrow_mut();
        if frame.is_some() {
            return;
        }
        if let (Some(window), Some(draw)) = (web_sys::window(), &*self.draw.borrow()) {
            *frame = window.request_animation_frame(draw.as_ref().unchecked_ref()).ok();
        }
    }

    fn draw(&self) {
        let Some(mark) = (self.source.mark)() else {
            let _ = self.element.set_attribute("data-empty", "true");
            return;
        };
        let data = (self.source.read)();
        let column = |of: fn(&Figure) -> f64, column: &[Figure]| {
            list(column.iter().map(|figure| match of(figure) {
                value if value.is_nan() => JsValue::NULL,
                value => value.into(),
            }))
        };
        let columns = Array::of1(&list(data.times.iter().map(|time| (*time).into())));
        for figures in &data.columns {
            if self.is_banded {
                columns.push(&column(|figure| figure.most, figures));
                columns.push(&column(|figure| figure.least, figures));
            }
            columns.push(&column(|figure| figure.mean, figures));
        }
        self.plot.set_data(&columns, false);
        let limits = object([("min", mark.window.0.into()), ("max", mark.window.1.into())]);
        // For whoever watches from outside.
        let known = data
            .columns
            .first()
            .map_or(0, |figures| figures.iter().filter(|figure| !figure.mean.is_nan()).count());
        let _ = self.element.set_attribute("data-points", &known.to_string());
        self.shown.replace(data);
        self.drawn.set(Some(mark));
        let _ = self.element.remove_attribute("data-empty");
        self.plot.set_scale("x", &limits);
    }

    /// Moves the cursor by a point, or as many as are a pixel; to the newest if it is nowhere.
    fn step(&self, at: Option<usize>, by: isize) {
        let Some(mark) = self.drawn.get() else { return };
        let shown = self.shown.borrow();
        let (first, last) = mark.window;
        let from = shown.times.partition_point(|time| *time < first);
        let to = shown.times.partition_point(|time| *time <= last).saturating_sub(1);
        let pace = ((to.saturating_sub(from)) as f64 / self.width.get().max(1.0)).ceil() as isize;
        let next = match at {
            Some(at) => at.saturating_add_signed(by * pace.max(1)).clamp(from.min(to), to),
            None => to,
        };
        let Some(time) = shown.times.get(next).copied() else { return };
        drop(shown);
        let left = self.plot.val_to_pos(time, "x");
        let place = object([("left", left.into()), ("top", 10.into())]);
        self.plot.set_cursor(&place);
    }
}

/// What the chart says about the point under the cursor.
fn describe(
    data: &ChartData,
    at: usize,
    lines: &[Line],
    scale: Scale,
    is_banded: bool,
) -> Option<String> {
    let ms = data.times.get(at)? * 1_000.0;
    let mut text = if is_banded { full_time(ms) } else { clock_time(ms) };
    for (line, column) in lines.iter().zip(&data.columns) {
        let figure = column.get(at).filter(|figure| !figure.mean.is_nan())?;
        text.push_str(" · ");
        if lines.len() > 1 {
            text.push_str((line.label)(crate::text::text()));
            text.push(' ');
        }
        text.push_str(&scale.show(figure.mean));
        if is_banded {
            text.push_str(&format!(
                " ({} – {})",
                scale.show(figure.least),
                scale.show(figure.most)
            ));
        }
    }
    Some(text)
}
