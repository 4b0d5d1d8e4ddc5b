//! Pages of a list: the number in the address, and the links to the neighbours.

use starpunk_metrics::Value;

use crate::error::BlogError;

pub(crate) const NOTES_PER_PAGE: u32 = 10;

/// The number of a page; the first one is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageNumber(u32);

impl PageNumber {
    /// Reads the `page` parameter; without one it is the first page.
    pub(crate) fn parse(raw: Option<&str>) -> Result<Self, BlogError> {
        match raw.map(|raw| raw.parse::<u32>()) {
            None => Ok(Self(1)),
            Some(Ok(number)) if number > 0 => Ok(Self(number)),
            Some(_) => Err(BlogError::BadRequest(
                "the page must be a whole number, 1 or more".to_owned(),
            )),
        }
    }

    /// Number of notes on the pages before this one.
    pub(crate) fn offset(self) -> usize {
        (self.0 as usize - 1).saturating_mul(NOTES_PER_PAGE as usize)
    }

    /// Says where in a list of `total` notes this page is.
    ///
    /// # Errors
    ///
    /// [`BlogError::NotFound`] if the list ends before it. The first page exists even in an empty list.
    pub(crate) fn within(self, total: u64) -> Result<Position, BlogError> {
        let last = total.div_ceil(u64::from(NOTES_PER_PAGE)).max(1);
        if u64::from(self.0) > last {
            return Err(BlogError::NotFound("page"));
        }
        Ok(Position {
            page: self.0,
            last,
            total,
        })
    }
}

/// What is recorded of a page.
impl From<PageNumber> for Value {
    fn from(page: PageNumber) -> Self {
        page.0.into()
    }
}

/// Where a page is in its list: `1 <= page <= last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) page: u32,
    pub(crate) last: u64,
    pub(crate) total: u64,
}

impl Position {
    pub(crate) fn newer(self) -> Option<u32> {
        (self.page > 1).then(|| self.page - 1)
    }

    pub(crate) fn older(self) -> Option<u32> {
        (u64::from(self.page) < self.last).then(|| self.page + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(page: &str, total: u64) -> Result<Position, BlogError> {
        PageNumber::parse(Some(page))?.within(total)
    }

    #[test]
    fn missing_number_is_the_first_page() {
        let page = PageNumber::parse(None).unwrap();
        assert_eq!(page.offset(), 0);
        assert_eq!(page.within(0).unwrap().last, 1);
    }

    #[test]
    fn number_that_is_no_page_is_a_bad_request() {
        for raw in ["0", "-1", "one", "", "1.5", "99999999999999999999"] {
            assert!(
                matches!(PageNumber::parse(Some(raw)), Err(BlogError::BadRequest(_))),
                "{raw}"
            );
        }
    }

    #[test]
    fn page_after_the_last_is_not_found() {
        assert!(position("2", 20).is_ok());
        assert!(matches!(
            position("3", 20),
            Err(BlogError::NotFound("page"))
        ));
    }

    #[test]
    fn neighbours_end_at_the_ends() {
        let first = position("1", 21).unwrap();
        assert_eq!((first.newer(), first.older()), (None, Some(2)));
        let last = position("3", 21).unwrap();
        assert_eq!((last.newer(), last.older()), (Some(2), None));
    }

    #[test]
    fn largest_number_does_not_overflow() {
        let page = PageNumber::parse(Some("4294967295")).unwrap();
        assert!(page.offset() > 0);
        assert!(page.within(5).is_err());
    }
}
