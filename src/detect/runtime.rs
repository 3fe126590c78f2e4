use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock, atomic::AtomicBool},
};

use ort::{environment::Environment, logging::LogLevel};

use super::{DetectError, log};
use crate::config::Provider;

/// ONNX Runtime, loaded once per process, and what is to run models in it: the CPU, unless [`on`](Self::on) says another.
#[derive(Clone)]
pub struct Runtime {
    environment: Environment,
    /// The library.
    pub(super) path: Arc<Path>,
    pub(super) provider: Provider,
    /// Whether nothing else may run in the provider's place.
    pub(super) require: bool,
    /// Whether the provider was found not to run, so that the CPU does.
    pub(super) refused: Arc<AtomicBool>,
}

/// The library's name as the system's packages give it.
const SYSTEM: &str = "/usr/lib/libonnxruntime.so";

impl Runtime {
    /// Loads the shared library from `ORT_DYLIB_PATH`, else the one that set-up put beside the fetched models
    /// (`cache/onnxruntime/`) or beside the executable (`lib/`), else the system's.
    ///
    /// # Errors
    /// [`DetectError::NoRuntime`] where there is none, [`DetectError::BadRuntime`] where it cannot be loaded or is
    /// too old.
    pub fn load(cache: &Path) -> Result<Self, DetectError> {
        static LOADED: OnceLock<(Environment, Arc<Path>)> = OnceLock::new();
        if let Some(loaded) = LOADED.get() {
            return Ok(Self::of(loaded.clone()));
        }
        let path = locate(cache)?;
        let bad = |reason: String| DetectError::BadRuntime { path: path.clone(), reason };
        let environment = ort::init_from(&path)
            .map_err(|error| bad(error.to_string()))?
            .with_name("firewarden")
            .with_logger(log::logger())
            .build()
            .map_err(|error| bad(error.to_string()))?;
        environment.set_log_level(LogLevel::Warning);
        Ok(Self::of(LOADED.get_or_init(|| (environment, path.into())).clone()))
    }

    fn of((environment, path): (Environment, Arc<Path>)) -> Self {
        Self { environment, path, provider: Provider::Cpu, require: false, refused: Arc::default() }
    }

    pub(super) fn environment(&self) -> &Environment {
        &self.environment
    }
}

fn locate(cache: &Path) -> Result<PathBuf, DetectError> {
    let given = std::env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty()).map(PathBuf::from);
    // A library that was named is used or its absence is said; no other one is silently taken instead.
    let looked = match given {
        Some(path) => vec![path],
        None => {
            let beside = std::env::current_exe().ok();
            let beside =
                beside.as_deref().and_then(Path::parent).map(|folder| folder.join("lib/libonnxruntime.so"));
            let mut looked = vec![cache.join("onnxruntime/libonnxruntime.so")];
            looked.extend(beside);
            looked.push(SYSTEM.into());
            looked
        }
    };
    looked.iter().find(|path| path.is_file()).cloned().ok_or(DetectError::NoRuntime { looked })
}
