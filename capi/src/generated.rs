//! The files that are generated from this crate: the C header and the
//! TypeScript protocol. The tests fail when a committed file is stale;
//! `deno task generate` runs them with `UPDATE_GENERATED=1`, which rewrites the
//! files instead.

use std::any::TypeId;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ts_rs::{Config, TS, TypeVisitor};

use crate::{client, error, files, frame, ops, process, status};

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in a folder")
}

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
        .with_src(source.join("lib.rs"))
        .generate()
        .expect("cbindgen understands the exports")
        .write(&mut header);
    String::from_utf8(header).expect("the header is UTF-8")
}

/// The declarations, with their documentation, of the types that are visited
/// and of all that they mention: each once, in the order of first mention.
struct Declarations<'a> {
    config: &'a Config,
    visited: HashSet<TypeId>,
    /// By their names. Two types of one name would hide each other.
    declared: HashMap<String, String>,
    text: String,
}

impl TypeVisitor for Declarations<'_> {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if !self.visited.insert(TypeId::of::<T>()) {
            return;
        }
        // Types that come with the language have no file of their own.
        if T::output_path().is_some() {
            let (name, declaration) = (T::ident(self.config), T::decl(self.config));
            match self.declared.get(&name) {
                Some(other) => assert_eq!(*other, declaration, "two types are called {name}"),
                None => {
                    let docs = T::docs().unwrap_or_default();
                    let _ = write!(self.text, "{docs}export {declaration}\n\n");
                    self.declared.insert(name, declaration);
                }
            }
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}

fn protocol() -> String {
    // Every number of the protocol is below 2^53 and travels as JSON.
    let config = Config::default().with_large_int("number");
    let mut out = String::from(
        "// GENERATED from capi/src by capi/src/generated.rs. Do not edit; run\n\
         // `deno task generate` instead.\n\n",
    );
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
    let operations = ops::descriptions(&config);
    for (id, name, _, _) in &operations {
        let _ = writeln!(out, "  \"{name}\": {id},");
    }
    out.push_str("} as const;\n\n/** What each operation takes and returns. */\n");
    out.push_str("export interface Operations {\n");
    for (_, name, options, result) in &operations {
        let _ = writeln!(out, "  \"{name}\": {{ options: {options}; result: {result} }};");
    }
    out.push_str("}\n\n");
    let mut declarations = Declarations {
        config: &config,
        visited: HashSet::new(),
        declared: HashMap::new(),
        text: String::new(),
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
    out.push_str(&declarations.text);
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

#[test]
fn the_header_is_current() {
    check(repository().join("include/microsandbox.h"), &header());
}

#[test]
fn the_typescript_protocol_is_current() {
    check(repository().join("ffi/protocol.gen.ts"), &protocol());
}
