//! Generates what Tauri needs: the permissions of the app's own commands, and its resources on Windows.

use std::path::Path;

use tauri_build::{AppManifest, Attributes};

/// Each command gets a permission of its own (`allow-poll-feed`), which a window must be granted.
const COMMANDS: &[&str] = &[
    "poll_feed",
    "retry_feed",
    "disconnect_feed",
    "trust_server",
    "list_notifications",
    "read_notification",
    "read_all_notifications",
    "remove_notification",
    "list_alerts",
    "create_alert",
    "change_alert",
    "remove_alert",
    "list_users",
    "ask_session",
    "list_jobs",
    "job_kinds",
    "start_job",
    "show_job",
    "cancel_job",
    "remove_job",
    "job_log",
    "job_result",
    "save_job_result",
    "metrics_history",
    "save_metrics_history",
    "list_processes",
    "end_process",
    "list_servers",
    "choose_server",
    "try_server",
    "remove_server",
    "next_chosen",
    "notice_settings",
];

fn main() {
    embed_placeholder_unless_built();
    let attributes = Attributes::new().app_manifest(AppManifest::new().commands(COMMANDS));
    if let Err(error) = tauri_build::try_build(attributes) {
        println!("cargo::error={error:#}");
    }
}

/// A build before the dashboard was ever built embeds a page that says how to build it.
fn embed_placeholder_unless_built() {
    println!("cargo::rerun-if-env-changed=TAURI_CONFIG");
    if Path::new("../src-ui/dist/index.html").exists() {
        println!("cargo::rerun-if-changed=../src-ui/dist");
        return;
    }
    // The folder `dist` will appear in.
    println!("cargo::rerun-if-changed=../src-ui");
    println!("cargo::rerun-if-changed=placeholder");
    // Under Tauri's own tool the page comes from its development server, or is built first.
    if std::env::var_os("TAURI_CONFIG").is_none() {
        println!(r#"cargo::rustc-env=TAURI_CONFIG={{"build":{{"frontendDist":"placeholder"}}}}"#);
    }
}
