//! TypeScript as a person would write it: ts-rs prints declarations that only a
//! compiler reads, which are read here and printed anew, as `deno fmt` has them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The length of a line of code.
const WIDTH: usize = 100;

/// A type.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// A name, with the types that it is given.
    Name(String, Vec<Type>),
    /// A string, with its quotation marks.
    Literal(String),
    /// One of several.
    Union(Vec<Type>),
    /// All of several.
    Intersection(Vec<Type>),
    /// An object.
    Object(Vec<Field>),
    /// An object with any keys.
    Map(Box<Type>),
    /// A function that is called with progress of this type.
    Callback(String),
}

/// A key of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub docs: Vec<String>,
    pub key: String,
    pub is_optional: bool,
    pub kind: Type,
}

/// A named type.
#[derive(Clone, Debug)]
pub struct Declaration {
    pub docs: Vec<String>,
    pub name: String,
    /// The names of the types that it is given.
    pub parameters: Vec<String>,
    pub kind: Type,
}

/// Who writes a value of a type.
#[derive(Clone, Copy, PartialEq)]
pub enum Direction {
    /// Callers, who may have an option that is undefined, or a list that they
    /// may not change.
    Input,
    /// The library.
    Output,
}

/// Reads declarations and types.
pub struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// Reads `export type Name<Parameters> = ...;` with its documentation.
    pub fn declaration(&mut self) -> Declaration {
        let docs = self.docs();
        self.expect("export");
        self.expect("type");
        let name = self.word();
        let mut parameters = Vec::new();
        if self.take("<") {
            while !self.take(">") {
                parameters.push(self.word());
                self.take(",");
            }
        }
        self.expect("=");
        let kind = self.kind();
        self.take(";");
        Declaration { docs, name, parameters, kind }
    }

    /// Reads a type.
    pub fn kind(&mut self) -> Type {
        self.take("|");
        let first = self.intersection();
        let mut parts = vec![first];
        while self.take("|") {
            parts.push(self.intersection());
        }
        if parts.len() == 1 { parts.remove(0) } else { Type::Union(parts) }
    }

    /// Reads the keys of an object up to its end.
    pub fn fields(&mut self) -> Vec<Field> {
        let mut fields = Vec::new();
        while !self.rest.trim_start().is_empty() && !self.take("}") {
            let docs = self.docs();
            let key = self.key();
            let is_optional = self.take("?");
            self.expect(":");
            let kind = self.kind();
            if !self.take(",") {
                self.take(";");
            }
            fields.push(Field { docs, key, is_optional, kind });
        }
        fields
    }

    fn intersection(&mut self) -> Type {
        let mut parts = vec![self.array()];
        while self.take("&") {
            parts.push(self.array());
        }
        if parts.len() == 1 { parts.remove(0) } else { Type::Intersection(parts) }
    }

    /// Reads a type that may be the element of an array.
    fn array(&mut self) -> Type {
        let mut kind = self.single();
        while self.take("[]") {
            kind = Type::Name("Array".to_owned(), vec![kind]);
        }
        kind
    }

    fn single(&mut self) -> Type {
        if self.take("(") {
            let kind = self.kind();
            self.expect(")");
            return kind;
        }
        if self.take("{") {
            return self.object();
        }
        if self.peek('"') {
            return Type::Literal(self.literal());
        }
        let name = self.word();
        let mut given = Vec::new();
        if self.take("<") {
            while !self.take(">") {
                given.push(self.kind());
                self.take(",");
            }
        }
        Type::Name(name, given)
    }

    fn object(&mut self) -> Type {
        if self.take("[key in string]:") {
            let value = self.kind();
            self.expect("}");
            return Type::Map(Box::new(value));
        }
        Type::Object(self.fields())
    }

    fn docs(&mut self) -> Vec<String> {
        if !self.take("/**") {
            return Vec::new();
        }
        let (docs, rest) = self.rest.split_once("*/").expect("documentation has an end");
        self.rest = rest;
        let lines = docs.trim().lines();
        lines.map(|line| line.trim().trim_start_matches('*').trim().to_owned()).collect()
    }

    fn key(&mut self) -> String {
        if self.peek('"') { self.literal().trim_matches('"').to_owned() } else { self.word() }
    }

    fn literal(&mut self) -> String {
        let end = self.rest[1..].find('"').expect("a string has an end") + 2;
        let (literal, rest) = self.rest.split_at(end);
        self.rest = rest;
        literal.to_owned()
    }

    fn word(&mut self) -> String {
        self.rest = self.rest.trim_start();
        let is_part = |character: char| character.is_alphanumeric() || "_$".contains(character);
        let end = self.rest.find(|character| !is_part(character)).unwrap_or(self.rest.len());
        assert!(end > 0, "a name has to come here: {}", self.context());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word.to_owned()
    }

    fn peek(&mut self, character: char) -> bool {
        self.rest = self.rest.trim_start();
        self.rest.starts_with(character)
    }

    /// Skips a token if it is the next one.
    fn take(&mut self, token: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, token: &str) {
        assert!(self.take(token), "{token} has to come here: {}", self.context());
    }

    fn context(&self) -> String {
        self.rest.chars().take(80).collect()
    }
}

