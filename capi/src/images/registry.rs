//! What a registry is asked for: an image's documents, and the blobs of its layers.

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use boundary::error::Error;
use boundary::task::on_blocking_thread;
use futures_util::StreamExt;
use microsandbox::config::RegistryOptions;
use microsandbox::{Backend, MicrosandboxError as CoreError};
use microsandbox_image::{GlobalCache, ImageError, Reference, RegistryAuth};
use microsandbox_layers::resolve::{Descriptor, Platform, Resolved, Resolver, Step};
use oci_client::client::{
    Certificate, CertificateEncoding, Client, ClientConfig, ClientProtocol, SizedStream,
};
use oci_client::errors::OciDistributionError;
use oci_client::secrets::RegistryAuth as Credentials;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::io::{AsyncWriteExt, BufWriter};

use super::install::{FoundImage, FoundLayer, REPORT_BYTES, diff_ids};
use super::layer_error::from_layer;
use super::progress::{Progress, PullProgress};

/// The kinds of documents that a reference may lead to.
const DOCUMENT_TYPES: [&str; 4] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

/// The most that a configuration may have. Registries take documents of 4 MiB.
const MAX_CONFIG: u64 = 8 << 20;

/// How long to wait before a blob is asked for again.
const RETRIES: [Duration; 3] =
    [Duration::from_millis(200), Duration::from_millis(600), Duration::from_millis(1800)];

/// The registry of one image.
pub struct RegistryClient {
    client: Client,
    credentials: Credentials,
    reference: Reference,
}

impl RegistryClient {
    /// Prepares the way to an image's registry: as the options say, else as the user's
    /// configuration, the keyring or Docker's configuration file say. The last two may start a
    /// program, or ask the user.
    pub async fn connect(
        backend: Arc<dyn Backend>,
        reference: Reference,
        options: RegistryOptions,
    ) -> Result<Self, CoreError> {
        let host = reference.registry().to_owned();
        let config = on_blocking_thread(async move {
            match backend.as_local() {
                Some(local) => local.registry_config(&host, options).await,
                None => Err(CoreError::Runtime("only this machine pulls images".to_owned())),
            }
        });
        let config = config.await?;
        let client = Client::new(ClientConfig {
            protocol: ClientProtocol::HttpsExcept(config.insecure_registries),
            extra_root_certificates: certificates(&config.ca_certs)?,
            ..ClientConfig::default()
        });
        let credentials = match config.auth {
            RegistryAuth::Anonymous => Credentials::Anonymous,
            RegistryAuth::Basic { username, password } => Credentials::Basic(username, password),
        };
        Ok(Self { client, credentials, reference })
    }

    /// Finds the image for a platform, through indexes.
    pub async fn resolve(&self, wanted: Platform) -> Result<FoundImage, Error> {
        let (document, digest) = self.document(&self.reference).await?;
        let start = Descriptor { digest, ..Descriptor::default() };
        let mut resolver = Resolver::new(wanted, start);
        resolver.start().map_err(|error| from_layer(&error))?;
        let mut bytes = document;
        loop {
            bytes = match resolver.take(bytes).map_err(|error| from_layer(&error))? {
                Step::Document(descriptor) => {
                    let reference = self.reference.clone_with_digest(descriptor.digest);
                    self.document(&reference).await?.0
                }
                Step::Config(descriptor) => self.config(&descriptor.digest).await?,
                Step::Done(resolved) => return found(*resolved),
            }
        }
    }

    async fn document(&self, reference: &Reference) -> Result<(Vec<u8>, String), Error> {
        let pulled = self.client.pull_manifest_raw(reference, &self.credentials, &DOCUMENT_TYPES);
        let (bytes, digest) = pulled.await.map_err(failed)?;
        Ok((bytes.to_vec(), digest))
    }

    async fn config(&self, digest: &str) -> Result<Vec<u8>, Error> {
        let mut stream = self.blob(digest).await?;
        let mut bytes = Vec::new();
        while let Some(chunk) = stream.next().await {
            bytes.extend_from_slice(&chunk.map_err(interrupted)?);
            check_size(digest, bytes.len() as u64, Some(MAX_CONFIG))?;
        }
        Ok(bytes)
    }

