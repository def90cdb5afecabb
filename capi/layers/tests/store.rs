//! Layers in the core's store: the core finds ours, and we find those of the core.

use std::io::Cursor;

use microsandbox_image::erofs::write_erofs;
use microsandbox_image::tar::{Compression, ingest_compressed_tar};
use microsandbox_image::tree::{FileTree, ResourceLimits};
use microsandbox_image::{
    CachedImageMetadata, CachedLayerMetadata, Digest, ImageConfig, Platform, Reference, Registry,
};
use microsandbox_layers::{LayerErrorCode, LayerRequest, Lower, find_layer, read_layer};

use crate::support::image::{Store, diff_id, layer};
use crate::support::listing::listing;
use crate::support::{Member, gzip, tar, zstd};

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// The tree that the core reads.
fn cores(members: &[Member]) -> FileTree {
    let data = tar(members);
    run(ingest_compressed_tar(
        Cursor::new(data),
        Compression::None,
        &ResourceLimits::default(),
        None,
    ))
    .unwrap()
    .tree
}

/// What the core's reader can read.
fn plain_layer() -> Vec<Member> {
    vec![
        Member::dir("etc/").mode(0o750).owner(5, 6),
        Member::file("etc/config", "a = b\n").mode(0o640).owner(7, 8),
        Member::file("etc/large", vec![5; 200_000]),
        Member::file("etc/empty", ""),
        Member::symlink("etc/link", "config"),
        Member::hard_link("etc/again", "etc/config"),
        Member::file(".wh.removed", ""),
        Member::dir("opaque"),
        Member::file("opaque/.wh..wh..opq", ""),
        Member::file("opaque/new", "new"),
        Member { device: (1, 3), ..Member::new("null", b'3') },
        Member { device: (259, 70_000), ..Member::new("disk", b'4') },
        Member::new("fifo", b'6'),
        Member::file("n".repeat(150), "a long name"),
        Member::file(b"\xff\xfe", "bytes"),
        Member::file("twice", "1"),
        Member::file("twice", "2"),
    ]
}

#[test]
fn both_readers_make_the_same_tree_of_what_the_core_can_read() {
    let members = plain_layer();
    assert_eq!(listing(layer(&members).unwrap().tree()), listing(&cores(&members)));
}

#[test]
fn both_readers_make_the_same_file_of_the_same_tree() {
    let members = vec![
        Member::dir("etc/"),
        Member::file("etc/config", "a = b\n"),
        Member::file("etc/large", vec![5; 200_000]),
        Member::hard_link("etc/again", "etc/config"),
    ];
    let store = Store::new();
    let [stored] = &store.read(&[tar(&members)]).unwrap()[..] else { panic!("one layer") };
    let cores_path = store.folder.path().join("core.erofs");
    write_erofs(&cores(&members), &cores_path).unwrap();
    let permissions = |path| std::fs::metadata(path).unwrap().permissions();
    assert_eq!(permissions(&stored.path), permissions(&cores_path));
    assert!(std::fs::read(&stored.path).unwrap() == std::fs::read(cores_path).unwrap());
}

#[test]
fn layers_lie_under_the_cores_names() {
    let store = Store::new();
    let data = tar(&plain_layer());
    let id = diff_id(&data);
    let stored = store.read(std::slice::from_ref(&data)).unwrap().remove(0);
    assert_eq!((&stored.id, stored.is_reused), (&id, false));
    assert_eq!(stored.path, store.cache.layer_erofs_path(&id));
    assert!(store.cache.is_layer_materialized(&id));
    assert!(store.cache.layer_erofs_lock_path(&id).exists());
    assert_eq!(std::fs::read_dir(store.cache.tmp_dir()).unwrap().count(), 0, "nothing is left");
}

#[test]
fn compression_makes_no_difference() {
    let data = tar(&plain_layer());
    for blob in [data.clone(), gzip(&data), zstd(&data)] {
        let store = Store::new();
        let request = LayerRequest {
            diff_id: &diff_id(&data),
            // What the content is decides, not what it is said to be.
            media_type: Some("application/vnd.docker.image.rootfs.diff.tar.gzip"),
            limits: &store.limits,
        };
        read_layer(&store.cache, blob.as_slice(), request, &mut Lower::new()).unwrap();
    }
}

#[test]
fn the_core_takes_our_layers_for_its_own() {
    let store = Store::new();
    let layers =
        store.read(&[tar(&plain_layer()), tar(&[Member::file("etc/.wh.link", "")])]).unwrap();
    let manifest = Digest::new("sha256", "ab".repeat(32));
    let reference: Reference = "localhost/test:1".parse().unwrap();
    let metadata = CachedImageMetadata {
        manifest_digest: manifest.to_string(),
        config_digest: manifest.to_string(),
        raw_manifest_json: "{}".into(),
        raw_config_json: "{}".into(),
        config: ImageConfig::default(),
        layers: layers
            .iter()
            .map(|layer| CachedLayerMetadata {
                // There is no such blob anywhere: the core must not look for it.
                digest: layer.id.to_string(),
                media_type: None,
                size_bytes: None,
                diff_id: layer.id.to_string(),
            })
            .collect(),
    };
    let registry = Registry::new(Platform::host_linux(), store.cache.clone()).unwrap();
    run(registry.materialize_cached_layers(&reference, &metadata, false)).unwrap();
    assert!(store.cache.is_fsmeta_materialized(&manifest));
    assert!(store.cache.is_vmdk_materialized(&manifest));
    let ids: Vec<_> = layers.iter().map(|layer| layer.id.clone()).collect();
    run(registry.materialize_flat_rootfs(&manifest, &ids, false)).unwrap();
}

