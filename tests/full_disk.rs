//! A disk that has no room left, and has it again.
#![cfg(target_os = "linux")]
#![expect(clippy::print_stdout, reason = "what was left out must be seen")]

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use harness::{DEADLINE, Server, ServerOptions, until};

/// A small file system over a folder; removed when it is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts it, or says why that is not possible here.
    fn mount(folder: &Path) -> Result<Result<Self, String>> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=4m,mode=0700", "tmpfs"]).arg(folder);
        let output = mount.output().context("cannot start mount")?;
        let told = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Ok(if output.status.success() { Ok(Self(folder.to_owned())) } else { Err(told) })
    }

    /// Takes all the room there is.
    fn fill(&self) -> Result<PathBuf> {
        let path = self.0.join("filler");
        ensure!(std::fs::write(&path, vec![0; 8 << 20]).is_err(), "more room than it has");
        Ok(path)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The server may still have its files there.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

async fn goes_and_comes_back(durable: bool) -> Result<()> {
    let config = format!("[hub]\ndurable = {durable}");
    let mut server = Server::start_with(ServerOptions::with_config(config)).await?;
    server.stop().await?;
    let disk = match SmallDisk::mount(&server.data_dir())? {
        Ok(disk) => disk,
        Err(why) => {
            println!("SKIPPED: a full disk needs a file system to mount: {why}");
            return Ok(());
        }
    };
    server.start_again().await?;
    let event = format!("\"{}\"", "x".repeat(100 << 10));
    let publish = async || -> Result<u16> {
        let answer = server.publish("app/x")?.body(event.clone()).send().await?;
        Ok(answer.status().as_u16())
    };
    let ready = async || -> Result<bool> {
        Ok(server.get("/readyz")?.send().await?.status().as_u16() == 200)
    };
    ensure!(publish().await? == 200 && ready().await?, "it begins with room");

    let filler = disk.fill()?;
    // Not within the wait, which tries again after an error.
    let contradictions = Cell::new(0);
    until("a full disk is told", DEADLINE, async || {
        let is_taken = publish().await? == 200;
        let is_ready = ready().await?;
        // The other way round it may be: a server that is not durable writes later what it takes now.
        contradictions.update(|found| found + i32::from(is_ready && !is_taken));
        Ok((!is_ready).then_some(()))
    })
    .await?;
    let contradictions = contradictions.get();
    ensure!(contradictions == 0, "ready behind a refusal, {contradictions} times");
    // From here on nothing changes, whoever asks and however often.
    for _ in 0..3 {
        ensure!(!ready().await?, "ready, and nothing has changed");
        let status = publish().await?;
        ensure!((status == 503) == durable, "{status} of a server that is not ready");
    }
    ensure!(!ready().await?, "ready, and nothing has changed");

    // Nobody publishes.
    std::fs::remove_file(filler)?;
    until("it is ready", DEADLINE, async || Ok(ready().await?.then_some(()))).await?;
    ensure!(publish().await? == 200, "not taken again");
    ensure!(ready().await?, "not ready again");
    Ok(())
}

#[tokio::test]
async fn a_server_is_not_ready_while_its_disk_is_full_and_recovers_by_itself() -> Result<()> {
    for durable in [true, false] {
        goes_and_comes_back(durable).await.with_context(|| format!("durable: {durable}"))?;
    }
    Ok(())
}
