//! What happens on its own about notifications.

use yew::prelude::*;

use crate::hooks::{
    use_actions, use_favicon, use_hidden_page, use_stale, use_toast_clock, use_unread,
};
use crate::state::stale::Part;
use crate::state::toasts::Hold;
use crate::view::use_effect_with;

/// Renders nothing. It lets toasts run out while somebody can see them, asks anew for what the news made stale, and
/// keeps the tab's icon true. Which notification becomes a toast is decided in [`state::reader`](crate::state::reader),
/// what news makes stale in [`state::stale`](crate::state::stale).
#[component]
pub fn NotificationsListener() -> Html {
    let actions = use_actions();
    let stale = use_stale(Part::Inbox);
    {
        let actions = actions.clone();
        use_effect_with(stale, move |times| {
            if *times > 0 {
                actions.load_inbox();
            }
        });
    }
    let is_hidden = use_hidden_page();
    use_effect_with(is_hidden, move |is_hidden| actions.hold_toasts(Hold::Hidden, *is_hidden));
    use_toast_clock();
    let unread = use_unread();
    use_favicon(unread);
    Html::default()
}
