//! The parts of the dashboard, in the order they are shown. A new one is a file here and a line below.

mod alerts;
mod cpu;
mod disks;
mod events;
mod jobs;
mod live_chart;
mod memory;
mod network;
mod processes;
mod temperatures;

use yew::prelude::*;

/// One part of the dashboard.
pub struct Panel {
    /// Names it in `data-panel` and in the style sheet's grid.
    pub id: &'static str,
    /// Makes it; it asks for its data by itself.
    pub view: fn() -> Html,
}

/// All parts of the dashboard.
pub const PANELS: &[Panel] = &[
    Panel { id: "cpu", view: || html! { <cpu::CpuPanel /> } },
    Panel { id: "memory", view: || html! { <memory::MemoryPanel /> } },
    Panel { id: "disks", view: || html! { <disks::DisksPanel /> } },
    Panel { id: "network", view: || html! { <network::NetworkPanel /> } },
    Panel { id: "jobs", view: || html! { <jobs::JobsPanel /> } },
    Panel { id: "alerts", view: || html! { <alerts::AlertsPanel /> } },
    Panel { id: "processes", view: || html! { <processes::ProcessesPanel /> } },
    Panel { id: "temperatures", view: || html! { <temperatures::TemperaturesPanel /> } },
    Panel { id: "events", view: || html! { <events::EventsPanel /> } },
];
