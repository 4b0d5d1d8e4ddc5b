//! a body made by a macro, with its `line!()`

use super::measured;

macro_rules! body {
    ($number:ident) => {{
        let Some(rest) = $number.checked_sub(1) else {
            return Err(line!());
        };
        Ok(rest)
    }};
}

macro_rules! here {
    () => {
        #[measured]
        fn here() -> (u32, &'static str) {
            (line!(), module_path!())
        }
    };
}

#[measured]
fn previous(number: u8) -> Result<u8, u32> {
    body!(number)
}

here!();

pub(crate) const RECORDS: &[&str] = &["previous ok", "previous error(u32)", "here ok"];

pub(crate) fn run() -> String {
    let start = line!();
    let previous = [1, 0].map(|number| previous(number).map_err(|line| start - line));
    let (line, path) = here();
    format!(
        "{previous:?} {} {:?}",
        start - line,
        path.rsplit("::").next()
    )
}
