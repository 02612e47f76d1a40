//! Headers that a proxy writes, over a connection.

use super::*;

/// Signs in with these headers, and says whether the cookie is for https only.
async fn signs_in_securely(proxy: Option<&str>, headers: &str) -> bool {
    let mut config = Config::bundled(TOKEN.to_owned());
    config.server.behind_proxy = proxy.map(|proxy| proxy.parse().unwrap());
    let server = start_with(config, 10).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let body = format!("{{\"token\":\"{TOKEN}\"}}");
    let (address, length) = (server.address, body.len());
    let request = format!(
        "POST /api/session HTTP/1.1\r\nHost: {address}\r\n{headers}\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = read_until(&mut stream, "serverVersion").await;
    let cookie = answer.lines().find(|line| line.starts_with("set-cookie: ")).unwrap();
    cookie.contains("; Secure")
}

#[tokio::test]
async fn only_the_proxy_says_by_what_a_client_came() {
    let https = "X-Forwarded-Proto: https\r\nForwarded: proto=https\r\n";
    assert!(!signs_in_securely(None, https).await, "there is no proxy: anybody could say so");
    assert!(!signs_in_securely(Some("10.0.0.5"), https).await, "this is not the proxy");
    assert!(signs_in_securely(Some("127.0.0.1"), https).await);
    assert!(signs_in_securely(Some("127.0.0.1"), "").await, "ending TLS is what it is there for");
    assert!(!signs_in_securely(Some("127.0.0.1"), "X-Forwarded-Proto: http\r\n").await);
}
