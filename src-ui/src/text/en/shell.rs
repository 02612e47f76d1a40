//! What stands around the panels.

table! {
    /// What stands around the panels.
    Shell {
        skip: "Skip to the panels",
        panel_shown: "The panel {0} was hidden, and is shown again.",
        no_panels: "All panels are hidden. The settings (s) show them again.",
        actions: "Connection and view",
        settings: "Settings",
        help: "Help",
        server_version: "Tidings server {0}",
        machine: "Machine",
        up: "up {0}",
        kernel: "Kernel {0}",
        pause: "Pause",
        resume: "Resume",
        reconnect: "Reconnect",
        disconnect: "Disconnect",
        sign_out: "Sign out",
        signed_in: "Signed in as {0}",
        updated: "Updated",
        first_sample: "Waiting for the first sample…",
        no_sample: "No sample yet",
        close: "Close",
        notifications: "Notifications",
        unread_notifications: "Notifications, {0} unread",
        refused_title: "The server refuses the token",
        refused: "Set {0} to a valid token and start the app again.",
        retry: "Retry",
        try_again: "Try again",
        show_all: "Show all",
        delete: "Delete",
        cancel: "Cancel",
        viewer: "viewer",
        publisher: "publisher",
        admin: "admin",
    }
}
