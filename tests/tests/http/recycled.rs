//! What a worker uses again for the next request has nothing of the one before, and is not taken from one that goes on.

use std::sync::{Arc, Mutex};

use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, HttpRequest, HttpResponse, web};
use starpunk_metrics::{RequestContext, RequestId, track_business};
use starpunk_metrics_tests::serve;

use crate::measured;

type Contexts = web::Data<Mutex<Vec<RequestContext>>>;

#[track_business("goes on")]
fn go_on() {}

async fn keep(contexts: Contexts) -> HttpResponse {
    contexts.lock().unwrap().push(RequestContext::current());
    HttpResponse::Ok().finish()
}

async fn client_id() -> String {
    let context = RequestContext::current();
    let client_id = context.client_request_id().map(|id| id.as_str());
    client_id.unwrap_or("none").to_owned()
}

#[test]
fn what_goes_on_after_its_request_is_of_that_while_others_come() {
    let (metrics, http) = measured();
    let contexts: Contexts = web::Data::new(Mutex::default());
    let told = contexts.clone();
    let site = serve!(
        App::new()
            .app_data(contexts.clone())
            .route("/keep", web::get().to(keep))
            .route("/client-id", web::get().to(client_id))
            .wrap(http.clone())
    );
    let kept: Vec<(String, String)> = (0..3)
        .map(|number| {
            let client_id = format!("client-{number}");
            let headers = [("X-Request-ID", client_id.as_str())];
            let id = site.request("GET", "/keep", &headers, b"").request_id();
            (id, client_id)
        })
        .collect();
    for _ in 0..200 {
        assert_eq!(site.get("/client-id").text(), "none");
    }
    for (context, (id, client_id)) in told.lock().unwrap().iter().zip(&kept) {
        assert_eq!(context.client_request_id().unwrap().as_str(), client_id);
        let current = context.enter(|| {
            go_on();
            RequestId::current()
        });
        assert_eq!(current.unwrap().to_string(), *id);
    }
    let all = metrics.metrics().into_iter();
    let gone_on: Vec<String> = all
        .filter(|metric| metric.operation_name == "goes on")
        .map(|metric| metric.request_id.unwrap().to_string())
        .collect();
    let ids: Vec<String> = kept.into_iter().map(|(id, _)| id).collect();
    assert_eq!(gone_on, ids);
}

#[actix_web::test]
async fn a_request_where_an_earlier_one_was_is_another() {
    let (metrics, http) = measured();
    let contexts: Contexts = web::Data::new(Mutex::default());
    let heads = Arc::new(Mutex::new(Vec::new()));
    let note_head = {
        let heads = Arc::clone(&heads);
        move |request: HttpRequest, contexts: Contexts| {
            let head = std::ptr::from_ref(request.head()).addr();
            heads.lock().unwrap().push(head);
            keep(contexts)
        }
    };
    let app = App::new()
        .app_data(contexts.clone())
        .route("/keep", web::get().to(note_head))
        .wrap(http);
    let app = init_service(app).await;
    let ask = || call_service(&app, TestRequest::get().uri("/keep").to_request());
    for _ in 0..4 {
        drop(ask().await);
    }
    let earlier = contexts.lock().unwrap().clone();
    for context in earlier {
        // Work that outlives its request may call a service itself.
        let response = context.wrap(ask()).await;
        assert!(response.headers().contains_key("x-request-id"));
    }
    let heads = heads.lock().unwrap();
    let (before, after) = heads.split_at(4);
    let is_used_again = before.iter().zip(after).any(|(one, other)| one == other);
    assert!(is_used_again, "{heads:?}");
    assert_eq!(metrics.stats().total_count, 8);
}
