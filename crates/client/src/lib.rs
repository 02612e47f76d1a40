//! Native client of a Tidings server.
