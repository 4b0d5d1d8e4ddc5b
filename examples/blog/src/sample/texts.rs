//! The words of the samples.

/// A written note.
pub(super) struct Text {
    pub(super) title: &'static str,
    pub(super) tags: &'static [&'static str],
    pub(super) body: &'static str,
}

/// Newest first.
pub(super) const TEXTS: &[Text] = &[
    Text {
        title: "Welcome to a very small blog",
        tags: &["blog", "rust"],
        body: "\
This is a blog in one program and one file: actix-web answers the requests, SQLite keeps the notes, and nothing else has to be installed or started.

Everything works without JavaScript. You can write, change and delete notes right here, or do the same as JSON:

    curl http://127.0.0.1:8080/api/notes
    curl -X POST http://127.0.0.1:8080/api/notes \\
         -H 'content-type: application/json' \\
         -d '{\"title\": \"Hello\", \"body\": \"From the shell.\", \"tags\": [\"test\"]}'

## What to try

- `Write` at the top of the page, and publish without a title
- the feeds at the bottom, in three formats
- `/fail`, a page that fails on purpose, and `/no-such-page`, one that is not there",
    },
    Text {
        title: "Why SQLite is enough here",
        tags: &["sqlite", "design"],
        body: "\
A blog is read much more often than it is written, by people who do not mind whether a page took two milliseconds or three. A database in the same process answers a simple query faster than a server across the network can even be asked.

With a write-ahead log, readers do not wait for the writer, and the writer does not wait for readers. There is still only one writer at a time: that is the limit to remember, and a blog with one author will never meet it.

> Think of SQLite not as a replacement for Oracle but as a replacement for fopen().

So says its documentation, and that is about the right size of thought.",
    },
    Text {
        title: "Count the statements of a page",
        tags: &["sqlite", "performance"],
        body: "\
The list of notes takes two statements: one counts the notes, one reads ten of them together with their tags. It stays at two, whether the ten notes have no tags or fifty.

The easy mistake is one statement for the list and then one more for the tags of every note. With ten notes nobody feels it. It is felt later, on the page with two hundred, by somebody else.

    SELECT slug, title,
           (SELECT group_concat(tag, ',') FROM note_tag
             WHERE note_id = note.id)
      FROM note
     ORDER BY created_at DESC LIMIT 10

A number that should not change is a fine thing to watch: it either is two, or something has happened.",
    },
    Text {
        title: "An ETag is a promise",
        tags: &["http", "feeds"],
        body: "\
A feed reader comes by every half an hour, and almost always there is nothing new. With an `ETag` it can say what it has already, and the answer is 304 and not a single byte of body.

A strong tag promises that the bytes are the same. The simplest way to keep such a promise is to take the tag from the bytes: here it is a hash of the whole feed.

The time of the last change looks like the same thing, and is not. It knows nothing finer than a second, and it goes backwards when the newest note is deleted.",
    },
    Text {
        title: "The cache that remembers too much",
        tags: &["performance", "design"],
        body: "\
A request finds no feed in the cache and reads the notes. Meanwhile somebody publishes a note, and the cache is emptied. Then the first request is ready, and puts its feed into the cache: the one without the new note. It stays there until the next change, which may be next month.

The cure is a number. Every change adds one to it; who wants to store a feed has to show the number from before it read the notes. If that is no longer the number, the feed is still good for this one visitor, but it is not kept.

- look up, and note the number
- read the notes, and make the feed
- store it only if the number is still the same",
    },
    Text {
        title: "Escaping is the template's job",
        tags: &["html", "security"],
        body: "\
Somebody will call a note `<script>alert(1)</script>`, if only to see what happens. Nothing should happen: the title should be there to read, with its angle brackets.

It is not enough to be careful, because one has to be careful in every place, and a visitor needs only one. So the template escapes everything that it prints, and there is no filter in this blog that turns it off. What a note needs of headings and code is parsed into blocks first, and then printed like everything else.",
    },
    Text {
        title: "After a form, send them elsewhere",
        tags: &["http", "html"],
        body: "\
When a form has been sent and the answer is a page, then loading the page again sends the form again. Two notes instead of one, and a strange question from the browser.

The old cure is still the best: the answer to a form is `303 See Other`, and the browser fetches the new page with an ordinary GET. That page may be loaded again as often as one likes.

A form with a mistake in it is different. Nothing has changed yet, so the form comes back at once, filled in as it was, with one line that says what is wrong.",
    },
    Text {
        title: "A transaction should know that it will write",
        tags: &["sqlite", "rust"],
        body: "\
A transaction in SQLite begins as a reader by default, and becomes a writer with its first change. If another one has written in between, this step fails at once, and no timeout helps: what the transaction has read is no longer true.

    let transaction = conn.transaction_with_behavior(
        TransactionBehavior::Immediate,
    )?;

`Immediate` takes the pen at the beginning. Two writers then simply wait for each other, for as long as the busy timeout allows.",
    },
    Text {
        title: "Three feeds, one list of notes",
        tags: &["feeds", "design"],
        body: "\
RSS wants its dates like `Tue, 14 Nov 2023 22:13:20 +0000`, Atom and JSON Feed like `2023-11-14T22:13:20Z`. RSS calls the name of an item `guid`, the others `id`. Atom insists on an author and on the time of the last change.

It is tempting to support one format only, and most readers do understand all three. But they are three small functions over the same list of notes, and the tests read every feed back with a parser that somebody else has written.",
    },
    Text {
        title: "Addresses that stay",
        tags: &["http", "writing"],
        body: "\
The address of a note is made from its title, once. When the title is mended later, the address stays as it is: somebody may have kept it.

Two notes may have the same title, and then the second one gets a `-2`. Titles without a single Latin letter become `note`, `note-2` and so on, which is not beautiful, but is honest.",
    },
    Text {
        title: "Write down what surprised you",
        tags: &["writing"],
        body: "\
A good note is short, and has one thing in it that the writer did not know the day before. It does not need an introduction, and it does not need to be complete.

The best time to write it is right after the surprise, when one still remembers what one believed before. A week later it all looks obvious, and there is nothing left to write.",
    },
    Text {
        title: "What a log is for",
        tags: &["operations", "writing"],
        body: "\
The visitor of a page that failed should learn that it failed, that it was not their fault, and when it makes sense to try again. The names of tables and files are not theirs to read.

Whoever runs the site needs just the opposite: the whole chain of causes, from `the database failed` down to the name of the table that is missing. So the error has two voices, and it is the type that decides which one is heard where.",
    },
];

