//! Interception of TLS.

use std::path::{Path, PathBuf};

use boundary::check::{MAX_SAFE_INTEGER, in_range, invalid, port};
use boundary::error::Error;
use microsandbox_network::tls::{
    CertCacheConfig, InterceptCaConfig, ScopedUpstreamCaCert, ScopedVerifyUpstream, TlsConfig,
};
use serde::{Deserialize, Serialize};

use crate::options::form::{changed, given};

/// Interception of TLS: the sandbox's connections end at a proxy on this
/// machine, whose certificate authority the guest trusts, and the proxy makes
/// its own to the server. Secrets need it.
#[derive(Debug, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TlsOptions {
    /// Whether connections are intercepted. Default: `true`.
    pub enabled: Option<bool>,
    /// The ports whose connections are intercepted. Default: `[443]`.
    pub intercepted_ports: Option<Vec<i64>>,
    /// Hosts that are not intercepted, such as `example.com` or
    /// `*.example.com`. Default: none.
    pub bypass: Option<Vec<String>>,
    /// Whether servers have to prove who they are. Default: `true`.
    pub verify_upstream: Option<bool>,
    /// Hosts for which that is different. Default: none.
    pub verify_upstream_for: Option<Vec<VerifyUpstreamFor>>,
    /// PEM files on this machine with certificate authorities that servers
    /// may be certified by, besides the usual ones. Default: none.
    pub upstream_certificate_authorities: Option<Vec<String>>,
    /// PEM files on this machine with certificate authorities that only some
    /// hosts may be certified by. Default: none.
    pub upstream_certificate_authorities_for: Option<Vec<UpstreamCertificateAuthorityFor>>,
    /// Whether UDP to the intercepted ports is dropped, so that QUIC falls
    /// back to TLS. Default: `true`.
    pub block_quic: Option<bool>,
    /// The proxy's own certificate authority. Default: one that is made once
    /// for this machine.
    pub interception_authority: Option<InterceptionAuthority>,
    /// How many of the proxy's certificates are kept. Default: 1000.
    pub certificate_cache_size: Option<i64>,
    /// How many hours the proxy's certificates are valid. Default: 24.
    pub certificate_validity_hours: Option<i64>,
}

/// Whether some hosts have to prove who they are.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VerifyUpstreamFor {
    /// The hosts: `example.com` or `*.example.com`.
    pub host: String,
    /// Whether they have to.
    pub verify: bool,
}

/// Whom some hosts may be certified by.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpstreamCertificateAuthorityFor {
    /// The hosts: `example.com` or `*.example.com`.
    pub host: String,
    /// A PEM file on this machine.
    pub path: String,
}

/// A certificate authority for the proxy's certificates.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InterceptionAuthority {
    /// A PEM file on this machine with the certificate.
    pub certificate_path: String,
    /// A PEM file on this machine with the private key.
    pub key_path: String,
}

impl TlsOptions {
    pub fn apply(&self, config: &mut TlsConfig) -> Result<(), Error> {
        config.enabled = self.enabled.unwrap_or(true);
        if let Some(ports) = &self.intercepted_ports {
            config.intercepted_ports.clear();
            for (index, number) in ports.iter().enumerate() {
                let path = format!("network.tls.interceptedPorts[{index}]");
                config.intercepted_ports.push(port(&path, *number)?);
            }
        }
        config.bypass = self.bypass.clone().unwrap_or_default();
        config.verify_upstream = self.verify_upstream.unwrap_or(config.verify_upstream);
        config.block_quic_on_intercept = self.block_quic.unwrap_or(config.block_quic_on_intercept);
        for scoped in self.verify_upstream_for.iter().flatten() {
            config
                .scoped_verify_upstream
                .push(ScopedVerifyUpstream { pattern: scoped.host.clone(), verify: scoped.verify });
        }
        for (index, path) in self.upstream_certificate_authorities.iter().flatten().enumerate() {
            let key = format!("network.tls.upstreamCertificateAuthorities[{index}]");
            config.upstream_ca_cert.push(existing(&key, path)?);
        }
        for (index, scoped) in self.upstream_certificate_authorities_for.iter().flatten().enumerate() {
            let key = format!("network.tls.upstreamCertificateAuthoritiesFor[{index}].path");
            let path = existing(&key, &scoped.path)?;
            config
                .scoped_upstream_ca_cert
                .push(ScopedUpstreamCaCert { pattern: scoped.host.clone(), path });
        }
        if let Some(authority) = &self.interception_authority {
            let key = "network.tls.interceptionAuthority";
            config.intercept_ca = InterceptCaConfig {
                cert_path: Some(existing(&format!("{key}.certificatePath"), &authority.certificate_path)?),
                key_path: Some(existing(&format!("{key}.keyPath"), &authority.key_path)?),
            };
        }
        if let Some(size) = self.certificate_cache_size {
            config.cache.capacity = in_range("network.tls.certificateCacheSize", size, 1..=u32::MAX.into())?;
        }
        if let Some(hours) = self.certificate_validity_hours {
            let path = "network.tls.certificateValidityHours";
            config.cache.validity_hours = in_range(path, hours, 1..=MAX_SAFE_INTEGER)?;
        }
        Ok(())
    }

    pub fn from_core(config: &TlsConfig) -> Option<Self> {
        let default = TlsConfig::default();
        let CertCacheConfig { capacity, validity_hours } = config.cache;
        let authority = &config.intercept_ca;
        let mut options = given(Self {
            enabled: None,
            intercepted_ports: (config.intercepted_ports != default.intercepted_ports)
                .then(|| config.intercepted_ports.iter().map(|&port| port.into()).collect()),
            bypass: some_of(&config.bypass, String::clone),
            verify_upstream: changed(config.verify_upstream, default.verify_upstream),
            verify_upstream_for: some_of(&config.scoped_verify_upstream, |scoped| VerifyUpstreamFor {
                host: scoped.pattern.clone(),
                verify: scoped.verify,
            }),
            upstream_certificate_authorities: some_of(&config.upstream_ca_cert, |path| text(path)),
            upstream_certificate_authorities_for: some_of(&config.scoped_upstream_ca_cert, |scoped| {
                UpstreamCertificateAuthorityFor { host: scoped.pattern.clone(), path: text(&scoped.path) }
            }),
            block_quic: changed(config.block_quic_on_intercept, default.block_quic_on_intercept),
            interception_authority: authority.cert_path.as_ref().zip(authority.key_path.as_ref()).map(
                |(certificate, key)| InterceptionAuthority {
                    certificate_path: text(certificate),
                    key_path: text(key),
                },
            ),
            certificate_cache_size: changed(capacity as i64, default.cache.capacity as i64),
            certificate_validity_hours: changed(validity_hours as i64, default.cache.validity_hours as i64),
        });
        // To give these options at all means `true`.
        match (&mut options, config.enabled) {
            (Some(options), enabled) => options.enabled = Some(enabled),
            (None, true) => options = Some(Self { enabled: Some(true), ..Self::default() }),
            (None, false) => {}
        }
        options
    }
}

/// A file that is there, or the core would find out when the sandbox boots.
fn existing(path: &str, file: &str) -> Result<PathBuf, Error> {
    std::fs::metadata(file).map_err(|error| invalid(path, format!("{file} cannot be read ({error})")))?;
    std::path::absolute(file).map_err(|error| invalid(path, format!("{file} has no absolute path ({error})")))
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn some_of<T, U>(list: &[T], convert: impl Fn(&T) -> U) -> Option<Vec<U>> {
    (!list.is_empty()).then(|| list.iter().map(convert).collect())
}
