//! Whatever the options of an operation are, it is answered with a known code,
//! does not panic, and starts nothing.
//!
//! The options begin as valid ones, one or more for each operation, and are
//! then changed: random bytes would not get past the first brace. What fails is
//! printed with all changes; `PROPTEST_CASES` sets how many cases are tried.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::process::Command;

use super::abi;
use crate::*;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

/// Operations that are not tried, and why.
const LEFT_OUT: [(&str, &str); 6] = [
    ("image.pull", "asks a registry"),
    ("runtime.install", "unpacks the runtime"),
    ("runtime.setPath", "is for the whole process, and is what this test begins with"),
    ("backend.useProfile", "changes the configuration of whoever runs the test"),
    ("echo.delay", "waits"),
    ("echo.panic", "panics, as it should"),
];

/// A change to a value somewhere in the options.
#[derive(Clone, Debug)]
enum Change {
    Replace(Value),
    Remove,
    Rename(&'static str),
    Nest(usize),
    Repeat(usize),
}

/// What is done to the text when the values are as they shall be.
#[derive(Clone, Debug)]
enum Damage {
    None,
    Cut(Index),
    Flip(Index, u8),
}

/// The numbers of the operations, and the codes of errors, out of the generated
/// protocol.
struct Protocol {
    operations: BTreeMap<String, u32>,
    codes: HashSet<String>,
}

impl Protocol {
    fn read() -> Self {
        let part = |text: &'static str, start: &str, end: char| {
            text.split_once(start).unwrap().1.split_once(end).unwrap().0
        };
        let wire = include_str!("../../ffi/protocol/wire.gen.ts");
        let operations = part(wire, "export const operation = {\n", '}');
        let errors = include_str!("../../ffi/protocol/errors.gen.ts");
        let codes = part(errors, "export type ErrorCode =", ';');
        Self {
            operations: operations
                .lines()
                .filter_map(|line| line.trim().trim_end_matches(',').split_once(": "))
                .map(|(name, id)| (name.trim_matches('"').to_owned(), id.parse().unwrap()))
                .collect(),
            codes: codes.split('"').skip(1).step_by(2).map(str::to_owned).collect(),
        }
    }
}

/// Valid options by operation, with paths below `home`.
fn valid(home: &Path) -> BTreeMap<String, Vec<Value>> {
    let home = home.to_str().unwrap();
    let read = |text: &str| text.replace("$HOME", home).replace("$FILE", &format!("{home}/file"));
    let create = read(include_str!("fixtures/options.json"));
    let requests = read(include_str!("fixtures/requests.json")).replace("\"$OPTIONS\"", &create);
    serde_json::from_str(&requests).unwrap()
}

fn any_value() -> impl Strategy<Value = Value> {
    // No string is a path to something that is there, or a name on a network.
    let strings = ["", "\0", "*", "-1", "{}", "none/../none", "\u{202e}é\n", "%s%n", "unlimited"];
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        select(vec![0, 1, -1, 65_536, i64::from(u32::MAX) + 1, i64::MAX, i64::MIN])
            .prop_map(Value::from),
        select(vec![json!(u64::MAX), json!(1e308), json!(-0.5), json!([]), json!({}), json!([{}])]),
        select(strings.to_vec()).prop_map(Value::from),
        (1usize..100_000).prop_map(|length| Value::from("x".repeat(length))),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => any_value().prop_map(Change::Replace),
        2 => Just(Change::Remove),
        2 => select(vec!["", "name", "options", "__proto__", "NAME", "na\0me"]).prop_map(Change::Rename),
        1 => (1usize..200).prop_map(Change::Nest),
        1 => (0usize..5_000).prop_map(Change::Repeat),
    ]
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        6 => Just(Damage::None),
        1 => any::<Index>().prop_map(Damage::Cut),
        1 => (any::<Index>(), any::<u8>()).prop_map(|(index, byte)| Damage::Flip(index, byte)),
    ]
}

/// Where each value below `value` is, as a JSON pointer.
fn pointers(value: &Value, path: &str, found: &mut Vec<String>) {
    let mut visit = |key: &str, inner| {
        let path = format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
        found.push(path.clone());
        pointers(inner, &path, found);
    };
    match value {
        Value::Object(object) => object.iter().for_each(|(key, inner)| visit(key, inner)),
        Value::Array(array) => {
            array.iter().enumerate().for_each(|(index, inner)| visit(&index.to_string(), inner));
        }
        _ => {}
    }
}

fn apply(options: &mut Value, at: &Index, change: &Change) {
    let mut found = Vec::new();
    pointers(options, "", &mut found);
    let Some(path) = (!found.is_empty()).then(|| at.get(&found).clone()) else {
        // Options without a key can only get one.
        *options = json!({ "none": 1 });
        return;
    };
    let target = options.pointer_mut(&path).unwrap();
    match change {
        Change::Replace(value) => *target = value.clone(),
        Change::Nest(depth) => {
            *target = (0..*depth).fold(target.take(), |inner, _| json!([inner]));
        }
        Change::Repeat(times) => *target = Value::Array(vec![target.take(); *times]),
        Change::Remove | Change::Rename(_) => {
            let (parent, key) = path.rsplit_once('/').unwrap();
            let key = key.replace("~1", "/").replace("~0", "~");
            // The elements of a list have no names.
            let Some(object) = options.pointer_mut(parent).unwrap().as_object_mut() else { return };
            let value = object.remove(&key).unwrap();
            if let Change::Rename(name) = change {
                object.insert((*name).to_owned(), value);
            }
        }
    }
}

