//! The first process of a sandbox.

use std::collections::BTreeMap;

use boundary::check::invalid;
use boundary::error::Error;
use microsandbox::sandbox::{HandoffInit, SandboxBuilder};
use serde::{Deserialize, Serialize};

use super::form::forms;

/// The program that becomes the guest's first process.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(untagged)]
pub enum InitOption {
    /// Its path, or `auto`.
    Command(String),
    /// Its path, arguments and environment.
    Options(InitOptions),
}

forms!(InitOption, Command, Options, "a path, `auto`, or an object with command");

/// The program that becomes the guest's first process.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InitOptions {
    /// An absolute path in the guest, or `auto` for the one that the image's
    /// entrypoint starts or that is found in a usual place.
    pub command: String,
    /// Its arguments. Default: none.
    pub args: Option<Vec<String>>,
    /// More environment variables for it. Default: none.
    pub env: Option<BTreeMap<String, String>>,
}

impl InitOption {
    /// Checks the option and hands it to the core.
    pub fn apply(&self, builder: SandboxBuilder) -> Result<SandboxBuilder, Error> {
        match self {
            Self::Command(command) => {
                check_command("init", command)?;
                Ok(builder.init(command))
            }
            Self::Options(options) => {
                check_command("init.command", &options.command)?;
                Ok(builder.init_with(&options.command, |init| {
                    init.args(options.args.clone().unwrap_or_default())
                        .envs(options.env.clone().unwrap_or_default())
                }))
            }
        }
    }

    /// The option that makes this.
    pub fn from_core(init: &HandoffInit) -> Self {
        if init.args.is_empty() && init.env.is_empty() {
            return Self::Command(init.cmd.clone());
        }
        Self::Options(InitOptions {
            command: init.cmd.clone(),
            args: (!init.args.is_empty()).then(|| init.args.clone()),
            env: (!init.env.is_empty()).then(|| init.env.iter().cloned().collect()),
        })
    }
}

fn check_command(path: &str, command: &str) -> Result<(), Error> {
    if command != "auto" && !command.starts_with('/') {
        return Err(invalid(path, format!("{command:?} is neither auto nor an absolute path in the guest")));
    }
    Ok(())
}