pub(super) const VERBS: &[&str] = &[
    "Carrying", "Counting", "Drawing", "Finding", "Keeping", "Mending", "Moving", "Naming",
    "Reading", "Sorting",
];

pub(super) const THINGS: &[&str] = &[
    "small boats",
    "old letters",
    "the winter apples",
    "a box of keys",
    "paper maps",
    "the borrowed ladder",
    "two clocks",
    "a row of lanterns",
    "wool and wire",
    "the spare wheel",
    "empty jars",
    "the long table",
];

pub(super) const PLACES: &[&str] = &[
    "by the river",
    "in the attic",
    "behind the station",
    "on the third floor",
    "at low tide",
    "before breakfast",
    "under the stairs",
    "across the bridge",
    "near the harbour",
    "after the rain",
];

pub(super) const OPENINGS: &[&str] = &[
    "Nobody had asked for",
    "It took an hour to find",
    "We always return to",
    "The note said to leave",
    "There is a reason for",
    "I had forgotten about",
    "Most people walk past",
    "She wrote a list of",
    "One should never paint",
];

pub(super) const ENDINGS: &[&str] = &[
    "and yet it worked",
    "which was the point",
    "for no reason at all",
    "as if on purpose",
    "until the light went",
    "and nobody minded",
    "just to be sure",
    "more than once",
    "without saying a word",
];

pub(super) const TAGS: &[&str] = &[
    "boats", "city", "garden", "house", "letters", "maps", "repair", "travel", "weather", "work",
];
