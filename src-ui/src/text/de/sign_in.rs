//! The card that asks who somebody is.

use crate::text::SignIn;

pub(in crate::text) const TEXTS: SignIn = SignIn {
    title: "Bei Tidings anmelden",
    user_name: "Benutzername",
    password: "Passwort",
    token: "Token",
    paste: "Token des Besitzers einfügen",
    sign_in: "Anmelden",
    use_token: "Stattdessen das Token des Besitzers verwenden",
    use_password: "Stattdessen Name und Passwort verwenden",
    no_user: "Noch kein Benutzer?",
    adds: "Der Betreiber des Servers legt ihn mit {0} an.",
    find: "Wo ist es zu finden?",
    in_file: "In der Datei {0} im Datenordner des Servers.",
    or_restart: "Oder den Server neu starten: {0} gibt einen Link aus, der diesen Browser anmeldet.",
    wrong: "Name oder Passwort ist falsch.",
    too_many: "Zu viele Versuche. In {0} s noch einmal versuchen.",
    too_many_wait: "Zu viele Versuche. Später noch einmal versuchen.",
    link_used: "Dieser Anmeldelink wurde schon benutzt oder ist zu alt. Ein Neustart des Servers gibt einen neuen aus; sonst anders anmelden.",
    unknown_token: "Der Server kennt dieses Token nicht. Wurde es vollständig kopiert?",
    unreadable: "Die Antwort des Servers ist nicht lesbar. Vielleicht hat er eine andere Version.",
    no_answer: "keine Antwort",
    not_opened: "der Datenstrom ließ sich nicht öffnen",
};
