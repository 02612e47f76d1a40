//! The Tidings desktop app.
