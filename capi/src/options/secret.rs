//! Secrets: values that a sandbox can use and never sees.

use std::collections::BTreeMap;
use std::fmt;

use boundary::check::invalid;
use boundary::error::Error;
use microsandbox::sandbox::{HostPattern, SandboxBuilder, SecretSource};
use microsandbox_network::secrets::config::{MAX_SECRET_PLACEHOLDER_BYTES, SecretEntry};
use serde::{Deserialize, Serialize};

use super::form::mirror;

/// A value that a sandbox can use and never sees.
///
/// The guest has an environment variable of the secret's name that holds a
/// placeholder. When it sends the placeholder to one of the `hosts`, this
/// machine replaces it with the value on the way. For that the connections to
/// the intercepted ports (443) are decrypted on this machine; the guest trusts
/// the certificate authority that this needs.
#[derive(Debug, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretOptions {
    /// The value. It is stored, readable for your user, with the sandbox on
    /// this machine; `fromEnv` is not. Default: `fromEnv` says it.
    #[cfg_attr(test, ts(as = "Option<String>"))]
    #[serde(skip_serializing)]
    pub value: Option<SecretValue>,
    /// The environment variable of this program that holds the value, instead
    /// of `value`. It is read each time that the sandbox starts. On Bun it has
    /// to be set before the program starts. Default: `value` says it.
    pub from_env: Option<String>,
    /// The hosts that may get the value: `api.example.com`, or
    /// `*.example.com` for a domain and all below it; only at addresses that
    /// the sandbox's own resolver has given for the name, so an `/etc/hosts`
    /// is not enough. `*` is any host, which gives the value to whoever the
    /// guest sends it to.
    pub hosts: Vec<String>,
    /// What the guest sees instead of the value, at most 1024 bytes. Default:
    /// `$MSB_` and the secret's name.
    pub placeholder: Option<String>,
    /// Where in a request the placeholder is replaced. Default: in its
    /// headers.
    pub substitution: Option<SecretSubstitution>,
    /// More hosts that may get the placeholder, as it is. To any host that is
    /// in neither list, requests with it are blocked. Default: none.
    pub passthrough_hosts: Option<Vec<String>>,
    /// What happens to a request that takes the placeholder elsewhere.
    /// Default: the sandbox's `secretViolationAction`.
    pub violation_action: Option<SecretViolationAction>,
    /// Whether the value is only sent over TLS, to a server that has proven to
    /// be the host. Default: `true`.
    pub require_tls: Option<bool>,
}

/// Where in a request a placeholder is replaced.
#[derive(Debug, Default, PartialEq, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretSubstitution {
    /// In headers, also inside the name and password of basic authentication.
    /// Default: `true`.
    pub headers: Option<bool>,
    /// Only in these headers. Better than in all, where a server sends back
    /// what it got. Default: in all.
    pub header_fields: Option<Vec<String>>,
    /// In the query of the URL. Default: `false`.
    pub query: Option<bool>,
    /// In the body, over HTTP/1, up to 16 MiB. Default: `false`.
    pub body: Option<bool>,
}

/// What happens to a request that takes a placeholder where it may not go.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum SecretViolationAction {
    /// It is blocked.
    Block,
    /// It is blocked, and the sandbox's log says so.
    BlockAndLog,
    /// It is blocked, and the sandbox ends.
    BlockAndTerminate,
}

mirror!(SecretViolationAction = microsandbox::sandbox::SecretViolationAction {
    Block BlockAndLog BlockAndTerminate
});

/// A secret's value, which is shown to nobody.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct SecretValue(pub(crate) String);

impl fmt::Debug for SecretValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("<redacted>")
    }
}

/// Checks the secrets and hands them to the core.
pub fn apply(
    secrets: &BTreeMap<String, SecretOptions>,
    mut builder: SandboxBuilder,
) -> Result<SandboxBuilder, Error> {
    for (name, secret) in secrets {
        let path = format!("secrets.{name}");
        check_name(&path, name)?;
        secret.check(&path)?;
        builder = builder.secret(|core| secret.to_core(core.env(name)));
    }
    Ok(builder)
}

/// The options that make these secrets, without their values.
pub fn from_core(entries: &[SecretEntry]) -> BTreeMap<String, SecretOptions> {
    entries.iter().map(|entry| (entry.env_var.clone(), SecretOptions::from_core(entry))).collect()
}

/// Refuses an environment variable of this program that is not there.
pub fn require_variable(path: &str, variable: &str) -> Result<(), Error> {
    // Asking for one with such a name would panic.
    let is_name = !variable.is_empty() && !variable.contains(['=', '\0']);
    if is_name && std::env::var_os(variable).is_some_and(|value| !value.is_empty()) {
        return Ok(());
    }
    Err(invalid(
        path,
        format!("the environment variable {variable} is not set, so set it before this program starts"),
    ))
}

impl SecretOptions {
    fn check(&self, path: &str) -> Result<(), Error> {
        match (&self.value, &self.from_env) {
            (Some(SecretValue(value)), None) if value.is_empty() => {
                return Err(invalid(&format!("{path}.value"), "it is empty"));
            }
            (Some(_), None) => {}
            (None, Some(variable)) => require_variable(&format!("{path}.fromEnv"), variable)?,
            (None, None) => {
                return Err(invalid(
                    &format!("{path}.value"),
                    "it is missing, and so is fromEnv; config() never returns values, so add them",
                ));
            }
            (Some(_), Some(_)) => {
                return Err(invalid(
                    &format!("{path}.fromEnv"),
                    "it contradicts value, so give one of them",
                ));
            }
        }
        if self.hosts.is_empty() {
            return Err(invalid(&format!("{path}.hosts"), "nobody may get the value, so name a host"));
        }
        check_hosts(&format!("{path}.hosts"), &self.hosts)?;
        check_hosts(
            &format!("{path}.passthroughHosts"),
            self.passthrough_hosts.as_deref().unwrap_or_default(),
        )?;
        if let Some(placeholder) = &self.placeholder {
            check_placeholder(&format!("{path}.placeholder"), placeholder)?;
        }
        match &self.substitution {
            Some(substitution) => substitution.check(&format!("{path}.substitution")),
            None => Ok(()),
        }
    }