#[test]
fn layers_of_the_core_are_not_read_again() {
    let store = Store::new();
    let members = plain_layer();
    let id = diff_id(&tar(&members));
    write_erofs(&cores(&members), &store.cache.layer_erofs_path(&id)).unwrap();
    let request = LayerRequest { diff_id: &id, media_type: None, limits: &store.limits };
    let nothing = std::io::empty();
    let stored = read_layer(&store.cache, nothing, request, &mut Lower::new()).unwrap();
    assert!(stored.is_reused);
    assert!(find_layer(&store.cache, &id, &mut Lower::new()).unwrap().is_some());
}

#[test]
fn a_damaged_layer_is_made_again() {
    let store = Store::new();
    let data = tar(&plain_layer());
    let path = store.cache.layer_erofs_path(&diff_id(&data));
    std::fs::write(&path, vec![0; 4096]).unwrap();
    assert!(!store.read(&[data]).unwrap()[0].is_reused);
    assert!(std::fs::metadata(path).unwrap().len() > 4096);
}

#[test]
fn a_layer_that_is_another_one_is_refused() {
    let store = Store::new();
    let expected = Digest::new("sha256", "00".repeat(32));
    let request = LayerRequest { diff_id: &expected, media_type: None, limits: &store.limits };
    let data = tar(&plain_layer());
    let error = read_layer(&store.cache, data.as_slice(), request, &mut Lower::new()).unwrap_err();
    assert_eq!(error.code(), LayerErrorCode::DigestMismatch);
    assert!(error.to_string().contains(&diff_id(&data).to_string()), "{error}");
    assert!(!store.cache.is_layer_materialized(&expected));
}

#[test]
fn blobs_that_are_no_layers_are_refused_by_their_type() {
    let store = Store::new();
    for media_type in [
        "application/vnd.oci.image.layer.v1.tar+gzip+encrypted",
        "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
    ] {
        let id = Digest::new("sha256", "00".repeat(32));
        let limits = &store.limits;
        let request = LayerRequest { diff_id: &id, media_type: Some(media_type), limits };
        let error =
            read_layer(&store.cache, std::io::empty(), request, &mut Lower::new()).unwrap_err();
        assert_eq!(error.code(), LayerErrorCode::NotALayer);
        assert!(error.to_string().contains(media_type), "{error}");
    }
}

/// A layer whose tree is another one above other layers is no danger to images that share it.
#[test]
fn images_that_share_a_layer_do_not_change_it_for_each_other() {
    let store = Store::new();
    let plain = tar(&[Member::dir("etc"), Member::dir("tmp")]);
    let moved = tar(&[Member::symlink("etc", "var/elsewhere"), Member::dir("tmp").mode(0o1777)]);
    let shared = tar(&[Member::file("etc/passwd", "root"), Member::file("tmp/x", "")]);
    let id = diff_id(&shared);

    let above_moved = store.read(&[moved.clone(), shared.clone()]).unwrap();
    assert_ne!(above_moved[1].id, id, "the diff id stays free for the layer by itself");
    let above_plain = store.read(&[plain.clone(), shared.clone()]).unwrap();
    assert_eq!(above_plain[1].id, id);
    let seen = |layers| listing(&store.merged(layers));
    assert!(seen(&above_moved).contains_key("/var/elsewhere/passwd"));
    assert!(seen(&above_plain).contains_key("/etc/passwd"));
    assert!(seen(&above_plain)["/tmp"].starts_with("directory 755"));

    // Both are found again, each above its own layers.
    for (layers, before) in [([moved, shared.clone()], above_moved), ([plain, shared], above_plain)]
    {
        let again = store.read(&layers).unwrap();
        assert!(again[1].is_reused);
        assert_eq!(again[1].id, before[1].id);
    }
}

/// What a layer removes stays removed, whatever it was above when it was read first.
#[test]
fn a_layer_that_removes_things_removes_them_for_every_image() {
    let base = tar(&[Member::dir("d"), Member::file("d/secret", "x"), Member::file("e", "x")]);
    for removal in [
        vec![Member::file("d/.wh.secret", ""), Member::file(".wh.e", "")],
        vec![Member::file("d/.wh..wh..opq", ""), Member::file(".wh.e", "")],
        vec![Member::file(".wh..wh..opq", ""), Member::dir("d")],
        vec![Member::file(".wh.d", ""), Member::dir("d"), Member::file(".wh.e", "")],
    ] {
        let removal = tar(&removal);
        let other = tar(&[Member::file("other", "x")]);
        for first in [vec![removal.clone()], vec![other.clone(), removal.clone()]] {
            let store = Store::new();
            store.read(&first).unwrap();
            let above = store.read(&[base.clone(), removal.clone()]).unwrap();
            let shown = listing(&store.merged(&above));
            assert_eq!(shown.keys().collect::<Vec<_>>(), ["/d"], "{shown:?}");
        }
    }
}

