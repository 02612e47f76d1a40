//! A time chart. Its data goes past the virtual DOM: new points are drawn once a frame at most.

use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Object};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CssStyleDeclaration, Element, ResizeObserver};
use yew::prelude::*;

use super::local_time::clock_time;
use super::uplot::{UPlot, list, object};
use crate::state::format;

/// What the vertical axis measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// 0 to 100.
    Percent,
    /// Bytes a second, from 0 to whatever comes.
    Rate,
}

impl Scale {
    /// A value with its unit.
    #[must_use]
    pub fn show(self, value: f64) -> String {
        match self {
            Self::Percent => format!("{} %", format::one_decimal(value)),
            Self::Rate => format::rate(value).to_string(),
        }
    }

    fn tick(self, value: f64) -> String {
        match self {
            Self::Percent => format!("{}%", value.round() as i64),
            Self::Rate => format::rate(value).to_string().replace(".0", ""),
        }
    }

    /// Distances that ticks may have.
    fn steps(self) -> JsValue {
        match self {
            Self::Percent => list([25.into(), 50.into()]),
            Self::Rate => list((0..5).flat_map(|power| {
                let unit = 1024_f64.powi(power);
                (0..10).map(move |doubled| (2_f64.powi(doubled) * unit).into())
            })),
        }
    }

    fn range(self) -> JsValue {
        let limit = |members: [(&str, JsValue); 3]| object(members).into();
        match self {
            Self::Percent => list([0.into(), 100.into()]),
            Self::Rate => object([
                ("min", limit([("pad", 0.into()), ("soft", 0.into()), ("mode", 1.into())])),
                // A quiet line lies at the bottom instead of being blown up to full height.
                ("max", limit([("pad", 0.15.into()), ("soft", 4_096.into()), ("mode", 1.into())])),
            ])
            .into(),
        }
    }
}

/// One line of a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it shows.
    pub label: &'static str,
    /// Custom property that holds its colour.
    pub color: &'static str,
}

/// Columns of a chart.
#[derive(Clone, Debug, Default)]
pub struct ChartData {
    /// Seconds since the epoch, ascending.
    pub times: Vec<f64>,
    /// One column a line; the line breaks at what is missing.
    pub columns: Vec<Vec<Option<f64>>>,
    /// First and last moment to show.
    pub window: (f64, f64),
}

/// What a chart wants called when its data changed.
pub type Wake = Rc<dyn Fn()>;

/// Where a chart's data comes from; equal only to itself.
#[derive(Clone)]
pub struct ChartSource {
    /// Reads what there is.
    pub read: Rc<dyn Fn() -> Option<ChartData>>,
    /// Calls back after each change until what it returns is dropped.
    pub subscribe: Rc<dyn Fn(Wake) -> Box<dyn Any>>,
}

impl PartialEq for ChartSource {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.read, &other.read)
    }
}

/// Properties of [`Chart`].
#[derive(Properties, PartialEq)]
pub struct ChartProps {
    /// What it shows, in words and figures.
    pub label: AttrValue,
    /// Its lines.
    pub lines: &'static [Line],
    /// What its vertical axis measures.
    pub scale: Scale,
    /// Where its data comes from.
    pub source: ChartSource,
    /// Changes when colours do.
    pub scheme: u32,
}

/// A time chart.
#[component]
pub fn Chart(props: &ChartProps) -> Html {
    let frame = use_node_ref();
    {
        let (lines, scale) = (props.lines, props.scale);
        let frame = frame.clone();
        use_effect_with((props.source.clone(), props.scheme), move |(source, _)| {
            let drawing = frame
                .cast::<Element>()
                .and_then(|element| Drawing::start(&element, lines, scale, source.clone()).ok());
            move || drop(drawing)
        });
    }
    html! { <div class="chart" ref={frame} role="img" aria-label={props.label.clone()} /> }
}

/// A chart on the page; gone when dropped.
struct Drawing {
    inner: Rc<Inner>,
    subscription: Option<Box<dyn Any>>,
    observer: ResizeObserver,
    _on_resize: Closure<dyn FnMut()>,
    _functions: Vec<Closure<dyn FnMut(JsValue, JsValue) -> JsValue>>,
    _on_cursor: Closure<dyn FnMut(UPlot)>,
    readout: Element,
}

struct Inner {
    plot: UPlot,
    element: Element,
    source: ChartSource,
    frame: RefCell<Option<i32>>,
    draw: RefCell<Option<Closure<dyn FnMut()>>>,
    shown: Rc<RefCell<ChartData>>,
}

