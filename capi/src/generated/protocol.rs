//! ffi/protocol/: what crosses the boundary, a file a noun.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::typescript::{Declaration, Direction, Reader, print_import};

/// The nouns of the module, with the names of the source files or folders that
/// declare their types. What is in no row is a noun of its own.
const NOUNS: &[(&str, &[&str])] = &[
    ("wire", &["stream", "client", "json", "echo", "echo_process"]),
    ("errors", &["error", "error_code"]),
    ("sandbox", &["sandbox", "sandboxes", "lifecycle", "fork", "guest_flush", "bindings", "config"]),
    ("modify", &["modify", "modification_plan"]),
    ("create", &["create", "create_options", "init", "machine", "patch", "vsock"]),
    ("rootfs", &["rootfs"]),
    ("mounts", &["mounts"]),
    ("secrets", &["secret", "secret_change"]),
    ("network", &["network", "port"]),
    ("command", &["command", "process", "signal", "rlimit"]),
    ("job", &["job", "job_attachment"]),
    ("files", &["files", "file", "fs", "host_copy"]),
    ("volume", &["volume"]),
    ("image", &["image", "images", "pull", "registry", "progress"]),
    ("storage", &["storage"]),
    ("snapshot", &["snapshot", "snapshot_archive", "restore"]),
    ("ssh", &["ssh", "ssh_server"]),
    ("backend", &["backend"]),
    ("runtime", &["runtime", "host"]),
];

/// The noun of types that no source file declares by name, and no other type mentions.
const WIRE: &str = "wire";

/// The lines that a file may have.
const LENGTH: usize = 600;

const GENERATED: &str = "// GENERATED from capi/src by capi/src/generated/protocol.rs. Do not edit; run\n\
     // `deno task generate` instead.\n\n";

