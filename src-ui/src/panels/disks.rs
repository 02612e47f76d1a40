//! File systems and their traffic.

use tidings_protocol::metrics::Disk;
use yew::prelude::*;

use super::live_chart::LiveChart;
use crate::components::{Card, Line, Scale, Symbol, empty, line_stat, skeleton, warning_bar};
use crate::hooks::{use_freshness, use_metrics};
use crate::state::chart::Series;
use crate::state::format::{bytes, percent, rate, share, total};
use crate::state::metrics::Family;
use crate::text::{fill, text};
use crate::view::html;

const SERIES: &[Series] = &[Series::DiskRead, Series::DiskWrite];
const LINES: &[Line] = &[
    Line { label: |text| text.panels.read, color: "--inward" },
    Line { label: |text| text.panels.write, color: "--outward" },
];

/// Read and write rates, space per mount, the last minutes.
#[component]
pub(super) fn DisksPanel() -> Html {
    let words = &text().panels;
    let metrics = use_metrics();
    let freshness = use_freshness(Family::Fast);
    let disks = metrics.current().map(|sample| &sample.snapshot.disks);
    let sum = |of: fn(&Disk) -> Option<f64>| {
        total(disks?.iter().map(of)).map(|total| rate(total).to_string())
    };
    html! {
        <Card panel="disks" title={words.disks} symbol={Symbol::Disk} {freshness}>
            <dl class="stats stats-lead">
                { line_stat(words.read, sum(|disk| disk.read), "inward") }
                { line_stat(words.write, sum(|disk| disk.write), "outward") }
            </dl>
            <LiveChart id="chart-disks" label={words.disk_traffic}
                series={SERIES} lines={LINES} scale={Scale::Rate} />
            { match disks {
                None => skeleton(2),
                Some(disks) if disks.is_empty() => empty(words.no_disks),
                Some(disks) => html! { <ul class="rows">{ for disks.iter().map(row) }</ul> },
            } }
        </Card>
    }
}

fn row(disk: &Disk) -> Html {
    let words = &text().panels;
    let used = share(disk.used, disk.total);
    html! {
        <li class="row" key={disk.mount.clone()}>
            <div class="row-line">
                <span class="row-name" title={format!("{} · {} · {}", disk.mount, disk.name, disk.file_system)}>
                    { &disk.mount }
                </span>
                <span class="row-note">
                    { fill(words.free_of, &[&bytes(disk.available).to_string(), &bytes(disk.total).to_string()]) }
                </span>
            </div>
            { warning_bar(used, fill(words.disk_in_use, &[&disk.mount, &percent(used).to_string()])) }
        </li>
    }
}
