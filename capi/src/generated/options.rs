//! docs/options.md: every option of a create with its type, unit, default and
//! what other SDKs call it, out of the types that read it.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;

use super::names::{NAMES, Names};
use super::{check, config, declarations, repository};

/// The type that the page starts from.
const ROOT: &str = "CreateOptions";

const INTRODUCTION: &str = "\
<!-- GENERATED from capi/src by capi/src/generated/options.rs. Do not edit; run
`deno task generate` instead. -->

# Options of `Sandbox.create`

An option that is left out has its default. Unknown keys, wrong types, numbers
out of range and contradictions are refused before anything starts, with an
`InvalidOptionError` whose `path` names the key, such as
`network.rules[0].cidr`.

The last three columns say what the option is called elsewhere: in the Ruby gem
`microsandbox-rb` for version 0.6.18 of the core (keyword arguments of
`Sandbox.create` and keys of its hashes), in the Python package `microsandbox`
0.7.11 (keyword arguments and fields) and in the Node package `microsandbox`
0.6.18 (methods of its builders). A dash means that there is no such option.
";

/// A key of an options object.
struct Field {
    key: String,
    is_required: bool,
    kind: String,
    meaning: String,
    default: Option<String>,
}

/// The declarations of all types by name, as generated for TypeScript.
struct Types(BTreeMap<String, String>);

impl Types {
    /// The keys of an options object; none for other types.
    fn fields(&self, name: &str) -> Option<Vec<Field>> {
        let text = self.0.get(name)?;
        // Types of several objects each have their own page in the reference.
        if text.contains(" } | {") {
            return None;
        }
        let body = text.split_once(&format!("export type {name} = {{ "))?.1;
        let mut fields = Vec::new();
        let mut docs: Vec<&str> = Vec::new();
        for line in body.lines() {
            if let Some(doc) = line.strip_prefix(" *") {
                docs.push(doc.trim_start_matches('/').trim());
            } else if let Some((key, kind)) = line.split_once(": ") {
                fields.push(Field::new(key, kind, &docs.join(" ")));
                docs.clear();
            }
        }
        Some(fields)
    }

    /// A type in words; names of options objects become links.
    fn in_words(&self, kind: &str) -> String {
        let kind = kind.trim();
        let parts: Vec<&str> = kind.split(" | ").collect();
        if parts.len() > 1 && !kind.starts_with(['{', 'A']) {
            return parts.iter().map(|part| self.in_words(part)).collect::<Vec<_>>().join(", ");
        }
        if let Some(element) = kind.strip_prefix("Array<").and_then(|rest| rest.strip_suffix('>')) {
            return format!("list of {}", self.in_words(element));
        }
        if let Some(value) = kind.strip_prefix("{ [key in string]: ").and_then(|it| it.strip_suffix(" }")) {
            return format!("by name: {}", self.in_words(value));
        }
        if kind.starts_with('"') {
            return format!("`{}`", kind.trim_matches('"'));
        }
        if self.fields(kind).is_some() {
            return format!("[{kind}](#{})", kind.to_lowercase());
        }
        match self.0.get(kind) {
            Some(text) if text.contains(" = {") => format!("`{kind}`"),
            Some(text) => {
                let alias = text.trim_end().trim_end_matches(';').rsplit_once(" = ").expect("an alias").1;
                self.in_words(alias)
            }
            None => kind.to_owned(),
        }
    }

    /// The options objects that a type mentions, itself included.
    fn mentioned(&self, kind: &str) -> Vec<String> {
        let words = kind.split(|character: char| !character.is_ascii_alphanumeric());
        let mut found = Vec::new();
        for word in words.filter(|word| self.0.contains_key(*word)) {
            if self.fields(word).is_some() {
                found.push(word.to_owned());
            } else if !self.0[word].contains(" = {") {
                let alias = self.0[word].rsplit_once(" = ").expect("an alias").1;
                found.extend(self.mentioned(alias));
            }
        }
        found
    }
}

impl Field {
    fn new(key: &str, kind: &str, docs: &str) -> Self {
        let (meaning, default) = match docs.split_once("Default: ") {
            Some((meaning, rest)) => {
                // A point inside of a number or a name ends no sentence.
                let end = rest.find(". ").unwrap_or(rest.len());
                let after = rest[end..].trim_start_matches('.').trim();
                let default = rest[..end].trim_end_matches('.');
                (format!("{meaning}{after}"), Some(default.to_owned()))
            }
            None => (docs.to_owned(), None),
        };
        Self {
            key: key.trim_end_matches('?').to_owned(),
            is_required: !key.ends_with('?'),
            kind: kind.trim_end_matches([',', ' ', ';', '}']).to_owned()
                + if kind.starts_with('{') { " }" } else { "" },
            meaning: meaning.trim().to_owned(),
            default,
        }
    }

    /// What a number counts: its key says so, or else its documentation.
    fn unit(&self) -> &'static str {
        let suffixes = [("MiB", "MiB"), ("Ms", "ms"), ("Hours", "hours")];
        let words = [("in bytes", "bytes"), ("in seconds", "s"), ("in microseconds", "µs")];
        let by_key = suffixes.iter().find(|(suffix, _)| self.key.ends_with(suffix));
        let by_words = words.iter().find(|(word, _)| self.meaning.contains(word));
        by_key.or(by_words).map_or("", |(_, unit)| unit)
    }
}

fn page() -> String {
    let types = Types(declarations(&config()));
    let mut out = INTRODUCTION.to_owned();
    let mut unused: Vec<&str> = NAMES.iter().map(|names| names.option).collect();
    let mut seen = vec![ROOT.to_owned()];
    let mut queue = VecDeque::from([ROOT.to_owned()]);
    while let Some(name) = queue.pop_front() {
        let _ = write!(
            out,
            "\n## {name}\n\n\
             | Option | Meaning | Type | Unit | Default | Ruby | Python | Node |\n\
             | --- | --- | --- | --- | --- | --- | --- | --- |\n"
        );
        for field in types.fields(&name).expect("an options object") {
            let option = format!("{name}.{}", field.key);
            let names = NAMES
                .iter()
                .find(|names| names.option == option)
                .unwrap_or_else(|| panic!("capi/src/generated/names.rs has no row for {option}"));
            unused.retain(|unused| *unused != option);
            out.push_str(&row(&types, &option, &field, names));
            for mentioned in types.mentioned(&field.kind) {
                if !seen.contains(&mentioned) {
                    seen.push(mentioned.clone());
                    queue.push_back(mentioned);
                }
            }
        }
    }
    assert!(unused.is_empty(), "capi/src/generated/names.rs has rows for no options: {unused:?}");
    out
}

fn row(types: &Types, option: &str, field: &Field, names: &Names) -> String {
    let default = match (&field.default, field.is_required) {
        (Some(default), _) => default.clone(),
        (None, true) => "required".to_owned(),
        (None, false) => panic!("the documentation of {option} has no sentence that starts with Default:"),
    };
    let cells = [
        format!("`{}`", field.key),
        field.meaning.clone(),
        types.in_words(&field.kind),
        field.unit().to_owned(),
        default,
        code(names.ruby),
        code(names.python),
        code(names.node),
    ];
    format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | "))
}

fn code(names: &str) -> String {
    if names.is_empty() {
        return "–".to_owned();
    }
    names.split(", ").map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[test]
fn the_page_of_options_is_current() {
    check(repository().join("docs/options.md"), &page());
}