impl Type {
    /// The names that it mentions.
    pub fn names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        self.visit_names(&mut names);
        names
    }

    fn visit_names(&self, names: &mut BTreeSet<String>) {
        match self {
            Self::Name(name, given) => {
                names.insert(name.clone());
                given.iter().for_each(|kind| kind.visit_names(names));
            }
            Self::Literal(_) => {}
            Self::Union(parts) | Self::Intersection(parts) => {
                parts.iter().for_each(|kind| kind.visit_names(names));
            }
            Self::Object(fields) => fields.iter().for_each(|field| field.kind.visit_names(names)),
            Self::Map(value) => value.visit_names(names),
            Self::Callback(progress) => {
                names.insert(progress.clone());
            }
        }
    }

    /// The same type with another name in the place of one.
    pub fn renamed(&self, from: &str, to: &str) -> Self {
        match self {
            Self::Name(name, given) => {
                let name = if name == from { to } else { name };
                Self::Name(name.to_owned(), given.iter().map(|kind| kind.renamed(from, to)).collect())
            }
            other => other.clone(),
        }
    }

    /// The same type, or undefined.
    fn or_undefined(&self) -> Self {
        let undefined = Self::Name("undefined".to_owned(), Vec::new());
        match self {
            Self::Union(parts) => Self::Union([parts.as_slice(), &[undefined]].concat()),
            other => Self::Union(vec![other.clone(), undefined]),
        }
    }

    /// Whether it has to stand in parentheses before `[]`.
    fn is_compound(&self) -> bool {
        matches!(self, Self::Union(_) | Self::Intersection(_))
    }

    /// The type at this indentation, in one line where it has no documentation.
    pub fn print(&self, direction: Direction, indent: usize) -> String {
        let print = |kind: &Self| kind.print(direction, indent);
        let join = |parts: &[Self], with: &str| parts.iter().map(print).collect::<Vec<_>>().join(with);
        match self {
            Self::Name(name, given) if name == "Array" => {
                let element = print(&given[0]);
                let element = if given[0].is_compound() { format!("({element})") } else { element };
                match direction {
                    Direction::Input => format!("readonly {element}[]"),
                    Direction::Output => format!("{element}[]"),
                }
            }
            Self::Name(name, given) if given.is_empty() => name.clone(),
            Self::Name(name, given) => format!("{name}<{}>", join(given, ", ")),
            Self::Literal(literal) => literal.clone(),
            Self::Union(parts) => join(parts, " | "),
            Self::Intersection(parts) => join(parts, " & "),
            Self::Object(fields) if fields.iter().all(|field| field.docs.is_empty()) => {
                let fields: Vec<_> = fields.iter().map(|field| field.in_line(direction)).collect();
                format!("{{ {} }}", fields.join("; "))
            }
            Self::Object(fields) => {
                let pad = " ".repeat(indent);
                format!("{{\n{}{pad}}}", print_fields(fields, direction, indent + 2))
            }
            Self::Map(value) => match direction {
                Direction::Input => {
                    format!("{{ readonly [key: string]: {} }}", print(&value.or_undefined()))
                }
                Direction::Output => format!("{{ [key: string]: {} }}", print(value)),
            },
            Self::Callback(progress) => format!("((progress: {progress}) => void)"),
        }
    }

    /// The type behind what stands before it in its line, with `after` behind
    /// it. What is too long for a line is a line for each alternative.
    fn print_behind(&self, before: &str, after: &str, direction: Direction, indent: usize) -> String {
        let whole = format!("{before} {}{after}", self.print(direction, indent));
        let is_short = !whole.contains('\n') && whole.chars().count() <= WIDTH;
        match self {
            Self::Union(parts) if !is_short => {
                let pad = " ".repeat(indent + 2);
                let mut out = before.to_owned();
                for part in parts {
                    let _ = write!(out, "\n{pad}| {}", part.print(direction, indent + 2));
                }
                out + after
            }
            _ => whole,
        }
    }
}

