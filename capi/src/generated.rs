//! The files that are generated from this crate: the C header and the
//! TypeScript protocol. The tests fail when a committed file is stale;
//! `deno task generate` runs them with `UPDATE_GENERATED=1`, which rewrites the
//! files instead.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ts_rs::{Config, TS};

use crate::ops::{self, NoOptions, command, create, echo, sandbox, stream};
use crate::{client, error, frame, status};

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

/// The declaration of `T`, with its documentation.
fn declaration<T: TS>(config: &Config) -> String {
    let docs = T::docs().unwrap_or_default();
    format!("{docs}export {}\n\n", T::decl(config))
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
    out.push_str("/** Any JSON value. */\nexport type JsonValue =\n  | null\n  | boolean\n  | number\n  | string\n  | JsonValue[]\n  | { [key: string]: JsonValue };\n\n");
    for declaration in [
        declaration::<error::ErrorCode>(&config),
        declaration::<client::ClientConfig>(&config),
        declaration::<NoOptions>(&config),
        declaration::<create::CreateOptions>(&config),
        declaration::<sandbox::NamedSandbox>(&config),
        declaration::<sandbox::StartOptions>(&config),
        declaration::<sandbox::ListOptions>(&config),
        declaration::<sandbox::StopOptions>(&config),
        declaration::<sandbox::StopNamedOptions>(&config),
        declaration::<sandbox::LiveSandbox>(&config),
        declaration::<sandbox::Backend>(&config),
        declaration::<sandbox::Status>(&config),
        declaration::<sandbox::SandboxInfo>(&config),
        declaration::<sandbox::SandboxPage>(&config),
        declaration::<sandbox::StopResult>(&config),
        declaration::<command::CommandOptions>(&config),
        declaration::<command::ExecRequest>(&config),
        declaration::<command::ShellRequest>(&config),
        declaration::<command::ExecResult>(&config),
        declaration::<stream::ReadOptions>(&config),
        declaration::<stream::ReadResult>(&config),
        declaration::<echo::DelayOptions>(&config),
        declaration::<echo::FailOptions>(&config),
        declaration::<echo::StreamOptions>(&config),
        declaration::<echo::Statistics>(&config),
    ] {
        out.push_str(&declaration);
    }
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
