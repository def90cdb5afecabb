//! The files that are generated from this crate: the C header, the TypeScript
//! protocol, the options of the module's calls and the page of options. The tests fail when a committed file is stale;
//! `deno task generate` runs them with `UPDATE_GENERATED=1`, which rewrites the
//! files instead.

mod names;
mod options;
mod protocol;
mod public;
mod typescript;
mod values;

use std::any::TypeId;
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ts_rs::{Config, TS, TypeVisitor};

use self::typescript::Direction::{Input, Output};
use self::typescript::Reader;
use self::values::Meanings;
use crate::{client, error, files, frame, ops, process, ssh, status};

/// The folder that the crate is in.
fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in a folder")
}

/// Fails when a file is not what is generated, or updates it.
fn check(path: PathBuf, fresh: &str) {
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&path, fresh).expect("the generated file is writable");
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == fresh,
        "{} is stale: run `deno task generate` and commit the result",
        path.display()
    );
}

fn header() -> String {
    let source = repository().join("capi/src");
    let config = cbindgen::Config::from_file(repository().join("capi/cbindgen.toml"))
        .expect("cbindgen.toml is valid");
    let mut header = Vec::new();
    cbindgen::Builder::new()
        .with_config(config)
        .with_src(source.join("status.rs"))
        .with_src(source.join("frame.rs"))
        .with_src(source.join("exports.rs"))
        .generate()
        .expect("cbindgen understands the exports")
        .write(&mut header);
    String::from_utf8(header).expect("the header is UTF-8")
}

/// The declarations, with their documentation, of the types that are visited
/// and of all that they mention, by name: ts-rs lists what a type mentions in
/// another order each time that it is compiled.
struct Declarations<'a> {
    config: &'a Config,
    meanings: Meanings,
    seen: HashSet<TypeId>,
    by_name: BTreeMap<String, String>,
}

impl TypeVisitor for Declarations<'_> {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        // Also of those that come with the language: a JSON value holds a map
        // of JSON values.
        if !self.seen.insert(TypeId::of::<T>()) {
            return;
        }
        // Those have no file of their own.
        if T::output_path().is_some() {
            let name = T::ident(self.config);
            let declaration = T::decl(self.config);
            let docs = self.meanings.add_to(T::docs().unwrap_or_default(), &name, &declaration);
            let text = format!("{docs}export {declaration}\n\n");
            // Two types of one name would hide each other.
            if let Some(other) = self.by_name.insert(name.clone(), text.clone()) {
                assert_eq!(other, text, "two types are called {name}");
            }
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}

/// The declarations of all types of the protocol by name.
fn declarations(config: &Config) -> BTreeMap<String, String> {
    let mut declarations = Declarations {
        config,
        meanings: Meanings::read(&repository().join("capi/src")),
        seen: HashSet::new(),
        by_name: BTreeMap::new(),
    };
    declarations.visit::<error::ErrorCode>();
    declarations.visit::<client::ClientConfig>();
    ops::visit_types(&mut declarations);
    // The items of streams and events, which no operation's types mention.
    declarations.visit::<files::DirectoryEntry>();
    declarations.visit::<ops::host_copy::CopyProgress>();
    declarations.visit::<process::ProcessItem>();
    declarations.visit::<ops::job::JobLogRecord>();
    declarations.visit::<ops::progress::CreateProgress>();
    declarations.visit::<ssh::log::SshServerEvent>();
    declarations.by_name
}

/// How types are written in TypeScript.
fn config() -> Config {
    // Every number of the protocol is below 2^53 and travels as JSON.
    Config::default().with_large_int("number")
}

/// What belongs to no noun: numbers of the boundary, and the operations.
fn wire(operations: &[protocol::Operation]) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "/** The version of the C interface that this module is written for. */\n\
         export const abiVersion = {};\n\n\
         /** Length of a frame's header in bytes. */\n\
         export const frameHeaderLength = {};\n\n\
         /** What a frame says about its request. */\n\
         export const frameKind = {{ result: {}, error: {}, event: {} }} as const;\n",
        crate::MSB_ABI_VERSION,
        frame::MSB_FRAME_HEADER_LENGTH,
        frame::MsbFrameKind::Result as u32,
        frame::MsbFrameKind::Error as u32,
        frame::MsbFrameKind::Event as u32,
    );
    out.push_str("/** What the exported functions return. */\nexport const status = {\n");
    for (name, status) in status::STATUSES {
        let _ = writeln!(out, "  {name}: {},", *status as i32);
    }
    out.push_str("} as const;\n\n/** The number of each operation. */\nexport const operation = {\n");
    for (id, name, _, _) in operations {
        let _ = writeln!(out, "  \"{name}\": {id},");
    }
    out.push_str("} as const;\n\n/** What each operation takes and returns. */\n");
    out.push_str("export interface Operations {\n");
    for (_, name, options, result) in operations {
        let [options, result] = [(options, Input), (result, Output)]
            .map(|(text, direction)| Reader::new(text).kind().print(direction, 0));
        let _ = writeln!(out, "  \"{name}\": {{ options: {options}; result: {result} }};");
    }
    out + "}\n"
}

/// The TypeScript by its paths.
fn typescript_files() -> BTreeMap<String, String> {
    let config = config();
    let types: BTreeMap<_, _> = declarations(&config)
        .into_iter()
        .map(|(name, text)| (name, Reader::new(&text).declaration()))
        .collect();
    let operations = ops::descriptions(&config);
    let nouns = protocol::nouns(&types, &[repository().join("capi/src")]);
    let mut files = protocol::files(&types, &operations, &nouns, &wire(&operations));
    files.extend(public::files(&types));
    files
}

#[test]
fn the_header_is_current() {
    check(repository().join("include/microsandbox.h"), &header());
}

#[test]
fn the_typescript_is_current() {
    let files = typescript_files();
    for (path, text) in &files {
        check(repository().join(path), text);
    }
    // What no noun needs any more has to go.
    for entry in std::fs::read_dir(repository().join("ffi/protocol")).expect("it is there").flatten() {
        let name = format!("ffi/protocol/{}", entry.file_name().display());
        assert!(files.contains_key(&name), "{name} is generated no more: remove it");
    }
}
