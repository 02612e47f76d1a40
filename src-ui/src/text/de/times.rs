//! Times and how long they last.

use crate::text::Times;

pub(in crate::text) const TEXTS: Times = Times {
    minutes: "{0} min",
    hours: "{0} h {1} min",
    days: "{0} d {1} h",
    now: "gerade eben",
    seconds_ago: "vor {0} s",
    minutes_ago: "vor {0} min",
    hours_ago: "vor {0} h",
    days_ago: "vor {0} Tg.",
    minute: "1 min",
    five_minutes: "5 min",
    hour: "1 h",
    day: "24 h",
    week: "7 Tage",
    last_minute: "die letzte Minute",
    last_five_minutes: "die letzten 5 Minuten",
    last_hour: "die letzte Stunde",
    last_day: "die letzten 24 Stunden",
    last_week: "die letzten 7 Tage",
    percent: "{0} %",
    reach: "Wie weit die Diagramme zurückreichen",
    whole_range: "Ganzer Zeitraum",
    load_again: "Verlauf neu laden",
    save_csv: "Als CSV speichern",
    download_csv: "Was die Diagramme zeigen, als CSV herunterladen",
    saved: "Gespeichert als {0}",
    chart: "Diagramm",
};
