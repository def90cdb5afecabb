//! Platforms, and which of them run on which.

use std::fmt;

use serde::Deserialize;

/// A platform, as images and their indexes name them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Platform {
    #[serde(default)]
    pub os: String,
    #[serde(default)]
    pub architecture: String,
    #[serde(default)]
    pub variant: Option<String>,
}

impl Platform {
    /// The rank of an entry that does not say what it is for.
    pub(super) const UNSAID: u32 = 1000;

    /// Returns Linux on a machine of this architecture.
    pub fn linux(architecture: &str) -> Self {
        Self { os: "linux".into(), architecture: architecture.into(), variant: None }.normal()
    }

    /// Reads `linux/arm64/v8`, `linux/amd64`, or `arm64`.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        let (os, architecture, variant) = match parts.as_slice() {
            [architecture] => ("linux", *architecture, None),
            [os, architecture] => (*os, *architecture, None),
            [os, architecture, variant] => (*os, *architecture, Some((*variant).to_owned())),
            _ => return None,
        };
        let platform = Self { os: os.into(), architecture: architecture.into(), variant }.normal();
        (!platform.os.is_empty() && !platform.architecture.is_empty()).then_some(platform)
    }

    /// Whether an image for `other` runs here.
    pub fn runs(&self, other: &Self) -> bool {
        self.rank(other).is_some()
    }

    /// How well an image for `other` fits: the lower the better, `None` if it does not run.
    pub(super) fn rank(&self, other: &Self) -> Option<u32> {
        let (wanted, other) = (self.clone().normal(), other.clone().normal());
        if wanted.os != other.os || wanted.architecture != other.architecture {
            return None;
        }
        let level = |platform: &Self| level(platform.variant.as_deref());
        if wanted.variant == other.variant {
            return Some(0);
        }
        match (level(&wanted), level(&other)) {
            // Older levels run on newer machines; the newest of them is the best.
            (Some(have), Some(needs)) if needs <= have => Some(1 + have - needs),
            // A wish for a level is none to exclude what is the only one there.
            (_, Some(needs)) => Some(100 + needs),
            (_, None) => Some(99),
        }
    }

    /// Names as Go has them, with what goes without saying left out.
    fn normal(mut self) -> Self {
        self.os = self.os.to_lowercase();
        let (architecture, variant) = match self.architecture.to_lowercase().as_str() {
            "x86_64" | "x86-64" => ("amd64".into(), self.variant),
            "aarch64" => ("arm64".into(), self.variant),
            "armhf" => ("arm".into(), Some("v7".into())),
            "armel" => ("arm".into(), Some("v6".into())),
            "i386" | "i686" => ("386".into(), self.variant),
            other => (other.to_owned(), self.variant),
        };
        self.variant = match (architecture.as_str(), variant.as_deref()) {
            (_, None | Some("")) | ("arm64", Some("v8" | "8")) | ("amd64", Some("v1")) => None,
            ("arm", Some(number @ ("5" | "6" | "7" | "8"))) => Some(format!("v{number}")),
            _ => variant,
        };
        self.architecture = architecture;
        self
    }
}

/// The number of a variant: `v7` is level 7. What is not said is the lowest one.
fn level(variant: Option<&str>) -> Option<u32> {
    match variant {
        None => Some(1),
        Some(variant) => variant.strip_prefix('v')?.parse().ok(),
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        match &self.variant {
            Some(variant) => write!(f, "/{variant}"),
            None => Ok(()),
        }
    }
}
