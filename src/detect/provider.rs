//! Execution providers: what may run a model in place of ONNX Runtime's own kernels for the CPU, and what is done where
//! it cannot.

use std::{
    path::{Path, PathBuf},
    sync::{Once, atomic::Ordering},
};

use ort::{
    ep::ExecutionProviderDispatch,
    session::{Session, builder::SessionBuilder},
};
use thiserror::Error;

use super::{DetectError, Runtime, log};
use crate::config::Provider;

/// Why an execution provider cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProviderError {
    /// The program was built without its cargo feature.
    #[error(
        "the execution provider {provider} is not built in: build with `cargo build --release --features {provider}`; \
         docs/providers.md says which libraries it needs"
    )]
    NotBuilt {
        /// Which.
        provider: Provider,
    },
    /// The library that was loaded does not know it.
    #[error(
        "the ONNX Runtime at {path} has no execution provider {provider}: set ORT_DYLIB_PATH to the libonnxruntime.so of \
         {}; docs/providers.md has the steps", package(*provider)
    )]
    NotInRuntime {
        /// Which.
        provider: Provider,
        /// The library.
        path: PathBuf,
    },
    /// It is known, and does not run the model, which the CPU runs.
    #[error(
        "the execution provider {provider} of the ONNX Runtime at {path} does not run {model}: {reason}. {}",
        needs(*provider)
    )]
    Refused {
        /// Which.
        provider: Provider,
        /// The library.
        path: PathBuf,
        /// The model's file.
        model: PathBuf,
        /// What ONNX Runtime said, and what it logged.
        reason: String,
    },
}

/// The package that carries a library with this provider.
fn package(provider: Provider) -> &'static str {
    match provider {
        Provider::Cpu => "any package of ONNX Runtime",
        Provider::Openvino => "the package onnxruntime-openvino",
        Provider::Cuda => "the package onnxruntime-gpu",
    }
}

/// What must be there for it to run.
fn needs(provider: Provider) -> &'static str {
    match provider {
        Provider::Cpu => "It needs nothing else",
        Provider::Openvino => {
            "It needs libonnxruntime_providers_openvino.so and every other library of the package \
             onnxruntime-openvino beside that file, and a model of which it runs every node"
        }
        Provider::Cuda => {
            "It needs libonnxruntime_providers_cuda.so beside that file, an NVIDIA GPU with its driver, and the CUDA and \
             cuDNN libraries that the package onnxruntime-gpu names, where the loader finds them"
        }
    }
}

/// A provider that is built in.
struct BuiltIn {
    /// Whether the loaded library knows it.
    known: fn() -> ort::Result<bool>,
    /// It, with its options.
    make: fn() -> ExecutionProviderDispatch,
    /// Whether it must run every node. ONNX Runtime gives those that a provider does not know to the CPU without a word.
    /// CUDA is let off: it leaves computing shapes to the CPU by design.
    whole: bool,
}

/// None for the CPU, which needs no provider, and for one that is not built in.
fn built_in(provider: Provider) -> Option<BuiltIn> {
    match provider {
        Provider::Cpu => None,
        Provider::Openvino => openvino(),
        Provider::Cuda => cuda(),
    }
}

#[cfg(feature = "openvino")]
fn openvino() -> Option<BuiltIn> {
    use ort::ep::{ExecutionProvider, OpenVINO};
    Some(BuiltIn {
        known: OpenVINO::is_available,
        // Workers are the threads, as on the CPU; full precision, so that detections are those of the CPU.
        make: || {
            OpenVINO::default().with_device_type("CPU").with_num_threads(1).with_precision("FP32").build()
        },
        whole: true,
    })
}

#[cfg(not(feature = "openvino"))]
fn openvino() -> Option<BuiltIn> {
    None
}

#[cfg(feature = "cuda")]
fn cuda() -> Option<BuiltIn> {
    use ort::ep::{CUDA, ExecutionProvider, cuda::ConvAlgorithmSearch};
    Some(BuiltIn {
        known: CUDA::is_available,
        // Every session tries all algorithms of every convolution for every size of input unless told not to: minutes,
        // with a session a worker. Full precision, so that detections are those of the CPU.
        make: || {
            CUDA::default()
                .with_device_id(0)
                .with_conv_algorithm_search(ConvAlgorithmSearch::Heuristic)
                .with_tf32(false)
                .build()
        },
        whole: false,
    })
}

