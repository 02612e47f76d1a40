//! The Tidings server: collectors, hub and Server-Sent Events.
