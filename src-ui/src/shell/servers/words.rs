//! What a trial of a server found, and what to do about it.

use crate::state::servers::Verdict;

/// A problem: its cause, and what to do.
const PROBLEMS: &[(&str, &str)] = &[
    (
        "address",
        "This is no address of a server. It begins with https://, or with http:// on this computer.",
    ),
    (
        "credentials",
        "The address has a name or password in it. Leave them out: the token is all that the server wants.",
    ),
    (
        "plain",
        "Without TLS whoever is on the way can read the token. Use https://, or allow it below.",
    ),
    ("token", "A token is wanted. “tidings token create” on the server makes one."),
    ("otherAddress", "The token is that of another address. Write the one for this."),
    ("known", "This address is in the list."),
    ("full", "The list is full. Remove a server that is no longer needed."),
    (
        "unreachable",
        "The server cannot be reached. See whether it runs, and whether its address and port are right.",
    ),
    (
        "untrusted",
        "Nobody whom this computer trusts vouches for this server. Compare its key with what “tidings serve” printed there; trust it only if it is the same.",
    ),
    (
        "otherKey",
        "The server shows another key than the one that is trusted. Somebody may be in between. If it was given a new key on purpose, remove it here and from the known servers, and add it again.",
    ),
    (
        "unauthorized",
        "The server does not take this token. It may have expired or been revoked; make another there.",
    ),
    (
        "forbidden",
        "The token may not read anything here. Give it a scope that may, “read:metrics/*” at least.",
    ),
    ("redirect", "The server sends elsewhere. Use that address."),
    (
        "notTidings",
        "Something answers there, and it is no Tidings server. Check the port and the path.",
    ),
    ("release", "The server speaks otherwise than this app. Bring both to one release."),
    ("failing", "The server answers that it cannot serve now. Try again in a while."),
    (
        "stream",
        "The server answers, but its stream does not come through. A proxy on the way may hold it back.",
    ),
    ("notKept", "The app cannot keep it."),
];

/// What is wrong, with what the system or the server says of it; what was found, where nothing is.
pub(super) fn explain(verdict: &Verdict) -> String {
    let Some(problem) = &verdict.problem else {
        let [user, role, version] = &verdict.found;
        return format!("All is well: {user}, {role}, on Tidings {version}.");
    };
    let known = PROBLEMS.iter().find(|(name, _)| name == problem);
    let words = known.map_or("It cannot be used.", |(_, words)| *words);
    match problem.as_str() {
        // Its own words say all that these do.
        "untrusted" | "otherKey" if !verdict.key.is_empty() => words.to_owned(),
        _ if verdict.detail.is_empty() => words.to_owned(),
        _ => format!("{words} ({})", verdict.detail),
    }
}