impl Field {
    /// The kind of value that its key may have.
    fn value(&self, direction: Direction) -> Type {
        match direction {
            Direction::Input if self.is_optional => self.kind.or_undefined(),
            _ => self.kind.clone(),
        }
    }

    fn head(&self) -> String {
        let is_word = self.key.chars().all(|character| character.is_alphanumeric() || character == '_');
        let key = if is_word { self.key.clone() } else { format!("\"{}\"", self.key) };
        format!("{key}{}:", if self.is_optional { "?" } else { "" })
    }

    fn in_line(&self, direction: Direction) -> String {
        format!("{} {}", self.head(), self.value(direction).print(direction, 0))
    }
}

/// The keys of an object, each in lines of its own.
pub fn print_fields(fields: &[Field], direction: Direction, indent: usize) -> String {
    let mut out = String::new();
    for field in fields {
        out += &print_docs(&field.docs, indent);
        let before = format!("{}{}", " ".repeat(indent), field.head());
        out += &field.value(direction).print_behind(&before, ";", direction, indent);
        out.push('\n');
    }
    out
}

impl Declaration {
    /// The declaration with its documentation.
    pub fn print(&self, direction: Direction) -> String {
        let docs = print_docs(&self.docs, 0);
        let parameters = match self.parameters.as_slice() {
            [] => String::new(),
            parameters => format!("<{}>", parameters.join(", ")),
        };
        let Self { name, kind, .. } = self;
        match kind {
            Type::Object(fields) => {
                // ts-rs has no documentation for what tells alternatives apart.
                let documented = |field: &Field| match field.kind {
                    Type::Literal(_) if field.docs.is_empty() => {
                        Field { docs: vec!["Says which kind it is.".to_owned()], ..field.clone() }
                    }
                    _ => field.clone(),
                };
                let fields: Vec<Field> = fields.iter().map(documented).collect();
                let fields = print_fields(&fields, direction, 2);
                format!("{docs}export interface {name}{parameters} {{\n{fields}}}\n")
            }
            other => {
                let before = format!("export type {name}{parameters} =");
                format!("{docs}{}\n", other.print_behind(&before, ";", direction, 0))
            }
        }
    }

    /// The names that it mentions and does not bring along.
    pub fn names(&self) -> BTreeSet<String> {
        let mut names = self.kind.names();
        self.parameters.iter().for_each(|name| {
            names.remove(name);
        });
        names
    }
}

/// A comment of documentation.
pub fn print_docs(docs: &[String], indent: usize) -> String {
    let pad = " ".repeat(indent);
    match docs {
        [] => String::new(),
        [line] if line.chars().count() + indent + 7 <= WIDTH => format!("{pad}/** {line} */\n"),
        lines => {
            let mut out = format!("{pad}/**\n");
            for line in lines.iter().flat_map(|line| wrapped(line, WIDTH - indent - 3)) {
                let _ = writeln!(out, "{}", format!("{pad} * {line}").trim_end());
            }
            out + &pad + " */\n"
        }
    }
}

/// A line as lines that are not longer than this. What follows an item of a list
/// stands under its text.
fn wrapped(line: &str, width: usize) -> Vec<String> {
    let hanging = if line.starts_with("- ") { "  " } else { "" };
    let mut lines = vec![String::new()];
    for word in line.split(' ') {
        let last = lines.last_mut().expect("there is one");
        if last.chars().count() + 1 + word.chars().count() > width && !last.trim().is_empty() {
            lines.push(format!("{hanging}{word}"));
        } else {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines
}

/// Imports of types from a module, as `deno fmt` breaks them.
pub fn print_import(names: &BTreeSet<String>, module: &str) -> String {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let line = format!("import type {{ {} }} from \"{module}\";\n", names.join(", "));
    if line.trim_end().chars().count() <= WIDTH {
        return line;
    }
    format!("import type {{\n  {},\n}} from \"{module}\";\n", names.join(",\n  "))
}
