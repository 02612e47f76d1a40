//! What axe-core finds wrong on a page for those who do not see it, or use no pointer.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::Screen;

/// All of WCAG 2.2 AA that a program can judge, and what axe-core advises beyond.
///
/// `skip-link` takes the links of notifications, which lie outside of the window until they are scrolled to, for ones past a menu.
const RUN: &str = "return window.axe.run(document, { resultTypes: ['violations'], \
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], \
    rules: { 'skip-link': { enabled: false } } }).then((found) => found.violations.map((rule) => \
    `${rule.id}: ${rule.help}: ${rule.nodes.map((node) => node.html.slice(0, 200)).join(' and ')}`));";

/// Whether no animation goes on but those that never end.
const STILL: &str = "return document.getAnimations().every((animation) => \
    animation.playState !== 'running' || animation.effect.getComputedTiming().iterations === Infinity);";

const THEMES: [&str; 2] = ["light", "dark"];

impl Screen {
    /// Has axe-core judge what the page shows, in both themes, and leaves the pictures `{name}-{theme}`.
    ///
    /// # Errors
    ///
    /// If it finds anything, with all that it found.
    pub async fn judge(&self, name: &str) -> Result<()> {
        if self.run("return window.axe === undefined;").await? == Value::Bool(true) {
            self.run(&source()?).await?;
        }
        let mut wrong = Vec::new();
        for theme in THEMES {
            self.run(&format!("document.documentElement.dataset.theme = {theme:?};")).await?;
            // What is on its way in is judged once it is there.
            self.wait_for("nothing comes in", STILL).await?;
            self.picture(&format!("{name}-{theme}")).await?;
            let found = self.run(RUN).await?;
            let found = found.as_array().with_context(|| format!("a list, not {found}"))?;
            wrong.extend(found.iter().map(|found| format!("{name}, {theme}: {found}")));
        }
        ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok(())
    }
}

fn source() -> Result<String> {
    let path = "../src-ui/node_modules/axe-core/axe.min.js";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}
