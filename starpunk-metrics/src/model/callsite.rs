//! One annotated place in the program: static, named once, and counted by its index.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::model::operation::OperationType;
use crate::model::sampling::SamplingRate;

/// What an annotation asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallKind {
    /// A business operation: every call is kept.
    Business,
    /// A query: it names the statements inside it, and counts as an operation itself only where there were none.
    Query,
}

/// One annotated function, or one helper of the library; always a `static`.
#[derive(Debug)]
pub struct Callsite {
    kind: CallKind,
    source: fn() -> &'static str,
    name: OnceLock<Box<str>>,
    index: AtomicU32,
    /// The class of its first error, and of nearly every other: those need not carry it.
    usual_class: OnceLock<&'static str>,
    slow_nanos: u64,
    forced: bool,
    /// Each call is an operation, and its record is kept.
    plain: bool,
    sampling: Option<SamplingRate>,
    table: Option<&'static str>,
}

impl Callsite {
    /// Describes a place whose name is what `source` returns: a literal, or the `type_name` of an item inside the
    /// function, from which generics and the last segment are stripped.
    pub const fn new(kind: CallKind, source: fn() -> &'static str) -> Self {
        Self {
            kind,
            source,
            name: OnceLock::new(),
            index: AtomicU32::new(0),
            usual_class: OnceLock::new(),
            slow_nanos: 0,
            forced: matches!(kind, CallKind::Business),
            plain: matches!(kind, CallKind::Business),
            sampling: None,
            table: None,
        }
    }

    /// Sets the threshold from which a call counts as slow, in nanoseconds; 0 leaves it to the configuration.
    #[must_use]
    pub const fn slow_above(mut self, nanos: u64) -> Self {
        self.slow_nanos = nanos;
        self
    }

    /// Keeps the record of every call.
    #[must_use]
    pub const fn forced(mut self) -> Self {
        self.forced = true;
        self.plain = matches!(self.kind, CallKind::Business);
        self
    }

    /// Keeps this share of the ordinary records, 0 to 1, whatever the configuration says.
    #[must_use]
    pub const fn sampled(mut self, rate: f64) -> Self {
        self.forced = false;
        self.plain = false;
        self.sampling = Some(SamplingRate::new(rate));
        self
    }

    /// Names the table for the statements inside whose text does not tell it.
    #[must_use]
    pub const fn table(mut self, table: &'static str) -> Self {
        self.table = Some(table);
        self
    }

    #[inline]
    pub(crate) fn kind(&self) -> CallKind {
        self.kind
    }

    pub(crate) fn operation_type(&self) -> OperationType {
        match self.kind {
            CallKind::Business => OperationType::Render,
            CallKind::Query => OperationType::Database,
        }
    }

    #[inline]
    pub(crate) fn is_forced(&self) -> bool {
        self.forced
    }

    /// Whether it is a business operation of which every call is kept.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.plain
    }

    #[inline]
    pub(crate) fn sampling(&self) -> Option<SamplingRate> {
        self.sampling
    }

    pub(crate) fn table_name(&self) -> Option<&'static str> {
        self.table
    }

    #[inline]
    pub(crate) fn slow_nanos(&self) -> Option<u64> {
        (self.slow_nanos > 0).then_some(self.slow_nanos)
    }

    /// The class of an error of this place that carries none.
    pub(crate) fn usual_class(&self) -> Option<&'static str> {
        self.usual_class.get().copied()
    }

    /// Whether this is the class of an error that carries none.
    #[inline]
    pub(crate) fn is_usual_class(&self, class: &'static str) -> bool {
        let usual = *self.usual_class.get_or_init(|| class);
        std::ptr::eq(usual, class) || usual == class
    }

    /// The name under which it is counted; made at the first call, off the caller's thread.
    pub(crate) fn name(&self) -> &str {
        self.name
            .get_or_init(|| clean_name((self.source)()).into_boxed_str())
    }

    /// A small number that only this place has, so that series are found without a hash.
    #[inline]
    pub(crate) fn index(&self) -> usize {
        // Relaxed: the number guards no other memory.
        match self.index.load(Ordering::Relaxed) {
            0 => self.number(),
            index => index as usize,
        }
    }

    #[cold]
    fn number(&self) -> usize {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let fresh = NEXT.fetch_add(1, Ordering::Relaxed);
        match self
            .index
            .compare_exchange(0, fresh, Ordering::Relaxed, Ordering::Relaxed)
        {
            Ok(_) => fresh as usize,
            Err(other) => other as usize,
        }
    }
}

/// The item that generated code puts inside a function to learn where it stands.
const MARKER: &str = "::__starpunk_name";