impl Drawing {
    fn start(
        element: &Element,
        lines: &'static [Line],
        scale: Scale,
        source: ChartSource,
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
            list(splits.iter().map(|value| {
                let text = clock_time(value.as_f64().unwrap_or_default() * 1_000.0);
                JsValue::from_str(&text)
            }))
        });
        let shown = Rc::new(RefCell::new(ChartData::default()));
        let on_cursor = {
            let (shown, readout) = (shown.clone(), readout.clone());
            Closure::new(move |plot: UPlot| {
                let at = plot.cursor().idx();
                let text = at.and_then(|at| describe(&shown.borrow(), at as usize, lines, scale));
                readout.set_text_content(text.as_deref());
            })
        };
        // Axes without data would show made-up figures.
        element.set_attribute("data-empty", "true")?;
        let options = options(
            &style,
            element,
            lines,
            scale,
            [ticks.as_ref(), times.as_ref(), on_cursor.as_ref()],
        );
        let plot = UPlot::new(&options, &empty(lines), element)?;
        element.append_child(&readout)?;

        let inner = Rc::new(Inner {
            plot,
            element: element.clone(),
            source: source.clone(),
            frame: RefCell::new(None),
            draw: RefCell::new(None),
            shown,
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
                inner.plot.set_size(&size(&inner.element));
            }
        });
        let observer = ResizeObserver::new(on_resize.as_ref().unchecked_ref())?;
        observer.observe(element);
        let weak = Rc::downgrade(&inner);
        let subscription = (source.subscribe)(Rc::new(move || {
            if let Some(inner) = weak.upgrade() {
                inner.draw_soon();
            }
        }));
        inner.draw();
        Ok(Self {
            inner,
            subscription: Some(subscription),
            observer,
            _on_resize: on_resize,
            _functions: vec![ticks, times],
            _on_cursor: on_cursor,
            readout,
        })
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
    fn draw_soon(&self) {
        let mut frame = self.frame.borrow_mut();
        if frame.is_some() {
            return;
        }
        if let (Some(window), Some(draw)) = (web_sys::window(), &*self.draw.borrow()) {
            *frame = window.request_animation_frame(draw.as_ref().unchecked_ref()).ok();
        }
    }

    fn draw(&self) {
        let Some(data) = (self.source.read)() else { return };
        let columns = data.columns.iter().map(|column| {
            list(column.iter().map(|value| value.map_or(JsValue::NULL, JsValue::from_f64)))
        });
        let times = list(data.times.iter().map(|time| JsValue::from_f64(*time)));
        self.plot.set_data(&std::iter::once(times).chain(columns).collect(), false);
        let (first, last) = data.window;
        let limits = object([("min", first.into()), ("max", last.into())]);
        self.shown.replace(data);
        let _ = self.element.remove_attribute("data-empty");
        self.plot.set_scale("x", &limits);
    }
}

/// What the chart says about the point under the pointer.
fn describe(data: &ChartData, at: usize, lines: &[Line], scale: Scale) -> Option<String> {
    let mut text = clock_time(data.times.get(at)? * 1_000.0);
    for (line, column) in lines.iter().zip(&data.columns) {
        let value = (*column.get(at)?)?;
        text.push_str(" · ");
        if lines.len() > 1 {
            text.push_str(line.label);
            text.push(' ');
        }
        text.push_str(&scale.show(value));
    }
    Some(text)
}

fn options(
    style: &CssStyleDeclaration,
    element: &Element,
    lines: &[Line],
    scale: Scale,
    [ticks, times, on_cursor]: [&JsValue; 3],
) -> Object {
    let color = |name: &str| -> JsValue {
        style.get_property_value(name).unwrap_or_default().trim().to_owned().into()
    };
    let property = |name: &str| style.get_property_value(name).unwrap_or_default();
    // The browser reads the number: a float parser of our own would weigh ten kilobytes.
    let font_size = js_sys::parse_float(&property("font-size")).round();
    // In whole pixels: what uPlot scales for dense screens are the digits before `px`, without a point.
    let font: JsValue = format!("{}px {}", font_size as u32, property("font-family")).into();
    let grid = object([("stroke", color("--chart-grid")), ("width", 1.into())]);
    let no_ticks = object([("show", false.into())]);
    let width = if scale == Scale::Percent { 3.7 } else { 5.9 };
    let y_axis = object([
        ("stroke", color("--text-3")),
        ("font", font.clone()),
        ("grid", grid.into()),
        ("ticks", no_ticks.clone().into()),
        ("size", (font_size * width).into()),
        ("gap", 6.into()),
        ("space", (font_size * 3.0).into()),
        ("incrs", scale.steps()),
        ("values", ticks.clone()),
    ]);
    let x_axis = object([
        ("stroke", color("--text-3")),
        ("font", font),
        ("grid", object([("show", false.into())]).into()),
        ("ticks", no_ticks.into()),
        ("size", (font_size * 1.9).into()),
        ("gap", 4.into()),
        ("space", (font_size * 9.0).into()),
        ("values", times.clone()),
    ]);
    let point = object([("show", false.into())]);
    let series = lines.iter().map(|line| {
        object([
            ("label", line.label.into()),
            ("stroke", color(line.color)),
            ("fill", color(&format!("{}-fill", line.color))),
            ("width", 1.5.into()),
            ("points", point.clone().into()),
            ("spanGaps", false.into()),
        ])
        .into()
    });
    let cursor = object([
        ("y", false.into()),
        ("drag", object([("x", false.into()), ("y", false.into())]).into()),
        ("points", object([("size", 6.into())]).into()),
        // One crosshair through all charts: what happened at that moment elsewhere?
        ("sync", object([("key", "tidings".into())]).into()),
    ]);
    let no_legend = object([("show", false.into())]);
    let options = size(element);
    let members = object([
        ("series", list(std::iter::once(Object::new().into()).chain(series))),
        ("axes", list([x_axis.into(), y_axis.into()])),
        (
            "scales",
            object([
                ("x", object([("time", true.into())]).into()),
                ("y", object([("range", scale.range())]).into()),
            ])
            .into(),
        ),
        ("cursor", cursor.into()),
        ("legend", no_legend.into()),
        // On the right half of a time must fit, which is centred on its tick.
        ("padding", list([8.into(), (font_size * 2.2).into(), 0.into(), 0.into()])),
        ("hooks", object([("setCursor", list([on_cursor.clone()]))]).into()),
    ]);
    Object::assign(&options, &members)
}

fn size(element: &Element) -> Object {
    let (width, height) = (element.client_width(), element.client_height());
    object([("width", width.max(1).into()), ("height", height.max(1).into())])
}

fn empty(lines: &[Line]) -> Array {
    (0..=lines.len()).map(|_| JsValue::from(Array::new())).collect()
}
