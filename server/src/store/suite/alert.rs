//! What every backend does with alerts.

use std::time::Duration;

use super::Backend;
use crate::store::{AlertRuleRow, AlertStateRow, Saved, Speaks, Store};

/// Makes a test of each function here, on the backend that the expression makes.
macro_rules! alert_suite {
    ($backend:expr) => {
        $crate::store::suite::suite!($backend;
            a_rule_is_kept_until_it_is_removed,
            a_second_rule_of_the_same_name_is_refused,
            a_rule_that_another_changed_or_removed_meanwhile_is_left_as_it_is,
            how_a_rule_stands_is_kept_for_each_machine_and_goes_with_it,
            who_speaks_for_a_machine_is_not_asked_to_wait,
        );
    };
}
pub(in crate::store) use alert_suite;

fn rule(id: &str, name: &str, created_at: u64) -> AlertRuleRow {
    let rule = format!("{{\"name\":\"{name} 'of' ∞\"}}");
    AlertRuleRow { id: id.to_owned(), name: name.to_owned(), rule, created_at }
}

fn state(rule_id: &str, series: &str) -> AlertStateRow {
    AlertStateRow {
        rule_id: rule_id.to_owned(),
        host: "box".to_owned(),
        series: series.to_owned(),
        side: "above".to_owned(),
        threshold: Some(0.1),
        state: "firing".to_owned(),
        since: 1_760_000_000_000,
        fired: 1_750_000_000_000,
        value: Some(97.25),
        told: "raised".to_owned(),
    }
}

/// Has `one` speak for both machines.
async fn speak(store: &dyn Store) {
    for host in ["box", "attic"] {
        assert_ne!(store.speak_for(host, "one", HOUR).await.unwrap(), Speaks::No);
    }
}

const HOUR: Duration = Duration::from_secs(60 * 60);

pub(in crate::store) async fn who_speaks_for_a_machine_is_not_asked_to_wait(
    backend: &impl Backend,
) {
    let store = backend.open().await;
    speak(store.as_ref()).await;
    for _ in 0..2 {
        assert_eq!(store.speak_for("box", "one", HOUR).await.unwrap(), Speaks::Still);
    }
    store.fall_silent("box", "one").await.unwrap();
    assert_ne!(store.speak_for("box", "one", HOUR).await.unwrap(), Speaks::No);
}

pub(in crate::store) async fn a_rule_is_kept_until_it_is_removed(backend: &impl Backend) {
    let store = backend.open().await;
    assert_eq!(store.alert_rules().await.unwrap(), []);
    let (late, early) = (rule("a", "late", 9), rule("b", "early", 1));
    assert_eq!(store.save_alert_rule(&late, None).await.unwrap(), Saved::Yes);
    assert_eq!(store.save_alert_rule(&early, None).await.unwrap(), Saved::Yes);
    drop(store);

    let store = backend.open().await;
    assert_eq!(store.alert_rules().await.unwrap(), [early.clone(), late.clone()]);
    let changed = AlertRuleRow { created_at: 1_000, ..rule("a", "changed", 0) };
    let saved = store.save_alert_rule(&changed, Some(&late.rule)).await.unwrap();
    assert_eq!(saved, Saved::Yes);
    let expected = AlertRuleRow { created_at: 9, ..changed };
    assert_eq!(store.alert_rules().await.unwrap(), [early.clone(), expected], "as old as it was");

    assert!(store.remove_alert_rule("a").await.unwrap());
    assert!(!store.remove_alert_rule("a").await.unwrap());
    assert_eq!(store.alert_rules().await.unwrap(), [early]);
}

pub(in crate::store) async fn a_second_rule_of_the_same_name_is_refused(backend: &impl Backend) {
    let store = backend.open().await;
    let (first, second) = (rule("a", "one", 1), rule("b", "two", 2));
    assert_eq!(store.save_alert_rule(&first, None).await.unwrap(), Saved::Yes);
    assert_eq!(store.save_alert_rule(&second, None).await.unwrap(), Saved::Yes);
    for (new, was) in [(rule("c", "one", 3), None), (rule("b", "one", 3), Some(&*second.rule))] {
        assert_eq!(store.save_alert_rule(&new, was).await.unwrap(), Saved::NameTaken);
    }
    let own = store.save_alert_rule(&first, Some(&first.rule)).await.unwrap();
    assert_eq!(own, Saved::Yes, "its own name is no other's");
    assert_eq!(store.alert_rules().await.unwrap(), [first, second]);
}

pub(in crate::store) async fn a_rule_that_another_changed_or_removed_meanwhile_is_left_as_it_is(
    backend: &impl Backend,
) {
    let store = backend.open().await;
    let (first, second) = (rule("a", "one", 1), rule("a", "two", 1));
    assert_eq!(store.save_alert_rule(&first, None).await.unwrap(), Saved::Yes);
    assert_eq!(store.save_alert_rule(&second, Some(&first.rule)).await.unwrap(), Saved::Yes);
    let third = rule("a", "three", 1);
    let late = store.save_alert_rule(&third, Some(&first.rule)).await.unwrap();
    assert_eq!(late, Saved::NotAsItWas);
    assert_eq!(store.alert_rules().await.unwrap(), std::slice::from_ref(&second));
    assert!(store.remove_alert_rule("a").await.unwrap());
    let late = store.save_alert_rule(&third, Some(&second.rule)).await.unwrap();
    assert_eq!((late, store.alert_rules().await.unwrap()), (Saved::NotAsItWas, vec![]));
}

pub(in crate::store) async fn how_a_rule_stands_is_kept_for_each_machine_and_goes_with_it(
    backend: &impl Backend,
) {
    let store = backend.open().await;
    store.save_alert_rule(&rule("a", "one", 1), None).await.unwrap();
    let here = [state("a", "cpu.total"), state("a", "disk.x'y.read"), state("b", "cpu.total")];
    let there = AlertStateRow { host: "attic".to_owned(), ..state("a", "cpu.total") };
    speak(store.as_ref()).await;
    assert!(store.keep_alert_states("box", "one", &here, &[]).await.unwrap());
    let attic = std::slice::from_ref(&there);
    assert!(store.keep_alert_states("attic", "one", attic, &[]).await.unwrap());
    drop(store);

    let store = backend.open().await;
    assert_eq!(store.alert_states("box").await.unwrap(), here);
    let told = |text: &str| text.to_owned();
    let [cpu, disk, other] = here;
    let changed = AlertStateRow {
        value: None,
        threshold: None,
        since: 7,
        fired: 5,
        told: told("missing"),
        ..cpu
    };
    let gone = [(disk.rule_id, disk.series), (told("none"), told("none"))];
    let kept = std::slice::from_ref(&changed);
    assert!(store.keep_alert_states("box", "one", kept, &gone).await.unwrap());
    assert_eq!(store.alert_states("box").await.unwrap(), [changed, other.clone()]);
    assert_eq!(store.alert_states("attic").await.unwrap(), [there]);

    store.remove_alert_rule("a").await.unwrap();
    assert_eq!(store.alert_states("box").await.unwrap(), [other]);
    assert_eq!(store.alert_states("attic").await.unwrap(), []);
}
