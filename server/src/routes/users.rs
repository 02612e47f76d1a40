//! `/api/users`: who may sign in, and as what; by admins, but for what users may do with themselves.

use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use tidings_protocol::api::{ChangedUser, ErrorCode, NewUser, User, UserAfter, path};

use crate::auth::directory::PeopleError;
use crate::auth::grants::Power;
use crate::auth::guards::{Admin, Unlimited};
use crate::auth::users::UserError;
use crate::auth::{Caller, grants};
use crate::error::ApiError;
use crate::state::AppState;
use crate::store::Refused;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route(path::USERS, get(list).post(add))
        .route(path::USER, get(show).patch(change).delete(remove))
}

async fn list(_: Admin, State(state): State<AppState>) -> Json<Vec<User>> {
    Json(state.auth.users())
}

async fn add(
    _: Admin,
    State(state): State<AppState>,
    body: Result<Json<NewUser>, JsonRejection>,
) -> Result<(StatusCode, Json<User>), ApiError> {
    let Json(new) = body?;
    let user = state.auth.add_user(new).await?;
    tracing::info!(id = user.id, name = user.name, role = user.role.as_str(), "a user was added");
    Ok((StatusCode::CREATED, Json(user)))
}

async fn show(
    Unlimited(caller): Unlimited,
    State(state): State<AppState>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<User>, ApiError> {
    let (id, _) = named(id, &caller)?;
    state.auth.user(&id).map(Json).ok_or_else(no_such_user)
}

async fn change(
    Unlimited(caller): Unlimited,
    State(state): State<AppState>,
    id: Result<Path<String>, PathRejection>,
    body: Result<Json<ChangedUser>, JsonRejection>,
) -> Result<Json<UserAfter>, ApiError> {
    let (id, power) = named(id, &caller)?;
    let Json(change) = body?;
    if power < Power::All && (change.name.is_some() || change.role.is_some()) {
        return Err(ApiError::new(
            ErrorCode::Forbidden,
            "only an admin may change names and roles",
        ));
    }
    let (name, role, password) =
        (change.name.is_some(), change.role.map(|role| role.as_str()), change.password.is_some());
    let after = state.auth.change_user(&caller, &id, change).await.map_err(told)?;
    let revoked = after.revoked_tokens;
    tracing::info!(id, name, role, password, revoked, "a user was changed");
    Ok(Json(after))
}

async fn remove(
    Admin(caller): Admin,
    State(state): State<AppState>,
    id: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    let (id, _) = named(id, &caller)?;
    state.auth.remove_user(&id).await.map_err(told)?;
    tracing::info!(id, "a user was removed");
    Ok(StatusCode::NO_CONTENT)
}

/// The user in the path, and what the caller may do there. Whoever may do nothing is told so of every id, given or not.
fn named(
    id: Result<Path<String>, PathRejection>,
    caller: &Caller,
) -> Result<(String, Power), ApiError> {
    // What is not UTF-8 is no id.
    let id = id.map(|Path(id)| id).unwrap_or_default();
    match grants::over_user(caller, &id) {
        Power::Nothing => {
            let message = "only an admin may have to do with other users";
            Err(ApiError::new(ErrorCode::Forbidden, message))
        }
        power => Ok((id, power)),
    }
}

fn no_such_user() -> ApiError {
    ApiError::new(ErrorCode::NotFound, "there is no user with this id")
}

fn told(error: UserError) -> ApiError {
    match error {
        UserError::People(PeopleError::Refused(Refused::NoSuch)) => no_such_user(),
        error => error.into(),
    }
}
