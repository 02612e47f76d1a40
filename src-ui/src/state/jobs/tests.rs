use super::*;

/// A job as a server tells it.
pub(in crate::state) fn row(id: &str, state: &str, version: u64) -> Row {
    let text = format!(
        r#"{{"id":"u1~{id}","userId":"u1","kind":"scan","name":"{id}","host":"box","state":"{state}","version":{version},
        "progress":{},"message":"","createdAt":{version},"startedAt":5,"updatedAt":9,"endedAt":{}}}"#,
        version.min(100),
        if matches!(state, "queued" | "running") { "null".to_owned() } else { version.to_string() },
    );
    wire::one(&text).unwrap()
}

fn listed(active: &[Row], ended: &[Row]) -> Jobs {
    let mut jobs = Jobs::default();
    jobs.listed(0, (active.to_vec(), None), (ended.to_vec(), None));
    jobs
}

fn names(jobs: &Jobs) -> Vec<&str> {
    jobs.rows().map(|row| &*row.job.name).collect()
}

#[test]
fn what_runs_stands_first_then_what_waits_by_place_then_what_ended_last() {
    let waiting = |id: &str, place| {
        let mut row = row(id, "queued", 1);
        row.job.place = Some(place);
        row
    };
    let begun = |id: &str, at| {
        let mut row = row(id, "running", 1);
        row.job.started_at = Some(at);
        row
    };
    let active = [waiting("second", 2), begun("late", 9), waiting("first", 1), begun("early", 3)];
    let ended = [row("before", "failed", 10), row("after", "succeeded", 20)];
    let jobs = listed(&active, &ended);
    assert_eq!(names(&jobs), ["early", "late", "first", "second", "after", "before"]);
    assert_eq!(jobs.active(), 4);
}

#[test]
fn of_two_answers_the_greater_version_is_right_whichever_comes_first() {
    let mut jobs = listed(&[row("a", "running", 5)], &[]);
    let progress = |jobs: &Jobs| jobs.find("u1~a").unwrap().job.progress.unwrap().value();
    jobs.told(row("a", "running", 60));
    jobs.told(row("a", "running", 20));
    assert_eq!(progress(&jobs), 60.0);
    jobs.listed(jobs.heard(), (vec![row("a", "running", 30)], None), (Vec::new(), None));
    assert_eq!(progress(&jobs), 60.0, "an old list takes no bar back");
    jobs.told(row("a", "succeeded", 70));
    jobs.told(row("a", "running", 65));
    assert_eq!(jobs.active(), 0, "what has ended never runs again");
}

#[test]
fn a_job_that_the_list_no_longer_knows_is_not_shown_as_running_for_ever() {
    let mut jobs = listed(&[row("a", "running", 5), row("b", "running", 5)], &[]);
    let asked = jobs.heard();
    jobs.told(row("new", "running", 1));
    jobs.listed(asked, (vec![row("b", "running", 6)], None), (Vec::new(), None));
    assert_eq!(names(&jobs), ["b", "new"], "what began behind the question is none of its answer");
    let asked = jobs.heard();
    jobs.listed(asked, (Vec::new(), Some("more".to_owned())), (Vec::new(), None));
    assert_eq!(names(&jobs).len(), 2, "it may stand on the next page");
}

#[test]
fn an_end_is_said_once_and_no_progress_is() {
    let mut jobs = listed(&[row("a", "running", 5)], &[]);
    jobs.told(row("a", "running", 6));
    assert_eq!(&*jobs.said, "");
    jobs.told(row("a", "failed", 7));
    assert_eq!(&*jobs.said, "a failed");
    jobs.told(row("long ago", "succeeded", 7));
    assert_eq!(&*jobs.said, "a failed", "an end that was before this page is no news");
}

#[test]
fn rows_that_did_not_change_keep_their_address() {
    let mut jobs = listed(&[row("a", "running", 5), row("b", "running", 5)], &[]);
    let before = jobs.clone();
    jobs.told(row("b", "running", 6));
    assert!(Rc::ptr_eq(jobs.find("u1~a").unwrap(), before.find("u1~a").unwrap()));
    assert!(!Rc::ptr_eq(jobs.find("u1~b").unwrap(), before.find("u1~b").unwrap()));
}

#[test]
fn what_was_removed_comes_back_by_no_late_answer() {
    let mut jobs = listed(&[], &[row("a", "failed", 5)]);
    jobs.ask("u1~a");
    assert!(jobs.is_busy("u1~a"));
    jobs.answered("u1~a", Ok(None));
    jobs.told(row("a", "failed", 5));
    assert!(names(&jobs).is_empty() && !jobs.is_busy("u1~a"));
}

