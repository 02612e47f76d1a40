//! The card that asks for a token.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::icon::{Symbol, icon, mark};

/// Properties of [`SignInCard`].
#[derive(Properties, PartialEq)]
pub struct SignInCardProps {
    /// Why the last attempt failed.
    #[prop_or_default]
    pub error: Option<AttrValue>,
    /// Called with the token.
    pub on_sign_in: Callback<String>,
}

/// The card that asks for a token, and says where one lies.
#[component]
pub fn SignInCard(props: &SignInCardProps) -> Html {
    let field = use_node_ref();
    {
        let field = field.clone();
        use_effect_with((), move |()| {
            if let Some(field) = field.cast::<HtmlInputElement>() {
                let _ = field.focus();
            }
        });
    }
    let onsubmit = {
        let (field, on_sign_in) = (field.clone(), props.on_sign_in.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if let Some(field) = field.cast::<HtmlInputElement>() {
                let token = field.value().trim().to_owned();
                if !token.is_empty() {
                    on_sign_in.emit(token);
                }
            }
        })
    };
    let described = if props.error.is_some() { "sign-in-error" } else { "sign-in-help" };
    html! {
        <form class="sign-in" data-testid="sign-in" {onsubmit}>
            { mark() }
            <h2 class="sign-in-title">{ "Sign in to Tidings" }</h2>
            <p class="sign-in-text">{ "This server shows its data only to those it knows." }</p>
            <label class="field">
                <span class="field-label">{ "Token" }</span>
                <input ref={field} class="field-input" type="password" name="token" required=true
                    autocomplete="current-password" spellcheck="false" autocapitalize="off"
                    placeholder="Paste a token"
                    aria-describedby={described} aria-invalid={props.error.is_some().then_some("true")} />
            </label>
            <p class="sign-in-error" id="sign-in-error" role="alert">
                if let Some(error) = &props.error {
                    { icon(Symbol::Alert) }{ error.clone() }
                }
            </p>
            <button type="submit" class="button" data-look="primary">{ "Sign in" }</button>
            <div class="sign-in-help" id="sign-in-help">
                <p>{ "Where do I find one?" }</p>
                <ul>
                    <li>
                        { "In the file " }<code>{ "owner-token" }</code>
                        { " of the server’s data folder." }
                    </li>
                    <li>
                        { "Or restart " }<code>{ "tidings serve" }</code>
                        { ": it prints a link that signs this browser in." }
                    </li>
                </ul>
            </div>
        </form>
    }
}
