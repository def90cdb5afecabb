//! What each value of an enumeration means. It is written at the Rust type, and
//! ts-rs leaves it out of what it generates.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use syn::{Attribute, Expr, Fields, Item, ItemEnum, Lit, Meta};

/// The meanings of the values of each enumeration, in their order, by its name.
pub struct Meanings(BTreeMap<String, Vec<String>>);

impl Meanings {
    /// Those of all enumerations in folders of Rust sources.
    pub fn read(folders: &[PathBuf]) -> Self {
        let mut meanings = BTreeMap::new();
        for folder in folders {
            visit_sources(folder, &mut |source| {
                for item in syn::parse_file(source).expect("the sources are Rust").items {
                    if let Item::Enum(item) = item && is_enumeration(&item) {
                        let values = item.variants.iter();
                        let values = values.map(|it| documentation(&it.attrs)).collect();
                        meanings.insert(item.ident.to_string(), values);
                    }
                }
            });
        }
        Self(meanings)
    }

    /// The documentation of a type with a list of its values, if they have any
    /// that is not told by their names.
    pub fn add_to(&self, docs: String, name: &str, declaration: &str) -> String {
        let Some(meanings) = self.0.get(name) else { return docs };
        let values: Vec<&str> = values(declaration).collect();
        if values.len() != meanings.len() || meanings.iter().any(String::is_empty) {
            return docs;
        }
        let list: String = values
            .iter()
            .zip(meanings)
            .map(|(value, meaning)| format!(" * - `{value}`: {meaning}\n"))
            .collect();
        let start = docs.trim_end().trim_end_matches("*/").trim_end();
        format!("{start}\n *\n{list} */\n")
    }
}

/// The values of an enumeration out of its declaration in TypeScript.
pub fn values(declaration: &str) -> impl Iterator<Item = &str> {
    let union = declaration.split_once(" = ").map_or("", |(_, union)| union);
    union.trim_end().trim_end_matches(';').split(" | ").filter_map(|value| {
        value.strip_prefix('"').and_then(|value| value.strip_suffix('"'))
    })
}

fn visit_sources(folder: &Path, visit: &mut dyn FnMut(&str)) {
    for entry in std::fs::read_dir(folder).expect("the sources are there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            visit_sources(&path, visit);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            visit(&std::fs::read_to_string(&path).expect("the sources are readable"));
        }
    }
}

/// Whether it is part of the protocol and has no values with content.
fn is_enumeration(item: &ItemEnum) -> bool {
    let is_exported = item.attrs.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => list.tokens.to_string().contains("ts_rs :: TS"),
        _ => false,
    });
    is_exported && item.variants.iter().all(|variant| matches!(variant.fields, Fields::Unit))
}

/// A documentation comment as one line.
fn documentation(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(line) => Some(line.value().trim().to_owned()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    lines.collect::<Vec<_>>().join(" ")
}
