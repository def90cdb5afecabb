//! What layers show when they are applied one over another.

use microsandbox_layers::{LayerErrorCode, Limits, WarningKind};

use crate::support::image::{Store, image, layer};
use crate::support::listing::{Listing, listing};
use crate::support::{Member, tar};

fn kinds(listing: &Listing) -> Vec<String> {
    listing
        .iter()
        .map(|(path, line)| format!("{path} {}", line.split(' ').next().unwrap()))
        .collect()
}

fn shows(layers: &[&[Member]], expected: &[&str]) {
    assert_eq!(kinds(&image(layers).unwrap()), expected);
}

fn dir(name: &str) -> Member {
    Member::dir(name)
}

fn file(name: &str) -> Member {
    Member::file(name, name)
}

#[test]
fn entries_below_a_link_of_the_layer_land_where_it_leads() {
    let layer = [dir("usr/"), dir("usr/lib/"), Member::symlink("lib", "usr/lib"), file("lib/a")];
    shows(&[&layer], &["/lib link", "/usr directory", "/usr/lib directory", "/usr/lib/a file"]);
    let layer = [dir("opt/app"), Member::symlink("app", "/opt/app"), file("app/a")];
    shows(&[&layer], &["/app link", "/opt directory", "/opt/app directory", "/opt/app/a file"]);
    // Links do not lead out of the root.
    let layer = [Member::symlink("up", "../../x"), file("up/a")];
    shows(&[&layer], &["/up link", "/x directory", "/x/a file"]);
}

#[test]
fn entries_below_a_link_of_a_lower_layer_land_where_it_leads() {
    let base = [dir("usr"), dir("usr/lib"), Member::symlink("lib", "usr/lib")];
    let above = [file("lib/a"), file("lib/new/b")];
    shows(
        &[&base, &above],
        &[
            "/lib link",
            "/usr directory",
            "/usr/lib directory",
            "/usr/lib/a file",
            "/usr/lib/new directory",
            "/usr/lib/new/b file",
        ],
    );
}

#[test]
fn links_to_each_other_end_in_an_error() {
    let error =
        image(&[&[Member::symlink("a", "b"), Member::symlink("b", "a"), file("a/x")]]).unwrap_err();
    assert_eq!(error.code(), LayerErrorCode::EntryRefused);
    assert_eq!(error.entry(), Some("a/x"));
    assert!(error.layer().unwrap().starts_with("sha256:"));
}

#[test]
fn the_later_entry_of_a_path_wins() {
    let lib = Member::symlink("lib", "usr/lib");
    shows(
        &[&[dir("usr/lib"), lib, dir("lib/"), file("lib/a")]],
        &["/lib directory", "/lib/a file", "/usr directory", "/usr/lib directory"],
    );
    shows(
        &[&[dir("bin"), file("bin/x"), dir("usr/bin"), Member::symlink("bin", "usr/bin")]],
        &["/bin link", "/usr directory", "/usr/bin directory"],
    );
    shows(&[&[dir("x"), file("x/y"), file("x")]], &["/x file"]);
    let twice = image(&[&[Member::file("x", "1"), Member::file("x", "22").mode(0o600)]]).unwrap();
    assert!(twice["/x"].starts_with("file 600 ") && twice["/x"].ends_with(" 22 "), "{twice:?}");
}

#[test]
fn names_are_cleaned() {
    let layer = [dir("./"), dir("././etc/"), file("./etc/./a"), file("etc//b"), file("/c")];
    shows(&[&layer], &["/c file", "/etc directory", "/etc/a file", "/etc/b file"]);
}

