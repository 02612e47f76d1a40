//! Requests for the past of metrics.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

mod script;

use script::Script;
use tidings_client::HistoryQuery;

const ANSWER: &str = r#"{"host":"den","from":1,"to":2,"stepMs":1000,"newest":1,"times":[0],"series":[
    {"metric":"cpu.total","unit":"percent","values":[12.5]}]}"#;

fn query() -> HistoryQuery {
    HistoryQuery {
        metrics: vec!["cpu.total".to_owned(), "disk.tank/a%2Eb.read".to_owned()],
        range: Some("24h".to_owned()),
        host: Some("den".to_owned()),
        digits: Some(4),
    }
}

const LINE: &str = "GET /api/metrics/history?metric=cpu.total&metric=disk.tank%2Fa%252Eb.read&range=24h&host=den&digits=4";

#[tokio::test]
async fn the_past_is_asked_for_by_metrics_range_and_machine() {
    for (is_csv, line) in [(false, LINE.to_owned()), (true, format!("{LINE}&format=csv"))] {
        let script = Script::new().await;
        let client = script.client();
        let serve = async {
            let mut peer = script.accept().await;
            assert_eq!(peer.request.lines().next(), Some(&*format!("{line} HTTP/1.1")));
            let length = ANSWER.len();
            peer.send(&format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{ANSWER}"))
                .await;
        };
        let ask = async {
            if is_csv {
                let sheet = client.history_csv(&query()).await.expect("a sheet");
                assert_eq!(sheet, ANSWER);
            } else {
                let history = client.history(&query()).await.expect("a history");
                assert_eq!(history.series[0].values, [Some(12.5)]);
            }
        };
        tokio::join!(ask, serve);
    }
}
