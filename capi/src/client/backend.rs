//! Where a client's sandboxes live.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

use boundary::check::invalid;
use boundary::error::{Error, ErrorCode};
use boundary::json::invalid_option;
use microsandbox::config::{BackendContext, GlobalConfig, load_persisted_config_or_default};
use microsandbox::{Backend, BackendKind, CloudBackend, DEFAULT_CLOUD_API_URL, LocalBackend};
use reqwest::Url;
use serde::Deserialize;
use serde_json::Value;

use super::spare_connection::OneAhead;

/// A cloud, and how to be let in.
#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CloudOptions {
    /// The cloud's `http:` or `https:` URL, without a key in it. Default: that
    /// of the hosted cloud.
    pub url: Option<String>,
    /// The key. Needed unless there is a profile.
    pub api_key: Option<String>,
    /// The profile in the configuration of microsandbox that has URL and key.
    /// Neither can be given with it.
    pub profile: Option<String>,
}

/// Which backend a client uses. It is built when it is first needed, so that a
/// client can be opened and tested without touching the file system.
pub enum BackendSource {
    /// What the environment and the user's configuration say.
    Default,
    /// This machine, with everything in a directory.
    Home(String),
    /// A cloud, as [`CloudOptions`]: what is wrong with them is told by the
    /// first operation, which can say more than a status. It is not shared, for
    /// it has nothing that is worth it.
    Cloud { options: Value, built: OnceLock<Arc<dyn Backend>> },
}

/// What has to be allowed before a backend is used.
#[derive(Default)]
pub struct Requirements {
    /// The directory that the program named.
    pub home: Option<String>,
    /// The URL that every request goes to.
    pub url: Option<String>,
    /// The environment variable that the key is read from.
    pub api_key_variable: Option<String>,
}

/// The backends of this process by home directory. Clients of one home share
/// one backend: it holds that home's database connections.
static BACKENDS: LazyLock<Mutex<Backends>> = LazyLock::new(Default::default);

type Backends = HashMap<Option<String>, Arc<dyn Backend>>;

impl BackendSource {
    /// Builds or finds the backend. A failure is not remembered: the next call
    /// tries again.
    pub fn get(&self) -> Result<Arc<dyn Backend>, Error> {
        match self {
            Self::Default => Ok(ahead(shared(None, || {
                let backend = microsandbox::resolve_default_backend()?;
                if let Some(cloud) = backend.as_cloud() {
                    check_url(cloud.url())?;
                }
                Ok(backend)
            })?)),
            Self::Home(home) => Ok(ahead(shared(Some(home.clone()), || {
                check_home(home)?;
                Ok(Arc::new(LocalBackend::builder().home(home).build_lazy()?))
            })?)),
            Self::Cloud { options, built } => match built.get() {
                Some(backend) => Ok(Arc::clone(backend)),
                None => {
                    let cloud = CloudOptions::parse(options)?.build()?;
                    Ok(Arc::clone(built.get_or_init(|| Arc::new(cloud))))
                }
            },
        }
    }

    /// What has to be allowed before the backend is used. Nothing is built, and
    /// no key is read.
    pub fn requirements(&self) -> Result<Requirements, Error> {
        match self {
            Self::Home(home) => {
                check_home(home)?;
                Ok(Requirements { home: Some(home.clone()), ..Requirements::default() })
            }
            Self::Cloud { options, .. } => {
                let CloudOptions { url, profile, .. } = CloudOptions::parse(options)?;
                match profile {
                    Some(profile) => profile_requirements(&profile),
                    None => Requirements::of(url, None),
                }
            }
            Self::Default => match BackendContext::load()?.selected {
                Some(info) if info.kind == BackendKind::Cloud => match info.profile {
                    Some(profile) => profile_requirements(&profile),
                    None => Requirements::of(
                        std::env::var("MSB_API_URL").ok(),
                        Some("MSB_API_KEY".to_owned()),
                    ),
                },
                _ => Ok(Requirements::default()),
            },
        }
    }
}

impl Requirements {
    /// Those of a cloud, with the URL that the core will use.
    fn of(url: Option<String>, api_key_variable: Option<String>) -> Result<Self, Error> {
        let url = url.as_deref().map(str::trim).filter(|url| !url.is_empty());
        let url = url.unwrap_or(DEFAULT_CLOUD_API_URL);
        check_url(url)?;
        Ok(Self { home: None, url: Some(url.to_owned()), api_key_variable })
    }
}

