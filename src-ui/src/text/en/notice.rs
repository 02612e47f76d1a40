//! What the notice says of the connection.

table! {
    /// What the notice says of the connection.
    Notice {
        connection: "Connection",
        still_signed_in: "You are still signed in",
        releases: "This server is of release {0}, this page of {1}",
        right_server: "Is this the right server?",
        compare_key: "Compare the key with what “tidings serve” prints there before you trust it.",
        other_server: "This is not the server that was trusted",
        last_stay: "Until it returns, the last values stay.",
        degraded: "The server is degraded",
        bus: "The last ones stay until the bus is back. If that takes long, see whether Redis runs and has room; behind a balancer, another server may be well.",
        no_samples: "No new samples",
        nothing_arrives: "The connection is open, but nothing arrives. The last values stay.",
        others_only: "Only other machines tell anything. See whether Tidings runs on this one.",
        disconnected: "Disconnected",
        you_closed: "You closed the connection. The last values stay.",
        no_server: "No Tidings server answers here",
        one_release: "Bring server and page to one release.",
        retry_now: "Retry now",
        connect_anew: "Connect anew",
        trust: "Trust this server",
        reload: "Reload",
    }
}
