//! Creating sandboxes.

use std::sync::Arc;
use std::time::SystemTime;

use boundary::check::refusal;
use boundary::error::{Error, ErrorCode};
use boundary::outcome::Outcome;
use boundary::task::until_cancelled;
use microsandbox::MicrosandboxError as CoreError;
use microsandbox::sandbox::{PullPolicy, RootDisk, RootfsSource};
use microsandbox::{Backend, Sandbox, SandboxConfig, with_backend};
use microsandbox_image::{GlobalCache, RootfsMaterialization};

use crate::client::Request;
use crate::images::pull::Pull;
use crate::options::create::CreateOptions;
use crate::sandboxes::new_sandbox::{NewSandbox, random_name};
use crate::sandboxes::target::live;
use crate::sandboxes::{host, ports, volumes};

/// `sandbox.create`
pub async fn create(request: Request) -> Result<Outcome, Error> {
    let mut creation = Creation::prepare(&request).await?;
    let is_taken = creation.is_taken(&request).await?;
    if is_taken && !creation.options.replaces() {
        return Err(CoreError::SandboxAlreadyExists(creation.name).into());
    }
    // The sandbox that makes way may well have the same ports.
    let _leases = creation.lease_ports(is_taken)?;
    creation.create(&request).await
}

/// `sandbox.getOrCreate`
pub async fn get_or_create(request: Request) -> Result<Outcome, Error> {
    let mut creation = Creation::prepare(&request).await?;
    if creation.options.replaces() {
        return Err(refusal(
            "replace",
            "Cannot get a sandbox and replace it: leave replace out, or use create",
        ));
    }
    if !creation.is_taken(&request).await? {
        let _leases = creation.lease_ports(false)?;
        match creation.create(&request).await {
            // Somebody else was faster.
            Err(error) if error.code == ErrorCode::SandboxAlreadyExists => {}
            result => return result,
        }
    }
    creation.connect(&request).await
}

/// A create that has passed every check that needs no virtual machine.
struct Creation {
    backend: Arc<dyn Backend>,
    options: CreateOptions,
    /// What the core makes of the options and the user's configuration.
    config: SandboxConfig,
    name: String,
    started: SystemTime,
}

impl Creation {
    async fn prepare(request: &Request) -> Result<Self, Error> {
        let mut options: CreateOptions = request.options()?;
        options.patch_content = request.bytes.clone();
        options.ephemeral.get_or_insert(options.name.is_none());
        let name = options.name.get_or_insert_with(|| random_name("sandbox")).clone();
        let builder = options.builder(&name)?;
        let backend = request.client.context.backend.get()?;
        let config = with_backend(backend.clone(), builder.build());
        let config = until_cancelled(&request.cancel, config).await??;
        until_cancelled(&request.cancel, host::prepare(&backend)).await??;
        Ok(Self { backend, options, config, name, started: SystemTime::now() })
    }

    /// Whether a sandbox has the name already.
    async fn is_taken(&self, request: &Request) -> Result<bool, Error> {
        let get = with_backend(self.backend.clone(), Sandbox::get(&self.name));
        match until_cancelled(&request.cancel, get).await? {
            Ok(_) => Ok(true),
            Err(CoreError::SandboxNotFound(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Settles which ports of this machine the sandbox gets.
    fn lease_ports(&mut self, may_be_taken: bool) -> Result<ports::Leases, Error> {
        ports::lease(self.options.ports.as_deref_mut().unwrap_or_default(), "ports", may_be_taken)
    }

    /// Boots a new sandbox. When that fails, nothing of it is left behind.
    async fn create(&mut self, request: &Request) -> Result<Outcome, Error> {
        if let Some(mounts) = &self.options.mounts {
            until_cancelled(&request.cancel, volumes::check_volumes(&self.backend, mounts))
                .await??;
        }
        // Nobody prunes the image before the sandbox is known to use it.
        let image = self.pull(request).await?;
        let Self { backend, options, config, name, started } = self;
        let new_sandbox = NewSandbox::pulled(request, backend, name, *started);
        new_sandbox
            .boot(|had_entry| {
                // A directory is patched right before its sandbox gets an entry, and stays
                // patched: to do it again would fail, or append twice.
                if had_entry && matches!(config.spec.image, RootfsSource::Bind { .. }) {
                    options.patches = None;
                }
                let mut builder = options.builder(name)?;
                // The registry has been asked. Whether it may be at all stays as it is.
                if image.is_some() && config.spec.pull_policy == PullPolicy::Always {
                    builder = builder.pull_policy(PullPolicy::IfMissing);
                }
                Ok(builder.create_with_progress())
            })
            .await
    }

    /// Connects to the sandbox that has the name, or starts it.
    async fn connect(&self, request: &Request) -> Result<Outcome, Error> {
        let mut retries = host::PROBE_RETRIES;
        loop {
            let builder = self.options.builder(&self.name)?;
            let connecting = with_backend(self.backend.clone(), builder.connect_or_create());
            match until_cancelled(&request.cancel, connecting).await? {
                Ok(sandbox) => return live(sandbox),
                Err(error) if retries > 0 && host::is_slow_probe(&error) => retries -= 1,
                Err(error) => return Err(host::explain(&self.backend, error).await),
            }
        }
    }

    /// Pulls the image, where there is one to pull. The core's create would do
    /// it too, but could not be stopped at it.
    async fn pull(&self, request: &Request) -> Result<Option<GlobalCache>, Error> {
        let (Some(local), RootfsSource::Oci(image)) =
            (self.backend.as_local(), &self.config.spec.image)
        else {
            return Ok(None);
        };
        let pull = Pull {
            reference: &image.reference,
            policy: self.config.spec.pull_policy,
            registry: self.options.access().options()?,
            materialization: match image.root_disk {
                Some(RootDisk::Flat { .. }) => RootfsMaterialization::Flat,
                _ => RootfsMaterialization::Layered,
            },
        };
        pull.run(request, local).await.map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use boundary::json::invalid_option;

    #[test]
    fn the_value_of_a_secret_is_not_repeated() {
        for json in [
            r#"{"secrets": {"KEY": "hush, \", expected `, hush"}}"#,
            r#"{"secrets": {"KEY": {"value": 1234}}}"#,
        ] {
            let mut json = serde_json::Deserializer::from_str(json);
            let error = serde_path_to_error::deserialize::<_, CreateOptions>(&mut json).unwrap_err();
            let message = invalid_option(error).message;
            assert!(message.starts_with("Cannot use option secrets.KEY"), "{message}");
            assert!(!message.contains("hush") && !message.contains("1234"), "{message}");
        }
    }
}
