//! What people call a job.

use tidings_protocol::job::MAX_NAME_CHARS;

use super::JobError;

/// A name that somebody gave a job.
pub(super) fn name(text: &str) -> Result<String, JobError> {
    let text = text.trim();
    let length = text.chars().count();
    if length == 0 || length > MAX_NAME_CHARS || text.contains(char::is_control) {
        let message = format!(
            "a `name` has 1 to {MAX_NAME_CHARS} characters, and no line ends or other control characters"
        );
        return Err(JobError::Invalid(message));
    }
    Ok(text.to_owned())
}

/// A name that is made of something else, cut to what fits.
pub(super) fn short(text: &str) -> String {
    let mut chars = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut name: String = chars.by_ref().take(MAX_NAME_CHARS - 1).collect();
    if chars.next().is_some() {
        name.push('…');
    }
    name
}
