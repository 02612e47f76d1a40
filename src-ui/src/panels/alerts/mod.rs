//! The rules that figures are held to: how they stand, and for admins their keeping.
//!
//! - [`row`]: one rule.
//! - [`form`]: a rule is written or changed, in [`fields`]; [`people`]: whom it tells.
//! - [`removal`]: one is to be deleted.
//! - [`blank`]: what stands where there are none.

mod blank;
mod fields;
mod form;
mod people;
mod removal;
mod row;

use std::rc::Rc;

use tidings_protocol::alert::{Alert, AlertState};
use yew::prelude::*;

use crate::components::{Button, Card, Symbol, focus, focus_on, remark};
use crate::hooks::{
    is_behind_dialog, use_alerts, use_anchor, use_keys, use_list_freshness, use_may_change,
};
use crate::state::alerts::draft::Draft;
use crate::state::alerts::{Alerts, Load, why_not_listed, wire};
use crate::text::{counted, fill, text};
use crate::view::{html, use_effect_with};
use blank::blank;
use form::{Form, Subject};
use removal::removal;
use row::{Act, Row};

/// Id of the part that has the focus where nothing else could.
const PLACE: &str = "alerts";

/// What lies over the page.
#[derive(Clone, PartialEq)]
enum Over {
    Form(Subject),
    Removal(Rc<Alert>),
}

