//! docs/options.md: every option of a create with its type, unit, default and
//! what other SDKs call it, out of the types that read it.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;

use super::names::{NAMES, Names};
use super::values::values;
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
`network.rules[0].cidr`. Besides the options below there are `signal`, which
aborts a create, and `onProgress`, which is told how far it is.

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

/// One of several objects that an option can be.
struct Alternative {
    /// The value of the key that tells them apart.
    value: String,
    content: Content,
}

/// What an alternative has besides that key.
enum Content {
    Fields(Vec<Field>),
    /// The keys of another options object.
    Like(String),
}

/// The declarations of all types by name, as generated for TypeScript.
struct Types(BTreeMap<String, String>);

impl Types {
    /// Those that the module's users see. The module itself puts what a patch
    /// writes among the raw bytes.
    fn of_the_module() -> Self {
        let mut types = declarations(&config());
        let patch = types.remove("PatchSpec").expect("there are patches");
        let (before, after) = patch.split_once("/**\n * How many of the request's raw bytes").expect("a length");
        let after = after.split_once("length: number").expect("a length").1;
        types.insert("Patch".to_owned(), format!(
            "{before}/**\n * What is written: text, in UTF-8, or bytes.\n */\ncontent: string | Uint8Array{after}"
        ));
        let options = types.get_mut(ROOT).expect("there are options");
        *options = options.replace("PatchSpec", "Patch");
        Self(types)
    }

    /// What a name stands for.
    fn declared(&self, name: &str) -> Option<&str> {
        let (_, declared) = self.0.get(name)?.split_once(" = ")?;
        Some(declared.trim_end().trim_end_matches(';'))
    }

    /// The keys of an options object; none for other types.
    fn fields(&self, name: &str) -> Option<Vec<Field>> {
        let body = self.declared(name)?.strip_prefix("{ ")?;
        (!body.starts_with('"')).then(|| fields(body))
    }

    /// The objects that a type can be, and the key that tells them apart; none
    /// for other types.
    fn alternatives(&self, name: &str) -> Option<(&str, Vec<Alternative>)> {
        let union = self.declared(name)?.strip_prefix("{ \"")?;
        let key = union.split_once('"')?.0;
        let alternatives = union.split(" | { \"").map(|text| {
            let (value, content) = text[key.len()..]
                .strip_prefix("\": \"")
                .and_then(|text| text.split_once('"'))
                .expect("all have the same key");
            let content = match content.trim_start().strip_prefix("} & ") {
                Some(other) => Content::Like(other.to_owned()),
                None => Content::Fields(fields(content)),
            };
            Alternative { value: value.to_owned(), content }
        });
        Some((key, alternatives.collect()))
    }

    /// The values of an enumeration with their meanings; none for other types.
    fn values(&self, name: &str) -> Option<Vec<(&str, &str)>> {
        let text = self.0.get(name)?;
        let meanings = text.lines().filter_map(|line| line.strip_prefix(" * - `")?.split_once("`: "));
        let found: Vec<_> = meanings.collect();
        (!found.is_empty() && found.len() == values(text).count()).then_some(found)
    }

    /// Whether a type has a section of its own.
    fn has_section(&self, name: &str) -> bool {
        self.fields(name).is_some() || self.alternatives(name).is_some() || self.values(name).is_some()
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
        let link = format!("[{kind}](#{})", kind.to_lowercase());
        match self.declared(kind) {
            Some(alias) if self.values(kind).is_some() => format!("{link}: {}", self.in_words(alias)),
            Some(_) if self.has_section(kind) => link,
            Some(alias) => self.in_words(alias),
            None => kind.to_owned(),
        }
    }

    /// The types with sections that a type mentions, itself included.
    fn mentioned(&self, kind: &str) -> Vec<String> {
        let words = kind.split(|character: char| !character.is_ascii_alphanumeric());
        let mut found = Vec::new();
        for word in words.filter(|word| self.0.contains_key(*word)) {
            if self.has_section(word) {
                found.push(word.to_owned());
            } else if let Some(alias) = self.declared(word) {
                found.extend(self.mentioned(alias));
            }
        }
        found
    }
}

