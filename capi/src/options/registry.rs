//! How an image's registry is reached: when, as whom, and whom to trust.

use std::fmt;

use boundary::check::refusal;
use boundary::error::Error;
use microsandbox::config::RegistryOptions;
use microsandbox::sandbox::SandboxBuilder;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// When an image's registry is asked.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum PullPolicy {
    /// When the image is not here.
    #[default]
    IfMissing,
    /// Always. Layers that are here already are not fetched again.
    Always,
    /// Never. An image that is not here is an error.
    Never,
}

impl From<microsandbox::sandbox::PullPolicy> for PullPolicy {
    fn from(policy: microsandbox::sandbox::PullPolicy) -> Self {
        use microsandbox::sandbox::PullPolicy as Core;
        match policy {
            Core::IfMissing => Self::IfMissing,
            Core::Always => Self::Always,
            Core::Never => Self::Never,
        }
    }
}

/// Credentials for a registry. Both keys are needed.
#[derive(Clone, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(try_from = "Value")]
pub struct RegistryAuth {
    /// The user's name.
    pub username: String,
    /// The password, or a token that stands for it.
    pub password: String,
}

/// Certificates in PEM form: one text, or a list of them.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(untagged))]
#[serde(untagged, expecting = "expected a PEM text or a list of them")]
pub enum CaCertificates {
    /// Any number of certificates in one text.
    One(String),
    /// Several such texts.
    Many(Vec<String>),
}

/// The options that say how a registry is reached.
pub struct Access<'a> {
    pub auth: Option<&'a RegistryAuth>,
    pub insecure: Option<bool>,
    pub ca_certs: Option<&'a CaCertificates>,
}

impl Access<'_> {
    /// Checks the options and turns them into the core's.
    pub fn options(&self) -> Result<RegistryOptions, Error> {
        let ca_certs = self.ca_certs.map_or(&[][..], CaCertificates::texts);
        if !ca_certs.iter().all(|text| holds_certificates(text)) {
            return Err(refusal(
                "registryCaCerts",
                "Cannot use registryCaCerts: give certificates in PEM form, each between BEGIN \
                 CERTIFICATE and END CERTIFICATE",
            ));
        }
        Ok(RegistryOptions {
            auth: self.auth.map(|auth| microsandbox::RegistryAuth::Basic {
                username: auth.username.clone(),
                password: auth.password.clone(),
            }),
            insecure: self.insecure.unwrap_or(false),
            ca_certs: ca_certs.iter().map(|text| text.clone().into_bytes()).collect(),
            ..Default::default()
        })
    }

    /// Hands the options to a sandbox that is to be created.
    pub fn apply(&self, builder: SandboxBuilder) -> Result<SandboxBuilder, Error> {
        let options = self.options()?;
        Ok(builder.registry(|mut registry| {
            if let Some(auth) = options.auth {
                registry = registry.auth(auth);
            }
            if options.insecure {
                registry = registry.insecure();
            }
            options.ca_certs.into_iter().fold(registry, |registry, text| registry.ca_certs(text))
        }))
    }
}

impl CaCertificates {
    fn texts(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
    }
}

/// The core's client falls back to its defaults, silently, when it is given a
/// certificate that is none.
fn holds_certificates(text: &str) -> bool {
    let mut roots = RootCertStore::empty();
    let all_added = CertificateDer::pem_slice_iter(text.as_bytes())
        .all(|certificate| certificate.is_ok_and(|certificate| roots.add(certificate).is_ok()));
    all_added && !roots.is_empty()
}

impl TryFrom<Value> for RegistryAuth {
    type Error = String;

    /// Reads the keys one by one: serde's own messages quote what they refuse,
    /// which here may be a secret.
    fn try_from(value: Value) -> Result<Self, String> {
        let Value::Object(mut keys) = value else {
            return Err("expected an object with username and password".to_owned());
        };
        let mut take = |key: &str| match keys.remove(key) {
            Some(Value::String(text)) if !text.is_empty() => Ok(text),
            Some(_) => Err(format!("{key} has to be a string that is not empty")),
            None => Err(format!("missing field `{key}`")),
        };
        let auth = Self { username: take("username")?, password: take("password")? };
        match keys.keys().next() {
            Some(key) => Err(format!("unknown field `{key}`, expected `username` or `password`")),
            None => Ok(auth),
        }
    }
}

impl fmt::Debug for RegistryAuth {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RegistryAuth").finish_non_exhaustive()
    }
}

impl From<PullPolicy> for microsandbox::sandbox::PullPolicy {
    fn from(policy: PullPolicy) -> Self {
        match policy {
            PullPolicy::IfMissing => Self::IfMissing,
            PullPolicy::Always => Self::Always,
            PullPolicy::Never => Self::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(value: Value) -> String {
        RegistryAuth::try_from(value).unwrap_err()
    }

    #[test]
    fn half_a_credential_names_the_other_half_and_no_value() {
        let message = refusal(json!({ "username": "anna" }));
        assert_eq!(message, "missing field `password`");
        let message = refusal(json!({ "password": "hunter2" }));
        assert_eq!(message, "missing field `username`");
    }

    #[test]
    fn a_credential_of_another_type_is_not_quoted() {
        for value in [
            json!("hunter2"),
            json!(["hunter2"]),
            json!({ "username": "anna", "password": ["hunter2"] }),
            json!({ "username": "anna", "password": "hunter2", "token": "hunter2" }),
        ] {
            assert!(!refusal(value).contains("hunter2"));
        }
    }

    #[test]
    fn a_credential_does_not_show_in_debug_output() {
        let auth = RegistryAuth { username: "anna".into(), password: "hunter2".into() };
        assert_eq!(format!("{auth:?}"), "RegistryAuth { .. }");
    }
}
