//! Topics that come to an end.

use super::*;

fn forget(hub: &Hub, topic: &str) {
    hub.forget(&topic.parse().unwrap()).now_or_never().unwrap();
}

#[test]
fn of_thousands_of_jobs_that_came_and_went_nothing_is_left() {
    let hub = hub(10);
    let mut all = subscribe(&hub, &["jobs/*"], Start::Fresh);
    let mut own = subscribe(&hub, &["jobs/u~*", "a"], Start::Fresh);
    let idle = subscribe(&hub, &["jobs/u~*"], Start::Fresh);
    let base = hub.held();
    for n in 0..10_000_i64 {
        let topic = format!("jobs/u~{n}");
        publish(&hub, &topic);
        publish(&hub, &topic);
        assert_eq!(drain(&mut all), [2 * n + 2]);
        if n % 7 == 0 {
            drain(&mut own);
        }
        forget(&hub, &topic);
    }
    assert_eq!((hub.held(), hub.topics(), hub.readers()), (base, 0, 0));
    publish(&hub, "jobs/u~1");
    assert_eq!(drain(&mut all), [20_001]);
    assert_eq!(drain(&mut own), [20_001], "what it had not read is gone");
    drop((all, own, idle));
    assert_eq!((hub.subscribers(), hub.readers()), (0, 0));
}

#[test]
fn a_topic_that_comes_again_is_read_by_whoever_asked_for_it() {
    let hub = hub(10);
    publish(&hub, "jobs/u~1");
    let selectors = [&["jobs/u~1"][..], &["jobs/u~*"], &["jobs/u~1", "jobs/*"]];
    let mut readers = selectors.map(|selectors| subscribe(&hub, selectors, Start::Fresh));
    for round in 0..3 {
        for reader in &mut readers {
            assert_eq!(drain(reader), [round + 1]);
        }
        forget(&hub, "jobs/u~1");
        assert_eq!(hub.readers(), 0);
        publish(&hub, "jobs/u~1");
        assert_eq!(hub.readers(), 3);
    }
    drop(readers);
    assert_eq!(hub.readers(), 0);
}

#[test]
fn a_reader_of_many_topics_that_come_and_go_has_the_newest_of_each() {
    let hub = hub(10);
    let mut reader = subscribe(&hub, &["jobs/*", "a/*"], Start::Fresh);
    for n in 0..20 {
        publish(&hub, &format!("jobs/u~{n}"));
        publish(&hub, &format!("a/{n}"));
    }
    assert_eq!(drain(&mut reader).len(), 40);
    for n in 0..20 {
        publish(&hub, &format!("jobs/u~{n}"));
        if n % 2 == 0 {
            forget(&hub, &format!("jobs/u~{n}"));
            publish(&hub, &format!("b/{n}"));
            publish(&hub, &format!("jobs/v~{n}"));
        }
        publish(&hub, &format!("a/{n}"));
    }
    // Ten of one user, ten of the other, and all that is not a job's.
    assert_eq!(drain(&mut reader).len(), 10 + 10 + 20);
    for n in 0..20 {
        publish(&hub, &format!("jobs/u~{n}"));
    }
    assert_eq!(drain(&mut reader).len(), 20);
}

#[test]
fn what_is_no_newest_of_its_topic_or_is_the_servers_own_is_not_forgotten() {
    let hub = hub(10);
    hub.reserve(&"metrics/box".parse().unwrap());
    for topic in ["a", "jobs", "metrics/box"] {
        publish(&hub, topic);
        forget(&hub, topic);
    }
    forget(&hub, "jobs/none");
    let mut reader = subscribe(&hub, &["a", "jobs", "metrics/box"], after(0));
    assert_eq!(drain(&mut reader), [1, 2, 3]);
}

#[test]
fn jobs_take_no_place_from_other_topics_and_places_are_free_again() {
    let hub = Hub::with_epoch(HubLimits { topics: 2, ..HubLimits::default() }, 0x2a);
    for n in 0..100 {
        publish(&hub, &format!("jobs/u~{n}"));
    }
    publish(&hub, "metrics/a");
    publish(&hub, "a");
    let is_full =
        || matches!(try_publish(&hub, "b", Bytes::new()), Err(PublishError::TooManyTopics(2)));
    assert!(is_full());
    forget(&hub, "jobs/u~1");
    assert!(is_full());
    // A topic that was there before it was reserved counts no longer, nor twice.
    for _ in 0..2 {
        hub.reserve(&"a".parse().unwrap());
    }
    publish(&hub, "c");
    assert!(is_full());
    forget(&hub, "metrics/a");
    publish(&hub, "b");
    publish(&hub, "jobs/u~1");
}

#[test]
fn a_job_that_is_silent_for_an_hour_is_let_go_of_and_comes_again() {
    clock::fix(1_000_000_000);
    let hub = hub(10);
    let mut reader = subscribe(&hub, &["jobs/*"], Start::Fresh);
    for topic in ["jobs/u~1", "jobs/u~2", "metrics/a", "a"] {
        publish(&hub, topic);
    }
    clock::fix(1_000_000_000 + 3_600_000);
    publish(&hub, "jobs/u~2");
    hub.sweep();
    assert_eq!(hub.topics(), 4);
    clock::fix(1_000_000_000 + 3_600_001);
    hub.sweep();
    assert_eq!(hub.topics(), 3);
    assert_eq!(drain(&mut reader), [5]);
    publish(&hub, "jobs/u~1");
    assert_eq!(drain(&mut reader), [6]);
}