#[test]
fn hard_links_lead_to_anything_in_any_order() {
    let links = [
        Member::hard_link("before", "later"),
        Member::hard_link("second", "before"),
        file("later"),
        Member::hard_link("/absolute", "/later"),
        Member::hard_link("x/y/deep", "later"),
        Member::hard_link("later", "later"),
    ];
    let shown = image(&[&links]).unwrap();
    let names: Vec<_> = shown.iter().filter(|(_, line)| line.starts_with("file")).collect();
    assert_eq!(names.len(), 5, "{shown:?}");
    assert!(names[1..].iter().all(|(_, line)| line.ends_with(" = /absolute")), "{shown:?}");

    let special = [
        Member::symlink("s", "a"),
        Member::hard_link("s2", "s"),
        Member::new("f", b'6'),
        Member::hard_link("f2", "f"),
    ];
    shows(&[&special], &["/f fifo", "/f2 fifo", "/s link", "/s2 link"]);
    assert_eq!(layer(&special).unwrap().warnings()[0].kind, WarningKind::LinkCopied);
    assert_eq!(layer(&special).unwrap().warnings()[0].count, 2);
}

#[test]
fn a_hard_link_keeps_what_its_target_was_then() {
    let entries =
        [Member::file("a", "old"), Member::hard_link("b", "a"), Member::file("a", "newer")];
    let shown = image(&[&entries]).unwrap();
    assert!(shown["/a"].contains("newer") && shown["/b"].contains(" 3 "), "{shown:?}");
    // An entry that comes later takes the place of a link that still waits.
    let entries = [Member::hard_link("b", "z"), file("b"), file("z")];
    assert!(image(&[&entries]).unwrap()["/b"].ends_with(" b "), "the file wins");
}

#[test]
fn hard_links_lead_to_files_of_lower_layers() {
    let base = [dir("d"), Member::file("d/a", vec![9; 100_000]).mode(0o4755).owner(3, 4)];
    let shown = image(&[&base, &[Member::hard_link("b", "d/a")]]).unwrap();
    assert!(shown["/b"].starts_with("file 4755 3:4 "), "{shown:?}");
    assert!(shown["/d/a"].ends_with(" = /b"), "both are one file: {shown:?}");
    // The file itself may be removed then.
    for removal in ["d/.wh.a", "d/.wh..wh..opq"] {
        let above = [Member::hard_link("b", "d/a"), file(removal)];
        shows(&[&base, &above], &["/b file", "/d directory"]);
    }
}

#[test]
fn hard_links_to_nothing_or_a_directory_are_refused() {
    for entries in [
        vec![Member::hard_link("b", "gone")],
        vec![dir("d"), Member::hard_link("b", "d")],
        vec![Member::hard_link("b", "b")],
    ] {
        let error = image(&[&entries]).unwrap_err();
        assert_eq!(error.code(), LayerErrorCode::EntryRefused);
        assert_eq!(error.entry(), Some("b"), "{error}");
    }
}

#[test]
fn removed_names_are_gone_whatever_the_order() {
    let base = [dir("d"), file("d/secret"), file("d/kept"), file("e")];
    shows(&[&base, &[file("d/.wh.secret"), file(".wh.e")]], &["/d directory", "/d/kept file"]);
    for entries in [
        [dir("d"), file("d/.wh..wh..opq"), file("d/new")],
        [dir("d"), file("d/new"), file("d/.wh..wh..opq")],
        [file("d/.wh..wh..opq"), dir("d"), file("d/new")],
    ] {
        shows(&[&base, &entries], &["/d directory", "/d/new file", "/e file"]);
    }
}

#[test]
fn a_directory_that_was_removed_and_made_again_shows_nothing_old() {
    let base = [dir("d"), file("d/secret"), dir("d/sub"), file("d/sub/secret")];
    for entries in [
        vec![file(".wh.d"), dir("d"), file("d/new")],
        vec![dir("d"), file("d/new"), file(".wh.d")],
        vec![file(".wh.d"), file("d/new")],
        // Something else took its place in between.
        vec![file("d"), dir("d"), file("d/new")],
    ] {
        shows(&[&base, &entries], &["/d directory", "/d/new file"]);
    }
    shows(
        &[&base, &[dir("d"), file("d/.wh.sub"), dir("d/sub"), file("d/sub/new")]],
        &["/d directory", "/d/secret file", "/d/sub directory", "/d/sub/new file"],
    );
    // A file that is removed and made again is there.
    shows(&[&[file("a")], &[file("a"), file(".wh.a")]], &["/a file"]);
}

