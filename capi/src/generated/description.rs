//! include/microsandbox.json: everything that a program in another language
//! needs to call the library, for its generators.
//!
//! A type is an object in the manner of JSON Schema: `type`, `const`, `enum`,
//! `anyOf`, `allOf`, `items`, `properties` with `required`, `values` for maps, and
//! `reference` with `arguments` for types that are listed by name.

use serde_json::{Map, Value, json};

use super::{config, declarations, descriptions, repository};
use boundary::{frame, status};

/// A declaration of ts-rs, read from its start to its end.
struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn skip(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            let Some(comment) = self.rest.strip_prefix("/*") else { return };
            self.rest = comment.split_once("*/").expect("comments end").1;
        }
    }

    fn takes(&mut self, start: &str) -> bool {
        self.skip();
        match self.rest.strip_prefix(start) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, start: &str) {
        assert!(self.takes(start), "{start} is missing before {:.60}", self.rest);
    }

    fn word(&mut self) -> &'a str {
        self.skip();
        let is_part = |character: char| character.is_alphanumeric() || character == '_';
        let end = self.rest.find(|it| !is_part(it)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        assert!(!word.is_empty(), "a word is missing before {:.60}", self.rest);
        self.rest = rest;
        word
    }

    fn quoted(&mut self) -> &'a str {
        self.expect("\"");
        let (text, rest) = self.rest.split_once('"').expect("strings end");
        self.rest = rest;
        text
    }

    /// A type with its alternatives.
    fn kind(&mut self) -> Value {
        let mut alternatives = vec![self.intersection()];
        while self.takes("|") {
            alternatives.push(self.intersection());
        }
        if alternatives.len() == 1 {
            return alternatives.remove(0);
        }
        let constants: Option<Vec<Value>> =
            alternatives.iter().map(|it| it.get("const").cloned()).collect();
        match constants {
            Some(constants) => json!({ "enum": constants }),
            None => json!({ "anyOf": alternatives }),
        }
    }

    fn intersection(&mut self) -> Value {
        let mut parts = vec![self.single()];
        while self.takes("&") {
            parts.push(self.single());
        }
        match parts.len() {
            1 => parts.remove(0),
            _ => json!({ "allOf": parts }),
        }
    }

    fn single(&mut self) -> Value {
        self.skip();
        if self.takes("(") {
            let inner = self.kind();
            self.expect(")");
            return inner;
        }
        if self.rest.starts_with('"') {
            return json!({ "const": self.quoted() });
        }
        if self.takes("{") {
            return self.object();
        }
        let arguments = |reader: &mut Self| {
            let mut arguments = Vec::new();
            if reader.takes("<") {
                loop {
                    arguments.push(reader.kind());
                    if !reader.takes(",") {
                        break;
                    }
                }
                reader.expect(">");
            }
            arguments
        };
        match self.word() {
            primitive @ ("string" | "number" | "boolean" | "null") => json!({ "type": primitive }),
            "unknown" => json!({}),
            "Array" => json!({ "type": "array", "items": arguments(self)[0] }),
            "Record" => match &arguments(self)[1] {
                // TypeScript's way to say that there are no keys.
                Value::Object(never) if never.contains_key("reference") => {
                    json!({ "type": "object", "properties": {} })
                }
                values => json!({ "type": "object", "values": values }),
            },
            name => match arguments(self) {
                arguments if arguments.is_empty() => json!({ "reference": name }),
                arguments => json!({ "reference": name, "arguments": arguments }),
            },
        }
    }

    fn object(&mut self) -> Value {
        if self.takes("[") {
            self.word();
            self.expect("in");
            self.expect("string");
            self.expect("]");
            let _is_partial = self.takes("?");
            self.expect(":");
            let values = self.kind();
            self.takes(",");
            self.expect("}");
            return json!({ "type": "object", "values": values });
        }
        let (mut properties, mut required) = (Map::new(), Vec::new());
        while !self.takes("}") {
            self.skip();
            let key = if self.rest.starts_with('"') { self.quoted() } else { self.word() };
            if !self.takes("?") {
                required.push(key);
            }
            self.expect(":");
            properties.insert(key.to_owned(), self.kind());
            let _separator = self.takes(",") || self.takes(";");
        }
        json!({ "type": "object", "properties": properties, "required": required })
    }
}

/// A type out of its text in TypeScript.
fn kind(text: &str) -> Value {
    let mut reader = Reader { rest: text };
    let kind = reader.kind();
    reader.skip();
    assert!(reader.rest.is_empty(), "left over: {}", reader.rest);
    kind
}

/// The type that a declaration declares.
fn declared(declaration: &str) -> Value {
    let (_, start) = declaration.split_once("export type ").expect("declarations are types");
    let (head, body) = start.split_once(" = ").expect("declarations have a value");
    let mut kind = kind(body.trim_end().trim_end_matches(';'));
    if let Some((_, parameters)) = head.split_once('<') {
        let parameters: Vec<&str> = parameters.trim_end_matches('>').split(", ").collect();
        kind["parameters"] = json!(parameters);
    }
    kind
}

fn description() -> String {
    let config = config();
    let types: Map<String, Value> = declarations(&config)
        .into_iter()
        .map(|(name, declaration)| (name, declared(&declaration)))
        .collect();
    let operations: Vec<Value> = descriptions(&config)
        .into_iter()
        .map(|(number, name, options, result)| {
            json!({
                "number": number,
                "name": name,
                "options": kind(&options),
                "result": kind(&result),
            })
        })
        .collect();
    let statuses: Map<String, Value> = status::STATUSES
        .iter()
        .map(|(name, status)| ((*name).to_owned(), json!(*status as i32)))
        .collect();
    let description = json!({
        "abi": crate::MSB_ABI_VERSION,
        "waitForever": crate::MSB_WAIT_FOREVER,
        "statuses": statuses,
        "frame": {
            "headerLength": frame::MSB_FRAME_HEADER_LENGTH,
            "fields": ["request", "kind", "handle", "jsonLength", "bytesLength"],
            "kinds": {
                "result": frame::MsbFrameKind::Result as u32,
                "error": frame::MsbFrameKind::Error as u32,
                "event": frame::MsbFrameKind::Event as u32,
            },
        },
        "errorCodes": types["ErrorCode"]["enum"],
        "operations": operations,
        "types": types,
    });
    let mut text = serde_json::to_string_pretty(&description).expect("it is JSON");
    text.push('\n');
    text
}

#[test]
fn the_description_is_current() {
    super::check(repository().join("include/microsandbox.json"), &description());
}

#[test]
fn types_are_read_with_all_their_parts() {
    let read = kind(r#"{ "type": "bind" } & Bind | { a?: Array<string | null>, /** b */ b: Of<T>, }"#);
    let expected = json!({ "anyOf": [
        { "allOf": [
            {
                "type": "object",
                "properties": { "type": { "const": "bind" } },
                "required": ["type"],
            },
            { "reference": "Bind" },
        ] },
        {
            "type": "object",
            "properties": {
                "a": {
                    "type": "array",
                    "items": { "anyOf": [{ "type": "string" }, { "type": "null" }] },
                },
                "b": { "reference": "Of", "arguments": [{ "reference": "T" }] },
            },
            "required": ["b"],
        },
    ] });
    assert_eq!(read, expected);
    assert_eq!(kind(r#""a" | "b""#), json!({ "enum": ["a", "b"] }));
    assert_eq!(
        kind("{ [key in string]: number }"),
        json!({ "type": "object", "values": { "type": "number" } })
    );
}