/// Turns `blog::db::Store<_>::recent::__starpunk_name` into `blog::db::Store::recent`; a literal stays as it is.
fn clean_name(raw: &str) -> String {
    let Some(path) = raw.strip_suffix(MARKER) else {
        return raw.to_owned();
    };
    let mut path = path.replace("::{{closure}}", "");
    // Under `#[get(..)]` and the like actix moves the function into this method of a type of the same name.
    if path.contains("::HttpServiceFactory>::register::")
        && let Some((handler, _)) = path.split_once(" as ")
    {
        path = handler.trim_start_matches('<').to_owned();
    }
    // `<blog::Db as blog::Store>::get` names the implementing type; `blog::db::<impl blog::Db<u8>>::get` too.
    let mut name = String::with_capacity(path.len());
    let mut rest = path.as_str();
    while let Some(open) = rest.find('<') {
        let Some(length) = matching_bracket(&rest[open..]) else {
            break;
        };
        let inside = &rest[open + 1..open + length];
        if let Some(of) = inside.strip_prefix("impl ") {
            name.clear();
            name.push_str(&subject(of));
        } else if open == 0 {
            name.push_str(&subject(inside));
        } else {
            name.push_str(rest[..open].trim_end_matches("::"));
        }
        rest = &rest[open + length + 1..];
    }
    name.push_str(rest);
    name
}

/// `blog::Db as blog::Store` and `blog::Store for blog::Db` are both about `blog::Db`; where that is any type, about the trait.
fn subject(inside: &str) -> String {
    let inside = without_generics(inside);
    let (of, by) = match inside.split_once(" as ") {
        Some((of, by)) => (of, by),
        None => match inside.rsplit_once(" for ") {
            Some((by, of)) => (of, by),
            None => (&*inside, ""),
        },
    };
    if of == "_" { by } else { of }.to_owned()
}

/// `[blog::Db<u8>; 3]` is `[blog::Db; 3]`.
fn without_generics(name: &str) -> String {
    let mut clean = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(open) = rest.find('<') {
        let Some(length) = matching_bracket(&rest[open..]) else {
            break;
        };
        clean.push_str(rest[..open].trim_end_matches("::"));
        rest = &rest[open + length + 1..];
    }
    clean.push_str(rest);
    clean
}

/// The offset of the `>` that closes the `<` at the start of `text`.
fn matching_bracket(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    let mut before = '<';
    for (at, c) in text.char_indices() {
        match c {
            '<' => depth += 1,
            '>' if before != '-' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
        before = c;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_generics_closures_and_the_marker() {
        for (raw, name) in [
            ("note_created", "note_created"),
            ("blog::db::recent::__starpunk_name", "blog::db::recent"),
            (
                "blog::db::Store<_>::recent::__starpunk_name",
                "blog::db::Store::recent",
            ),
            (
                "blog::db::Store<_>::recent::{{closure}}::__starpunk_name",
                "blog::db::Store::recent",
            ),
            (
                "<blog::Db<_> as blog::Store>::get::__starpunk_name",
                "blog::Db::get",
            ),
            (
                "blog::db::<impl blog::Db<u8>>::get::__starpunk_name",
                "blog::Db::get",
            ),
            (
                "blog::db::<impl blog::Store for blog::Db>::get::__starpunk_name",
                "blog::Db::get",
            ),
            (
                "<[m::G<u8>; 3] as m::Tr>::g::__starpunk_name",
                "[m::G; 3]::g",
            ),
            (
                "<(alloc::vec::Vec<u8>, u8) as m::Tr<T>>::g::__starpunk_name",
                "(alloc::vec::Vec, u8)::g",
            ),
            (
                "<fn(alloc::vec::Vec<u8>) -> u8 as m::Tr>::g::__starpunk_name",
                "fn(alloc::vec::Vec) -> u8::g",
            ),
            ("<_ as m::Tr>::g::__starpunk_name", "m::Tr::g"),
            ("m::<impl m::Tr for _>::g::__starpunk_name", "m::Tr::g"),
            (
                "<blog::index as actix_web::service::HttpServiceFactory>::register::index::__starpunk_name",
                "blog::index",
            ),
            (
                "m::T<fn(u8) -> alloc::vec::Vec<u8>>::go::__starpunk_name",
                "m::T::go",
            ),
        ] {
            assert_eq!(clean_name(raw), name);
        }
    }

    #[test]
    fn each_place_has_an_index_of_its_own_that_stays() {
        static ONE: Callsite = Callsite::new(CallKind::Business, || "one");
        static TWO: Callsite = Callsite::new(CallKind::Query, || "two");
        assert_ne!(ONE.index(), TWO.index());
        assert_eq!(ONE.index(), ONE.index());
    }
}
