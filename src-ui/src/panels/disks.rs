//! File systems and their traffic.

use tidings_protocol::metrics::Disk;
use yew::prelude::*;

use super::live_chart::LiveChart;
use crate::components::{Card, Line, Scale, Symbol, empty, line_stat, skeleton, warning_bar};
use crate::hooks::{use_freshness, use_metrics};
use crate::state::chart::Series;
use crate::state::format::{bytes, percent, rate, share, total};
use crate::state::metrics::Family;

const SERIES: &[Series] = &[Series::DiskRead, Series::DiskWrite];
const LINES: &[Line] =
    &[Line { label: "Read", color: "--inward" }, Line { label: "Write", color: "--outward" }];

/// Read and write rates, space per mount, the last minutes.
#[component]
pub(super) fn DisksPanel() -> Html {
    let metrics = use_metrics();
    let freshness = use_freshness(Family::Fast);
    let disks = metrics.current().map(|sample| &sample.snapshot.disks);
    let sum = |of: fn(&Disk) -> Option<f64>| {
        total(disks?.iter().map(of)).map(|total| rate(total).to_string())
    };
    html! {
        <Card panel="disks" title="Disks" symbol={Symbol::Disk} {freshness}>
            <dl class="stats stats-lead">
                { line_stat("Read", sum(|disk| disk.read), "inward") }
                { line_stat("Write", sum(|disk| disk.write), "outward") }
            </dl>
            <LiveChart id="chart-disks" label="Disk traffic"
                series={SERIES} lines={LINES} scale={Scale::Rate} />
            { match disks {
                None => skeleton(2),
                Some(disks) if disks.is_empty() => empty("No file systems that lie on a device."),
                Some(disks) => html! { <ul class="rows">{ for disks.iter().map(row) }</ul> },
            } }
        </Card>
    }
}

fn row(disk: &Disk) -> Html {
    let used = share(disk.used, disk.total);
    html! {
        <li class="row" key={disk.mount.clone()}>
            <div class="row-line">
                <span class="row-name" title={format!("{} · {} · {}", disk.mount, disk.name, disk.file_system)}>
                    { &disk.mount }
                </span>
                <span class="row-note">
                    { format!("{} free of {}", bytes(disk.available), bytes(disk.total)) }
                </span>
            </div>
            { warning_bar(used, format!("{}: {} in use", disk.mount, percent(used))) }
        </li>
    }
}
