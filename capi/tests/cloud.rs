//! That the tests' cloud speaks as the core's published types do: each of its
//! bodies is read as one of them, and written again it is the same.

use microsandbox_types::snapshot::cloud_manifest::Manifest;
use microsandbox_types::{
    CloudCreateSandboxRequest, CloudCreateSandboxResponse, CloudCreateSnapshotRequest,
    CloudMessageResponse, CloudSandboxModificationPlan, CloudSnapshot, CloudSnapshotOperation,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn fixture(name: &str) -> Value {
    let mut fixtures: Value =
        serde_json::from_str(include_str!("../../tests/fixtures/cloud.json")).unwrap();
    fixtures[name].take()
}

#[track_caller]
fn assert_is<T: DeserializeOwned + Serialize>(name: &str) {
    let fixture = fixture(name);
    let read: T = serde_json::from_value(fixture.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), fixture, "{name}");
}

#[test]
fn the_bodies_of_the_tests_cloud_are_the_published_types() {
    assert_is::<CloudCreateSandboxRequest>("createRequest");
    assert_is::<CloudCreateSandboxResponse>("sandbox");
    assert_is::<CloudMessageResponse>("message");
    assert_is::<CloudSandboxModificationPlan>("modificationPlan");
    assert_is::<CloudCreateSnapshotRequest>("snapshotRequest");
    assert_is::<CloudSnapshot>("snapshot");
    assert_is::<CloudSnapshotOperation>("snapshotOperation");
}

#[test]
fn the_snapshot_of_the_tests_cloud_has_its_digest() {
    let snapshot = fixture("snapshot");
    let manifest: Manifest = serde_json::from_value(snapshot["manifest"].clone()).unwrap();
    assert_eq!(manifest.digest().unwrap(), snapshot["digest"].as_str().unwrap());
}
