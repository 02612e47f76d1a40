//! What each kind of figure says.

table! {
    /// What each kind of figure says.
    Figures {
        host_uptime: "Time since the machine was started",
        cpu_total: "Use of all cores together",
        cpu_core: "Use of one core, counted from 0",
        load_1: "Load average over 1 minute; none on Windows",
        load_5: "Load average over 5 minutes",
        load_15: "Load average over 15 minutes",
        memory_total: "Memory that the system can use",
        memory_used: "Memory that is not available",
        memory_available: "What programs can get without swapping",
        memory_used_percent: "Share of the memory that is in use",
        swap_total: "Size of swap; 0 where there is none",
        swap_used: "Swap in use",
        swap_used_percent: "Share of swap in use; none without swap",
        disk_total: "Size of the file system",
        disk_used: "What is not available",
        disk_available: "What programs can still write",
        disk_used_percent: "Share of the file system that is in use",
        disk_read: "What is read, a second",
        disk_write: "What is written, a second",
        disks_read: "What is read of all disks, a second",
        disks_write: "What is written to all, a second",
        network_received: "What comes in, a second",
        network_sent: "What goes out, a second",
        network_total_received: "What came in since it is up",
        network_total_sent: "What went out since it is up",
        networks_received: "What comes in by all, a second",
        networks_sent: "What goes out by all, a second",
        temperature: "What a sensor says",
        process_count: "How many processes there are",
    }
}
