//! The exit code of a command that ends with an error.

use super::usage::UsageError;
#[cfg(feature = "edge")]
use crate::{
    batch::BatchError, catalog::CatalogError, detect::DetectError, service::ServiceError, source::FindError,
};
use crate::{
    config::{ConfigError, NotYet},
    eval::TruthError,
    results::{FolderError, StoredError, VerifyError},
};

/// 2 where the command was used in a way that cannot work, or its configuration is wrong; else 1.
pub fn code(error: &anyhow::Error) -> u8 {
    let usage = error.is::<ConfigError>()
        || error.is::<NotYet>()
        || error.is::<UsageError>()
        || error.is::<TruthError>()
        || error.downcast_ref().is_some_and(FolderError::is_usage)
        || error.downcast_ref().is_some_and(StoredError::is_usage)
        || matches!(error.downcast_ref(), Some(VerifyError::NotAFolder(_) | VerifyError::NotAResult(_)));
    #[cfg(feature = "edge")]
    let usage = usage || is_wrong_use(error);
    if usage { 2 } else { 1 }
}

/// Whether what a box is to do cannot be done as it is asked for.
#[cfg(feature = "edge")]
fn is_wrong_use(error: &anyhow::Error) -> bool {
    error.is::<FindError>()
        || matches!(error.downcast_ref(), Some(CatalogError::Unknown { .. }))
        || error.downcast_ref().is_some_and(wrong_batch)
        || error.downcast_ref().is_some_and(wrong_service)
        || error.downcast_ref().is_some_and(wrong_model)
}

#[cfg(feature = "edge")]
fn wrong_batch(error: &BatchError) -> bool {
    match error {
        BatchError::Find(_) | BatchError::OwnRecording { .. } | BatchError::TooFewFiles { .. } => true,
        BatchError::Folder(error) => error.is_usage(),
        BatchError::Models(error) => wrong_model(error),
        BatchError::Write(_) | BatchError::Signals(_) => false,
    }
}

#[cfg(feature = "edge")]
fn wrong_model(error: &DetectError) -> bool {
    if let DetectError::OfRule { wrong, .. } = error {
        return wrong_model(wrong);
    }
    !matches!(
        error,
        DetectError::NoRuntime { .. } | DetectError::BadRuntime { .. } | DetectError::Failed { .. }
    ) && !matches!(error, DetectError::Catalog(inner) if !matches!(inner, CatalogError::Unknown { .. }))
}

#[cfg(feature = "edge")]
fn wrong_service(error: &ServiceError) -> bool {
    match error {
        ServiceError::Find(_)
        | ServiceError::NoFile { .. }
        | ServiceError::NotYet(_)
        | ServiceError::EvidenceHeld { .. } => true,
        ServiceError::Detect(error) => wrong_model(error),
        ServiceError::Database(_) | ServiceError::System { .. } | ServiceError::StoodStill { .. } => false,
    }
}