#[test]
fn removing_what_is_not_there_makes_nothing() {
    shows(
        &[&[file("a")], &[file("x/y/.wh.z"), file("v/.wh..wh..opq"), file(".wh.b")]],
        &["/a file"],
    );
    shows(&[&[file("d/x")], &[file(".wh.d"), file("d/.wh.x")]], &[]);
    shows(
        &[&[file("a")], &[file("new/b"), file("new/.wh.c")]],
        &["/a file", "/new directory", "/new/b file"],
    );
}

#[test]
fn an_opaque_root_shows_nothing_of_lower_layers() {
    let base = [dir("d"), file("d/old"), file("e"), file("f")];
    let above = [file(".wh..wh..opq"), dir("d"), file("d/new"), file("f")];
    shows(&[&base, &above], &["/d directory", "/d/new file", "/f file"]);
}

#[test]
fn what_aufs_left_is_skipped() {
    let entries = [dir(".wh..wh.plnk"), file(".wh..wh.aufs"), file("a")];
    shows(&[&entries], &["/a file"]);
    let base = [file("gone")];
    let removal = Member::hard_link(".wh.gone", ".wh..wh.aufs");
    shows(&[&base, &[file(".wh..wh.aufs"), removal]], &[]);
    let error = image(&[&[file("d/.wh.")]]).unwrap_err();
    assert_eq!(error.entry(), Some("d/.wh."));
}

#[test]
fn parents_without_an_entry_stay_as_lower_layers_have_them() {
    let base = [
        dir("tmp").mode(0o1777).owner(1, 2).pax("SCHILY.xattr.user.a", "b"),
        dir("plain"),
        file("plain/x"),
    ];
    let shown = image(&[&base, &[file("tmp/new"), file("plain/new"), file("fresh/new")]]).unwrap();
    assert_eq!(shown["/tmp"], "directory 1777 1:2 1700000000.000000000 user.a=b");
    assert!(shown["/plain"].starts_with("directory 755 0:0"), "{shown:?}");
    assert!(shown["/fresh"].starts_with("directory 755 0:0"), "{shown:?}");
    // Only what is inside is hidden, not the directory.
    let shown = image(&[&base, &[file("tmp/.wh..wh..opq")]]).unwrap();
    assert!(shown["/tmp"].starts_with("directory 1777 1:2"), "{shown:?}");
    // It was removed, so it is a new one.
    let shown = image(&[&base, &[file(".wh.tmp"), file("tmp/new")]]).unwrap();
    assert!(shown["/tmp"].starts_with("directory 755 0:0"), "{shown:?}");
}

