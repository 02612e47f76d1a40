//! The table of contents: each kind of job that the server does, a line each.

use std::sync::Arc;

use tidings_protocol::api::Role;
use tidings_protocol::job::KindInfo;

use super::check::Check;
use super::command::Commands;
use super::error::JobError;
use super::export::Export;
use super::kind::Kind;
use super::roots::Roots;
use super::scan::Scan;
use crate::config::JobsConfig;
use crate::history::History;

/// The kinds of a server that is told this.
#[must_use]
pub(crate) fn kinds(config: &JobsConfig, history: &History) -> Kinds {
    let roots = Roots::new(config.roots.clone());
    Kinds::new(vec![
        Arc::new(Scan::new(roots.clone())),
        Arc::new(Check::new(roots)),
        Arc::new(Export::new(history.clone())),
        Arc::new(Commands::new(config)),
        #[cfg(test)]
        Arc::new(super::tests::Steps),
    ])
}

/// Kinds of jobs, in the order they are shown in.
#[derive(Clone, Debug, Default)]
pub struct Kinds(Arc<[Arc<dyn Kind>]>);

impl Kinds {
    /// These kinds, no two of which have the same name.
    #[must_use]
    pub fn new(kinds: Vec<Arc<dyn Kind>>) -> Self {
        Self(kinds.into())
    }

    /// What users of this role may start.
    #[must_use]
    pub fn infos(&self, role: Role) -> Vec<KindInfo> {
        self.0.iter().filter_map(|kind| kind.info(role)).collect()
    }

    /// The kind of this name, and what it wants to know of users of this role.
    ///
    /// # Errors
    ///
    /// If there is none, nobody may start one, or they may not.
    pub(super) fn find(
        &self,
        name: &str,
        role: Role,
    ) -> Result<(&Arc<dyn Kind>, KindInfo), JobError> {
        let kind = self.0.iter().find(|kind| kind.name() == name);
        let Some(kind) = kind else { return Err(JobError::UnknownKind(self.no_such(name, role))) };
        if let Some(why) = kind.unavailable() {
            return Err(JobError::UnknownKind(why));
        }
        let info = kind.info(role).ok_or_else(|| {
            JobError::Forbidden(format!(
                "as {role} you may not start a job of the kind `{name}`; ask an admin to"
            ))
        })?;
        Ok((kind, info))
    }

    fn no_such(&self, name: &str, role: Role) -> String {
        let infos = self.infos(role);
        let known: Vec<_> = infos.iter().map(|info| info.kind.as_str()).collect();
        match nearest(name, known.iter().copied()) {
            Some(nearest) => format!(
                "there is no kind of job {name:?}; did you mean `{nearest}`? You may start: {}",
                known.join(", ")
            ),
            None => format!("there is no kind of job {name:?}, and none that you may start"),
        }
    }
}

/// Of known names the one most like `name`.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |known: &str| strsim::jaro_winkler(name, known);
    known.max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
}
