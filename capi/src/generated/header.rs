//! include/microsandbox.h: cbindgen writes the functions and types, and this adds
//! what it cannot know.

use std::fmt::Write as _;

use super::values::values;
use super::{config, declarations, descriptions, repository};

/// The header's text from the sources.
fn header() -> String {
    let capi = repository().join("capi");
    let mut config = cbindgen::Config::from_file(capi.join("cbindgen.toml"))
        .expect("cbindgen.toml is valid");
    let introduction = config.after_includes.take().expect("the header has an introduction");
    let introduction = introduction.replace("//     EXAMPLE\n", &example());
    config.after_includes = Some(format!("{introduction}\n{}{}", operations(), error_codes()));
    let mut header = Vec::new();
    cbindgen::Builder::new()
        .with_config(config)
        .with_src(capi.join("boundary/src/status.rs"))
        .with_src(capi.join("boundary/src/frame.rs"))
        .with_src(capi.join("src/exports.rs"))
        .generate()
        .expect("cbindgen understands the exports")
        .write(&mut header);
    in_c_words(&String::from_utf8(header).expect("the header is UTF-8"))
}

/// tests/c/example.c as a comment, without what belongs to the test only.
fn example() -> String {
    let path = repository().join("tests/c/example.c");
    let source = std::fs::read_to_string(path).expect("the example is there");
    let (_, shown) = source.split_once("// BEGIN\n").expect("the example says where it begins");
    let (shown, _) = shown.split_once("// END\n").expect("the example says where it ends");
    shown.lines().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{}", format!("//     {line}").trim_end());
        text
    })
}

/// A name as C has it: `sandbox.getOrCreate` as `SANDBOX_GET_OR_CREATE`.
fn in_capitals(name: &str) -> String {
    let mut capitals = String::new();
    for character in name.chars() {
        match character {
            '.' | '-' => capitals.push('_'),
            upper if upper.is_uppercase() => capitals.extend(['_', upper]),
            other => capitals.extend(other.to_uppercase()),
        }
    }
    capitals
}

fn operations() -> String {
    let mut text = String::from(
        "// The number of each operation. include/microsandbox.json has the types of their\n\
         // options and results.\n",
    );
    for (number, name, _, _) in descriptions(&config()) {
        let _ = writeln!(text, "#define MSB_OPERATION_{} {number}u", in_capitals(name));
    }
    text.push('\n');
    text
}

fn error_codes() -> String {
    let mut text = String::from("// What `code` of an error can be.\n");
    for code in values(&declarations(&config())["ErrorCode"]) {
        let _ = writeln!(text, "#define MSB_ERROR_{} \"{code}\"", in_capitals(code));
    }
    text
}

/// The comments without what only rustdoc understands.
fn in_c_words(header: &str) -> String {
    let header = header.replace("// # Safety\n//\n// ", "// Pointers: ");
    header.replace("[`", "`").replace("`]", "`")
}

#[test]
fn the_header_is_current() {
    super::check(repository().join("include/microsandbox.h"), &header());
}

#[test]
fn every_name_in_the_header_has_the_prefix() {
    let header = header();
    let is_ours = |name: &str| ["MSB_", "Msb", "msb_"].iter().any(|it| name.starts_with(it));
    let mut names: Vec<&str> = header
        .lines()
        .filter_map(|line| line.strip_prefix("#define "))
        .filter_map(|rest| rest.split_whitespace().next())
        .filter(|name| *name != "MICROSANDBOX_H")
        .collect();
    names.extend(
        header
            .lines()
            .filter_map(|line| line.strip_prefix("typedef "))
            .filter_map(|rest| rest.trim_end_matches([';', ' ', '{']).split_whitespace().last()),
    );
    let strangers: Vec<&&str> = names.iter().filter(|name| !is_ours(name)).collect();
    assert!(names.len() > 100, "the header has names");
    assert!(strangers.is_empty(), "{strangers:?}");
    assert!(!header.contains("[`") && !header.contains("# Safety"), "rustdoc in C");
}
