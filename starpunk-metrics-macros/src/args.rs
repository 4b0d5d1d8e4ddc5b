//! The syntax of the arguments, and what they may not be together. What they mean for a function is `function.rs`' business.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Error, Expr, Ident, Lit, LitStr, Path, Result, Token};

use crate::annotate::Kind;
use crate::block::FROM_BLOCK;
use crate::errors::{Errors, skip_argument};
use crate::field::{Field, parse_fields};
use crate::function::Function;
use crate::signature;

const KNOWN: &str = "the arguments are `\"name\"`, `fields(..)`, `ok_fields(..)`, `ok_if`, `err_if`, `err_class`, \
                     `forced`, `sample`, `slow`, `table`, `skip` and `crate`";

/// The longest name an operation may have, in bytes: it is a label.
const MAX_NAME_BYTES: usize = 128;

/// What an annotation was given.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) name: Option<LitStr>,
    pub(crate) fields: Vec<Field>,
    pub(crate) ok_fields: Vec<Field>,
    pub(crate) verdict: Option<Verdict>,
    /// Names an error.
    pub(crate) err_class: Option<Expr>,
    pub(crate) keep: Option<Keep>,
    pub(crate) slow: Option<Duration>,
    pub(crate) table: Option<LitStr>,
    /// Leaves the function as it is.
    pub(crate) skip: bool,
    /// Where the library is.
    pub(crate) library: Option<Path>,
    /// Whether a block has handed it on.
    pub(crate) is_from_block: bool,
    /// The words that were given, in order, to speak of them.
    given: Vec<Ident>,
}

/// A function of the application that decides about the output.
pub(crate) enum Verdict {
    /// It is well if this says so.
    OkIf(Expr),
    /// It is an error if this says so.
    ErrIf(Expr),
}

/// Which records of ordinary calls are kept, if the configuration is not to decide.
pub(crate) enum Keep {
    All,
    Share(f64),
}

impl Args {
    /// Parses all of them. Several mistakes make one error.
    pub(crate) fn parse(kind: Kind, input: ParseStream<'_>) -> Result<Self> {
        let mut args = Self::default();
        let mut errors = Errors::default();
        while !input.is_empty() {
            if let Err(error) = args.parse_one(kind, input) {
                errors.push(error);
                skip_argument(input)?;
            }
            if input.is_empty() {
                break;
            }
            if input.parse::<Token![,]>().is_err() {
                errors.push(input.error("expected a comma before the next argument"));
                skip_argument(input)?;
                input.parse::<Option<Token![,]>>()?;
            }
        }
        args.check(&mut errors);
        errors.finish()?;
        Ok(args)
    }

    fn parse_one(&mut self, kind: Kind, input: ParseStream<'_>) -> Result<()> {
        if input.peek(LitStr) {
            let name = input.parse()?;
            return self.set_name(name);
        }
        if !input.peek(Ident::peek_any) {
            return Err(input.error(format!("unexpected argument; {KNOWN}")));
        }
        let key = input.call(Ident::parse_any)?;
        let word = key.to_string();
        if word != "name" && self.given.contains(&key) {
            let message = format!("`{word}` is given twice; leave one out");
            return Err(Error::new(key.span(), message));
        }
        match word.as_str() {
            "name" => {
                let name = string(&key, input, "name = \"note_created\"")?;
                self.set_name(name)?;
            }
            "fields" => self.fields = parse_fields(&key, input, &self.ok_fields)?,
            "ok_fields" => self.ok_fields = parse_fields(&key, input, &self.fields)?,
            "ok_if" => {
                let decides = function(&key, input, "ok_if = Option::is_some")?;
                self.verdict = Some(Verdict::OkIf(decides));
            }
            "err_if" => {
                let decides = function(&key, input, "err_if = Option::is_none")?;
                self.verdict = Some(Verdict::ErrIf(decides));
            }
            "err_class" => {
                self.err_class = Some(function(&key, input, "err_class = MyError::class")?);
            }
            "forced" => {
                flag(&key, input)?;
                self.keep = Some(Keep::All);
            }
            "sample" => self.keep = Some(Keep::Share(share(&key, input)?)),
            "slow" => {
                let text = string(&key, input, "slow = \"50ms\"")?;
                self.slow = Some(parse_duration(&text)?);
            }
            "table" => self.table = Some(table(kind, &key, input)?),
            "skip" => {
                flag(&key, input)?;
                self.skip = true;
            }
            "crate" => self.library = Some(library(&key, input)?),
            FROM_BLOCK => {
                self.is_from_block = true;
                return Ok(());
            }
            other => {
                let message = format!("unknown argument `{other}`; {KNOWN}");
                return Err(Error::new(key.span(), message));
            }
        }
        self.given.push(key);
        Ok(())
    }

