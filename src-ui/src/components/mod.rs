//! Pieces that show what they are given and ask nobody.

mod bar;
mod bell;
mod button;
mod card;
mod chart;
mod choice;
mod icon;
mod json_view;
mod level;
mod local_time;
mod modal;
mod note;
mod pieces;
mod sign_in;
mod stat;
mod status_badge;
mod toast_card;
mod uplot;

pub use bar::{HIGH, bar, column, progress, warning_bar};
pub use bell::{bell, unread_count};
pub use button::{Button, Look};
pub use card::{Card, chip, empty, freshness_icon, skeleton};
pub use chart::{Chart, ChartData, ChartSource, Line, Mark, Scale, Wake, Zoom, number};
pub use choice::{Choice, choice};
pub use icon::{Symbol, icon, mark};
pub use json_view::JsonView;
pub use level::{level_icon, level_symbol};
pub use local_time::{clock_time, full_time, wall_now};
pub use modal::Modal;
pub use note::{Note, NoteAct};
pub use pieces::{focus, focus_first, focus_on, form_button, remark, with_code};
pub use sign_in::SignInCard;
pub use stat::{big, line_stat, stat, swatch};
pub use status_badge::status_badge;
pub use toast_card::{ToastActs, toast_card};