#[test]
fn a_layer_that_is_there_already_is_not_taken_where_it_does_not_fit() {
    let store = Store::new();
    let shared = tar(&[Member::file("tmp/x", "")]);
    let alone = store.read(std::slice::from_ref(&shared)).unwrap();
    assert_eq!(alone[0].id, diff_id(&shared));
    let base = tar(&[Member::dir("tmp").mode(0o1777)]);
    let above = store.read(&[base, shared]).unwrap();
    assert_ne!(above[1].id, alone[0].id);
    assert!(listing(&store.merged(&above))["/tmp"].starts_with("directory 1777"));
}

mod whole_images {
    use super::*;
    use microsandbox_layers::{ImageLayer, LayerError, LayerSource, StoredLayer, read_image};
    use std::io::Read;
    use std::sync::atomic::{AtomicUsize, Ordering};

    struct Tars<'t> {
        tars: &'t [Vec<u8>],
        opened: AtomicUsize,
        stored: AtomicUsize,
        cancel_at: usize,
    }

    impl LayerSource for Tars<'_> {
        fn open(&self, layer: usize) -> Result<Box<dyn Read + Send + '_>, LayerError> {
            self.opened.fetch_add(1, Ordering::Relaxed);
            Ok(Box::new(self.tars[layer].as_slice()))
        }

        fn stored(&self, layer: usize, _stored: &StoredLayer) {
            assert_eq!(self.stored.fetch_add(1, Ordering::Relaxed), layer, "in order");
        }

        fn is_cancelled(&self) -> bool {
            self.stored.load(Ordering::Relaxed) >= self.cancel_at
        }
    }

    fn read(
        store: &Store,
        tars: &[Vec<u8>],
        cancel_at: usize,
    ) -> (Result<Vec<StoredLayer>, LayerError>, usize) {
        let layers: Vec<_> =
            tars.iter().map(|tar| ImageLayer { diff_id: diff_id(tar), media_type: None }).collect();
        let (opened, stored) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let source = Tars { tars, opened, stored, cancel_at };
        let result = read_image(&store.cache, &layers, &source, &store.limits);
        (result, source.opened.into_inner())
    }

    fn tars() -> Vec<Vec<u8>> {
        let mut tars = vec![tar(&[Member::dir("tmp").mode(0o1777), Member::file("a", "a")])];
        tars.extend((0..20).map(|number| {
            tar(&[
                Member::file(format!("tmp/{number}"), "x"),
                Member::hard_link(format!("b{number}"), "a"),
            ])
        }));
        // The same layer again.
        tars.push(tars[0].clone());
        tars
    }

    /// A source that panics, as one with a mistake would.
    struct Broken;

    impl LayerSource for Broken {
        fn open(&self, _layer: usize) -> Result<Box<dyn Read + Send + '_>, LayerError> {
            panic!("a mistake");
        }
    }

    #[test]
    fn a_source_that_panics_is_an_error_and_not_waited_for() {
        let store = Store::new();
        let layer = ImageLayer { diff_id: diff_id(b"nothing"), media_type: None };
        let result = read_image(&store.cache, &[layer], &Broken, &store.limits);
        assert!(result.is_err());
    }

    #[test]
    fn layers_side_by_side_are_the_same_as_one_after_another() {
        let (one, other) = (Store::new(), Store::new());
        let tars = tars();
        let expected = one.read(&tars).unwrap();
        let (found, _) = read(&other, &tars, usize::MAX);
        let found = found.unwrap();
        let ids =
            |layers: &[StoredLayer]| layers.iter().map(|it| it.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&found), ids(&expected));
        assert_eq!(listing(&other.merged(&found)), listing(&one.merged(&expected)));
        // Nothing is opened for what is there.
        let (again, opened) = read(&other, &tars, usize::MAX);
        assert_eq!(ids(&again.unwrap()), ids(&expected));
        assert_eq!(opened, 0);
    }

    #[test]
    fn an_error_or_a_cancel_ends_all_of_it() {
        let store = Store::new();
        let mut broken = tars();
        broken[3].truncate(300);
        let (result, _) = read(&store, &broken, usize::MAX);
        let error = result.unwrap_err();
        assert_eq!(error.layer(), Some(diff_id(&broken[3]).to_string().as_str()));
        let (result, _) = read(&Store::new(), &tars(), 2);
        assert_eq!(result.unwrap_err().code(), LayerErrorCode::Cancelled);
        assert_eq!(std::fs::read_dir(store.cache.tmp_dir()).unwrap().count(), 0);
    }
}
