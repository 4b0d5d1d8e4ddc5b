//! Which facts are in a record, and when they are asked for.

use std::cell::Cell;
use std::sync::{Mutex, MutexGuard};

use starpunk_metrics::{Value, monitored_query, track_business};
use starpunk_metrics_tests::{config, only, pipeline, ready};

thread_local! {
    static ASKED: Cell<u32> = const { Cell::new(0) };
}

fn ask(value: u64) -> u64 {
    ASKED.set(ASKED.get() + 1);
    value
}

struct Shown;

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("shown")
    }
}

#[monitored_query("asks", fields(value = ask(*value)), ok_fields(half = ask(*ret / 2)))]
fn asks(value: &u64, fails: bool) -> Result<u64, &'static str> {
    if fails { Err("on purpose") } else { Ok(*value) }
}

#[monitored_query("asks later", fields(value = ask(value)), ok_fields(half = ask(*ret / 2)))]
async fn asks_later(value: u64, fails: bool) -> Result<u64, &'static str> {
    if fails { Err("on purpose") } else { Ok(value) }
}

#[track_business("uses up", fields(length = text.len(), first = ?numbers.first(), it = %Shown))]
fn uses_up(text: String, numbers: &mut Vec<u8>) -> usize {
    numbers.clear();
    text.into_bytes().len()
}

#[track_business("changes", fields(by_format = %format_args!("{count}!")))]
fn changes(mut count: u8) -> u8 {
    count += 1;
    count
}

struct Store(u8);

impl Store {
    #[track_business("of self", fields(size = self.0), ok_fields(size_after = *ret, unit = ?()))]
    fn add(&mut self, more: u8) -> u8 {
        self.0 += more;
        self.0
    }

    #[track_business("used up", fields(size = self.0))]
    fn into_size(self) -> u8 {
        self.0
    }
}

#[track_business("panics", fields(one = panic_in_a_field(), two = 2))]
fn panics_in_a_field() -> u8 {
    7
}

#[track_business("panics after", fields(one = text.len()), ok_fields(two = panic_in_a_field()))]
fn panics_after(text: &str) -> usize {
    text.len()
}

fn panic_in_a_field() -> u8 {
    panic!("on purpose")
}

#[track_business("cut", fields(text = %text, debugged = ?text))]
fn cut(text: &str) -> usize {
    text.len()
}

#[track_business("raw", fields(r#type = r#type), ok_fields(r#match = ret.is_empty()))]
fn raw(r#type: &str) -> String {
    r#type.to_owned()
}

#[track_business("by hand", fields(length = text.len()), ok_fields(half = *ret / 2))]
fn by_hand(text: &str) -> impl Future<Output = usize> + use<> {
    let length = text.len();
    async move { length }
}

#[track_business("boxed", fields(length = text.len()), ok_fields(half = *ret / 2))]
fn boxed(text: String) -> std::pin::Pin<Box<dyn Future<Output = usize> + Send>> {
    Box::pin(async move { text.len() })
}

type BoxFut<T> = std::pin::Pin<Box<dyn Future<Output = T> + Send>>;

#[track_business("by alias", fields(length = text.len()), ok_fields(half = *ret / 2))]
fn by_alias(text: String) -> BoxFut<usize> {
    Box::pin(async move { text.len() })
}

#[track_caller]
#[track_business("made in place", fields(length = text.len()), ok_fields(half = *ret / 2))]
fn made_in_place(text: &str) -> impl Future<Output = usize> + use<> {
    std::future::ready(text.len())
}

#[track_caller]
#[track_business("by alias in place", fields(length = text.len()), ok_fields(half = *ret / 2))]
fn by_alias_in_place(text: &str) -> BoxFut<usize> {
    Box::pin(std::future::ready(text.len()))
}

#[track_caller]
#[track_business("in place", fields(length = text.len()), ok_fields(half = *ret / 2))]
fn in_place(text: &str) -> Result<usize, std::fmt::Error> {
    if text.is_empty() {
        return Err(std::fmt::Error);
    }
    Ok(text.len())
}

macro_rules! shown {
    ($name:ident, $value:expr) => {
        #[track_business("shown", fields(sum = %$value, cast = %1_u8 as char, same = ?1 + 1 == 2))]
        fn $name() {}
    };
}

shown!(shown, 1 + 1);

#[track_business("captured", ok_fields(text = %format_args!("{ret}!"), none = "{{ret}} {retry}", length = format!("{ret:?}").len()))]
fn captured() -> u8 {
    7
}

struct Permit(#[allow(dead_code)] MutexGuard<'static, u8>);

#[track_business("permitted", fields(number = *number.lock().unwrap()))]
fn permit(number: &'static Mutex<u8>) -> Permit {
    Permit(number.lock().unwrap())
}

#[track_business("counted", fields(before = number.get()))]
fn count(number: &Cell<u8>) -> u8 {
    number.set(number.get() + 1);
    number.get()
}

#[track_business("locked", fields(number = *number.lock().unwrap()))]
fn lock(number: &Mutex<u8>) -> MutexGuard<'_, u8> {
    number.lock().unwrap()
}

