//! Options with a short form besides the full one: a word or a number where an
//! object would say more.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

/// What was given.
pub enum Form<Short, Full> {
    /// A word, a number or a boolean.
    Short(Short),
    /// An object.
    Full(Full),
}

/// Reads either form. serde can do this too, but then forgets which key of the
/// object was wrong.
pub fn read<'de, D, Short, Full>(
    deserializer: D,
    expected: &'static str,
) -> Result<Form<Short, Full>, D::Error>
where
    D: Deserializer<'de>,
    Short: Deserialize<'de>,
    Full: Deserialize<'de>,
{
    deserializer.deserialize_any(FormVisitor { expected, forms: PhantomData })
}

struct FormVisitor<Short, Full> {
    expected: &'static str,
    forms: PhantomData<(Short, Full)>,
}

impl<'de, Short: Deserialize<'de>, Full: Deserialize<'de>> Visitor<'de> for FormVisitor<Short, Full> {
    type Value = Form<Short, Full>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.expected)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Short::deserialize(value.into_deserializer()).map(Form::Short)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Short::deserialize(value.into_deserializer()).map(Form::Short)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Short::deserialize(value.into_deserializer()).map(Form::Short)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        Short::deserialize(value.into_deserializer()).map(Form::Short)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Full::deserialize(MapAccessDeserializer::new(map)).map(Form::Full)
    }
}

/// Implements `Deserialize` for an enum of a short and a full form.
macro_rules! forms {
    ($name:ident, $short:ident, $full:ident, $expected:literal) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(match $crate::options::form::read(deserializer, $expected)? {
                    $crate::options::form::Form::Short(short) => Self::$short(short),
                    $crate::options::form::Form::Full(full) => Self::$full(full),
                })
            }
        }
    };
}

/// Declares that an enum of ours and one of the core's have the same variants.
macro_rules! mirror {
    ($ours:ident = $core:ty { $($variant:ident)* }) => {
        impl From<$ours> for $core {
            fn from(value: $ours) -> Self {
                type Core = $core;
                match value {
                    $($ours::$variant => Core::$variant,)*
                }
            }
        }

        impl From<$core> for $ours {
            fn from(value: $core) -> Self {
                type Core = $core;
                match value {
                    $(Core::$variant => Self::$variant,)*
                }
            }
        }
    };
}

pub(crate) use {forms, mirror};

/// A value as an option, unless it is the default.
pub fn changed<T: PartialEq>(value: T, default: T) -> Option<T> {
    (value != default).then_some(value)
}

/// Options, unless they say nothing.
pub fn given<T: Default + Serialize>(options: T) -> Option<T> {
    let nothing = serde_json::to_value(T::default()).ok();
    (serde_json::to_value(&options).ok() != nothing).then_some(options)
}