#[test]
fn what_is_refused_is_told_at_its_job_until_the_next_request() {
    let mut jobs = listed(&[row("a", "running", 5)], &[]);
    jobs.ask("u1~a");
    jobs.answered("u1~a", Err(RequestError::unreadable()));
    assert_eq!(jobs.answer, Some(("u1~a".to_owned(), Err(RequestError::unreadable()))));
    jobs.ask("u1~a");
    assert!(jobs.answer.is_none());
}

#[test]
fn ended_ones_are_bounded_and_the_oldest_go() {
    let mut jobs = listed(&[row("runs", "running", 1)], &[]);
    for n in 0..2 * MOST_ENDED as u64 {
        jobs.told(row(&format!("{n:04}"), "succeeded", 10 + n));
    }
    assert_eq!(jobs.rows().len(), MOST_ENDED + 1);
    assert_eq!(jobs.active(), 1);
    assert_eq!(names(&jobs)[1], "0999");
}

#[test]
fn what_began_long_ago_and_ended_unheard_is_among_the_last_to_end() {
    let ended = |id: &str, created_at, ended_at| {
        let mut row = row(id, "succeeded", 9);
        (row.job.created_at, row.job.ended_at) = (created_at, Some(ended_at));
        row
    };
    let mut jobs = listed(&[row("long", "running", 1)], &[]);
    let page = vec![ended("long", 1, 99), ended("short", 50, 60)];
    jobs.listed(jobs.heard(), (Vec::new(), None), (page, Some("short".to_owned())));
    assert_eq!(names(&jobs), ["long", "short"]);
    // One that came late and ended early stands on the next page, so that it is none that was removed.
    jobs.older_listed(Some((vec![ended("older", 55, 56)], None)));
    let page = vec![ended("long", 1, 99), ended("short", 50, 60)];
    jobs.listed(jobs.heard(), (Vec::new(), None), (page, Some("short".to_owned())));
    assert_eq!(names(&jobs), ["long", "short", "older"]);
}

#[test]
fn who_asks_for_the_list_gives_way_to_who_asks_later() {
    let mut jobs = Jobs::default();
    let first = jobs.begin();
    assert!(jobs.is_last(first));
    let second = jobs.begin();
    assert!(!jobs.is_last(first) && jobs.is_last(second));
}

#[test]
fn older_ones_come_by_the_servers_word_and_a_new_list_leaves_them() {
    let mut jobs = Jobs::default();
    let newest = vec![row("d", "failed", 40), row("c", "failed", 30)];
    jobs.listed(0, (Vec::new(), None), (newest.clone(), Some("c".to_owned())));
    assert_eq!(jobs.begin_older().unwrap(), "c");
    assert_eq!(jobs.begin_older(), None, "one request at a time");
    jobs.older_listed(Some((vec![row("b", "failed", 20)], Some("b".to_owned()))));
    jobs.listed(jobs.heard(), (Vec::new(), None), (newest, Some("c".to_owned())));
    assert_eq!(names(&jobs), ["d", "c", "b"]);
    assert_eq!(jobs.begin_older().unwrap(), "b");
    jobs.older_listed(None);
    assert!(jobs.has_older() && !jobs.is_loading_older, "a failure is no end");
}

#[test]
fn a_kind_is_taken_while_the_job_of_it_that_was_started_here_goes_on() {
    let mut jobs = listed(&[], &[]);
    assert!(jobs.running_of("scan").is_none());
    jobs.started("scan", "u1~a".to_owned());
    assert!(matches!(jobs.running_of("scan"), Some(None)), "nothing was heard of it yet");
    assert!(jobs.running_of("check").is_none());
    jobs.told(row("a", "running", 1));
    assert!(matches!(jobs.running_of("scan"), Some(Some(_))));
    jobs.told(row("a", "succeeded", 2));
    assert!(jobs.running_of("scan").is_none());
    jobs.answered("u1~a", Ok(None));
    assert!(jobs.running_of("scan").is_none(), "it has ended, though it is removed by now");
    jobs.told(row("short", "succeeded", 2));
    jobs.started("scan", "u1~short".to_owned());
    assert!(jobs.running_of("scan").is_none(), "it ended before the page heard that it had begun");
    jobs.started("scan", "u1~lost".to_owned());
    jobs.listed(jobs.heard(), (Vec::new(), None), (Vec::new(), None));
    assert!(jobs.running_of("scan").is_none(), "the server knows nothing of it");
}

#[test]
fn owners_are_told_by_name_where_that_is_known() {
    let mut jobs = listed(&[row("a", "running", 1)], &[]);
    let job = jobs.find("u1~a").unwrap().job.clone();
    assert_eq!(jobs.owner(&job), "u1");
    jobs.people = Some(Rc::new(vec![("u1".to_owned(), "Grace".to_owned())]));
    assert_eq!(jobs.owner(&job), "Grace");
}
