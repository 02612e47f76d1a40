//! What a trial of a server found, and what to do about it.

use crate::state::servers::Verdict;
use crate::text::{fill, text};

/// Its cause, and what to do.
fn problem_words(problem: &str) -> &'static str {
    let words = &text().servers;
    match problem {
        "address" => words.address,
        "credentials" => words.credentials,
        "plain" => words.plain,
        "token" => words.no_token,
        "otherAddress" => words.other_address,
        "known" => words.known,
        "full" => words.full,
        "unreachable" => words.unreachable,
        "untrusted" => words.untrusted,
        "otherKey" => words.other_key,
        "unauthorized" => words.unauthorized,
        "forbidden" => words.forbidden,
        "redirect" => words.redirect,
        "notTidings" => words.not_tidings,
        "release" => words.release,
        "failing" => words.failing,
        "stream" => words.stream,
        "locked" => words.stays_locked,
        "notKept" => words.not_kept,
        _ => words.unusable,
    }
}

/// What is wrong, with what the system or the server says of it; what was found, where nothing is.
pub(super) fn explain(verdict: &Verdict) -> String {
    let Some(problem) = &verdict.problem else {
        let [user, role, version] = &verdict.found;
        return fill(text().servers.well, &[user, role, version]);
    };
    let words = problem_words(problem);
    match problem.as_str() {
        // Its own words say all that these do.
        "untrusted" | "otherKey" if !verdict.key.is_empty() => words.to_owned(),
        _ if verdict.detail.is_empty() => words.to_owned(),
        _ => format!("{words} ({})", verdict.detail),
    }
}
