//! Imports go down: the tables of layers in docs/architecture.md are what the
//! sources do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// What a layer may import, as the table says it.
#[derive(Debug, PartialEq)]
enum Imports {
    Below,
    Only(BTreeSet<String>),
}

struct Layer {
    name: String,
    imports: Imports,
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The layers in a folder from the top to the bottom.
fn layers(folder: &str) -> Vec<Layer> {
    let page = std::fs::read_to_string(repository().join("docs/architecture.md")).unwrap();
    let heading = format!("\n| Layer in `{folder}` |");
    let (_, table) = page.split_once(&heading).expect("the page has the table");
    table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let [name, _, imports] = cells[..] else { panic!("a row has three cells: {line}") };
            let imports = match imports {
                "everything below" => Imports::Below,
                "nothing" => Imports::Only(BTreeSet::new()),
                names => Imports::Only(names.split(", ").map(unquoted).collect()),
            };
            Layer { name: unquoted(name), imports }
        })
        .collect()
}

fn unquoted(name: &str) -> String {
    let name = name.strip_prefix('`').and_then(|name| name.strip_suffix('`'));
    name.expect("names of layers stand in backticks").to_owned()
}

/// The sources of each layer in a folder, with how deep below the crate each
/// module is.
fn sources(folder: &str) -> BTreeMap<String, Vec<(PathBuf, usize)>> {
    let mut sources: BTreeMap<String, Vec<(PathBuf, usize)>> = BTreeMap::new();
    let root = repository().join(folder);
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let module = path.strip_prefix(&root).unwrap().with_extension("");
            let names: Vec<String> = module
                .iter()
                .map(|name| name.to_str().unwrap().to_owned())
                .filter(|name| name != "mod")
                .collect();
            sources.entry(names[0].clone()).or_default().push((path, names.len()));
        }
    }
    // The root lists the layers, and what is generated knows them all.
    sources.remove("lib");
    sources.remove("generated");
    sources
}

/// What the tokens name directly below the crate: `crate::name`, a name in
/// `crate::{...}`, and as many `super` as lead there from a module `depth`
/// below it.
fn names_below_crate(tokens: TokenStream, depth: usize, found: &mut BTreeSet<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        if let TokenTree::Group(group) = &tokens[at] {
            names_below_crate(group.stream(), depth, found);
        }
        let mut left = match &tokens[at] {
            TokenTree::Ident(word) if word == "crate" => 0,
            TokenTree::Ident(word) if word == "super" => depth - 1,
            _ => {
                at += 1;
                continue;
            }
        };
        at += 1;
        while is_path_separator(&tokens, at) {
            match &tokens.get(at + 2) {
                Some(TokenTree::Ident(word)) if *word == "super" && left > 0 => left -= 1,
                Some(TokenTree::Ident(word)) if left == 0 => {
                    found.insert(word.to_string());
                    break;
                }
                Some(TokenTree::Group(group)) if left == 0 && group.delimiter() == Delimiter::Brace => {
                    found.extend(first_names(group.stream()));
                    break;
                }
                _ => break,
            }
            at += 3;
        }
    }
}

fn is_path_separator(tokens: &[TokenTree], at: usize) -> bool {
    let is_colon = |tree: Option<&TokenTree>| {
        matches!(tree, Some(TokenTree::Punct(mark)) if mark.as_char() == ':')
    };
    is_colon(tokens.get(at)) && is_colon(tokens.get(at + 1))
}

/// The first name of each path in the braces of a `use`.
fn first_names(group: TokenStream) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_first = true;
    for tree in group {
        match tree {
            TokenTree::Ident(word) if is_first => {
                names.push(word.to_string());
                is_first = false;
            }
            TokenTree::Punct(mark) if mark.as_char() == ',' => is_first = true,
            _ => {}
        }
    }
    names
}

#[test]
fn imports_go_down() {
    for folder in ["capi/src", "capi/boundary/src"] {
        assert_imports_go_down(folder);
    }
}

fn assert_imports_go_down(folder: &str) {
    let layers = layers(folder);
    let sources = sources(folder);
    let listed: BTreeSet<&str> = layers.iter().map(|layer| layer.name.as_str()).collect();
    let present: BTreeSet<&str> = sources.keys().map(String::as_str).collect();
    assert_eq!(present, listed, "the modules in {folder} are the layers in docs/architecture.md");

    let mut upwards = Vec::new();
    for (height, Layer { name, imports }) in layers.iter().enumerate() {
        let below = layers[height..].iter().map(|layer| layer.name.clone());
        let allowed: BTreeSet<String> = match imports {
            Imports::Below => below.collect(),
            Imports::Only(names) => {
                let known: BTreeSet<String> = below.collect();
                assert!(names.is_subset(&known), "{name} imports what is not below it");
                names.iter().chain([name]).cloned().collect()
            }
        };
        for (path, depth) in &sources[name] {
            let text = std::fs::read_to_string(path).unwrap();
            let mut found = BTreeSet::new();
            names_below_crate(text.parse().unwrap(), *depth, &mut found);
            for import in found {
                if listed.contains(import.as_str()) && !allowed.contains(&import) {
                    upwards.push(format!("{} imports {import}", path.display()));
                }
            }
        }
    }
    assert!(upwards.is_empty(), "not allowed by docs/architecture.md:\n{}", upwards.join("\n"));
}

#[test]
fn every_way_to_name_a_layer_is_seen() {
    let seen = |source: &str, depth| {
        let mut found = BTreeSet::new();
        names_below_crate(source.parse().unwrap(), depth, &mut found);
        found.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(seen("use crate::client::Client;", 2), ["client"]);
    assert_eq!(seen("use crate::{client::{self, Outcome}, json};", 2), ["client", "json"]);
    assert_eq!(seen("fn f() { super::super::task::lock(x) }", 2), ["task"]);
    assert_eq!(seen("use super::client::Client;", 1), ["client"]);
    assert_eq!(seen("macro_rules! m { () => { $crate::ops::run() } }", 3), ["ops"]);
    assert!(seen("use super::entry::FileKind;", 2).is_empty());
}

#[test]
fn one_file_makes_invalid_option() {
    let mut makers = Vec::new();
    for folder in ["capi/src", "capi/boundary/src"] {
        for (path, _) in sources(folder).into_values().flatten() {
            let text = std::fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
            if text.contains("::new(ErrorCode::InvalidOption") {
                makers.push(path.strip_prefix(repository()).unwrap().to_owned());
            }
        }
    }
    assert_eq!(makers, [Path::new("capi/boundary/src/check.rs")]);
}