fn encoded(options: &Value, damage: &Damage) -> Vec<u8> {
    let mut text = options.to_string().into_bytes();
    match damage {
        Damage::None => {}
        Damage::Cut(index) => text.truncate(index.index(text.len())),
        Damage::Flip(index, byte) => {
            let at = index.index(text.len());
            text[at] = *byte;
        }
    }
    text
}

/// Runs an operation to its end, and returns the code of its error, if it failed.
fn run(client: u32, operation: u32, options: &[u8]) -> Option<String> {
    assert_eq!(abi::submit(client, 1, operation, 0, options, b"bytes"), MsbStatus::Ok);
    loop {
        assert_eq!(msb_wait(client, 60_000), MsbStatus::Ok, "there is no completion");
        let mut capacity = 1 << 16;
        let frames = loop {
            match abi::receive(client, capacity) {
                (MsbStatus::BufferTooSmall, _, needed) => capacity = needed,
                (status, frames, _) => {
                    assert_eq!(status, MsbStatus::Ok);
                    break frames;
                }
            }
        };
        for frame in frames {
            assert_eq!(frame.request, 1);
            if frame.handle != 0 {
                assert_eq!(msb_release(client, frame.handle), MsbStatus::Ok);
            }
            if frame.kind == MsbFrameKind::Result as u32 {
                return None;
            }
            if frame.kind == MsbFrameKind::Error as u32 {
                let error: Value = serde_json::from_slice(&frame.json).unwrap();
                return Some(error["code"].as_str().unwrap().to_owned());
            }
        }
    }
}

#[test]
fn any_options_are_answered_and_start_nothing() {
    let program = std::env::current_exe().unwrap();
    let test = "tests::options::in_a_process_of_its_own";
    let ended = Command::new(program).args([test, "--exact", "--ignored"]).output().unwrap();
    let output = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success() && output.contains("1 passed"), "{output}");
}

/// The process has one client's runtime and one working directory, so that all
/// of it is one test, and no other one runs beside it.
#[test]
#[ignore = "any_options_are_answered_and_start_nothing runs it"]
fn in_a_process_of_its_own() {
    let home = tempfile::tempdir().unwrap();
    // Relative paths are below it, too.
    std::env::set_current_dir(&home).unwrap();
    std::fs::write(home.path().join("file"), "").unwrap();
    let client = abi::open(json!({ "home": home.path() }).to_string().as_bytes()).unwrap();
    let Protocol { operations, codes } = Protocol::read();
    // What would boot finds no `msb`, and does not unpack one.
    let no_runtime = json!({ "path": home.path().join("none/msb") }).to_string();
    assert_eq!(run(client, operations["runtime.setPath"], no_runtime.as_bytes()), None);
    assert!(run(client, operations["runtime.ensure"], b"").is_some(), "sandboxes could boot");

    let valid = valid(home.path());
    let each = || valid.iter().flat_map(|(name, all)| all.iter().map(move |it| (name, it)));
    for name in operations.keys() {
        let reason = LEFT_OUT.iter().find(|(left_out, _)| left_out == name);
        let has_options = valid.contains_key(name);
        assert!(has_options != reason.is_some(), "fixtures/requests.json and {name}: {reason:?}");
    }
    let mut is_stale = Vec::new();
    for (name, options) in each() {
        let code = run(client, operations[name], options.to_string().as_bytes());
        if matches!(code.as_deref(), Some("invalid-option" | "unknown-option" | "internal")) {
            is_stale.push((name, code));
        }
    }
    assert!(is_stale.is_empty(), "these should be valid: {is_stale:?}");

    let cases = std::env::var("PROPTEST_CASES").map_or(20, |cases| cases.parse().unwrap());
    for (name, options) in each() {
        let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
        let mut runner = TestRunner::new(config);
        let changes = proptest::collection::vec((any::<Index>(), change()), 1..4);
        let ran = runner.run(&(changes, damage()), |(changes, damage)| {
            let mut options = options.clone();
            for (at, change) in &changes {
                apply(&mut options, at, change);
            }
            let text = encoded(&options, &damage);
            if let Some(code) = run(client, operations[name], &text) {
                prop_assert!(codes.contains(&code) && code != "internal", "{name}: {code}");
            }
            Ok(())
        });
        ran.unwrap_or_else(|failure| panic!("{name}: {failure}"));
    }

    let sandboxes = std::fs::read_dir(home.path().join("sandboxes")).map_or(0, Iterator::count);
    assert_eq!(sandboxes, 0, "a sandbox was begun");
    assert_eq!(msb_client_close(client), MsbStatus::Ok);
}
