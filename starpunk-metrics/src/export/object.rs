//! A JSON object while it is written, member by member. A tree of values first would cost who asks more than all else.

use serde_core::Serialize;

/// An object that is open.
pub(crate) struct Object<'a> {
    text: &'a mut Vec<u8>,
    is_empty: bool,
}

/// Returns the object of what `fill` puts into it.
pub(crate) fn written(fill: impl FnOnce(&mut Object<'_>)) -> String {
    let mut text = Vec::new();
    write(&mut text, fill);
    // It is UTF-8, as all of it was.
    String::from_utf8(text)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn write(text: &mut Vec<u8>, fill: impl FnOnce(&mut Object<'_>)) {
    text.push(b'{');
    fill(&mut Object {
        text,
        is_empty: true,
    });
    text.push(b'}');
}

impl Object<'_> {
    /// Puts a number, a text, a truth, a list of them, or none of one, which is `null`, as is a number that JSON cannot write.
    pub(crate) fn put(&mut self, name: &str, value: impl Serialize) {
        self.name(name);
        self.value(value);
    }

    /// Puts an object of what `fill` puts into that.
    pub(crate) fn object(&mut self, name: &str, fill: impl FnOnce(&mut Object<'_>)) {
        self.name(name);
        write(self.text, fill);
    }

    /// The same where there is something to fill it with, and else `null`.
    pub(crate) fn optional<T>(
        &mut self,
        name: &str,
        item: Option<T>,
        fill: impl FnOnce(&mut Object<'_>, T),
    ) {
        match item {
            Some(item) => self.object(name, |object| fill(object, item)),
            None => self.put(name, ()),
        }
    }

    /// Puts a list of objects.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        fill: impl Fn(&mut Object<'_>, T),
    ) {
        self.name(name);
        self.text.push(b'[');
        for (number, item) in items.into_iter().enumerate() {
            if number > 0 {
                self.text.push(b',');
            }
            write(self.text, |object| fill(object, item));
        }
        self.text.push(b']');
    }

    fn name(&mut self, name: &str) {
        if !self.is_empty {
            self.text.push(b',');
        }
        self.is_empty = false;
        self.value(name);
        self.text.push(b':');
    }

    fn value(&mut self, value: impl Serialize) {
        // What is put here is written into memory, which does not fail.
        let _ = serde_json::to_writer(&mut *self.text, &value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, Value, json};

    #[test]
    fn members_are_written_in_their_order_and_texts_are_escaped() {
        let text = written(|object| {
            object.put("a \"name\"\n", "a \"text\" \u{1}");
            object.put("numbers", [1, 2]);
            object.put("infinite", f64::INFINITY);
            object.object("nothing", |_| {});
            object.list("none", [0; 0], |_, _| {});
            object.list("two", [1, 2], |object, n| object.put("n", n));
            object.optional("some", Some(3), |object, n| object.put("n", n));
            object.optional("not", None::<u8>, |object, n| object.put("n", n));
        });
        assert_eq!(
            text,
            concat!(
                r#"{"a \"name\"\n":"a \"text\" \u0001","numbers":[1,2],"infinite":null,"nothing":{},"none":[],"#,
                r#""two":[{"n":1},{"n":2}],"some":{"n":3},"not":null}"#
            )
        );
        let read: Map<String, Value> = serde_json::from_str(&text).expect("valid JSON");
        assert_eq!(read["some"], json!({ "n": 3 }));
    }
}
