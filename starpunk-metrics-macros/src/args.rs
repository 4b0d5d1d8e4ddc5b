//! The syntax of the arguments, and nothing else: what they mean for a function is `function.rs`' business.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, Ident, LitStr, Result, Token, parenthesized};

const KNOWN: &str =
    "write a name in quotes, `name = \"..\"`, `fields(key = value)` or `slow = \"50ms\"`";

/// The longest name an operation may have, in bytes: it is a label.
const MAX_NAME_BYTES: usize = 128;

/// What an annotation was given.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) name: Option<LitStr>,
    pub(crate) fields: Vec<Field>,
    pub(crate) slow: Option<Duration>,
}

/// `key = value`, `key = %value` or `key = ?value`.
pub(crate) struct Field {
    pub(crate) key: Ident,
    pub(crate) format: Format,
    pub(crate) value: Expr,
}

/// How a value becomes one of a record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// By `Into<Value>`.
    Value,
    /// By `Display`.
    Display,
    /// By `Debug`.
    Debug,
}

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut args = Self::default();
        let mut errors = Errors::default();
        while !input.is_empty() {
            errors.collect(args.parse_one(input));
            if input.is_empty() {
                break;
            }
            if input.parse::<Token![,]>().is_err() {
                errors.collect(Err(input.error(format!("expected a comma; {KNOWN}"))));
                // What follows cannot be told apart any more.
                input.parse::<TokenStream>()?;
            }
        }
        errors.finish()?;
        Ok(args)
    }
}

impl Args {
    fn parse_one(&mut self, input: ParseStream<'_>) -> Result<()> {
        if input.peek(syn::LitStr) {
            return self.set_name(input.parse()?);
        }
        if !input.peek(syn::Ident) {
            let at = input.error(format!("unexpected argument; {KNOWN}"));
            skip_argument(input)?;
            return Err(at);
        }
        let key: Ident = input.parse()?;
        match key.to_string().as_str() {
            "name" => {
                let name = value_of(&key, input, "name = \"note_created\"")?;
                self.set_name(name)
            }
            "slow" => {
                let text = value_of(&key, input, "slow = \"50ms\"")?;
                if self.slow.replace(parse_duration(&text)?).is_some() {
                    return Err(Error::new(
                        key.span(),
                        "`slow` is given twice; leave one out",
                    ));
                }
                Ok(())
            }
            "fields" => self.parse_fields(&key, input),
            other => {
                let error = Error::new(key.span(), format!("unknown argument `{other}`; {KNOWN}"));
                skip_argument(input)?;
                Err(error)
            }
        }
    }

    fn set_name(&mut self, name: LitStr) -> Result<()> {
        let text = name.value();
        let error = if text.trim().is_empty() {
            "a name must not be empty; leave it out to use the function's own"
        } else if text.len() > MAX_NAME_BYTES {
            "a name is a label: keep it within 128 bytes"
        } else if text.chars().any(char::is_control) {
            "a name is a label: leave out control characters"
        } else if self.name.is_some() {
            "the name is given twice; leave one out"
        } else {
            self.name = Some(name);
            return Ok(());
        };
        Err(Error::new(name.span(), error))
    }

    fn parse_fields(&mut self, key: &Ident, input: ParseStream<'_>) -> Result<()> {
        if !input.peek(syn::token::Paren) {
            let error = Error::new(key.span(), "write `fields(key = value, ..)`");
            skip_argument(input)?;
            return Err(error);
        }
        let content;
        parenthesized!(content in input);
        for field in Punctuated::<Field, Token![,]>::parse_terminated(&content)? {
            if self.fields.iter().any(|known| known.key == field.key) {
                let message = format!("the field `{}` is given twice; leave one out", field.key);
                return Err(Error::new(field.key.span(), message));
            }
            self.fields.push(field);
        }
        Ok(())
    }
}

impl Parse for Field {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let key: Ident = input.parse()?;
        if input.parse::<Token![=]>().is_err() {
            let message = format!("a field needs a value: write `{key} = ..`");
            return Err(Error::new(key.span(), message));
        }
        let format = if input.parse::<Option<Token![%]>>()?.is_some() {
            Format::Display
        } else if input.parse::<Option<Token![?]>>()?.is_some() {
            Format::Debug
        } else {
            Format::Value
        };
        Ok(Self {
            key,
            format,
            value: input.parse()?,
        })
    }
}

/// The string after `key =`.
fn value_of(key: &Ident, input: ParseStream<'_>, example: &str) -> Result<LitStr> {
    let wrong = |span: Span| Error::new(span, format!("write `{example}`"));
    if input.parse::<Token![=]>().is_err() {
        let error = wrong(key.span());
        skip_argument(input)?;
        return Err(error);
    }
    if input.peek(syn::LitStr) {
        return input.parse();
    }
    let error = wrong(input.span());
    skip_argument(input)?;
    Err(error)
}

/// Goes on to the next comma, so that one mistake gives one message.
fn skip_argument(input: ParseStream<'_>) -> Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<proc_macro2::TokenTree>()?;
    }
    Ok(())
}

/// Reads `50ms`, `1.5s`, `200us` or `2m`.
fn parse_duration(text: &LitStr) -> Result<Duration> {
    let value = text.value();
    let wrong = || {
        Error::new(
            text.span(),
            "a duration is a number above 0 and `ns`, `us`, `ms`, `s` or `m`: write `\"50ms\"`",
        )
    };
    let unit_at = value
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .ok_or_else(wrong)?;
    let (number, unit) = value.split_at(unit_at);
    let nanos_per_unit = match unit.trim() {
        "ns" => 1.0,
        "us" | "µs" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        "m" => 60e9,
        _ => return Err(wrong()),
    };
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let duration =
        Duration::try_from_secs_f64(number * nanos_per_unit / 1e9).map_err(|_| wrong())?;
    if duration.is_zero() || u64::try_from(duration.as_nanos()).is_err() {
        return Err(wrong());
    }
    Ok(duration)
}

/// Several mistakes are told at once.
#[derive(Default)]
struct Errors(Option<Error>);

impl Errors {
    fn collect(&mut self, result: Result<()>) {
        if let Err(error) = result {
            match &mut self.0 {
                Some(all) => all.combine(error),
                none => *none = Some(error),
            }
        }
    }

    fn finish(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}
