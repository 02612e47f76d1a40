//! Times and how long they last.

table! {
    /// Times and how long they last.
    Times {
        minutes: "{0} min",
        hours: "{0} h {1} min",
        days: "{0} d {1} h",
        now: "just now",
        seconds_ago: "{0} s ago",
        minutes_ago: "{0} min ago",
        hours_ago: "{0} h ago",
        days_ago: "{0} d ago",
        minute: "1 min",
        five_minutes: "5 min",
        hour: "1 h",
        day: "24 h",
        week: "7 days",
        last_minute: "the last minute",
        last_five_minutes: "the last 5 minutes",
        last_hour: "the last hour",
        last_day: "the last 24 hours",
        last_week: "the last 7 days",
        percent: "{0} %",
        reach: "How far back the charts reach",
        whole_range: "Whole range",
        load_again: "Load history again",
        save_csv: "Save as CSV",
        download_csv: "Download what the charts show, as CSV",
        saved: "Saved as {0}",
        chart: "chart",
    }
}
