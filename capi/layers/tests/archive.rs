//! Archives of images in all forms.

use std::io::Read;
use std::path::PathBuf;

use microsandbox_layers::archive::{Archive, ArchiveImage};
use microsandbox_layers::resolve::Platform;
use microsandbox_layers::{Decompressed, LayerError, LayerErrorCode, Limits};
use serde_json::{Value, json};

use crate::support::{Member, gzip, oci, tar, zstd};

fn layer() -> Vec<u8> {
    tar(&[Member::file("etc/x", "x")])
}

fn layout_members(parts: &oci::Parts, index: &Value) -> Vec<Member> {
    let mut members = vec![
        Member::file("oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#),
        Member::file("index.json", index.to_string()),
        Member::dir("blobs/sha256/"),
    ];
    members.extend(
        parts.blobs.iter().map(|(digest, data)| {
            Member::file(format!("./blobs/{}", digest.replace(':', "/")), data)
        }),
    );
    members
}

fn layout() -> Vec<Member> {
    let parts = oci::parts(&[layer()]);
    layout_members(&parts, &parts.index)
}

/// Docker's older form, with more members in front.
fn docker(tags: Value, path: &str, more: Vec<Member>) -> Vec<Member> {
    let parts = oci::parts(&[layer()]);
    let (digest, config) = &parts.blobs[0];
    let config_name = format!("{}.json", digest.trim_start_matches("sha256:"));
    let manifest = json!([{ "Config": config_name, "RepoTags": tags, "Layers": [path] }]);
    let mut members = more;
    members.push(Member::file(config_name, config));
    members.push(Member::file("manifest.json", manifest.to_string()));
    members
}

/// An image and the blobs of its layers.
type Found = (ArchiveImage, Vec<Vec<u8>>);

/// Reads an archive as a file and as a stream, which have to be the same.
fn images(data: &[u8]) -> Result<Vec<Found>, LayerError> {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("archive");
    std::fs::write(&path, data).unwrap();
    let limits = Limits::default();
    let wanted = Platform::linux("amd64");
    let open = |archive: Archive| -> Result<Vec<Found>, LayerError> {
        let content = |image: &ArchiveImage| {
            let read = |layer| {
                let mut bytes = Vec::new();
                archive.layer(layer)?.read_to_end(&mut bytes)?;
                Ok(bytes)
            };
            image.layers.iter().map(read).collect::<Result<Vec<_>, LayerError>>()
        };
        archive
            .images(&wanted)?
            .into_iter()
            .map(|image| content(&image).map(|content| (image, content)))
            .collect()
    };
    let from_file = Archive::open(&path, folder.path(), &limits).and_then(open);
    let from_stream = Archive::read(data, folder.path(), &limits).and_then(open);
    let seen = |found: &Result<Vec<Found>, LayerError>| match found {
        Ok(images) => format!("{images:?}"),
        Err(error) => error.to_string(),
    };
    assert_eq!(seen(&from_file), seen(&from_stream));
    from_file
}

fn names(members: &[Member]) -> Vec<String> {
    let mut found = images(&tar(members)).unwrap();
    assert_eq!(found.len(), 1);
    let (image, content) = found.remove(0);
    assert_eq!(content, [layer()]);
    assert_eq!(image.config.diff_ids, [oci::digest(&layer())]);
    assert_eq!(image.layers[0].size, layer().len() as u64);
    image.names
}

#[test]
fn layouts_have_an_index() {
    assert_eq!(names(&layout()), ["test"]);
    let found = images(&tar(&layout())).unwrap();
    let parts = oci::parts(&[layer()]);
    let image = &found[0].0;
    assert_eq!(
        (&image.manifest_digest, &image.manifest_bytes),
        (&parts.blobs[1].0, &parts.blobs[1].1)
    );
}

#[test]
fn archives_may_be_compressed() {
    let docker = docker(json!(["a:1"]), "layer.tar", vec![Member::file("layer.tar", layer())]);
    for members in [layout(), docker] {
        let data = tar(&members);
        let (first, rest) = data.split_at(1000);
        for archive in [gzip(&data), zstd(&data), [gzip(first), gzip(rest)].concat()] {
            assert_eq!(images(&archive).unwrap()[0].1, [layer()]);
        }
    }
}

#[test]
fn dockers_older_form_has_paths() {
    let blob = Member::file("abc/layer.tar", layer());
    assert_eq!(
        names(&docker(json!(["r/a:1", "r/a:2"]), "abc/layer.tar", vec![blob.clone()])),
        ["r/a:1", "r/a:2"]
    );
    assert_eq!(names(&docker(json!(null), "abc/layer.tar", vec![blob.clone()])), [""; 0]);
    assert_eq!(names(&docker(json!([]), "./abc/layer.tar", vec![blob])), [""; 0]);
}

#[test]
fn dockers_older_form_gets_the_manifest_that_the_core_makes() {
    for blob in [layer(), gzip(&layer())] {
        let members = docker(json!(["a:1"]), "layer.tar", vec![Member::file("layer.tar", &blob)]);
        let data = tar(&members);
        let found = images(&data).unwrap();
        assert_eq!(found[0].0.layers[0].digest, oci::digest(&blob));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("archive.tar");
        std::fs::write(&path, data).unwrap();
        let cache = microsandbox_image::GlobalCache::new(folder.path()).unwrap();
        let loading = microsandbox_image::load_archive_into(
            &cache,
            &path,
            microsandbox_image::ImageLoadOptions::default(),
        );
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let loaded = runtime.block_on(loading).unwrap();
        assert_eq!(found[0].0.manifest_digest, loaded[0].metadata.manifest_digest);
    }
}

#[test]
fn layers_may_be_links_to_each_other() {
    let shared = Member::file("shared/layer.tar", layer());
    for link in [
        Member::symlink("abc/layer.tar", "../shared/layer.tar"),
        Member::symlink("abc/layer.tar", "/shared/layer.tar"),
        Member::hard_link("abc/layer.tar", "shared/layer.tar"),
    ] {
        // The link may come first.
        names(&docker(json!(["a:1"]), "abc/layer.tar", vec![link.clone(), shared.clone()]));
        names(&docker(json!(["a:1"]), "abc/layer.tar", vec![shared.clone(), link]));
    }
    let endless = vec![
        Member::symlink("abc/layer.tar", "layer2.tar"),
        Member::symlink("abc/layer2.tar", "layer.tar"),
    ];
    let error = images(&tar(&docker(json!(["a:1"]), "abc/layer.tar", endless))).unwrap_err();
    assert_eq!(error.code(), LayerErrorCode::ArchiveInvalid);
}

#[test]
fn both_forms_in_one_archive_are_one_image_with_its_full_names() {
    let parts = oci::parts(&[layer()]);
    let mut members = layout();
    let path = |digest: &str| format!("blobs/{}", digest.replace(':', "/"));
    let manifest = json!([{
        "Config": path(&parts.blobs[0].0),
        "RepoTags": ["example.com/it:test", "example.com/it:other"],
        "Layers": [path(&oci::digest(&layer()))],
    }]);
    members.push(Member::file("manifest.json", manifest.to_string()));
    assert_eq!(names(&members), ["example.com/it:test", "example.com/it:other"]);
}

#[test]
fn several_images_come_from_one_archive() {
    let (one, two) = (oci::parts(&[layer()]), oci::parts(&[]));
    let mut second = two.index["manifests"][0].clone();
    second["annotations"] = json!({ "io.containerd.image.name": "docker.io/library/two:1" });
    let mut again = one.index["manifests"][0].clone();
    again["annotations"] = json!({ "org.opencontainers.image.ref.name": "again" });
    let index = json!({ "manifests": [one.index["manifests"][0], second, again] });
    let mut members = layout_members(&one, &index);
    members.extend(layout_members(&two, &index));
    let found = images(&tar(&members)).unwrap();
    let names: Vec<_> = found.iter().map(|(image, _)| image.names.clone()).collect();
    assert_eq!(
        names,
        [vec!["test".to_owned(), "again".into()], vec!["docker.io/library/two:1".into()]]
    );
}

#[test]
fn archives_of_another_tool_are_read() {
    use std::process::Command;
    if Command::new("skopeo").arg("--version").output().is_err() {
        eprintln!("skopeo is not there, so what it writes was not read");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let layers = [layer(), tar(&[Member::file("etc/.wh.x", "")]), layer()];
    oci::write_layout(&folder.path().join("layout"), &layers);
    for (form, name) in [("docker-archive", "example.com/it:1"), ("oci-archive", "it")] {
        let path = folder.path().join(form);
        let output = Command::new("skopeo")
            .args(["--insecure-policy", "copy"])
            .arg(format!("oci:{}:test", folder.path().join("layout").display()))
            .arg(format!("{form}:{}:{name}", path.display()))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let data = std::fs::read(&path).unwrap();
        for data in [gzip(&data), data] {
            let found = images(&data).unwrap();
            assert_eq!(found.len(), 1);
            let (image, content) = &found[0];
            assert_eq!(image.names, [name]);
            assert_eq!(image.config.diff_ids, layers.each_ref().map(|layer| oci::digest(layer)));
            for (blob, layer) in std::iter::zip(content, &layers) {
                let mut unpacked = Vec::new();
                Decompressed::new(blob.as_slice()).unwrap().read_to_end(&mut unpacked).unwrap();
                assert!(unpacked == *layer);
            }
        }
    }
}

#[test]
fn what_is_no_archive_is_said_to_be_none() {
    let missing = docker(json!(["a:1"]), "gone/layer.tar", vec![]);
    let whole = tar(&layout());
    for (data, says) in [
        (b"hello".to_vec(), "no archive"),
        (gzip(b"hello"), "no archive"),
        (Vec::new(), "no archive"),
        (tar(&[Member::file("etc/passwd", "x")]), "index.json"),
        (tar(&missing), "gone/layer.tar"),
        (whole[..whole.len() / 2].to_vec(), "cut"),
        (tar(&[Member::file("index.json", "{")]), "JSON"),
        (tar(&[Member::file("repositories", "{}")]), "1.10"),
    ] {
        let error = images(&data).unwrap_err();
        assert_eq!(error.code(), LayerErrorCode::ArchiveInvalid, "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }
}