#[test]
fn attributes_are_kept_or_named() {
    let capability = b"\x01\0\0\x02\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    let entries = [
        file("bin").pax("SCHILY.xattr.security.capability", capability),
        file("empty").pax("SCHILY.xattr.user.overlay.origin", ""),
        dir("d").pax("SCHILY.xattr.user.x", "y").pax("SCHILY.xattr.trusted.overlay.opaque", "y"),
        file("mac").pax("LIBARCHIVE.xattr.com.apple.provenance", "AQAA"),
        file("acl").pax("SCHILY.acl.access", "user::rw-"),
        Member::symlink("l", "x").pax("SCHILY.xattr.user.x", "y"),
    ];
    let shown = image(&[&entries]).unwrap();
    assert!(shown["/bin"].contains("security.capability=\\x01\\x00\\x00\\x02\\x01"), "{shown:?}");
    assert!(shown["/empty"].ends_with(" user.overlay.origin="), "{shown:?}");
    assert!(shown["/d"].ends_with(" user.x=y"), "{shown:?}");
    let layer = layer(&entries).unwrap();
    let named: Vec<_> = layer
        .warnings()
        .iter()
        .map(|warning| match &warning.kind {
            WarningKind::AttributeLeftOut(name) => format!("{name} of {}", warning.entry),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(
        named,
        [
            "SCHILY.acl.access of acl",
            "com.apple.provenance of mac",
            "trusted.overlay.opaque of d",
            "user.x of l",
        ]
    );
}

#[test]
fn modes_owners_times_and_devices_are_kept() {
    let entries = [
        dir("var/shared").mode(0o3777).owner(1000, 1000),
        Member { device: (1, 3), ..Member::new("null", b'3').mode(0o666) },
        Member { device: (8, 300), ..Member::new("disk", b'4') },
        Member::new("fifo", b'6').mode(0o600),
        file("owner").pax("uid", "3000000").pax("gid", "3000001"),
        file("time").pax("mtime", "86400.000000007"),
        file("old").pax("mtime", "-1.5"),
        Member::file(b"not utf-8: \xff\n", ""),
    ];
    let shown = image(&[&entries]).unwrap();
    assert!(shown["/var/shared"].starts_with("directory 3777 1000:1000"), "{shown:?}");
    assert!(shown["/null"].starts_with("char 666 0:0") && shown["/null"].ends_with(" 1:3"));
    assert!(shown["/disk"].starts_with("block") && shown["/disk"].ends_with(" 8:300"));
    assert!(shown["/fifo"].starts_with("fifo 600"));
    assert!(shown["/owner"].contains(" 3000000:3000001 "));
    assert!(shown["/time"].contains(" 86400.000000007 "));
    assert!(shown["/old"].contains(" 0.000000000 "));
    assert!(shown.contains_key("/not utf-8: \\xff\\n"), "{shown:?}");
    let warnings = layer(&entries).unwrap();
    assert_eq!(warnings.warnings()[0].kind, WarningKind::TimeMoved);
}

#[test]
fn names_that_leave_the_root_stay_inside_of_it() {
    let entries = [file("../../etc/passwd"), Member::symlink("l", "/../../../etc"), file("l/x")];
    shows(&[&entries], &["/etc directory", "/etc/passwd file", "/etc/x file", "/l link"]);
    assert_eq!(layer(&entries).unwrap().warnings()[0].kind, WarningKind::NameKeptInside);
}

#[test]
fn limits_name_themselves_the_entry_and_the_layer() {
    let entries = [file("a"), file("b"), Member::file("c/large", vec![1; 5000])];
    for (limits, name, entry) in [
        (Limits { max_entries: 1, ..Limits::default() }, "maxEntries", "b"),
        (Limits { max_file_bytes: 4999, ..Limits::default() }, "maxFileBytes", "c/large"),
        (Limits { max_path_bytes: 5, ..Limits::default() }, "maxPathBytes", "c/large"),
        (Limits { max_path_depth: 1, ..Limits::default() }, "maxPathDepth", "c/large"),
    ] {
        let store = Store { limits, ..Store::new() };
        let error = store.read(&[tar(&entries)]).unwrap_err();
        assert_eq!(error.code(), LayerErrorCode::LimitExceeded);
        assert_eq!((error.limit_name(), error.entry()), (Some(name), Some(entry)));
        assert!(error.layer().is_some());
        assert!(error.to_string().contains(name), "{error}");
    }
    let store =
        Store { limits: Limits { max_layer_bytes: 3000, ..Limits::default() }, ..Store::new() };
    let error = store.read(&[tar(&entries)]).unwrap_err();
    assert_eq!(error.limit_name(), Some("maxLayerBytes"));
}

#[test]
fn trees_are_the_same_after_they_were_stored() {
    let entries = [
        dir("d").mode(0o700),
        Member::file("d/large", vec![3; 300_000]).pax("SCHILY.xattr.user.a", vec![b'x'; 5000]),
        Member::file("d/empty", ""),
        Member::symlink("d/l", "x".repeat(4000)),
        Member::hard_link("d/again", "d/large"),
    ];
    let direct = listing(layer(&entries).unwrap().tree());
    assert_eq!(image(&[&entries]).unwrap(), direct);
}
