// Sets the remembered theme before the first paint; src/hooks/theme.rs does the rest.
try {
  document.documentElement.dataset.theme = localStorage.getItem("tidings.theme") || "system";
} catch {
  // No storage here: the system's theme it is.
}
