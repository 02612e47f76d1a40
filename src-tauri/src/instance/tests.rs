use std::path::Path;

use tokio::sync::mpsc;

use super::*;

fn launch(token: &str) -> Launch {
    Launch { token: Some(token.to_owned()), ..Launch::default() }
}

/// The first at `place`, and what it hears.
async fn first(place: &Path) -> (Instance, AbortOnDropHandle<()>, mpsc::Receiver<Launch>) {
    let Claim::First(mut instance) = claim(place, &Launch::default()).await else {
        panic!("there is another");
    };
    let (tell, heard) = mpsc::channel(8);
    let task = instance.listen(move |launch| tell.try_send(launch).unwrap()).unwrap();
    (instance, task, heard)
}

#[tokio::test]
async fn a_second_start_hands_over_to_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("below").join("app");
    let (_instance, _task, mut heard) = first(&place).await;
    for token in ["one", "two"] {
        assert!(matches!(claim(&place, &launch(token)).await, Claim::Second));
        assert_eq!(heard.recv().await, Some(launch(token)));
    }
}

#[tokio::test]
async fn once_the_first_has_ended_the_next_is_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("app");
    let (instance, task, _heard) = first(&place).await;
    drop(task);
    // It is about to end: the next waits for that.
    let asked = launch("late");
    let next = claim(&place, &asked);
    tokio::pin!(next);
    assert!(timeout(Duration::from_millis(200), &mut next).await.is_err());
    drop(instance);
    assert!(matches!(next.await, Claim::First(_)));
}

#[tokio::test]
async fn what_a_killed_app_has_left_keeps_nobody_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("app");
    std::fs::write(place.with_extension("lock"), "").unwrap();
    std::fs::write(place.with_extension("socket"), "").unwrap();
    let (_instance, _task, mut heard) = first(&place).await;
    assert!(matches!(claim(&place, &launch("a")).await, Claim::Second));
    assert_eq!(heard.recv().await, Some(launch("a")));
}

#[tokio::test]
async fn an_app_that_hangs_keeps_nobody_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("app");
    let Claim::First(_hung) = claim(&place, &Launch::default()).await else { panic!("the first") };
    let start = std::time::Instant::now();
    let Claim::First(mut alone) = claim(&place, &Launch::default()).await else {
        panic!("nobody has answered")
    };
    assert!(start.elapsed() >= PATIENCE, "it has waited {:?}", start.elapsed());
    assert!(alone.listen(|_| ()).is_none(), "others go on asking the first");
}

#[tokio::test]
async fn nonsense_is_not_heard_and_what_follows_is() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("app");
    let (_instance, _task, mut heard) = first(&place).await;
    for nonsense in ["{", "{\"token\": 1}\n", &"x".repeat(100_000)] {
        let mut stream = endpoint::connect(&place).await.unwrap();
        // It may hang up before it has read all.
        let _ = stream.write_all(nonsense.as_bytes()).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert_eq!(answer, b"");
    }
    assert!(matches!(claim(&place, &launch("a")).await, Claim::Second));
    assert_eq!(heard.recv().await, Some(launch("a")));
}

#[test]
fn another_folder_or_server_is_another_app() {
    let [a, b] = ["a", "b"].map(|name| Some(Path::new(name)));
    let places = [place(a, None), place(b, None), place(a, Some("http://b"))];
    assert!(places[0] != places[1] && places[0] != places[2] && places[1] != places[2]);
    assert_eq!(places[0], place(a, None));
}