#[cfg(not(feature = "cuda"))]
fn cuda() -> Option<BuiltIn> {
    None
}

impl Runtime {
    /// Has the sessions that are made from now on run by `provider`. Where it is not built in or not in the loaded
    /// library, or does not run a model later on, the CPU runs in its place and one warning says so; where it is
    /// required, that is an error instead.
    ///
    /// # Errors
    /// [`DetectError::Provider`] where it is required and cannot be had.
    pub fn on(mut self, provider: Provider, require: bool) -> Result<Self, DetectError> {
        self.require = require;
        self.provider = provider;
        if provider == Provider::Cpu {
            return Ok(self);
        }
        let path = self.path.to_path_buf();
        match built_in(provider).map(|built_in| (built_in.known)()) {
            None => self.give_up(ProviderError::NotBuilt { provider })?,
            Some(Ok(true)) => {}
            Some(_) => self.give_up(ProviderError::NotInRuntime { provider, path })?,
        }
        Ok(self)
    }

    /// What runs the sessions that are made now.
    pub fn provider(&self) -> Provider {
        if self.refused.load(Ordering::Relaxed) { Provider::Cpu } else { self.provider }
    }

    /// Makes a session of the model in the file `model`, which `commit` reads.
    ///
    /// # Errors
    /// [`DetectError::NotAModel`] where the CPU cannot run it either, [`DetectError::Provider`] where the provider that
    /// is required does not run it.
    pub(super) fn session(
        &self,
        model: &Path,
        commit: impl Fn(SessionBuilder) -> ort::Result<Session>,
    ) -> Result<Session, DetectError> {
        let on_cpu = || {
            let session = Session::builder(self.environment()).and_then(&commit);
            session.map_err(|error| DetectError::NotAModel {
                path: model.to_owned(),
                reason: first_line(&error),
            })
        };
        let provider = self.provider();
        let Some(built_in) = built_in(provider) else { return on_cpu() };
        log::forget();
        self.on_provider(&built_in, &commit).or_else(|error| {
            let logged = log::last_error();
            // Whether the provider or the file is at fault, the CPU can tell.
            let session = on_cpu()?;
            // Which library is missing stands only in its log.
            let reason = match logged.filter(|logged| !error.to_string().contains(logged)) {
                Some(logged) => format!("{} ({logged})", first_line(&error)),
                None => first_line(&error),
            };
            let (path, model) = (self.path.to_path_buf(), model.to_owned());
            self.give_up(ProviderError::Refused { provider, path, model, reason })?;
            Ok(session)
        })
    }

    /// As [`session`](Self::session), of a model that may not be one: where it cannot be run, nothing follows from it.
    ///
    /// # Errors
    /// [`DetectError::NotAModel`].
    pub(super) fn attempt(
        &self,
        model: &Path,
        commit: impl Fn(SessionBuilder) -> ort::Result<Session>,
    ) -> Result<Session, DetectError> {
        let made = match built_in(self.provider()) {
            Some(built_in) => self.on_provider(&built_in, &commit),
            None => Session::builder(self.environment()).and_then(&commit),
        };
        made.map_err(|error| DetectError::NotAModel { path: model.to_owned(), reason: first_line(&error) })
    }

    fn on_provider(
        &self,
        built_in: &BuiltIn,
        commit: impl Fn(SessionBuilder) -> ort::Result<Session>,
    ) -> ort::Result<Session> {
        let builder = Session::builder(self.environment())?
            .with_execution_providers([(built_in.make)().error_on_failure()])?;
        commit(if built_in.whole { builder.with_disable_cpu_fallback()? } else { builder })
    }

    /// From now on the CPU runs, and one warning per process says why; where the provider is required, that is the error.
    fn give_up(&self, why: ProviderError) -> Result<(), DetectError> {
        static WARNED: Once = Once::new();
        if self.require {
            return Err(DetectError::Provider { why });
        }
        self.refused.store(true, Ordering::Relaxed);
        WARNED.call_once(|| tracing::warn!("{why}. The CPU runs the models instead"));
        Ok(())
    }
}

/// ONNX Runtime appends what it was doing in further lines.
fn first_line(error: &ort::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().trim_end_matches('.').to_owned()
}
