//! Pieces that show what they are given and ask nobody.

mod bar;
mod button;
mod card;
mod chart;
mod icon;
mod json_view;
mod local_time;
mod sign_in;
mod stat;
mod status_badge;
mod uplot;

pub use bar::{HIGH, bar, column, warning_bar};
pub use button::{Button, Look};
pub use card::{Card, empty, skeleton};
pub use chart::{Chart, ChartData, ChartSource, Line, Scale, Wake};
pub use icon::{Symbol, icon, mark};
pub use json_view::JsonView;
pub use local_time::{clock_time, full_time, wall_now};
pub use sign_in::SignInCard;
pub use stat::{big, line_stat, stat, swatch};
pub use status_badge::status_badge;