#[test]
fn a_value_is_an_expression_of_any_kind() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    shown();
    captured();
    let all = metrics.metrics();
    assert_eq!(all[0].fields["sum"], "2");
    assert_eq!(all[0].fields["cast"], "\u{1}");
    assert_eq!(all[0].fields["same"], "true");
    assert_eq!(all[1].fields["text"], "7!");
    assert_eq!(all[1].fields["length"], 1);
}

#[test]
fn a_field_does_not_wait_for_a_lock_that_the_output_holds() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let number = Mutex::new(7);
    assert_eq!(*lock(&number), 7);
    assert_eq!(only(&metrics).fields["number"], 7);
    drop(permit(Box::leak(Box::new(number))));
    assert_eq!(metrics.metrics()[1].fields["number"], 7);
}

#[test]
fn a_field_tells_what_was_behind_a_reference_before_the_call() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    assert_eq!(count(&Cell::new(1)), 2);
    assert_eq!(only(&metrics).fields["before"], 1);
}

#[test]
fn fields_are_not_evaluated_for_a_record_that_is_not_kept() {
    let metrics = pipeline(config().sampling_rate(0.0));
    let _entered = metrics.enter();
    assert_eq!(asks(&4, false), Ok(4));
    assert_eq!(ready(asks_later(4, false)), Ok(4));
    assert_eq!(ASKED.get(), 0);
    assert!(metrics.metrics().is_empty());
    assert_eq!(metrics.stats().total_count, 2);
}

#[test]
fn fields_are_in_the_record_that_is_kept_because_it_failed() {
    let metrics = pipeline(config().sampling_rate(0.0));
    let _entered = metrics.enter();
    asks(&4, true).unwrap_err();
    ready(asks_later(4, true)).unwrap_err();
    assert_eq!(ASKED.get(), 2);
    for metric in metrics.metrics() {
        assert_eq!(metric.fields["value"], 4);
        assert_eq!(metric.fields.get("half"), None);
    }
}

#[test]
fn fields_of_an_output_are_read_where_it_succeeded() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    assert_eq!(asks(&4, false), Ok(4));
    assert_eq!(ready(asks_later(4, false)), Ok(4));
    assert_eq!(ASKED.get(), 4);
    for metric in metrics.metrics() {
        assert_eq!(metric.fields["value"], 4);
        assert_eq!(metric.fields["half"], 2);
    }
}

#[test]
fn fields_without_a_pipeline_are_not_asked_for() {
    // This thread reports nowhere; another test's pipeline may be alive.
    assert_eq!(asks(&4, false), Ok(4));
    assert_eq!(ASKED.get(), 0);
}

#[test]
fn fields_tell_of_arguments_that_the_body_uses_up() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    assert_eq!(uses_up("four".to_owned(), &mut vec![5, 6]), 4);
    let metric = only(&metrics);
    assert_eq!(metric.fields["length"], 4);
    assert_eq!(metric.fields["first"], "Some(5)");
    assert_eq!(metric.fields["it"], "shown");
}

#[test]
fn fields_tell_of_arguments_as_they_were_given() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    assert_eq!(changes(1), 2);
    assert_eq!(only(&metrics).fields["by_format"], "1!");
}

#[test]
fn fields_tell_of_self_before_the_call_and_of_the_output_after_it() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let mut store = Store(1);
    assert_eq!(store.add(2), 3);
    assert_eq!(store.into_size(), 3);
    let all = metrics.metrics();
    assert_eq!(all[0].fields["size"], 1);
    assert_eq!(all[0].fields["size_after"], 3);
    assert_eq!(all[0].fields["unit"], "()");
    assert_eq!(all[1].fields["size"], 3);
}

#[test]
fn a_panic_in_a_field_leaves_the_call_and_the_other_fields_alone() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    assert_eq!(panics_in_a_field(), 7);
    assert_eq!(panics_after("four"), 4);
    let all = metrics.metrics();
    assert!(all.iter().all(|metric| metric.outcome.is_ok()));
    assert!(all[0].fields.is_empty());
    assert_eq!(all[1].fields["one"], 4);
}

#[test]
fn a_long_text_is_cut() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    cut(&"x".repeat(100_000));
    let metric = only(&metrics);
    for name in ["text", "debugged"] {
        let Value::Text(text) = &metric.fields[name] else {
            panic!("text is text");
        };
        assert_eq!(text.len(), Value::MAX_TEXT_BYTES);
    }
}

#[test]
fn a_raw_identifier_is_a_name_without_its_mark() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    raw("note");
    let metric = only(&metrics);
    assert_eq!(metric.fields["type"], "note");
    assert_eq!(metric.fields["match"], false);
}

#[test]
fn every_way_to_return_has_its_fields() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    ready(by_hand("four"));
    ready(boxed("four".to_owned()));
    ready(by_alias("four".to_owned()));
    ready(made_in_place("four"));
    ready(by_alias_in_place("four"));
    in_place("four").unwrap();
    for metric in metrics.metrics() {
        assert_eq!(metric.fields["length"], 4, "{metric:?}");
        assert_eq!(metric.fields["half"], 2, "{metric:?}");
    }
    assert_eq!(metrics.stats().total_count, 6);
}

#[test]
fn what_left_early_has_the_fields_of_its_arguments() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    in_place("").unwrap_err();
    let metric = only(&metrics);
    assert_eq!(metric.fields["length"], 0);
    assert_eq!(metric.fields.get("half"), None);
    assert_eq!(metric.outcome.to_string(), "error(Error)");
}