/// The keys in the text of an object.
fn fields(body: &str) -> Vec<Field> {
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
    fields
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
    let types = Types::of_the_module();
    let mut out = INTRODUCTION.to_owned();
    let mut unused: Vec<&str> = NAMES.iter().map(|names| names.option).collect();
    let mut seen = vec![ROOT.to_owned()];
    let mut queue = VecDeque::from([ROOT.to_owned()]);
    while let Some(name) = queue.pop_front() {
        // Users know the root by the name of the object with `signal` too.
        let heading = if name == ROOT { "CreateSandboxOptions" } else { name.as_str() };
        let _ = write!(out, "\n## {heading}\n\n");
        let mut kinds = Vec::new();
        if let Some(fields) = types.fields(&name) {
            out.push_str(&object(&types, &name, &fields, &mut unused));
            kinds.extend(fields.into_iter().map(|field| field.kind));
        } else if let Some((key, alternatives)) = types.alternatives(&name) {
            out.push_str(&choice(&types, &name, key, &alternatives));
            kinds.extend(alternatives.into_iter().flat_map(|alternative| match alternative.content {
                Content::Fields(fields) => fields.into_iter().map(|field| field.kind).collect(),
                Content::Like(other) => vec![other],
            }));
        } else {
            out.push_str("| Value | Meaning |\n| --- | --- |\n");
            for (value, meaning) in types.values(&name).expect("a type with a section") {
                out.push_str(&row([format!("`{value}`"), meaning.to_owned()]));
            }
        }
        for mentioned in kinds.iter().flat_map(|kind| types.mentioned(kind)) {
            if !seen.contains(&mentioned) {
                seen.push(mentioned.clone());
                queue.push_back(mentioned);
            }
        }
    }
    assert!(unused.is_empty(), "capi/src/generated/names.rs has rows for no options: {unused:?}");
    out
}

/// The table of an options object, with what other SDKs call its keys.
fn object(types: &Types, name: &str, fields: &[Field], unused: &mut Vec<&str>) -> String {
    let mut out = "| Option | Meaning | Type | Unit | Default | Ruby | Python | Node |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- |\n"
        .to_owned();
    for field in fields {
        let option = format!("{name}.{}", field.key);
        let Names { ruby, python, node, .. } = NAMES
            .iter()
            .find(|names| names.option == option)
            .unwrap_or_else(|| panic!("capi/src/generated/names.rs has no row for {option}"));
        unused.retain(|unused| *unused != option);
        let [key, meaning, kind, unit, default] = cells(types, name, field);
        out.push_str(&row([key, meaning, kind, unit, default, code(ruby), code(python), code(node)]));
    }
    out
}

/// The table of a type that is one of several objects.
fn choice(types: &Types, name: &str, key: &str, alternatives: &[Alternative]) -> String {
    let mut out = format!(
        "| `{key}` | Option | Meaning | Type | Unit | Default |\n| --- | --- | --- | --- | --- | --- |\n"
    );
    for Alternative { value, content } in alternatives {
        let value = format!("`{value}`");
        match content {
            Content::Like(other) => {
                let all = format!("those of {}", types.in_words(other));
                let none = String::new;
                out.push_str(&row([value, all, none(), none(), none(), none()]));
            }
            Content::Fields(fields) => {
                for field in fields {
                    let [key, meaning, kind, unit, default] = cells(types, name, field);
                    out.push_str(&row([value.clone(), key, meaning, kind, unit, default]));
                }
            }
        }
    }
    out
}

/// The key of an option, its meaning, type, unit and default.
fn cells(types: &Types, owner: &str, field: &Field) -> [String; 5] {
    let default = match (&field.default, field.is_required) {
        (Some(default), _) => default.clone(),
        (None, true) => "required".to_owned(),
        (None, false) => {
            panic!("the documentation of {owner}.{} has no sentence that starts with Default:", field.key)
        }
    };
    let kind = types.in_words(&field.kind);
    [format!("`{}`", field.key), field.meaning.clone(), kind, field.unit().to_owned(), default]
}

fn row<const CELLS: usize>(cells: [String; CELLS]) -> String {
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
