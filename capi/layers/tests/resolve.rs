//! Which image of an index is meant.

use std::collections::BTreeMap;

use microsandbox_layers::LayerErrorCode;
use microsandbox_layers::resolve::{Descriptor, Platform, Resolved, Resolver, Step};
use serde_json::{Value, json};

use crate::support::oci;

/// Documents by their digests.
#[derive(Default)]
struct Registry(BTreeMap<String, Vec<u8>>);

impl Registry {
    fn put(&mut self, document: &Value) -> Value {
        let data = document.to_string().into_bytes();
        let digest = oci::digest(&data);
        let size = data.len();
        self.0.insert(digest.clone(), data);
        json!({ "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": size })
    }

    fn image(&mut self, architecture: &str, name: &str) -> Value {
        let config = self.put(&json!({
            "os": "linux", "architecture": architecture, "author": name,
            "rootfs": { "type": "layers", "diff_ids": [] },
        }));
        let mut config = config;
        config["mediaType"] = json!(oci::CONFIG);
        self.put(&json!({ "schemaVersion": 2, "config": config, "layers": [] }))
    }

    fn index(&mut self, entries: &[Value]) -> Value {
        self.put(&json!({ "schemaVersion": 2, "manifests": entries }))
    }

    fn resolve(&self, start: &Value, wanted: &str) -> microsandbox_layers::Result<Resolved> {
        let start: Descriptor = serde_json::from_value(start.clone()).unwrap();
        let mut resolver = Resolver::new(Platform::parse(wanted).unwrap(), start);
        let mut step = resolver.start()?;
        loop {
            step = match step {
                Step::Document(it) | Step::Config(it) => {
                    resolver.take(self.0[&it.digest].clone())?
                }
                Step::Done(resolved) => return Ok(*resolved),
            }
        }
    }

    fn author(&self, start: &Value, wanted: &str) -> String {
        let resolved = self.resolve(start, wanted).unwrap();
        let config: Value = serde_json::from_slice(&resolved.config_bytes).unwrap();
        config["author"].as_str().unwrap().to_owned()
    }
}

fn with(mut entry: Value, key: &str, value: Value) -> Value {
    entry[key] = value;
    entry
}

fn on(entry: Value, os: &str, architecture: &str) -> Value {
    with(entry, "platform", json!({ "os": os, "architecture": architecture }))
}

fn variant(entry: Value, architecture: &str, variant: &str) -> Value {
    let platform = json!({ "os": "linux", "architecture": architecture, "variant": variant });
    with(entry, "platform", platform)
}

#[test]
fn a_manifest_is_its_own_image() {
    let mut registry = Registry::default();
    let image = registry.image("amd64", "it");
    assert_eq!(registry.author(&image, "linux/amd64"), "it");
    assert_eq!(registry.author(&image, "x86_64"), "it");
}

#[test]
fn indexes_lead_to_the_platforms_image() {
    let mut registry = Registry::default();
    let (own, other) = (registry.image("amd64", "own"), registry.image("arm64", "other"));
    let attestation = on(registry.image("amd64", "attestation"), "unknown", "unknown");
    for entries in [
        vec![on(own.clone(), "linux", "amd64")],
        vec![on(other.clone(), "linux", "arm64"), on(own.clone(), "linux", "amd64")],
        vec![on(other.clone(), "windows", "amd64"), on(own.clone(), "linux", "amd64")],
        // Without a platform, alone, behind an attestation, and behind an image of another one.
        vec![own.clone()],
        vec![attestation.clone(), own.clone()],
        vec![other.clone(), own.clone()],
        vec![variant(own.clone(), "amd64", "v1")],
        vec![with(
            own.clone(),
            "platform",
            json!({ "os": "linux", "architecture": "amd64", "os.version": "1.2", "os.features": ["x"] }),
        )],
    ] {
        let index = registry.index(&entries);
        assert_eq!(registry.author(&index, "linux/amd64"), "own", "{entries:?}");
    }
}

#[test]
fn indexes_lie_in_indexes() {
    let mut registry = Registry::default();
    let own = on(registry.image("amd64", "own"), "linux", "amd64");
    let other = on(registry.image("arm64", "other"), "linux", "arm64");
    let foreign = registry.index(&[other]);
    let inner = registry.index(&[own]);
    for entries in
        [vec![inner.clone()], vec![on(inner.clone(), "linux", "amd64")], vec![foreign, inner]]
    {
        let index = registry.index(&entries);
        assert_eq!(registry.author(&index, "linux/amd64"), "own");
    }
}

#[test]
fn the_best_variant_that_runs_is_taken() {
    let mut registry = Registry::default();
    let mut image = |name: &str| registry.image("arm", name);
    let arms = ["v5", "v6", "v7"].map(|it| variant(image(it), "arm", it));
    let amds = ["v3", "v1", "v2"].map(|it| variant(registry.image("amd64", it), "amd64", it));
    let arm = registry.index(&arms);
    let amd = registry.index(&amds);
    assert_eq!(registry.author(&arm, "linux/arm/v7"), "v7");
    assert_eq!(registry.author(&arm, "linux/arm/v6"), "v6");
    assert_eq!(registry.author(&arm, "armhf"), "v7");
    assert_eq!(registry.author(&amd, "linux/amd64"), "v1");
    assert_eq!(registry.author(&amd, "linux/amd64/v2"), "v2");
    let both = [variant(registry.image("arm64", "v8"), "arm64", "v8")];
    let both = registry.index(&both);
    assert_eq!(registry.author(&both, "linux/arm64"), "v8");
}

#[test]
fn another_platform_is_refused_with_what_there_is() {
    let mut registry = Registry::default();
    let other = registry.image("arm64", "other");
    let index = registry.index(&[on(other.clone(), "linux", "arm64")]);
    for start in [other, index] {
        let error = registry.resolve(&start, "linux/amd64").unwrap_err();
        assert_eq!(error.code(), LayerErrorCode::PlatformUnavailable);
        let text = error.to_string();
        assert!(text.contains("linux/amd64") && text.contains("linux/arm64"), "{text}");
    }
}

#[test]
fn artefacts_are_refused_by_name() {
    let mut registry = Registry::default();
    for kind in ["application/vnd.cncf.helm.config.v1+json", "application/vnd.oci.empty.v1+json"] {
        let config = json!({ "mediaType": kind, "digest": "sha256:00", "size": 2 });
        let chart = registry.put(&json!({ "schemaVersion": 2, "config": config, "layers": [] }));
        let error = registry.resolve(&chart, "linux/amd64").unwrap_err();
        assert_eq!(error.code(), LayerErrorCode::NotALayer);
        assert!(error.to_string().contains(kind), "{error}");
    }
    let old = registry.put(&json!({ "schemaVersion": 1, "name": "x", "fsLayers": [] }));
    assert!(registry.resolve(&old, "amd64").unwrap_err().to_string().contains("schema 1"));
}

#[test]
fn documents_that_are_not_what_was_asked_for_are_refused() {
    let mut registry = Registry::default();
    let image = registry.image("amd64", "it");
    let digest = image["digest"].as_str().unwrap();
    registry.0.get_mut(digest).unwrap().push(b' ');
    let error = registry.resolve(&image, "linux/amd64").unwrap_err();
    assert_eq!(error.code(), LayerErrorCode::DigestMismatch);
}

#[test]
fn an_index_without_an_end_is_refused() {
    let mut registry = Registry::default();
    let mut index = registry.index(&[]);
    for _ in 0..100 {
        index = registry.index(&[index]);
    }
    assert!(registry.resolve(&index, "linux/amd64").is_err());
}
