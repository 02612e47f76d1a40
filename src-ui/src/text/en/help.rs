//! What the help says.

table! {
    /// What the help says.
    Help {
        keys: "Keys",
        inbox_keys: "Keys in the notifications",
        states: "What badge and panels say",
        space: "Space",
        delete: "Delete",
        enter_delete: "Enter, Delete",
        enter: "Enter",
        pause: "Hold the page still, or let it go on",
        inbox: "Open or close the notifications",
        alerts: "Go to the alerts",
        jobs: "Go to the jobs",
        spans: "Charts of a minute, 5 minutes, an hour, 24 hours, 7 days",
        chart_points: "On a chart: read it point by point",
        chart_zoom: "On a chart: zoom in or out",
        find: "Among all processes: find one",
        process: "On a process: all there is to know of it, or its end",
        server: "In the desktop app: show another server",
        settings: "Settings: theme, language, panels and their order, toasts",
        theme: "Next theme: system, light, dark",
        help: "This help",
        escape: "Close what is open, or show whole charts again",
        next: "The next one",
        before: "The one before",
        follow: "Follow its link, and mark it as read",
        read: "Mark it as read",
        remove: "Delete it",
    }
}
