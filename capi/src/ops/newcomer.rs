//! Sandboxes that are made from others: nothing of one is left behind when it
//! does not come up.

use std::sync::Arc;
use std::time::SystemTime;

use microsandbox::{Backend, MicrosandboxError as CoreError, Sandbox, with_backend};

use super::progress::{self, Boot, StartupProgress};
use super::sandbox::live;
use super::{Request, create, host, port, until_cancelled};
use crate::client::Outcome;
use crate::error::Error;

/// A sandbox that does not exist yet.
pub struct Newcomer<'a> {
    request: &'a Request,
    backend: Arc<dyn Backend>,
    name: &'a str,
    started: SystemTime,
}

impl<'a> Newcomer<'a> {
    /// Makes sure that this machine can boot it and that its name is free.
    pub async fn prepare(request: &'a Request, name: &'a str) -> Result<Self, Error> {
        let backend = request.client.backend.get()?;
        let free = async {
            host::prepare(&backend).await?;
            match with_backend(backend.clone(), Sandbox::get(name)).await {
                Ok(_) => Err(CoreError::SandboxAlreadyExists(name.to_owned()).into()),
                Err(CoreError::SandboxNotFound(_)) => Ok(()),
                Err(error) => Err(Error::from(error)),
            }
        };
        until_cancelled(&request.cancel, free).await??;
        Ok(Self { request, backend, name, started: SystemTime::now() })
    }

    /// The same for several.
    pub async fn prepare_all(request: &'a Request, names: &'a [String]) -> Result<Vec<Self>, Error> {
        let mut newcomers = Vec::with_capacity(names.len());
        for name in names {
            newcomers.push(Self::prepare(request, name).await?);
        }
        Ok(newcomers)
    }

    /// Boots it, and removes it when that fails or is cancelled.
    pub async fn boot(
        self,
        boot: impl Fn() -> Result<Result<Boot, CoreError>, Error>,
    ) -> Result<Outcome, Error> {
        progress::report(self.request, &StartupProgress::booting())?;
        let mut retries = host::PROBE_RETRIES;
        loop {
            let booted = match with_backend(self.backend.clone(), async { boot() }).await? {
                Ok(boot) => progress::follow(self.request, boot, true).await?,
                Err(error) => Some(Err(error)),
            };
            let failure = match booted {
                Some(Ok(sandbox)) => match port::verify(&sandbox).await {
                    Ok(()) => return live(sandbox),
                    Err(error) => {
                        sandbox.kill().await?;
                        self.discard().await;
                        return Err(error);
                    }
                },
                Some(Err(error)) => Some(error),
                None => None,
            };
            if !matches!(failure, Some(CoreError::SandboxAlreadyExists(_))) {
                self.discard().await;
            }
            match failure {
                None => return Err(Error::cancelled()),
                Some(error) if retries > 0 && host::is_slow_probe(&error) => retries -= 1,
                Some(error) => return Err(host::explain(&self.backend, error).await),
            }
        }
    }

    /// Removes what is left of several, also of those that run.
    pub async fn discard_all(newcomers: Vec<Self>) {
        for newcomer in newcomers {
            let get = with_backend(newcomer.backend.clone(), Sandbox::get(newcomer.name));
            if let Ok(handle) = get.await
                && handle.created_at().is_some_and(|it| SystemTime::from(it) >= newcomer.started)
            {
                let _ = handle.kill().await;
            }
            newcomer.discard().await;
        }
    }

    async fn discard(&self) {
        let discard = create::discard(&self.backend, self.name, self.started);
        with_backend(self.backend.clone(), discard).await;
    }
}