/// Lets the sandboxes of this machine that are made or found with a backend keep
/// a connection ahead, each one of its own.
fn ahead(backend: Arc<dyn Backend>) -> Arc<dyn Backend> {
    match backend.as_local() {
        Some(_) => Arc::new(OneAhead::over(backend)),
        None => backend,
    }
}

fn shared(
    home: Option<String>,
    build: impl FnOnce() -> Result<Arc<dyn Backend>, Error>,
) -> Result<Arc<dyn Backend>, Error> {
    let mut backends = BACKENDS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some(backend) = backends.get(&home) {
        return Ok(Arc::clone(backend));
    }
    let backend = build()?;
    backends.insert(home, Arc::clone(&backend));
    Ok(backend)
}

/// Whether a backend of this machine was built: from then on the core does not
/// ask any more where its runtime is.
pub fn is_in_use() -> bool {
    !BACKENDS.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).is_empty()
}

/// Refuses what only this machine can do, where the core does not say it well.
pub fn require_local(backend: &Arc<dyn Backend>, remedy: &str) -> Result<(), Error> {
    match backend.as_local() {
        Some(_) => Ok(()),
        None => {
            Err(Error::new(ErrorCode::Unsupported, format!("The cloud cannot do this: {remedy}")))
        }
    }
}

impl CloudOptions {
    fn parse(options: &Value) -> Result<Self, Error> {
        let options: Self = serde_path_to_error::deserialize(options).map_err(invalid_option)?;
        match &options {
            Self { profile: Some(_), api_key: Some(_), .. } => {
                Err(invalid("apiKey", "the profile has a key already"))
            }
            Self { profile: Some(_), url: Some(_), .. } => {
                Err(invalid("url", "the profile has a URL already"))
            }
            Self { profile: None, api_key: None, .. } => {
                Err(invalid("apiKey", "a cloud needs a key, or a profile that has one"))
            }
            _ => Ok(options),
        }
    }

    fn build(self) -> Result<CloudBackend, Error> {
        let cloud = match self {
            Self { profile: Some(profile), .. } => CloudBackend::from_profile(&profile)?,
            Self { url, api_key, .. } => {
                let mut builder = CloudBackend::builder().api_key(api_key.unwrap_or_default());
                if let Some(url) = url {
                    builder = builder.url(url);
                }
                builder.build()?
            }
        };
        check_url(cloud.url())?;
        Ok(cloud)
    }
}

/// What a profile needs. One that the machine's administrator has added is not
/// in the user's configuration; building the backend tells whether there is one.
fn profile_requirements(name: &str) -> Result<Requirements, Error> {
    let GlobalConfig { mut profiles, .. } = load_persisted_config_or_default()?;
    let Some(profile) = profiles.remove(name) else { return Ok(Requirements::default()) };
    let variable = profile.api_key_ref.as_deref().and_then(|key| key.strip_prefix("env:"));
    Requirements::of(profile.url, variable.map(|name| name.trim().to_owned()))
}

fn check_home(home: &str) -> Result<(), Error> {
    match Path::new(home).is_absolute() {
        true => Ok(()),
        false => Err(invalid("home", "give an absolute path")),
    }
}

/// Refuses what the core would find out with the first request only, and URLs
/// with something in them that is printed with them and may be a secret.
fn check_url(url: &str) -> Result<(), Error> {
    let Ok(parsed) = Url::parse(url) else {
        return Err(invalid("url", "it is no URL: give one such as https://cloud.example.com"));
    };
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(invalid("url", "it is neither http: nor https:"));
    }
    let is_plain = parsed.username().is_empty()
        && parsed.password().is_none()
        && parsed.query().is_none()
        && parsed.fragment().is_none();
    match is_plain {
        true => Ok(()),
        false => Err(invalid(
            "url",
            "leave out user, password, query and fragment, and give the key as apiKey",
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_stands_for_all_options_is_not_repeated() {
        let Err(error) = CloudOptions::parse(&json!("hush")) else { panic!("it is no object") };
        assert!(!error.message.contains("hush"), "{}", error.message);
    }
}
