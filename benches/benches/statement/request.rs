//! Statements of requests, with all that is then done for them: the trace of each request, how often it asked the same, what
//! reads a table whole and which index it lacks, and the function that asked.

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::rt::Runtime;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, Error, HttpResponse, web};
use benches::{Contender, batch};
use starpunk_metrics::{HttpMetrics, Metrics};

/// What the handler runs.
pub(crate) struct Work(Box<dyn Fn()>);

async fn page(work: web::Data<Work>, statements: web::Path<u32>) -> HttpResponse {
    for _ in 0..*statements {
        (work.0)();
    }
    HttpResponse::Ok().finish()
}

/// So many statements in each request. The request is measured whatever the connection is: it is not what is looked for.
pub(crate) fn in_requests<'a>(
    name: &str,
    runtime: &'a Runtime,
    metrics: &Metrics,
    statements: u32,
    work: impl Fn() + 'static,
) -> Contender<'a> {
    let middleware = {
        let _entered = metrics.enter();
        HttpMetrics::new()
    };
    let app = App::new()
        .app_data(web::Data::new(Work(Box::new(work))))
        .route("/{statements}", web::get().to(page))
        .wrap(middleware);
    let service = runtime.block_on(init_service(app));
    batch(name, move |times| {
        runtime.block_on(ask(&service, statements, times / statements));
    })
}

async fn ask<S, B>(service: &S, statements: u32, requests: u32)
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let path = format!("/{statements}");
    for _ in 0..requests {
        let request = TestRequest::get().uri(&path).to_request();
        let response = call_service(service, request).await;
        assert!(response.status().is_success());
    }
}
