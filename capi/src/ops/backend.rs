//! Which backend a client uses, and the profiles that choose one.

use boundary::error::{Error, without_api_key};
use boundary::json::NoOptions;
use boundary::outcome::Outcome;
use microsandbox::BackendSelectionSource;
use microsandbox::config::{BackendContext, ContextProfile, config_path};
use serde::{Deserialize, Serialize};

use crate::client::Request;
use crate::sandboxes::target::BackendKind;

/// A backend. Its key is never told.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct BackendInfo {
    /// Where sandboxes live.
    pub kind: BackendKind,
    /// The cloud's URL, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What decided on this backend.
    pub source: BackendChoice,
    /// The profile that it comes from, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
}

/// What decided on a backend.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum BackendChoice {
    /// The program, with its own options.
    Options,
    /// The program, with the name of a profile.
    Profile,
    /// The environment variable `MSB_BACKEND`.
    #[cfg_attr(test, ts(rename = "MSB_BACKEND"))]
    #[serde(rename = "MSB_BACKEND")]
    BackendVariable,
    /// The environment variable `MSB_PROFILE`.
    #[cfg_attr(test, ts(rename = "MSB_PROFILE"))]
    #[serde(rename = "MSB_PROFILE")]
    ProfileVariable,
    /// The profile that is in use, or the machine's administrator.
    ActiveProfile,
    /// Nobody: it is this machine.
    Default,
}

/// What has to be allowed before a client's backend is used.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct BackendRequirements {
    /// The file that has the profiles.
    pub config_path: String,
    /// The directory that the program named, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
    /// The URL that every request goes to, if it is a cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The environment variable that the key is read from, if it is from one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key_variable: Option<String>,
}

/// The profiles, and which backend programs use that do not choose one.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct ProfileSelection {
    /// The profiles, by their names.
    pub profiles: Vec<Profile>,
    /// The profile that is in use, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<String>,
    /// Whether the environment or the machine's administrator decides, so that
    /// `active` does not.
    pub is_overridden: bool,
    /// What programs use that start now, without its URL. Absent if there is
    /// nothing that they could use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selected: Option<BackendInfo>,
    /// Why they cannot use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// A profile. Its key is never told, nor where it is.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Where its sandboxes live.
    pub kind: BackendKind,
    /// Whether the machine's administrator allows it.
    pub is_allowed: bool,
    /// Whether it says where its key is, or needs none.
    pub has_key: bool,
}

/// Which profile to use.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub struct UseProfile {
    /// The profile's name. Default: none.
    pub name: Option<String>,
}

/// `backend.info`
pub async fn info(request: Request) -> Result<Outcome, Error> {
    let NoOptions {} = request.options()?;
    Outcome::json(&BackendInfo::from(request.client.context.backend.get()?.info()?))
}

/// `backend.requirements`: reads no key and builds nothing.
pub async fn requirements(request: Request) -> Result<Outcome, Error> {
    let NoOptions {} = request.options()?;
    let requirements = request.client.context.backend.requirements()?;
    Outcome::json(&BackendRequirements {
        config_path: config_path().display().to_string(),
        home: requirements.home,
        url: requirements.url,
        api_key_variable: requirements.api_key_variable,
    })
}

/// `backend.profiles`
pub async fn profiles(request: Request) -> Result<Outcome, Error> {
    let NoOptions {} = request.options()?;
    Outcome::json(&ProfileSelection::from(BackendContext::load()?))
}

/// `backend.useProfile`: for programs that start afterwards.
pub async fn use_profile(request: Request) -> Result<Outcome, Error> {
    let UseProfile { name } = request.options()?;
    let context = match name {
        Some(name) => BackendContext::use_profile(&name)?,
        None => BackendContext::reset()?,
    };
    Outcome::json(&ProfileSelection::from(context))
}

impl From<microsandbox::BackendInfo> for BackendInfo {
    fn from(info: microsandbox::BackendInfo) -> Self {
        use BackendSelectionSource as Source;
        Self {
            kind: info.kind.into(),
            url: info.api_url,
            source: match info.source {
                Source::Programmatic => BackendChoice::Options,
                Source::Profile => BackendChoice::Profile,
                Source::MsbBackend | Source::MsbApiKey => BackendChoice::BackendVariable,
                Source::MsbProfile => BackendChoice::ProfileVariable,
                Source::ActiveProfile => BackendChoice::ActiveProfile,
                Source::Default => BackendChoice::Default,
            },
            profile: info.profile,
        }
    }
}

impl From<BackendContext> for ProfileSelection {
    fn from(context: BackendContext) -> Self {
        Self {
            profiles: context.profiles.into_iter().map(Profile::from).collect(),
            active: context.saved_profile,
            is_overridden: context.preference_overridden,
            selected: context.selected.map(BackendInfo::from),
            problem: context.selection_error.map(|text| without_api_key(&text).to_owned()),
        }
    }
}

impl From<ContextProfile> for Profile {
    fn from(profile: ContextProfile) -> Self {
        Self {
            name: profile.name,
            kind: profile.kind.into(),
            is_allowed: profile.allowed,
            has_key: profile.credentials_configured,
        }
    }
}