    fn to_core(&self, mut core: CoreBuilder) -> CoreBuilder {
        if let Some(SecretValue(value)) = &self.value {
            core = core.value(value);
        }
        if let Some(variable) = &self.from_env {
            core = core.source(SecretSource::env(variable));
        }
        for host in &self.hosts {
            core = match host.as_str() {
                "*" => core.allow_any_host_dangerous(true),
                host => core.allow(host),
            };
        }
        for host in self.passthrough_hosts.iter().flatten() {
            core = core.allow_placeholder_for(host);
        }
        if let Some(placeholder) = &self.placeholder {
            core = core.placeholder(placeholder);
        }
        if let Some(action) = self.violation_action {
            core = core.violation_action(action.into());
        }
        if let Some(substitution) = &self.substitution {
            core = substitution.to_core(core);
        }
        core.require_tls_identity(self.require_tls.unwrap_or(true))
    }

    fn from_core(entry: &SecretEntry) -> Self {
        let default = format!("$MSB_{}", entry.env_var);
        let core = &entry.substitution;
        let substitution = SecretSubstitution {
            headers: (!core.headers).then_some(false),
            header_fields: (!core.header_fields.is_empty()).then(|| core.header_fields.clone()),
            query: core.query.then_some(true),
            body: core.body.then_some(true),
        };
        Self {
            value: None,
            from_env: match &entry.source {
                Some(SecretSource::Env { var }) => Some(var.clone()),
                _ => None,
            },
            hosts: entry.allowed_hosts.iter().map(host).collect(),
            placeholder: (entry.placeholder != default).then(|| entry.placeholder.clone()),
            substitution: (substitution != SecretSubstitution::default()).then_some(substitution),
            passthrough_hosts: (!entry.passthrough_hosts.is_empty())
                .then(|| entry.passthrough_hosts.iter().map(host).collect()),
            violation_action: entry.violation_action.clone().map(Into::into),
            require_tls: (!entry.require_tls_identity).then_some(false),
        }
    }
}

impl From<&SecretSubstitution> for microsandbox_types::SecretSubstitution {
    fn from(substitution: &SecretSubstitution) -> Self {
        Self {
            headers: substitution.headers.unwrap_or(true),
            header_fields: substitution.header_fields.clone().unwrap_or_default(),
            query: substitution.query.unwrap_or(false),
            body: substitution.body.unwrap_or(false),
        }
    }
}

impl SecretSubstitution {
    pub fn check(&self, path: &str) -> Result<(), Error> {
        let headers = self.headers.unwrap_or(true);
        if !headers && !self.query.unwrap_or(false) && !self.body.unwrap_or(false) {
            return Err(invalid(path, "the placeholder is replaced nowhere, so allow one place"));
        }
        let fields = self.header_fields.as_deref().unwrap_or_default();
        if !headers && !fields.is_empty() {
            return Err(invalid(&format!("{path}.headerFields"), "it contradicts headers: false"));
        }
        for (index, field) in fields.iter().enumerate() {
            let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            if field.is_empty() || !field.bytes().all(is_token) {
                let path = format!("{path}.headerFields[{index}]");
                return Err(invalid(&path, format!("{field:?} is no name of a header")));
            }
        }
        Ok(())
    }

    fn to_core(&self, mut core: CoreBuilder) -> CoreBuilder {
        core = core.substitute_in_headers(self.headers.unwrap_or(true));
        if let Some(fields) = self.header_fields.as_ref().filter(|fields| !fields.is_empty()) {
            core = core.substitute_in_header_fields(fields);
        }
        core.substitute_in_query(self.query.unwrap_or(false))
            .substitute_in_body(self.body.unwrap_or(false))
    }
}

type CoreBuilder = microsandbox::sandbox::SecretBuilder;

pub fn check_name(path: &str, name: &str) -> Result<(), Error> {
    if name.is_empty() || name.contains(['=', '\0']) {
        let reason = "it is the name of an environment variable, so not empty and without = and NUL";
        return Err(invalid(path, reason));
    }
    Ok(())
}

pub fn check_hosts(path: &str, hosts: &[String]) -> Result<(), Error> {
    for (index, host) in hosts.iter().enumerate() {
        let name = host.strip_prefix("*.").unwrap_or(host);
        // A port or a scheme would make a pattern that matches nothing.
        let is_name = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        if host != "*" && !is_name {
            return Err(invalid(
                &format!("{path}[{index}]"),
                format!("{host:?} is no host: give a name such as api.example.com or *.example.com"),
            ));
        }
    }
    Ok(())
}

pub fn check_placeholder(path: &str, placeholder: &str) -> Result<(), Error> {
    let length = placeholder.len();
    if length == 0 || length > MAX_SECRET_PLACEHOLDER_BYTES {
        return Err(invalid(path, format!("it has {length} bytes and may have 1 to 1024")));
    }
    if placeholder.contains(['\0', '\r', '\n']) {
        return Err(invalid(path, "it has a line break or NUL"));
    }
    Ok(())
}

fn host(pattern: &HostPattern) -> String {
    match pattern {
        HostPattern::Exact(name) | HostPattern::Wildcard(name) => name.clone(),
        HostPattern::Any => "*".to_owned(),
    }
}
