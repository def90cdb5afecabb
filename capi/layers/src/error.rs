//! What went wrong with a layer or an archive, with the place where it did.

use std::fmt;
use std::io;

/// The result of what this crate does.
pub type Result<T> = std::result::Result<T, LayerError>;

/// What kind of thing went wrong. The names are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerErrorCode {
    /// The blob is compressed in a way that this crate does not read.
    CompressionUnsupported,
    /// The bytes are not what their format allows, or end too early.
    Corrupt,
    /// An entry asks for something that no file system below a root can hold.
    EntryRefused,
    /// The layer is larger than a limit allows.
    LimitExceeded,
    /// The content has another digest than the image says.
    DigestMismatch,
    /// The blob is none of a container image's layers.
    NotALayer,
    /// An archive has no image in it, or not the parts that it names.
    ArchiveInvalid,
    /// No image of an index runs on the platform.
    PlatformUnavailable,
    /// The caller cancelled the work.
    Cancelled,
    /// Reading from the source or writing to this machine's disk failed.
    Io,
}

impl LayerErrorCode {
    /// Returns the code's name in errors.
    pub fn name(self) -> &'static str {
        match self {
            Self::CompressionUnsupported => "layer-compression-unsupported",
            Self::Corrupt => "layer-corrupt",
            Self::EntryRefused => "layer-entry-refused",
            Self::LimitExceeded => "layer-limit-exceeded",
            Self::DigestMismatch => "layer-digest-mismatch",
            Self::NotALayer => "layer-media-type-unsupported",
            Self::ArchiveInvalid => "image-archive-invalid",
            Self::PlatformUnavailable => "image-platform-unavailable",
            Self::Cancelled => "cancelled",
            Self::Io => "io-error",
        }
    }
}

/// An error with the layer, the entry and the limit that it is about.
#[derive(Debug)]
pub struct LayerError {
    code: LayerErrorCode,
    message: String,
    layer: Option<String>,
    entry: Option<String>,
    limit: Option<&'static str>,
    source: Option<io::Error>,
}

impl LayerError {
    pub(crate) fn new(code: LayerErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), layer: None, entry: None, limit: None, source: None }
    }

    pub(crate) fn corrupt(message: impl Into<String>) -> Self {
        Self::new(LayerErrorCode::Corrupt, message)
    }

    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(LayerErrorCode::EntryRefused, message)
    }

    pub(crate) fn limit(limit: &'static str, message: impl Into<String>) -> Self {
        Self { limit: Some(limit), ..Self::new(LayerErrorCode::LimitExceeded, message) }
    }

    /// Names the entry, unless a more precise place is named already.
    pub(crate) fn at_entry(mut self, path: &[u8]) -> Self {
        self.entry.get_or_insert_with(|| String::from_utf8_lossy(path).into_owned());
        self
    }

    /// Names the layer, by its digest or its place in the image.
    #[must_use]
    pub fn in_layer(mut self, layer: impl Into<String>) -> Self {
        self.layer.get_or_insert_with(|| layer.into());
        self
    }

    /// Returns what kind of thing went wrong.
    pub fn code(&self) -> LayerErrorCode {
        self.code
    }

    /// Returns the layer that the error is about.
    pub fn layer(&self) -> Option<&str> {
        self.layer.as_deref()
    }

    /// Returns the name of the entry that the error is about.
    pub fn entry(&self) -> Option<&str> {
        self.entry.as_deref()
    }

    /// Returns the name of the limit that was exceeded, as options have it.
    pub fn limit_name(&self) -> Option<&'static str> {
        self.limit
    }

    /// Returns the system's error, where one is the reason.
    pub fn io_error(&self) -> Option<&io::Error> {
        self.source.as_ref()
    }
}

impl fmt::Display for LayerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(layer) = &self.layer {
            write!(f, "layer {layer}: ")?;
        }
        if let Some(entry) = &self.entry {
            write!(f, "entry {entry:?}: ")?;
        }
        f.write_str(&self.message)?;
        match &self.source {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for LayerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

/// Errors of this crate pass through readers as `io::Error` and come out as they were.
impl From<io::Error> for LayerError {
    fn from(error: io::Error) -> Self {
        if error.get_ref().is_some_and(|inner| inner.is::<LayerError>()) {
            let inner = error.into_inner().and_then(|inner| inner.downcast::<LayerError>().ok());
            return *inner.expect("the error was checked to be one of this crate");
        }
        let (code, message) = match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                (LayerErrorCode::Corrupt, "ends in the middle; fetch or export it again")
            }
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
                (LayerErrorCode::Corrupt, "cannot be decompressed; fetch or export it again")
            }
            _ => (LayerErrorCode::Io, "cannot be read or stored"),
        };
        Self { source: Some(error), ..Self::new(code, message) }
    }
}

impl From<LayerError> for io::Error {
    fn from(error: LayerError) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}