/// An operation with its number, and the names of the types that it takes and returns.
pub type Operation = (u32, &'static str, String, String);

/// The files by their paths. `wire` is what the file of the boundary itself begins with.
pub fn files(
    types: &BTreeMap<String, Declaration>,
    operations: &[Operation],
    nouns: &BTreeMap<String, String>,
    wire: &str,
) -> BTreeMap<String, String> {
    let inputs = inputs(types, operations);
    let mut texts: BTreeMap<&str, String> = BTreeMap::from([(WIRE, format!("\n{wire}"))]);
    let mut mentioned: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (name, declaration) in types {
        let noun = nouns[name].as_str();
        let direction = if inputs.contains(name) { Direction::Input } else { Direction::Output };
        let text = texts.entry(noun).or_default();
        text.push('\n');
        *text += &declaration.print(direction);
        mentioned.entry(noun).or_default().extend(declaration.names());
    }
    let of_operations = operations.iter().flat_map(|(_, _, options, result)| {
        [options, result].map(|text| Reader::new(text).kind().names())
    });
    mentioned.entry(WIRE).or_default().extend(of_operations.flatten());
    let mut files = BTreeMap::new();
    for (noun, text) in &texts {
        let imports = imports(noun, &mentioned[noun], nouns);
        let content = format!("{GENERATED}{}", format!("{imports}{text}").trim_start());
        assert_short(&content, &format!("{noun}.gen.ts"));
        files.insert(format!("ffi/protocol/{noun}.gen.ts"), content);
    }
    let mut index = format!("{GENERATED}// All of it, by whatever noun.\n\n");
    for noun in texts.keys() {
        let _ = writeln!(index, "export * from \"./{noun}.gen.ts\";");
    }
    files.insert("ffi/protocol/protocol.gen.ts".to_owned(), index);
    files
}

/// Fails for a file that is too long to be read.
pub fn assert_short(content: &str, file: &str) {
    let length = content.lines().count();
    assert!(length <= LENGTH, "{file} has {length} lines, more than {LENGTH}: move types to another file");
}

fn imports(noun: &str, mentioned: &BTreeSet<String>, nouns: &BTreeMap<String, String>) -> String {
    let mut by_noun: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for name in mentioned {
        if let Some(other) = nouns.get(name).filter(|other| *other != noun) {
            by_noun.entry(other).or_default().insert(name.clone());
        }
    }
    by_noun.iter().map(|(other, names)| print_import(names, &format!("./{other}.gen.ts"))).collect()
}

/// The types of which callers write values: what operations take, and the client.
fn inputs(types: &BTreeMap<String, Declaration>, operations: &[Operation]) -> BTreeSet<String> {
    let taken = operations.iter().flat_map(|(_, _, options, _)| Reader::new(options).kind().names());
    let mut inputs = BTreeSet::new();
    let mut waiting: Vec<String> = taken.chain(["ClientConfig".to_owned()]).collect();
    while let Some(name) = waiting.pop() {
        if let Some(declaration) = types.get(&name)
            && inputs.insert(name)
        {
            waiting.extend(declaration.names());
        }
    }
    inputs
}

/// The noun of each type: that of the source file which declares it, else that of
/// a type which mentions it.
pub fn nouns(types: &BTreeMap<String, Declaration>, sources: &[PathBuf]) -> BTreeMap<String, String> {
    let mut declared = BTreeMap::new();
    for folder in sources {
        visit(folder, folder, &mut declared);
    }
    let mut nouns: BTreeMap<String, String> = types
        .keys()
        .filter_map(|name| Some((name.clone(), declared.get(name)?.clone())))
        .collect();
    loop {
        let missing: Vec<&String> = types.keys().filter(|name| !nouns.contains_key(*name)).collect();
        let found: Vec<_> = missing
            .iter()
            .filter_map(|name| {
                let other = types.values().find(|it| {
                    it.name != **name && nouns.contains_key(&it.name) && it.names().contains(*name)
                })?;
                Some(((*name).clone(), nouns[&other.name].clone()))
            })
            .collect();
        if found.is_empty() {
            let rest = missing.into_iter().map(|name| (name.clone(), WIRE.to_owned()));
            let rest: Vec<_> = rest.collect();
            nouns.extend(rest);
            return nouns;
        }
        nouns.extend(found);
    }
}

/// Finds where types are declared, by their names.
fn visit(root: &Path, folder: &Path, declared: &mut BTreeMap<String, String>) {
    let entries = std::fs::read_dir(folder).expect("the sources are there").flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            visit(root, &path, declared);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("the sources are readable");
            let noun = noun_of(path.strip_prefix(root).expect("it is below"));
            let mut is_exported = false;
            for line in text.lines() {
                is_exported |= line.contains("ts_rs::TS");
                let Some(name) = declared_name(line) else { continue };
                if std::mem::take(&mut is_exported) {
                    declared.entry(name.to_owned()).or_insert_with(|| noun.clone());
                }
            }
        }
    }
}

/// The name of the type that a line begins to declare.
fn declared_name(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = line.strip_prefix("pub").map_or(line, |rest| {
        rest.strip_prefix('(').and_then(|rest| rest.split_once(')')).map_or(rest, |(_, rest)| rest)
    });
    let line = line.trim_start();
    let rest = line.strip_prefix("struct ").or_else(|| line.strip_prefix("enum "))?;
    let end = rest.find(|character: char| !character.is_alphanumeric()).unwrap_or(rest.len());
    Some(&rest[..end])
}

/// The noun of a source file: `ops/network/tls.rs` belongs to `network`, and
/// `ops/sandbox/modify.rs` to `modify`.
fn noun_of(path: &Path) -> String {
    let names: Vec<&str> = path
        .iter()
        .map(|name| name.to_str().expect("names are ASCII").trim_end_matches(".rs"))
        .filter(|name| !["mod", "ops", "options"].contains(name))
        .collect();
    let row = |name: &&str| NOUNS.iter().find(|(_, files)| files.contains(name));
    match names.iter().rev().find_map(row) {
        Some((noun, _)) => (*noun).to_owned(),
        None => names.first().map_or(WIRE, |name| *name).to_owned(),
    }
}
