//! Refusals of options, with the path of the key.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde_json::json;

use crate::error::{Error, ErrorCode};

/// The largest whole number that JavaScript counts exactly to.
pub const MAX_SAFE_INTEGER: i64 = (1 << 53) - 1;

/// Refuses an option, saying why.
pub fn invalid(path: &str, reason: impl Display) -> Error {
    refusal(path, format!("Cannot use option {path}: {reason}"))
}

/// Refuses an option with a message of its own. Every `invalid-option` is made
/// here, so that none is without its path.
pub fn refusal(path: &str, message: impl Into<String>) -> Error {
    Error::new(ErrorCode::InvalidOption, message).with_details(json!({ "path": path }))
}

/// Refuses a number outside of its range.
pub fn out_of_range(path: &str, value: impl Display, range: &str) -> Error {
    Error::new(
        ErrorCode::OptionOutOfRange,
        format!("Cannot use {value} as {path}: it has to be {range}"),
    )
    .with_details(json!({ "path": path }))
}

/// The number as the type that the core takes, if it is in range.
pub fn in_range<T: TryFrom<i64>>(
    path: &str,
    value: i64,
    range: RangeInclusive<i64>,
) -> Result<T, Error> {
    match T::try_from(value) {
        Ok(number) if range.contains(&value) => Ok(number),
        _ => {
            let (first, last) = range.into_inner();
            Err(out_of_range(path, value, &format!("from {first} to {last}")))
        }
    }
}

/// A port that can be connected to.
pub fn port(path: &str, value: i64) -> Result<u16, Error> {
    in_range(path, value, 1..=u16::MAX.into())
}

/// The text as the type that the core takes.
pub fn parsed<T: FromStr<Err: Display>>(path: &str, text: &str, what: &str) -> Result<T, Error> {
    text.parse().map_err(|error| invalid(path, format!("{text:?} is no {what} ({error})")))
}

/// A number of another type, from 1 to that type's `maximum`.
pub fn ranged<T: TryFrom<i64> + Into<u32>>(path: &str, value: i64, maximum: T) -> Result<T, Error> {
    let range = format!("from 1 to {}", maximum.into());
    match T::try_from(value) {
        Ok(number) if value > 0 => Ok(number),
        _ => Err(out_of_range(path, value, &range)),
    }
}