/// All rules, the broken ones first.
#[component]
pub(super) fn AlertsPanel() -> Html {
    let handle = use_alerts();
    let alerts = handle.alerts();
    let may_change = use_may_change();
    let freshness = use_list_freshness(alerts.load.list());
    let over = use_state_eq(|| None::<Over>);
    let open = use_state_eq(|| None::<String>);
    let (anchor, times) = use_anchor("#alerts");
    let linked = anchor.as_deref().and_then(|rest| rest.strip_prefix('/')).map(str::to_owned);
    // A list that fails and comes back leads nobody anywhere a second time.
    let was_loaded = use_mut_ref(|| false);
    let is_loaded = *was_loaded.borrow() || alerts.load == Load::Done;
    was_loaded.replace(is_loaded);
    {
        // A link leads to its rule as soon as that is there.
        let (open, linked) = (open.setter(), linked.clone());
        let leads_here = anchor.is_some() && is_loaded;
        use_effect_with((leads_here, times, linked), move |(leads_here, _, linked)| {
            if *leads_here {
                open.set(linked.clone());
                let row = linked.as_ref().map(|id| row::id_of(id));
                if !row.is_some_and(|row| focus(&row)) {
                    focus(PLACE);
                }
            }
        });
    }
    use_keys(|key| key == "a" && !is_behind_dialog() && focus_first());
    let removing = use_mut_ref(|| false);
    {
        // With a rule its buttons go, and the focus must not go with them.
        let removing = removing.clone();
        use_effect_with(alerts.rules().len(), move |_| {
            if removing.replace(false) {
                focus(PLACE);
            }
        });
    }
    let on_over = {
        let over = over.setter();
        Callback::from(move |next: Option<Over>| over.set(next))
    };
    let on_new = on_over.reform(|draft: Draft| Some(Over::Form(Subject::New(Rc::new(draft)))));
    let on_close = on_over.reform(|()| None);
    let on_act = {
        let (handle, open, on_over) = (handle.clone(), open.clone(), on_over);
        Callback::from(move |(act, alert): (Act, Rc<Alert>)| {
            handle.touch();
            match act {
                Act::Fold if open.as_ref() == Some(&alert.id) => open.set(None),
                Act::Fold => open.set(Some(alert.id.clone())),
                Act::Switch => {
                    let body = wire::switch(!alert.rule.enabled);
                    handle.save(Some(alert.id.clone()), body, Callback::noop());
                }
                Act::Edit => on_over.emit(Some(Over::Form(Subject::Known(alert)))),
                Act::Copy => {
                    let rules = handle.alerts();
                    let names = rules.rules().iter().map(|alert| &*alert.rule.name);
                    let draft = Draft::copy_of(&alert.rule, names);
                    on_over.emit(Some(Over::Form(Subject::New(Rc::new(draft)))));
                }
                Act::Remove => on_over.emit(Some(Over::Removal(alert))),
            }
        })
    };
    let on_remove = {
        let handle = handle.clone();
        Callback::from(move |id: String| {
            removing.replace(true);
            handle.remove(id);
        })
    };
    let on_look = {
        let handle = handle.clone();
        Callback::from(move |()| handle.look())
    };
    let on_touch = {
        let handle = handle.clone();
        Callback::from(move |()| handle.touch())
    };
    let firing = alerts.count(AlertState::Firing);
    let is_empty = alerts.rules().is_empty();
    let can_make = may_change == Some(true) && !is_empty;
    let texts = &text().alerts;
    let aside = html! {
        <>
            <span data-testid="alerts-count">{ summary(&alerts, firing) }</span>
            if can_make {
                <Button label={texts.new} symbol={Some(Symbol::Plus)} testid="alert-new"
                    onclick={on_new.reform(|()| Draft::default())} />
            }
        </>
    };
    let is_gone = is_loaded && linked.as_ref().is_some_and(|id| alerts.find(id).is_none());
    html! {
        <Card panel="alerts" title={text().panels.alerts} symbol={Symbol::Alert} {freshness} {aside}>
            <p class="unseen" role="status">
                { if firing > 0 { counted(texts.firing, firing as u64, &[&firing.to_string()]) } else { String::new() } }
            </p>
            <div class="alerts" id={PLACE} tabindex="-1" role="group" aria-labelledby="panel-alerts">
                if let (Load::Failed(why), false) = (&alerts.load, is_empty) {
                    { remark(Some("warning"), Symbol::Clock, "alerts-old",
                        fill(texts.list_old, &[&why_not_listed(why)]).into()) }
                }
                if is_gone {
                    { remark(None, Symbol::Help, "alert-gone", texts.gone.into()) }
                }
                if is_empty {
                    { blank(&alerts.load, may_change, on_look, &on_new) }
                } else {
                    <ul class="alert-list" aria-label={texts.rules}
                        onpointermove={on_touch.reform(|_: PointerEvent| ())}
                        onfocusin={on_touch.reform(|_: FocusEvent| ())}>
                        { for alerts.rules().iter().map(|alert| {
                            let refused = alerts.refused.as_ref().filter(|refused| refused.id == alert.id);
                            html! {
                                <Row key={alert.id.clone()} alert={alert.clone()}
                                    may_change={may_change == Some(true)} busy={alerts.is_busy(&alert.id)}
                                    refused={refused.map(|refused| AttrValue::from(refused.why.explain()))}
                                    open={open.as_ref() == Some(&alert.id)} on_act={on_act.clone()} />
                            }
                        }) }
                    </ul>
                    if may_change == Some(false) {
                        { remark(None, Symbol::Lock, "alerts-read-only", texts.read_only.into()) }
                    }
                }
            </div>
            { match &*over {
                Some(Over::Form(subject)) => html! {
                    <Form subject={subject.clone()} {handle} {on_close} />
                },
                Some(Over::Removal(alert)) => removal(alert, &on_remove, &on_close),
                None => Html::default(),
            } }
        </Card>
    }
}

fn summary(alerts: &Alerts, firing: usize) -> String {
    let texts = &text().alerts;
    match (alerts.rules().len(), firing) {
        (0, _) => String::new(),
        (all, 0) => counted(texts.count, all as u64, &[&all.to_string()]),
        (1, _) => texts.one_firing.to_owned(),
        (all, firing) => fill(texts.some_firing, &[&firing.to_string(), &all.to_string()]),
    }
}

/// Gives the focus to the first rule, or to what there is in the place of rules.
fn focus_first() -> bool {
    focus_on(".alert-name") || focus(PLACE)
}
