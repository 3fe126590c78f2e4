//! The commands that this build does not have, so that whoever runs one is told which build has it.

macro_rules! absent {
    ($($name:ident $Args:ident;)*) => {$(
        pub mod $name {
            use std::ffi::OsString;

            use clap::Args;

            use super::super::{Status, usage::UsageError};

            /// Not in this build: it has neither codecs nor models.
            #[derive(Debug, Args)]
            #[command(disable_help_flag = true)]
            pub struct $Args {
                #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
                _given: Vec<OsString>,
            }

            pub fn run(_: &$Args) -> anyhow::Result<Status> {
                Err(UsageError(super::no_codecs(stringify!($name))).into())
            }
        }
    )*};
}

absent! {
    analyze AnalyzeArgs;
    detect DetectArgs;
    eval EvalArgs;
    models ModelsArgs;
    outbox OutboxArgs;
    reaction ReactionArgs;
    run RunArgs;
}

/// Says which build has what is asked for.
pub fn no_codecs(what: &str) -> String {
    format!(
        "this build of firewarden has no {what}, which needs codecs and models: it was made for the platform's side (feature hub). The \
         build for boxes has it: cargo build --release, with its default feature edge"
    )
}