    /// What may not be together.
    fn check(&self, errors: &mut Errors) {
        let given = |word: &str| self.given.iter().find(|key| *key == word);
        let mut exclude = |one: &str, other: &str, message: &str| {
            if let (Some(one), Some(other)) = (given(one), given(other)) {
                let first_is_one = self.given.iter().position(|key| key == one)
                    < self.given.iter().position(|key| key == other);
                let second = if first_is_one { other } else { one };
                errors.push(Error::new(second.span(), message));
            }
        };
        exclude(
            "forced",
            "sample",
            "`forced` keeps every record and `sample` a share of them; leave one out",
        );
        exclude(
            "ok_if",
            "err_if",
            "`ok_if` and `err_if` decide the same; leave one out",
        );
        if let Some(skip) = given("skip")
            && (self.given.len() > 1 || self.name.is_some())
        {
            errors.push(Error::new(
                skip.span(),
                "`skip` leaves the function as it is; write it alone, or leave it out",
            ));
        }
    }

    /// What a function alone can have: in a block each function has its own.
    pub(crate) fn check_for_block(&self) -> Result<()> {
        let mut errors = Errors::default();
        if let Some(name) = &self.name {
            errors.push(Error::new(
                name.span(),
                "a name is for one function: here each has its own; write it on the function",
            ));
        }
        for key in &self.given {
            if key == "fields" || key == "ok_fields" {
                let message = format!("`{key}` are of one function; write them on it");
                errors.push(Error::new(key.span(), message));
            }
        }
        errors.finish()
    }

    /// What one function cannot have, because of what it is.
    pub(crate) fn check_for_function(&self, function: &Function) -> Result<()> {
        let mut errors = Errors::default();
        // What a block hands on is for those of its functions that it fits.
        if signature::never_returns(&function.signature) && !self.is_from_block {
            for key in &self.given {
                if ["ok_fields", "ok_if", "err_if", "err_class"].contains(&&*key.to_string()) {
                    let message =
                        format!("a function that never returns has no output; leave `{key}` out");
                    errors.push(Error::new(key.span(), message));
                }
            }
        }
        errors.finish()
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
}

/// The `=` after a key.
fn equals(key: &Ident, input: ParseStream<'_>, example: &str) -> Result<()> {
    match input.parse::<Token![=]>() {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::new(key.span(), format!("write `{example}`"))),
    }
}

/// The string after `key =`.
fn string(key: &Ident, input: ParseStream<'_>, example: &str) -> Result<LitStr> {
    equals(key, input, example)?;
    let at = span_of_value(key, input);
    input
        .parse()
        .map_err(|_| Error::new(at, format!("write `{example}`")))
}

/// Where the value after `key =` stands, or should.
fn span_of_value(key: &Ident, input: ParseStream<'_>) -> Span {
    if input.is_empty() {
        key.span()
    } else {
        input.span()
    }
}

/// The path or closure after `key =`.
fn function(key: &Ident, input: ParseStream<'_>, example: &str) -> Result<Expr> {
    equals(key, input, example)?;
    let at = span_of_value(key, input);
    let value: Expr = input
        .parse()
        .map_err(|_| Error::new(at, format!("write a function: `{example}`")))?;
    match value {
        Expr::Lit(literal) => Err(Error::new_spanned(
            literal,
            format!("write a function: `{example}`"),
        )),
        value => Ok(value),
    }
}

/// A word that stands alone.
fn flag(key: &Ident, input: ParseStream<'_>) -> Result<()> {
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(());
    }
    Err(input.error(format!("`{key}` takes no value; write it alone")))
}

fn share(key: &Ident, input: ParseStream<'_>) -> Result<f64> {
    const EXPECTED: &str = "write a share from 0 to 1: `sample = 0.1`";
    equals(key, input, "sample = 0.1")?;
    let span = span_of_value(key, input);
    let wrong = |span: Span| Error::new(span, EXPECTED);
    let literal: Lit = input.parse().map_err(|_| wrong(span))?;
    let share: f64 = match &literal {
        Lit::Float(number) if number.suffix().is_empty() => number.base10_parse()?,
        Lit::Int(number) if number.suffix().is_empty() => number.base10_parse()?,
        _ => return Err(wrong(literal.span())),
    };
    if (0.0..=1.0).contains(&share) {
        Ok(share)
    } else {
        Err(wrong(literal.span()))
    }
}

fn table(kind: Kind, key: &Ident, input: ParseStream<'_>) -> Result<LitStr> {
    if kind == Kind::Business {
        return Err(Error::new(
            key.span(),
            "`table` is for `#[monitored_query]`; leave it out, or use that attribute",
        ));
    }
    let name = string(key, input, "table = \"notes\"")?;
    let text = name.value();
    if text.trim().is_empty() || text.len() > MAX_NAME_BYTES || text.chars().any(char::is_control) {
        return Err(Error::new(
            name.span(),
            "a table is a label: write its name, within 128 bytes",
        ));
    }
    Ok(name)
}

fn library(key: &Ident, input: ParseStream<'_>) -> Result<Path> {
    const EXAMPLE: &str = "crate = my_crate::metrics";
    equals(key, input, EXAMPLE)?;
    let span = span_of_value(key, input);
    let path = input.call(Path::parse_mod_style);
    path.map_err(|_| Error::new(span, format!("write a path: `{EXAMPLE}`")))
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

/// Parses the tokens between the parentheses of an attribute.
pub(crate) fn parse(kind: Kind, args: TokenStream) -> Result<Args> {
    syn::parse::Parser::parse2(|input: ParseStream<'_>| Args::parse(kind, input), args)
}