    /// Fetches a layer's blob into a file without a name, and makes sure that it is what its
    /// digest says.
    pub async fn download(
        &self,
        index: usize,
        layer: &FoundLayer,
        cache: &GlobalCache,
        progress: &Progress,
    ) -> Result<File, Error> {
        let mut stream = self.blob(&layer.digest).await?;
        let file = tempfile::tempfile_in(cache.tmp_dir()).map_err(interrupted)?;
        let mut file = BufWriter::with_capacity(1 << 18, tokio::fs::File::from_std(file));
        let (mut downloaded, mut reported) = (0, 0);
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(interrupted)?;
            file.write_all(&chunk).await.map_err(interrupted)?;
            downloaded += chunk.len() as u64;
            check_size(&layer.digest, downloaded, layer.size)?;
            if downloaded - reported >= REPORT_BYTES || layer.size == Some(downloaded) {
                reported = downloaded;
                progress.report(&PullProgress::Downloading {
                    layer: index,
                    digest: layer.digest.clone(),
                    downloaded_bytes: downloaded,
                    total_bytes: layer.size,
                });
            }
        }
        file.flush().await.map_err(interrupted)?;
        progress.report(&PullProgress::Downloaded {
            layer: index,
            digest: layer.digest.clone(),
            downloaded_bytes: downloaded,
        });
        Ok(file.into_inner().into_std().await)
    }

    /// Opens a blob, whose stream ends in an error when it is not what its digest says. The
    /// registry was there a moment ago, so what may pass is tried again.
    async fn blob(&self, digest: &str) -> Result<SizedStream, Error> {
        let mut pauses = RETRIES.into_iter();
        loop {
            let error = match self.client.pull_blob_stream(&self.reference, digest).await {
                Ok(stream) => return Ok(stream),
                Err(error) => error,
            };
            match pauses.next().filter(|_| may_pass(&error)) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(failed(error)),
            }
        }
    }
}

/// The image that its documents describe.
fn found(resolved: Resolved) -> Result<FoundImage, Error> {
    let layer = |(layer, diff_id): (Descriptor, _)| FoundLayer {
        diff_id,
        digest: layer.digest,
        media_type: layer.media_type,
        size: layer.size.filter(|&size| size > 0),
    };
    let diff_ids = diff_ids(&resolved.config)?;
    Ok(FoundImage {
        manifest_digest: resolved.manifest_digest,
        manifest: resolved.manifest_bytes,
        config: resolved.config_bytes,
        layers: std::iter::zip(resolved.manifest.layers, diff_ids).map(layer).collect(),
    })
}

fn certificates(pem: &[Vec<u8>]) -> Result<Vec<Certificate>, ImageError> {
    let mut certificates = Vec::new();
    for (index, pem) in pem.iter().enumerate() {
        let invalid = |what: String| {
            ImageError::InvalidCertificate(format!("entry {index} of registryCaCerts: {what}"))
        };
        let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<_, _>>()
            .map_err(|error| invalid(error.to_string()))?;
        if found.is_empty() {
            return Err(invalid("there is no certificate in it".to_owned()));
        }
        certificates.extend(found.into_iter().map(|certificate| Certificate {
            encoding: CertificateEncoding::Der,
            data: certificate.to_vec(),
        }));
    }
    Ok(certificates)
}

/// A request that the registry did not answer as it should.
fn failed(error: OciDistributionError) -> Error {
    CoreError::from(ImageError::Registry(error)).into()
}

/// Whether a registry that failed so may answer in a moment.
fn may_pass(error: &OciDistributionError) -> bool {
    let is_busy = |status: u16| status == 429 || status >= 500;
    match error {
        OciDistributionError::RequestError(error) => {
            error.is_connect() || error.status().is_some_and(|status| is_busy(status.as_u16()))
        }
        OciDistributionError::ServerError { code, .. } => is_busy(*code),
        _ => false,
    }
}

/// A blob that did not arrive, or could not be written down.
fn interrupted(error: std::io::Error) -> Error {
    CoreError::from(ImageError::Io(error)).into()
}

/// Refuses a blob that goes on behind its end: its digest could only be compared at the end.
fn check_size(digest: &str, actual: u64, most: Option<u64>) -> Result<(), Error> {
    match most {
        Some(most) if actual > most => {
            let error = ImageError::DigestMismatch {
                digest: digest.to_owned(),
                expected: format!("{most} bytes at most"),
                actual: "more".to_owned(),
            };
            Err(CoreError::from(error).into())
        }
        _ => Ok(()),
    }
}
