//! What a sandbox was made from.

use boundary::error::Error;
use boundary::json::NoOptions;
use boundary::outcome::Outcome;
use microsandbox::MicrosandboxError as CoreError;
use microsandbox::sandbox::{EnvVar, NetworkConfig, RootfsSource, SandboxConfig};
use serde_json::Value;

use crate::client::Request;
use crate::options::create::{CreateOptions, NOT_EXPEDITED};
use crate::options::init::InitOption;
use crate::options::network::NetworkOption;
use crate::options::rlimit::Rlimits;
use crate::options::rootfs::ImageSource;
use crate::options::{mounts, patch, port, secret, vsock};
use crate::sandboxes::target::{OnSandbox, Target, target};

/// `sandbox.config`
pub async fn config(request: Request) -> Result<Outcome, Error> {
    let OnSandbox { sandbox, options: NoOptions {} } = request.options()?;
    match target(&request, sandbox).await? {
        Target::Live(sandbox) => outcome(sandbox.config()),
        Target::Named(handle) => outcome(&handle.config()?),
    }
}

fn outcome(config: &SandboxConfig) -> Result<Outcome, Error> {
    let options = options(config)?;
    let mut value = serde_json::to_value(&options).map_err(CoreError::from)?;
    remove_nulls(&mut value);
    Ok(Outcome { bytes: options.patch_content, ..Outcome::json(&value)? })
}

/// The options that make the same sandbox again, with what the image and this
/// machine's configuration had added, and without the values of secrets.
pub fn options(config: &SandboxConfig) -> Result<CreateOptions, Error> {
    let spec = &config.spec;
    let network = network_config(config)?;
    let (image, root_disk) = ImageSource::from_core(&spec.image);
    // A directory stays patched, and to patch it again would fail or append
    // twice.
    let patches = match &spec.image {
        RootfsSource::Bind { .. } => &[],
        _ => spec.patches.as_slice(),
    };
    let (patches, patch_content) = patch::from_core(patches);
    Ok(CreateOptions {
        name: Some(spec.name.clone()),
        image,
        root_disk,
        pull_policy: Some(spec.pull_policy.into()),
        cpus: Some(spec.resources.cpus.into()),
        max_cpus: Some(spec.resources.max_cpus.into()),
        cpu_placement: Some(spec.resources.cpu_placement.into()),
        placement_profile: spec.resources.placement_profile.clone(),
        memory_mib: Some(spec.resources.memory_mib.into()),
        max_memory_mib: Some(spec.resources.max_memory_mib.into()),
        transparent_huge_pages: Some(spec.resources.thp.into()),
        guest_clock: spec.runtime.guest_clock.map(Into::into),
        nested_virtualization: spec.resources.nested_virt,
        rcu_expedited: spec.env.iter().any(is_not_expedited).then_some(false),
        env: Some(
            spec.env
                .iter()
                .filter(|it| !is_not_expedited(it))
                .map(|it| (it.key.clone(), it.value.clone()))
                .collect(),
        ),
        workdir: spec.runtime.workdir.clone(),
        shell: spec.runtime.shell.clone(),
        user: spec.runtime.user.clone(),
        hostname: spec.runtime.hostname.clone(),
        labels: Some(spec.labels.clone()),
        entrypoint: spec.runtime.entrypoint.clone(),
        cmd: spec.runtime.cmd.clone(),
        init: spec.init.as_ref().map(InitOption::from_core),
        scripts: (!spec.runtime.scripts.is_empty()).then(|| spec.runtime.scripts.clone()),
        rlimits: Rlimits::from_core(&spec.rlimits),
        security: Some(spec.security_profile.into()),
        deployment_profile: Some(spec.deployment_profile.into()),
        network: Some(NetworkOption::from_core(&network)),
        ports: (!network.ports.is_empty()).then(|| port::from_core(&spec.network.ports)),
        vsock: (!spec.vsock.routes.is_empty()).then(|| vsock::from_core(&spec.vsock.routes)),
        secrets: (!network.secrets.secrets.is_empty())
            .then(|| secret::from_core(&network.secrets.secrets)),
        secret_violation_action: Some(network.secrets.violation_action.into()),
        log_level: spec.runtime.log_level.map(Into::into),
        quiet_logs: spec.runtime.log_level.is_none().then_some(true),
        metrics_sample_interval_ms: Some(spec.runtime.metrics_sample_interval_ms.unwrap_or(0) as i64)
            .filter(|_| !spec.runtime.disable_metrics_sample),
        disable_metrics_sample: spec.runtime.disable_metrics_sample.then_some(true),
        ephemeral: Some(spec.lifecycle.ephemeral),
        max_duration_ms: spec.lifecycle.max_duration_secs.map(milliseconds),
        idle_timeout_ms: spec.lifecycle.idle_timeout_secs.map(milliseconds),
        patches: (!patches.is_empty()).then_some(patches),
        patch_content,
        mounts: (!spec.mounts.is_empty()).then(|| mounts::from_core(&spec.mounts)),
        // How the image was pulled is not kept.
        registry_auth: None,
        registry_insecure: None,
        registry_ca_certs: None,
        // These say what a create does, and not what a sandbox is.
        detached: None,
        replace: None,
        replace_with_timeout_ms: None,
        slug: None,
    })
}

