//! The card that asks who somebody is.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::button::Button;
use super::icon::{Symbol, icon, mark};

/// Properties of [`SignInCard`].
#[derive(Properties, PartialEq)]
pub struct SignInCardProps {
    /// Why somebody is asked.
    pub why: AttrValue,
    /// Called to try once more as whoever is signed in, where that may help.
    #[prop_or_default]
    pub on_again: Option<Callback<()>>,
    /// Why the last attempt failed.
    #[prop_or_default]
    pub error: Option<AttrValue>,
    /// Called with a name and a password.
    pub on_password: Callback<(String, String)>,
    /// Called with a token.
    pub on_token: Callback<String>,
}

/// By what somebody signs in.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Password,
    Token,
}

/// The card that asks for a name and a password, or for the owner's token, and says where that lies.
#[component]
pub fn SignInCard(props: &SignInCardProps) -> Html {
    let way = use_state(|| Way::Password);
    let (name, secret) = (use_node_ref(), use_node_ref());
    {
        let first = if *way == Way::Password { name.clone() } else { secret.clone() };
        use_effect_with(*way, move |_| {
            if let Some(field) = first.cast::<HtmlInputElement>() {
                let _ = field.focus();
            }
        });
    }
    {
        // After a refusal the password is typed anew, and the name stays.
        let secret = secret.clone();
        use_effect_with(props.error.clone(), move |error| {
            if let (Some(_), Some(field)) = (error, secret.cast::<HtmlInputElement>()) {
                field.select();
            }
        });
    }
    let onsubmit = {
        let (way, name, secret) = (*way, name.clone(), secret.clone());
        let (on_password, on_token) = (props.on_password.clone(), props.on_token.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let value = |field: &NodeRef| field.cast::<HtmlInputElement>().map(|f| f.value());
            let Some(secret) = value(&secret) else { return };
            match way {
                Way::Password => {
                    let name = value(&name).unwrap_or_default();
                    if !name.trim().is_empty() && !secret.is_empty() {
                        on_password.emit((name.trim().to_owned(), secret));
                    }
                }
                Way::Token if !secret.trim().is_empty() => {
                    on_token.emit(secret.trim().to_owned());
                }
                Way::Token => {}
            }
        })
    };
    let other = if *way == Way::Password { Way::Token } else { Way::Password };
    let onclick = {
        let way = way.clone();
        Callback::from(move |_: MouseEvent| way.set(other))
    };
    let invalid = props.error.is_some().then_some("true");
    let described = if props.error.is_some() { "sign-in-error" } else { "sign-in-help" };
    html! {
        <form class="sign-in" data-testid="sign-in" {onsubmit}>
            { mark() }
            <h2 class="sign-in-title">{ "Sign in to Tidings" }</h2>
            <p class="sign-in-text" data-testid="sign-in-why">{ &props.why }</p>
            if let Some(on_again) = &props.on_again {
                <Button label="Try again" testid="retry" onclick={on_again} />
            }
            if *way == Way::Password {
                <label class="field" key="username">
                    <span class="field-label">{ "User name" }</span>
                    <input ref={name} class="field-input" data-kind="name" type="text" name="username"
                        required=true autocomplete="username" spellcheck="false" autocapitalize="none"
                        aria-describedby={described} aria-invalid={invalid} />
                </label>
                <label class="field" key="password">
                    <span class="field-label">{ "Password" }</span>
                    <input ref={secret} class="field-input" type="password" name="password"
                        required=true autocomplete="current-password"
                        aria-describedby={described} aria-invalid={invalid} />
                </label>
            } else {
                <label class="field" key="token">
                    <span class="field-label">{ "Token" }</span>
                    <input ref={secret} class="field-input" type="password" name="token" required=true
                        autocomplete="off" spellcheck="false" autocapitalize="none"
                        placeholder="Paste the owner’s token"
                        aria-describedby={described} aria-invalid={invalid} />
                </label>
            }
            <p class="sign-in-error" id="sign-in-error" role="alert">
                if let Some(error) = &props.error {
                    { icon(Symbol::Alert) }{ error.clone() }
                }
            </p>
            <button type="submit" class="button" data-look="primary">{ "Sign in" }</button>
            <button type="button" class="sign-in-other" data-testid="sign-in-other" {onclick}>
                { match other {
                    Way::Token => "Use the owner’s token instead",
                    Way::Password => "Use a name and a password instead",
                } }
            </button>
            <div class="sign-in-help" id="sign-in-help">
                if *way == Way::Password {
                    <p>{ "No user yet?" }</p>
                    <ul>
                        <li>
                            { "Whoever runs the server adds one with " }<code>{ "tidings user add" }</code>
                            { "." }
                        </li>
                    </ul>
                } else {
                    <p>{ "Where do I find it?" }</p>
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
                }
            </div>
        </form>
    }
}
