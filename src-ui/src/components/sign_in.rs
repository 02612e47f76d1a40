//! The card that asks who somebody is.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::button::Button;
use super::icon::{Symbol, icon, mark};
use super::pieces::with_code;
use crate::text::text;
use crate::view::{html, use_effect_with};

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
    let words = &text().sign_in;
    html! {
        <form class="sign-in" data-testid="sign-in" {onsubmit}>
            { mark() }
            <h2 class="sign-in-title">{ words.title }</h2>
            <p class="sign-in-text" data-testid="sign-in-why">{ &props.why }</p>
            if let Some(on_again) = &props.on_again {
                <Button label={text().shell.try_again} testid="retry" onclick={on_again} />
            }
            if *way == Way::Password {
                <label class="field" key="username">
                    <span class="field-label">{ words.user_name }</span>
                    <input ref={name} class="field-input" data-kind="name" type="text" name="username"
                        required=true autocomplete="username" spellcheck="false" autocapitalize="none"
                        aria-describedby={described} aria-invalid={invalid} />
                </label>
                <label class="field" key="password">
                    <span class="field-label">{ words.password }</span>
                    <input ref={secret} class="field-input" type="password" name="password"
                        required=true autocomplete="current-password"
                        aria-describedby={described} aria-invalid={invalid} />
                </label>
            } else {
                <label class="field" key="token">
                    <span class="field-label">{ words.token }</span>
                    <input ref={secret} class="field-input" type="password" name="token" required=true
                        autocomplete="off" spellcheck="false" autocapitalize="none"
                        placeholder={words.paste}
                        aria-describedby={described} aria-invalid={invalid} />
                </label>
            }
            <p class="sign-in-error" id="sign-in-error" role="alert">
                if let Some(error) = &props.error {
                    { icon(Symbol::Alert) }{ error.clone() }
                }
            </p>
            <button type="submit" class="button" data-look="primary">{ words.sign_in }</button>
            <button type="button" class="sign-in-other" data-testid="sign-in-other" {onclick}>
                { match other {
                    Way::Token => words.use_token,
                    Way::Password => words.use_password,
                } }
            </button>
            <div class="sign-in-help" id="sign-in-help">
                if *way == Way::Password {
                    <p>{ words.no_user }</p>
                    <ul>
                        <li>
                            { with_code(words.adds, "tidings user add") }
                        </li>
                    </ul>
                } else {
                    <p>{ words.find }</p>
                    <ul>
                        <li>
                            { with_code(words.in_file, "owner-token") }
                        </li>
                        <li>
                            { with_code(words.or_restart, "tidings serve") }
                        </li>
                    </ul>
                }
            </div>
        </form>
    }
}