fn is_not_expedited(variable: &EnvVar) -> bool {
    (variable.key.as_str(), variable.value.as_str()) == NOT_EXPEDITED
}

/// The network as the core's own engine reads it.
fn network_config(config: &SandboxConfig) -> Result<NetworkConfig, Error> {
    let value = serde_json::to_value(&config.spec.network).map_err(CoreError::from)?;
    Ok(serde_json::from_value(value).map_err(CoreError::from)?)
}

fn milliseconds(seconds: u64) -> i64 {
    seconds.saturating_mul(1000).try_into().unwrap_or(i64::MAX)
}

/// Options that were not given are absent for a caller, and not `null`.
fn remove_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(remove_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(remove_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use microsandbox::{LocalBackend, with_backend};
    use serde_json::json;

    use super::*;

    /// The configuration that the core makes of these options.
    fn built(options: &Value) -> SandboxConfig {
        let options: CreateOptions = serde_json::from_value(options.clone()).unwrap();
        let name = options.name.clone().unwrap();
        let builder = options.builder(&name).unwrap();
        let home = tempfile::tempdir().unwrap();
        let backend = LocalBackend::builder().home(home.path()).build_lazy().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(with_backend(backend, builder.build())).unwrap()
    }

    fn returned(config: &SandboxConfig) -> Value {
        let mut value = serde_json::to_value(options(config).unwrap()).unwrap();
        remove_nulls(&mut value);
        value
    }

    /// All that the core knows of a sandbox, defaults included.
    fn complete(config: &SandboxConfig) -> Value {
        let mut value = serde_json::to_value(config).unwrap();
        value["network"] = serde_json::to_value(network_config(config).unwrap()).unwrap();
        value
    }

    /// Every option that describes a sandbox, with a value that is not the
    /// default.
    fn all_options() -> Value {
        // The files of certificates have to be there, whatever is in them.
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let text = include_str!("../../../tests/fixtures/options.json").replace("$FILE", file);
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn every_option_comes_back_as_it_was_given() {
        let options = all_options();
        assert_eq!(returned(&built(&options)), options);
    }

    #[test]
    fn every_option_is_among_them() {
        // A placement profile has to be one of the machine's configuration.
        let others = [
            "placementProfile", "quietLogs", "disableMetricsSample", "detached", "replace",
            "replaceWithTimeoutMs", "slug", "registryInsecure",
        ];
        let known = serde_json::to_value(CreateOptions::default()).unwrap();
        let given = all_options();
        for name in known.as_object().unwrap().keys() {
            assert!(given.get(name).is_some() || others.contains(&name.as_str()), "{name}");
        }
    }

    #[test]
    fn what_comes_back_makes_the_same_sandbox() {
        for options in [
            json!({ "name": "plain", "image": "alpine" }),
            json!({ "name": "quiet", "image": "alpine", "quietLogs": true, "disableMetricsSample": true }),
            json!({ "name": "off", "image": "alpine", "network": "none", "init": "auto" }),
            json!({ "name": "off", "image": "alpine", "network": { "preset": "none" } }),
            json!({ "name": "denied", "image": "alpine", "network": { "preset": "none", "rules": [] } }),
            json!({ "name": "local", "image": "alpine", "network": "non-local" }),
            json!({ "name": "host", "image": "alpine", "network": { "profiles": ["public", "host"] } }),
            json!({ "name": "all", "image": "alpine", "network": "allow-all", "metricsSampleIntervalMs": 0 }),
            json!({ "name": "socks4", "image": "alpine", "network": {
                "proxy": { "protocol": "socks4", "address": "[::1]:1080", "userId": "me" },
                "tls": { "enabled": false, "bypass": ["example.com"] },
            } }),
            json!({ "name": "port", "image": "alpine", "ports": [80] }),
            all_options(),
        ] {
            let first = built(&options);
            let again = built(&returned(&first));
            assert_eq!(complete(&first), complete(&again), "{options}");
        }
    }

    #[test]
    fn a_secret_comes_back_without_its_value() {
        let options = json!({ "name": "s", "image": "alpine", "secrets": {
            "TOKEN": { "value": "hush hush", "hosts": ["example.com"] },
        } });
        let config = built(&options);
        let returned = returned(&config);
        assert_eq!(returned["secrets"], json!({ "TOKEN": { "hosts": ["example.com"] } }));
        assert!(!returned.to_string().contains("hush"));
        let options: CreateOptions = serde_json::from_value(options).unwrap();
        assert!(!format!("{options:?}").contains("hush"));
        let again: CreateOptions = serde_json::from_value(returned).unwrap();
        let refusal = again.builder("s").err().unwrap();
        assert_eq!(refusal.details["path"], "secrets.TOKEN.value");
    }

    #[test]
    fn the_network_is_public_only_unless_said_otherwise() {
        let config = built(&json!({ "name": "plain", "image": "alpine" }));
        assert_eq!(returned(&config)["network"], "public-only");
        let config = built(&json!({ "name": "plain", "image": "alpine", "network": {} }));
        assert_eq!(returned(&config)["network"], "public-only");
    }
}
