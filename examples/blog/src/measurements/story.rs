//! The whole story of one request, as a page: its spans on a line of time.

use std::time::Duration;

use askama::Template;
use starpunk_metrics::{RequestTrace, TraceSpan};

use crate::measurements::requests::reasons;
use crate::measurements::{milliseconds, moment};
use crate::search::MAX_QUERY_CHARS;
use crate::views::{SITE_DESCRIPTION, SITE_TITLE};

/// The least width of a bar, in hundredths of the whole, so that it can be seen.
const LEAST_WIDTH: f64 = 0.5;

/// One request and what was done for it.
#[derive(Debug, Template)]
#[template(path = "story.html")]
pub(super) struct StoryPage<'a> {
    trace: &'a RequestTrace,
    /// Until the head of the response; of none, where there never was one.
    head: Option<Bar>,
    whole: Bar,
    steps: Vec<Step>,
}

/// One statement or function of it.
#[derive(Debug)]
struct Step {
    span: TraceSpan,
    bar: Bar,
}

/// Where something is on the line of time, in hundredths of it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bar {
    x: f64,
    width: f64,
}

impl<'a> StoryPage<'a> {
    pub(super) fn of(trace: &'a RequestTrace) -> Self {
        let spans = trace.spans();
        // What outlived the request makes the line longer.
        let ends = spans.iter().map(|span| span.offset + span.duration);
        let line = ends.fold(trace.duration(), Duration::max);
        let steps = spans.into_iter().map(|span| Step {
            bar: Bar::on(line, span.offset, span.duration),
            span,
        });
        Self {
            trace,
            head: trace.head().map(|head| Bar::on(line, Duration::ZERO, head)),
            whole: Bar::on(line, Duration::ZERO, trace.duration()),
            steps: steps.collect(),
        }
    }

    /// The milliseconds until the head of the response.
    fn head_after(&self) -> Option<String> {
        self.trace.head().map(milliseconds)
    }
}

impl Step {
    fn begins(&self) -> String {
        milliseconds(self.span.offset)
    }

    fn takes(&self) -> String {
        milliseconds(self.span.duration)
    }

    /// What it is: of a statement the text, of a function the name.
    fn text(&self) -> &str {
        self.span.statement.as_deref().unwrap_or(&self.span.name)
    }

    fn is_failure(&self) -> bool {
        !self.span.outcome.is_ok()
    }

    /// What else is known of it, in one line.
    fn details(&self) -> String {
        let span = &self.span;
        let mut details = vec![span.kind.to_string()];
        details.extend(span.function.as_ref().map(|name| format!("in {name}")));
        details.extend(span.rows.map(|rows| match rows {
            1 => "1 row".to_owned(),
            rows => format!("{rows} rows"),
        }));
        let fields = span.fields.iter();
        details.extend(fields.map(|(name, value)| format!("{name}={value}")));
        details.extend(span.thread.map(|thread| format!("thread {thread}")));
        if self.is_failure() {
            details.push(span.outcome.to_string());
        }
        if span.is_late {
            details.push("after the end of the request".to_owned());
        }
        details.join(", ")
    }
}

impl Bar {
    fn on(line: Duration, offset: Duration, duration: Duration) -> Self {
        let share = |time: Duration| {
            let share = time.as_secs_f64() / line.as_secs_f64().max(f64::MIN_POSITIVE);
            (share * 10_000.0).round() / 100.0
        };
        let x = share(offset).min(100.0 - LEAST_WIDTH);
        let width = share(duration).clamp(LEAST_WIDTH, 100.0 - x);
        Self { x, width }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stay_on_the_line_and_can_be_seen() {
        let millis = Duration::from_millis;
        for (line, offset, duration, x, width) in [
            (100, 0, 100, 0.0, 100.0),
            (100, 20, 50, 20.0, 50.0),
            (100, 20, 0, 20.0, LEAST_WIDTH),
            (100, 100, 0, 100.0 - LEAST_WIDTH, LEAST_WIDTH),
            (100, 60, 80, 60.0, 40.0),
            (0, 0, 0, 0.0, LEAST_WIDTH),
        ] {
            let bar = Bar::on(millis(line), millis(offset), millis(duration));
            assert_eq!(bar, Bar { x, width }, "{offset} + {duration} of {line}");
        }
    }
}
