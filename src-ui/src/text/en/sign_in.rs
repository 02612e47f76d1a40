//! The card that asks who somebody is.

table! {
    /// The card that asks who somebody is.
    SignIn {
        title: "Sign in to Tidings",
        user_name: "User name",
        password: "Password",
        token: "Token",
        paste: "Paste the owner’s token",
        sign_in: "Sign in",
        use_token: "Use the owner’s token instead",
        use_password: "Use a name and a password instead",
        no_user: "No user yet?",
        adds: "Whoever runs the server adds one with {0}.",
        find: "Where do I find it?",
        in_file: "In the file {0} of the server’s data folder.",
        or_restart: "Or restart {0}: it prints a link that signs this browser in.",
        wrong: "The name or the password is wrong.",
        too_many: "Too many attempts. Try again in {0} s.",
        too_many_wait: "Too many attempts. Try again in a while.",
        link_used: "This sign-in link was used already or is too old. Restart the server for a fresh one, or sign in otherwise.",
        unknown_token: "The server does not know this token. Check that all of it was copied.",
        unreadable: "The server’s answer cannot be read. It may be another release.",
        no_answer: "it does not answer",
        not_opened: "the stream could not be opened",
    }
}
