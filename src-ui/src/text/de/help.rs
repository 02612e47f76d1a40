//! What the help says.

use crate::text::Help;

pub(in crate::text) const TEXTS: Help = Help {
    keys: "Tasten",
    inbox_keys: "Tasten in den Benachrichtigungen",
    states: "Was Anzeige und Bereiche sagen",
    space: "Leertaste",
    delete: "Entf",
    enter_delete: "Eingabe, Entf",
    enter: "Eingabe",
    pause: "Die Seite anhalten oder fortsetzen",
    inbox: "Benachrichtigungen öffnen oder schließen",
    alerts: "Zu den Alarmen",
    jobs: "Zu den Aufträgen",
    spans: "Diagramme über eine Minute, 5 Minuten, eine Stunde, 24 Stunden, 7 Tage",
    chart_points: "Im Diagramm: Punkt für Punkt ablesen",
    chart_zoom: "Im Diagramm: vergrößern oder verkleinern",
    find: "In allen Prozessen: suchen",
    process: "Auf einem Prozess: Einzelheiten oder beenden",
    server: "In der Desktop-App: einen anderen Server zeigen",
    settings: "Einstellungen: Farbschema, Sprache, Bereiche, Hinweise",
    theme: "Nächstes Farbschema: System, hell, dunkel",
    help: "Diese Hilfe",
    escape: "Offenes schließen oder Diagramme wieder ganz zeigen",
    next: "Die nächste",
    before: "Die vorige",
    follow: "Dem Link folgen und als gelesen markieren",
    read: "Als gelesen markieren",
    remove: "Löschen",
};
