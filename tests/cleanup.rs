//! Nothing stays behind when clients go.

use anyhow::Result;
use harness::{DEADLINE, Events, Server, established, until};

#[tokio::test]
async fn a_hundred_clients_that_vanish_leave_no_descriptor_behind() -> Result<()> {
    let server = Server::start().await?;
    until("the harness's own connection is closed", DEADLINE, || async {
        Ok((established(server.address())? == 0).then_some(()))
    })
    .await?;
    let before = server.open_files()?;
    let mut clients = Vec::new();
    for _ in 0..100 {
        let mut events = Events::open(server.get("/api/events")?).await?;
        events.next().await?;
        clients.push(events);
    }
    assert!(server.open_files()? >= before + 100);

    drop(clients);
    until("the server's descriptors are back where they were", DEADLINE, || async {
        let now = server.open_files()?;
        anyhow::ensure!(now <= before, "{now} open, {before} before");
        Ok(Some(()))
    })
    .await
}
