//! The handlers of the feeds: a feed is sent only to those who do not have it yet.

use std::time::{Duration, SystemTime};

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETag, EntityTag, Header, IfModifiedSince, IfNoneMatch,
    LastModified,
};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::blog::Blog;
use crate::cache::{CachedFeed, FeedKind};
use crate::error::BlogError;

/// `GET /feed.rss`.
pub(crate) async fn rss(
    request: HttpRequest,
    blog: web::Data<Blog>,
) -> Result<HttpResponse, BlogError> {
    let feed = blog.feed(FeedKind::Rss).await?;
    Ok(answer(
        &request,
        &feed,
        "application/rss+xml; charset=utf-8",
    ))
}

/// `GET /feed.atom`.
pub(crate) async fn atom(
    request: HttpRequest,
    blog: web::Data<Blog>,
) -> Result<HttpResponse, BlogError> {
    let feed = blog.feed(FeedKind::Atom).await?;
    Ok(answer(
        &request,
        &feed,
        "application/atom+xml; charset=utf-8",
    ))
}

/// `GET /feed.json`.
pub(crate) async fn json(
    request: HttpRequest,
    blog: web::Data<Blog>,
) -> Result<HttpResponse, BlogError> {
    let feed = blog.feed(FeedKind::Json).await?;
    Ok(answer(&request, &feed, "application/feed+json"))
}

fn answer(request: &HttpRequest, feed: &CachedFeed, content_type: &'static str) -> HttpResponse {
    let known = is_known(request, feed);
    let mut response = if known {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header(ETag(feed.etag.clone()))
        .insert_header(LastModified(feed.generated.into()))
        // "no-cache" allows to keep the feed, and asks to come back before using it again.
        .insert_header((CACHE_CONTROL, "no-cache"));
    if known {
        return response.finish();
    }
    response
        .insert_header((CONTENT_TYPE, content_type))
        .body(feed.body.clone())
}

/// Whether the client has this very feed: RFC 9110, section 13.2.2.
fn is_known(request: &HttpRequest, feed: &CachedFeed) -> bool {
    if request.headers().contains_key(IfNoneMatch::name()) {
        // The date is not looked at next to a tag, not even if the tag is a strange one.
        return IfNoneMatch::parse(request).is_ok_and(|tags| matches(&tags, &feed.etag));
    }
    IfModifiedSince::parse(request).is_ok_and(|IfModifiedSince(since)| {
        whole_seconds(feed.generated) <= SystemTime::from(since)
    })
}

fn matches(tags: &IfNoneMatch, etag: &EntityTag) -> bool {
    match tags {
        IfNoneMatch::Any => true,
        IfNoneMatch::Items(tags) => tags.iter().any(|tag| tag.weak_eq(etag)),
    }
}

/// The time as it is sent: a date in a header has no fractions.
fn whole_seconds(time: SystemTime) -> SystemTime {
    let since_epoch = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since_epoch.as_secs())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH};
    use actix_web::test::TestRequest;

    use super::*;

    fn feed() -> CachedFeed {
        CachedFeed {
            etag: EntityTag::new_strong("abc".to_owned()),
            body: web::Bytes::new(),
            generated: SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_900),
        }
    }

    fn known(headers: &[(actix_web::http::header::HeaderName, &str)]) -> bool {
        let mut request = TestRequest::get();
        for header in headers {
            request = request.insert_header(header.clone());
        }
        is_known(&request.to_http_request(), &feed())
    }

    #[test]
    fn matching_tag_is_known_also_in_a_list_and_weak() {
        assert!(known(&[(IF_NONE_MATCH, "\"abc\"")]));
        assert!(known(&[(IF_NONE_MATCH, "\"x\", W/\"abc\"")]));
        assert!(known(&[(IF_NONE_MATCH, "*")]));
        assert!(!known(&[(IF_NONE_MATCH, "\"abcd\"")]));
        assert!(!known(&[(IF_NONE_MATCH, "abc")]));
        assert!(!known(&[]));
    }

    #[test]
    fn date_counts_only_without_a_tag() {
        let same = (IF_MODIFIED_SINCE, "Tue, 14 Nov 2023 22:13:20 GMT");
        let before = (IF_MODIFIED_SINCE, "Tue, 14 Nov 2023 22:13:19 GMT");
        assert!(known(std::slice::from_ref(&same)));
        assert!(!known(&[before]));
        assert!(!known(&[same, (IF_NONE_MATCH, "\"old\"")]));
    }
}
