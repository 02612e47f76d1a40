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
mod topics;

use yew::prelude::*;

use crate::text::Text;
use crate::view::html;

/// One part of the dashboard.
pub struct Panel {
    /// Names it in `data-panel` and in the style sheet's grid.
    pub id: &'static str,
    /// What it is called where panels are arranged.
    pub title: fn(&'static Text) -> &'static str,
    /// Makes it; it asks for its data by itself.
    pub view: fn() -> Html,
}

/// Their names, in the order that they have before somebody chooses another.
#[must_use]
pub fn ids() -> Vec<&'static str> {
    PANELS.iter().map(|panel| panel.id).collect()
}

/// All parts of the dashboard.
pub const PANELS: &[Panel] = &[
    Panel { id: "cpu", title: |text| text.panels.cpu, view: || html! { <cpu::CpuPanel /> } },
    Panel {
        id: "memory",
        title: |text| text.panels.memory,
        view: || html! { <memory::MemoryPanel /> },
    },
    Panel {
        id: "disks",
        title: |text| text.panels.disks,
        view: || html! { <disks::DisksPanel /> },
    },
    Panel {
        id: "network",
        title: |text| text.panels.network,
        view: || html! { <network::NetworkPanel /> },
    },
    Panel { id: "jobs", title: |text| text.panels.jobs, view: || html! { <jobs::JobsPanel /> } },
    Panel {
        id: "alerts",
        title: |text| text.panels.alerts,
        view: || html! { <alerts::AlertsPanel /> },
    },
    Panel {
        id: "processes",
        title: |text| text.panels.processes,
        view: || html! { <processes::ProcessesPanel /> },
    },
    Panel {
        id: "temperatures",
        title: |text| text.panels.temperatures,
        view: || html! { <temperatures::TemperaturesPanel /> },
    },
    Panel {
        id: "topics",
        title: |text| text.panels.topics,
        view: || html! { <topics::TopicsPanel /> },
    },
    Panel {
        id: "events",
        title: |text| text.panels.events,
        view: || html! { <events::EventsPanel /> },
    },
];
