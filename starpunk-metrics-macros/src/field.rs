//! The syntax of `fields(..)` and `ok_fields(..)`.

use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, Ident, Result, Token, parenthesized};

use crate::errors::{Errors, skip_argument};

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

/// The fields after the word `list`; `others` are those of the other list.
pub(crate) fn parse_fields(
    list: &Ident,
    input: ParseStream<'_>,
    others: &[Field],
) -> Result<Vec<Field>> {
    if !input.peek(syn::token::Paren) {
        let message = format!("write `{list}(key = value, ..)`");
        return Err(Error::new(list.span(), message));
    }
    let content;
    parenthesized!(content in input);
    let mut fields: Vec<Field> = Vec::new();
    let mut errors = Errors::default();
    while !content.is_empty() {
        match content.parse::<Field>() {
            Ok(field) => {
                let mut known = fields.iter().chain(others);
                if known.any(|known| known.key.unraw() == field.key.unraw()) {
                    let message =
                        format!("the field `{}` is given twice; leave one out", field.key);
                    errors.push(Error::new(field.key.span(), message));
                }
                fields.push(field);
            }
            Err(error) => {
                errors.push(error);
                skip_argument(&content)?;
            }
        }
        if content.is_empty() {
            break;
        }
        if content.parse::<Token![,]>().is_err() {
            errors.push(content.error("expected a comma before the next field"));
            skip_argument(&content)?;
            content.parse::<Option<Token![,]>>()?;
        }
    }
    errors.finish()?;
    Ok(fields)
}

impl Parse for Field {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let key: Ident = input
            .parse()
            .map_err(|error| Error::new(error.span(), "a field has a name: write `key = value`"))?;
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
        if input.is_empty() || input.peek(Token![,]) {
            let message = format!("a field needs a value: write `{key} = ..`");
            return Err(Error::new(key.span(), message));
        }
        Ok(Self {
            key,
            format,
            value: input.parse()?,
        })
    }
}
