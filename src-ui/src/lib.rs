//! The Tidings dashboard, in the browser and in the desktop window.
