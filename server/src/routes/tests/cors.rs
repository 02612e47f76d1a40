//! Pages of other origins.

use super::*;

const PAGE: &str = "https://a.example";

async fn app() -> App {
    App::with(|config| config.server.allowed_origins = vec![PAGE.to_owned()]).await
}

fn preflight(origin: &str, uri: &str) -> request::Builder {
    Request::builder()
        .method("OPTIONS")
        .uri(uri)
        .header("origin", origin)
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "authorization,last-event-id")
}

#[tokio::test]
async fn the_preflight_of_an_allowed_page_is_told_what_it_may_send() {
    for uri in ["/api/events", "/api/publish/app/x", "/api/session"] {
        let answer = app().await.send(preflight(PAGE, uri), "").await;
        assert_eq!(answer.status, 200, "{uri}");
        assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
        assert_eq!(answer.header("access-control-allow-methods"), Some("GET,POST,PATCH,DELETE"));
        let headers = answer.header("access-control-allow-headers").unwrap();
        assert_eq!(headers, "authorization,content-type,last-event-id,cache-control");
        assert_eq!(answer.header("access-control-max-age"), Some("3600"));
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        assert!(answer.header("vary").unwrap().eq_ignore_ascii_case("origin"));
    }
}

#[tokio::test]
async fn an_allowed_page_reads_answers_by_its_token() {
    let app = app().await;
    let answer = app.send(by_owner("GET", "/api/session").header("origin", PAGE), "").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
    assert!(answer.header("vary").unwrap().eq_ignore_ascii_case("origin"));
    let missing = app.send(by_owner("GET", "/api/nothing").header("origin", PAGE), "").await;
    assert_eq!(missing.error(), (404, "not_found".to_owned()));
    assert_eq!(missing.header("access-control-allow-origin"), Some(PAGE), "errors can be read");
}

#[tokio::test]
async fn a_cookie_does_not_count_in_a_request_of_an_allowed_page() {
    let app = app().await;
    let session = app.state.auth.sign_owner_in(None).await.unwrap().1;
    let ask = |origin: Option<&str>| {
        let cookie = format!("{}={}", app.state.cookie, session.expose());
        let request = Request::builder().uri("/api/session").header("cookie", cookie);
        match origin {
            Some(origin) => app.send(request.header("origin", origin), ""),
            None => app.send(request, ""),
        }
    };
    assert_eq!(ask(None).await.status, 200);
    assert_eq!(ask(Some(PAGE)).await.error(), (401, "unauthorized".to_owned()));
}

#[tokio::test]
async fn pages_that_are_not_allowed_stay_outside() {
    let app = app().await;
    let refused = (403, "origin_not_allowed".to_owned());
    for origin in ["https://b.example", "http://a.example", "https://a.example:8443", "null"] {
        let request = by_owner("GET", "/api/session").header("origin", origin);
        assert_eq!(app.send(request, "").await.error(), refused, "{origin}");
        let answer = app.send(preflight(origin, "/api/events"), "").await;
        assert_eq!(answer.error(), refused, "{origin}");
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    for uri in ["/", "/healthz", "/metrics"] {
        let request = by_owner("GET", uri).header("origin", PAGE);
        assert_eq!(app.send(request, "").await.error(), refused, "only the API: {uri}");
    }
}

#[tokio::test]
async fn only_a_preflight_of_the_api_is_answered_as_one() {
    let app = app().await;
    let options = |uri: &str| Request::builder().method("OPTIONS").uri(uri);
    for uri in ["/", "/healthz", "/api/events", "/api/tokens"] {
        let answer = app.send(options(uri), "").await;
        assert_eq!(answer.error(), (405, "method_not_allowed".to_owned()), "{uri}");
        assert_eq!(answer.header("access-control-allow-methods"), None, "{uri}");
    }
    for uri in ["/", "/healthz"] {
        let request = options(uri).header("access-control-request-method", "GET");
        assert_eq!(app.send(request, "").await.status, 405, "{uri}");
    }
    let answer = app.send(options("/api/events").header("origin", PAGE), "").await;
    assert_eq!(answer.error(), (405, "method_not_allowed".to_owned()));
}

#[tokio::test]
async fn without_a_list_there_is_no_word_of_origins() {
    let app = App::new().await;
    let answer = app.send(preflight(PAGE, "/api/events"), "").await;
    assert_eq!(answer.error(), (403, "origin_not_allowed".to_owned()));
    let own = app.send(by_owner("GET", "/api/session").header("origin", "http://localhost"), "");
    let own = own.await;
    assert_eq!((own.status.as_u16(), own.header("access-control-allow-origin")), (200, None));
}
