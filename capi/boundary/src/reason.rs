//! serde's reasons for a refusal in the words of who wrote the options: nobody
//! outside of this library knows its structs and sequences.

/// How far a name may be from one that exists, so that it was probably meant.
const MOST_EDITS: usize = 2;

/// How many names are listed; more are no help.
const MOST_LISTED: usize = 8;

/// The reason in words. What is `secret` is not repeated.
pub fn in_words(reason: &str, secret: bool) -> String {
    if let Some((name, known)) = unknown(reason, "unknown field ") {
        return format!("there is no such option{}", suggestion(name, &known));
    }
    if let Some((name, known)) = unknown(reason, "unknown variant ") {
        let name = if secret { "it" } else { name };
        return format!("{name} is none of its values{}", suggestion(name, &known));
    }
    if reason.starts_with("missing field ") {
        return "it is missing, and has to be given".to_owned();
    }
    if reason.contains("hex escape") || reason.contains("surrogate") {
        return "the text has half of a character: replace lone surrogates, as \
                String.prototype.toWellFormed does"
            .to_owned();
    }
    let refused = ["invalid type: ", "invalid value: ", "invalid length "]
        .iter()
        .find_map(|start| reason.strip_prefix(start)?.rsplit_once(", expected "));
    match refused {
        Some((found, expected)) => {
            let expected = kind(expected);
            format!("it is {}, and has to be {expected}", value(found, secret))
        }
        None => reason.to_owned(),
    }
}

/// What is unknown, and what would be known: serde puts all of them in backticks.
fn unknown<'a>(reason: &'a str, start: &str) -> Option<(&'a str, Vec<&'a str>)> {
    let mut names = reason.strip_prefix(start)?.split('`').skip(1).step_by(2);
    Some((names.next()?, names.collect()))
}

/// What was probably meant, or all that there is when that is not much.
fn suggestion(name: &str, known: &[&str]) -> String {
    if let Some(meant) = meant(name, known) {
        return format!("; did you mean {meant}?");
    }
    match known {
        [] => String::new(),
        [only] => format!("; there is {only}"),
        [some @ .., last] if some.len() < MOST_LISTED => {
            format!("; there are {} and {last}", some.join(", "))
        }
        _ => String::new(),
    }
}

/// The known name that is nearest, if it is near.
fn meant<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let name = name.to_lowercase();
    let distance = |other: &str| {
        let other = other.to_lowercase();
        // A unit that was left out or is another one: memory for memoryMiB.
        let is_start = name.len() >= 3 && (other.starts_with(&name) || name.starts_with(&other));
        if is_start { 1 } else { edits(&name, &other) }
    };
    let most = MOST_EDITS.min(name.chars().count() / 2);
    known
        .iter()
        .map(|other| (distance(other), other.len(), *other))
        .filter(|(distance, ..)| *distance <= most)
        .min()
        .map(|(.., other)| other)
}

/// How many letters have to be changed, added, left out or swapped with the next.
fn edits(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows = vec![(0..=other.len()).collect::<Vec<_>>()];
    for at in 1..=one.len() {
        let mut row = vec![at];
        for to in 1..=other.len() {
            let is_same = one[at - 1] == other[to - 1];
            let mut least = (rows[at - 1][to] + 1)
                .min(row[to - 1] + 1)
                .min(rows[at - 1][to - 1] + usize::from(!is_same));
            let is_swapped =
                at > 1 && to > 1 && one[at - 1] == other[to - 2] && one[at - 2] == other[to - 1];
            if is_swapped {
                least = least.min(rows[at - 2][to - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

/// What serde calls a value that it found.
fn value(found: &str, secret: bool) -> String {
    let (name, content) = match found.split_once(['`', '"']) {
        Some((name, _)) => (name.trim_end(), &found[name.len()..]),
        None => (found, ""),
    };
    let content = if secret { "" } else { content.trim_matches('`') };
    let (plain, with_content) = match name {
        "map" => ("an object", ""),
        "sequence" => ("an array", ""),
        "unit" | "null" | "Option value" => ("null", ""),
        "string" => ("a text", "the text "),
        "character" => ("a text", "the text "),
        "boolean" => ("a boolean", ""),
        "integer" | "floating point" => ("a number", "the number "),
        _ => return if secret { "something else".to_owned() } else { found.to_owned() },
    };
    match content {
        "" => plain.to_owned(),
        content => format!("{with_content}{content}"),
    }
}

/// What serde calls a type that it expected.
fn kind(expected: &str) -> &str {
    match expected {
        "i8" | "i16" | "i32" | "i64" | "isize" | "u8" | "u16" | "u32" | "u64" | "usize" => {
            "a whole number"
        }
        "f32" | "f64" => "a number",
        "a string" | "a borrowed string" => "a text",
        "a boolean" => "true or false",
        "a sequence" => "an array",
        "a map" => "an object",
        "string or map" => "a text or an object",
        _ if expected.starts_with("struct ") || expected.contains("tagged enum ") => "an object",
        _ if expected.starts_with("enum ") => "a text or an object",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_probably_meant_is_said() {
        let known = "`image`, `cpus`, `memoryMiB`, `env`, `name`, `user`, `ports`, `mounts`, `labels`";
        let words = |name: &str| in_words(&format!("unknown field `{name}`, expected one of {known}"), false);
        assert_eq!(words("memory"), "there is no such option; did you mean memoryMiB?");
        assert_eq!(words("memoryMib"), "there is no such option; did you mean memoryMiB?");
        assert_eq!(words("iamge"), "there is no such option; did you mean image?");
        assert_eq!(words("cpu"), "there is no such option; did you mean cpus?");
        assert_eq!(words("volume"), "there is no such option");
        assert_eq!(words("x"), "there is no such option");
    }

    #[test]
    fn few_names_are_listed() {
        assert_eq!(
            in_words("unknown field `name`, expected `path` or `digest`", false),
            "there is no such option; there are path and digest"
        );
        assert_eq!(
            in_words("unknown variant `tpc`, expected `tcp` or `udp`", false),
            "tpc is none of its values; did you mean tcp?"
        );
    }

    #[test]
    fn types_are_called_as_in_javascript() {
        for (reason, words) in [
            ("invalid type: string \"two\", expected u8", "it is the text \"two\", and has to be a whole number"),
            ("invalid type: map, expected a sequence", "it is an object, and has to be an array"),
            ("invalid type: integer `5`, expected struct SecretOptions", "it is the number 5, and has to be an object"),
            ("invalid type: floating point `1.5`, expected i64", "it is the number 1.5, and has to be a whole number"),
            ("invalid type: boolean `true`, expected internally tagged enum Mount", "it is true, and has to be an object"),
            ("invalid type: null, expected a string", "it is null, and has to be a text"),
            ("missing field `image`", "it is missing, and has to be given"),
        ] {
            assert_eq!(in_words(reason, false), words);
        }
    }

    #[test]
    fn a_secret_is_not_repeated() {
        for reason in [
            "invalid type: string \"hush, \\\", expected `, hush\", expected struct SecretOptions",
            "invalid type: integer `1234`, expected a string",
            "unknown variant `hush`, expected `block` or `allow`",
            "invalid type: Rust thing `hush`, expected a string",
        ] {
            let words = in_words(reason, true);
            assert!(!words.contains("hush") && !words.contains("1234"), "{words}");
        }
    }
}
