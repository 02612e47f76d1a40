//! Icons, drawn here: one stroke, one size, the colour of the text.

use yew::prelude::*;

use crate::view::html;

/// What an icon shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symbol {
    /// Status: all is well.
    Dot,
    /// Status: under way.
    Ring,
    /// Status: overdue.
    Clock,
    /// Status: cut off from others.
    Broken,
    /// Status: being made again.
    Retry,
    /// Status: closed on request.
    Unplugged,
    /// Status: not allowed.
    Lock,
    /// Status: not understood.
    Alert,
    /// Hold still.
    Pause,
    /// Go on.
    Play,
    /// Quiet hours.
    Moon,
    /// Another machine.
    Screen,
    /// Copy.
    Copy,
    /// Done.
    Check,
    /// Help.
    Help,
    /// Close.
    Close,
    /// Leave.
    SignOut,
    /// Folded or unfolded.
    Chevron,
    /// Processors.
    Cpu,
    /// Memory.
    Memory,
    /// Disks.
    Disk,
    /// Network.
    Network,
    /// Temperatures.
    Thermometer,
    /// Processes.
    List,
    /// Events.
    Braces,
    /// Notifications.
    Bell,
    /// Worth knowing.
    Info,
    /// Went well.
    Success,
    /// Went wrong.
    Failure,
    /// Delete.
    Trash,
    /// Settings.
    Sliders,
    /// Leads elsewhere.
    External,
    /// Nothing is there.
    Inbox,
    /// All done.
    CheckAll,
    /// Make one.
    Plus,
    /// Change.
    Pencil,
    /// Work.
    Gauge,
    /// Bring here.
    Download,
    /// Topics.
    Branch,
    /// Stays in front.
    Pin,
    /// Further up.
    Up,
    /// Further down.
    Down,
    /// Is shown.
    Eye,
}

