//! What the notice says of the connection.

use crate::text::Notice;

pub(in crate::text) const TEXTS: Notice = Notice {
    connection: "Verbindung",
    still_signed_in: "Noch angemeldet",
    releases: "Der Server hat Version {0}, diese Seite {1}",
    right_server: "Ist das der richtige Server?",
    compare_key: "Vor dem Vertrauen den Schlüssel mit dem vergleichen, den „tidings serve“ dort ausgibt.",
    other_server: "Das ist nicht der Server, dem vertraut wurde",
    last_stay: "Bis zur Rückkehr bleiben die letzten Werte stehen.",
    degraded: "Der Server ist eingeschränkt",
    bus: "Die letzten Werte bleiben, bis der Bus zurück ist. Dauert das lange: prüfen, ob Redis läuft und Platz hat; hinter einem Lastverteiler kann ein anderer Server in Ordnung sein.",
    no_samples: "Keine neuen Messwerte",
    nothing_arrives: "Die Verbindung steht, aber es kommt nichts an. Die letzten Werte bleiben stehen.",
    others_only: "Nur andere Rechner melden etwas. Läuft Tidings auf diesem?",
    disconnected: "Getrennt",
    you_closed: "Die Verbindung wurde hier getrennt. Die letzten Werte bleiben stehen.",
    no_server: "Hier antwortet kein Tidings-Server",
    one_release: "Server und Seite auf dieselbe Version bringen.",
    retry_now: "Jetzt versuchen",
    connect_anew: "Neu verbinden",
    trust: "Server vertrauen",
    reload: "Neu laden",
};
