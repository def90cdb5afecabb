//! Changes to the secrets of a sandbox that exists.

use boundary::check::invalid;
use boundary::error::Error;
use microsandbox::{SecretModificationPatch, SecretSource};
use serde::Deserialize;

use super::secret::{
    SecretSubstitution, SecretValue, SecretViolationAction, check_hosts, check_name,
    check_placeholder, require_variable,
};

/// What to change about a secret, or a new one, which needs a value and a host.
/// What is not named stays as it is, or is as in a create.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretChange {
    /// The value. It is stored, readable for your user, with the sandbox on
    /// this machine; `fromEnv` is not.
    #[cfg_attr(test, ts(as = "Option<String>"))]
    pub value: Option<SecretValue>,
    /// The environment variable of this program that holds the value, instead
    /// of `value`. It is read now, and each time that the sandbox starts.
    pub from_env: Option<String>,
    /// The hosts that may get the value.
    pub hosts: Option<Vec<String>>,
    /// What the guest sees instead of the value, at most 1024 bytes.
    pub placeholder: Option<String>,
    /// Where in a request the placeholder is replaced.
    pub substitution: Option<SecretSubstitution>,
    /// More hosts that may get the placeholder, as it is.
    pub passthrough_hosts: Option<Vec<String>>,
    /// What happens to a request that takes the placeholder elsewhere.
    pub violation_action: Option<SecretViolationAction>,
    /// Whether the value is only sent over TLS, to a server that has proven to
    /// be the host.
    pub require_tls: Option<bool>,
}

impl SecretChange {
    /// The change as the core takes it, checked.
    pub fn to_core(&self, name: &str) -> Result<SecretModificationPatch, Error> {
        let path = format!("secrets.{name}");
        self.check(&path, name)?;
        Ok(SecretModificationPatch {
            name: name.to_owned(),
            source: self.from_env.as_ref().map(SecretSource::env),
            value: self.value.as_ref().map(|value| value.0.clone()).unwrap_or_default().into(),
            placeholder: self.placeholder.clone(),
            allowed_hosts: self.hosts.clone().unwrap_or_default(),
            substitution: self.substitution.as_ref().map(Into::into),
            passthrough_hosts: self.passthrough_hosts.clone().unwrap_or_default(),
            violation_action: self.violation_action.map(Into::into),
            require_tls_identity: self.require_tls,
        })
    }

    fn check(&self, path: &str, name: &str) -> Result<(), Error> {
        check_name(path, name)?;
        match (&self.value, &self.from_env) {
            (Some(_), Some(_)) => {
                return Err(invalid(
                    &format!("{path}.fromEnv"),
                    "it contradicts value, so give one of them",
                ));
            }
            (Some(SecretValue(value)), None) if value.is_empty() => {
                return Err(invalid(&format!("{path}.value"), "it is empty"));
            }
            (None, Some(variable)) => require_variable(&format!("{path}.fromEnv"), variable)?,
            _ => {}
        }
        for (key, hosts) in [("hosts", &self.hosts), ("passthroughHosts", &self.passthrough_hosts)] {
            check_hosts(&format!("{path}.{key}"), hosts.as_deref().unwrap_or_default())?;
        }
        if let Some(placeholder) = &self.placeholder {
            check_placeholder(&format!("{path}.placeholder"), placeholder)?;
        }
        match &self.substitution {
            Some(substitution) => substitution.check(&format!("{path}.substitution")),
            None => Ok(()),
        }
    }
}