impl Symbol {
    fn path(self) -> &'static str {
        match self {
            Self::Dot => "M8 4.5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 1 0 0-7z",
            Self::Ring => "M8 2.5a5.5 5.5 0 1 1-5.5 5.5",
            Self::Clock => "M8 2.25a5.75 5.75 0 1 0 0 11.5a5.75 5.75 0 1 0 0-11.5zM8 5v3.2l2.2 1.3",
            Self::Broken => {
                "M6.2 4.9H4.9a3.1 3.1 0 0 0 0 6.2h1.3M9.8 4.9h1.3a3.1 3.1 0 0 1 0 6.2H9.8M8 1.9v2M8 12.1v2"
            }
            Self::Retry => "M13.25 8a5.25 5.25 0 1 1-1.6-3.75M13.25 1.9v2.85h-2.85",
            Self::Unplugged => {
                "M2.2 13.8l2-2M13.8 2.2l-2 2M4 8.3l-.6.6a2.3 2.3 0 0 0 0 3.2l.5.5a2.3 2.3 0 0 0 3.2 0l.6-.6M12 7.7l.6-.6a2.3 2.3 0 0 0 0-3.2l-.5-.5a2.3 2.3 0 0 0-3.2 0l-.6.6M5.5 7l-1-1M9 10.5l1 1"
            }
            Self::Lock => {
                "M4.5 7h7a1 1 0 0 1 1 1v4.5a1 1 0 0 1-1 1h-7a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1zM5.5 7V5a2.5 2.5 0 0 1 5 0v2"
            }
            Self::Alert => "M8 2.4l6 10.9H2zM8 6.5v3.2M8 11.5v.1",
            Self::Pause => "M5.5 3.5v9M10.5 3.5v9",
            Self::Play => "M5 3.3l7.5 4.7l-7.5 4.7z",
            Self::Moon => "M13.3 9.7a5.7 5.7 0 0 1-7-7a5.7 5.7 0 1 0 7 7z",
            Self::Screen => {
                "M2.5 3h11a.7.7 0 0 1 .7.7v6.6a.7.7 0 0 1-.7.7h-11a.7.7 0 0 1-.7-.7V3.7a.7.7 0 0 1 .7-.7zM5.5 13.5h5M8 11v2.5"
            }
            Self::Copy => {
                "M6 5.5h6.5a.8.8 0 0 1 .8.8v6.4a.8.8 0 0 1-.8.8H6a.8.8 0 0 1-.8-.8V6.3a.8.8 0 0 1 .8-.8zM3.5 10.5a.8.8 0 0 1-.8-.8V3.3a.8.8 0 0 1 .8-.8h6.4a.8.8 0 0 1 .8.8"
            }
            Self::Check => "M3 8.5l3.2 3.2L13 4.8",
            Self::Help => {
                "M8 2.25a5.75 5.75 0 1 0 0 11.5a5.75 5.75 0 1 0 0-11.5zM6.3 6.3a1.75 1.75 0 1 1 2.6 1.6c-.6.3-.9.7-.9 1.3M8 11.2v.1"
            }
            Self::Close => "M4 4l8 8M12 4l-8 8",
            Self::SignOut => {
                "M6.5 2.5h-3a1 1 0 0 0-1 1v9a1 1 0 0 0 1 1h3M10.5 11l3-3l-3-3M13.3 8H6.5"
            }
            Self::Gauge => "M2.6 11.6a5.75 5.75 0 1 1 10.8 0M8 9.4l2.6-3.2M8 9.2v.1",
            Self::Download => "M8 2.5v7.2M4.9 6.8L8 9.9l3.1-3.1M2.8 13h10.4",
            Self::Branch => {
                "M4 2.5v11M4 8h4.5a2 2 0 0 0 2-2V5M12.2 3.4a1.7 1.7 0 1 1-3.4 0a1.7 1.7 0 1 1 3.4 0zM4 12h6.2"
            }
            Self::Pin => "M5.8 2.5h4.4l-.5 4.3l2 2.2H4.3l2-2.2zM8 9v4.6",
            Self::Up => "M8 12.8V3.4M4.2 7.2L8 3.4l3.8 3.8",
            Self::Down => "M8 3.2v9.4M4.2 8.8L8 12.6l3.8-3.8",
            Self::Eye => {
                "M1.8 8s2.3-4.2 6.2-4.2S14.2 8 14.2 8s-2.3 4.2-6.2 4.2S1.8 8 1.8 8zM8 6.2a1.8 1.8 0 1 0 0 3.6a1.8 1.8 0 1 0 0-3.6z"
            }
            Self::Plus => "M8 3.2v9.6M3.2 8h9.6",
            Self::Pencil => "M10.8 2.9l2.3 2.3L5.6 12.7l-3 .7l.7-3zM9.3 4.4l2.3 2.3",
            Self::Trash => {
                "M2.8 4.3h10.4M6.2 4.3V2.8h3.6v1.5M4.2 4.3l.6 8.9h6.4l.6-8.9M6.8 6.8v4M9.2 6.8v4"
            }
            Self::Chevron => "M6 4l4 4l-4 4",
            Self::Cpu => {
                "M4.5 3.8h7a.7.7 0 0 1 .7.7v7a.7.7 0 0 1-.7.7h-7a.7.7 0 0 1-.7-.7v-7a.7.7 0 0 1 .7-.7zM6.5 6.5h3v3h-3zM6 1.8v2M10 1.8v2M6 12.2v2M10 12.2v2M1.8 6h2M1.8 10h2M12.2 6h2M12.2 10h2"
            }
            Self::Memory => {
                "M2 4.5h12v6H2zM4.5 6.5v2M7 6.5v2M9.5 6.5v2M12 6.5v2M4 10.5v1.7M8 10.5v1.7M12 10.5v1.7"
            }
            Self::Disk => {
                "M3.8 3h8.4l1.8 6v3.5a.6.6 0 0 1-.6.6H2.6a.6.6 0 0 1-.6-.6V9zM2 9h12M11 11.1h.8"
            }
            Self::Network => "M5 13V3.5M2.5 6L5 3.5L7.5 6M11 3v9.5M8.5 10l2.5 2.5l2.5-2.5",
            Self::Thermometer => "M9.5 9.2V3.3a1.5 1.5 0 0 0-3 0v5.9a3 3 0 1 0 3 0zM8 6.5v5",
            Self::List => "M5.8 4h7.7M5.8 8h7.7M5.8 12h7.7M2.7 4h.1M2.7 8h.1M2.7 12h.1",
            Self::Bell => {
                "M8 2a4 4 0 0 0-4 4c0 3.6-1.3 4.7-1.3 5.5h10.6C13.3 10.7 12 9.6 12 6a4 4 0 0 0-4-4zM6.6 13.6a1.5 1.5 0 0 0 2.8 0"
            }
            Self::Info => {
                "M8 2.25a5.75 5.75 0 1 0 0 11.5a5.75 5.75 0 1 0 0-11.5zM8 7.4v3.6M8 4.9v.1"
            }
            Self::Success => {
                "M8 2.25a5.75 5.75 0 1 0 0 11.5a5.75 5.75 0 1 0 0-11.5zM5.4 8.2l1.8 1.8l3.4-3.7"
            }
            Self::Failure => {
                "M5.6 2.25h4.8l3.35 3.35v4.8l-3.35 3.35H5.6l-3.35-3.35V5.6zM8 5v3.6M8 11v.1"
            }
            Self::Sliders => {
                "M2.5 5h5.3M11.2 5h2.3M2.5 11h2.3M8.2 11h5.3M9.5 3.3a1.7 1.7 0 1 0 0 3.4a1.7 1.7 0 1 0 0-3.4zM6.5 9.3a1.7 1.7 0 1 0 0 3.4a1.7 1.7 0 1 0 0-3.4z"
            }
            Self::External => {
                "M9.3 2.8h3.9v3.9M13 3L7.6 8.4M11.5 9v3.2a1 1 0 0 1-1 1H3.8a1 1 0 0 1-1-1V5.5a1 1 0 0 1 1-1H7"
            }
            Self::Inbox => {
                "M2.3 8.8l2-5a1 1 0 0 1 .9-.6h5.6a1 1 0 0 1 .9.6l2 5v3.4a.8.8 0 0 1-.8.8H3.1a.8.8 0 0 1-.8-.8zM2.4 8.8h3.3c.2 1.3 1.1 2 2.3 2s2.1-.7 2.3-2h3.3"
            }
            Self::CheckAll => "M1.5 8.7l2.8 2.8L10.5 5M7.2 10.6l.9.9L14.5 5",
            Self::Braces => {
                "M6 2.8c-2 0-1.8 1-1.8 2.6c0 1.6-.6 2.6-1.7 2.6c1.1 0 1.7 1 1.7 2.6c0 1.6-.2 2.6 1.8 2.6M10 2.8c2 0 1.8 1 1.8 2.6c0 1.6.6 2.6 1.7 2.6c-1.1 0-1.7 1-1.7 2.6c0 1.6.2 2.6-1.8 2.6"
            }
        }
    }
}

/// An icon beside text that says the same; screen readers pass over it.
pub fn icon(symbol: Symbol) -> Html {
    let filled = matches!(symbol, Symbol::Dot | Symbol::Play);
    html! {
        <svg class="icon" data-filled={filled.then_some("true")} viewBox="0 0 16 16" aria-hidden="true">
            <path d={symbol.path()} />
        </svg>
    }
}

/// The mark of the application, as `icons/icon.svg` has it.
pub fn mark() -> Html {
    html! {
        <svg class="mark" viewBox="0 0 512 512" aria-hidden="true">
            <defs>
                <linearGradient id="mark-sea" x1="0" y1="0" x2="0" y2="1">
                    <stop offset="0" stop-color="#2389c4" />
                    <stop offset="1" stop-color="#0d4377" />
                </linearGradient>
            </defs>
            <rect x="20" y="20" width="472" height="472" rx="112" fill="url(#mark-sea)" />
            <path d="M84 296C132 296 136 152 196 152C256 152 248 360 308 360C352 360 362 312 374 264"
                fill="none" stroke="#fff" stroke-width="50" stroke-linecap="round"
                stroke-linejoin="round" />
            <circle cx="396" cy="160" r="50" fill="#5ff0b4" />
        </svg>
    }
}
