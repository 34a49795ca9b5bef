//! Who hears what becomes of tokens: Meta takes them, or it does not any more.

use uuid::Uuid;

use super::client::{AccessToken, GraphResponse};
use super::error::GraphError;

/// Codes of Meta's for a token that is not good for anything.
const TOKEN: [i32; 3] = [190, 102, 104];

/// A call whose token Meta refused.
#[derive(Clone, Debug)]
pub struct RefusedToken {
    pub token: AccessToken,
    /// Whose call it was, if it was a project's.
    pub project_id: Option<Uuid>,
    /// What the path began with: a number, an account, or something of theirs.
    pub node: String,
    pub error: GraphError,
}

/// Hears of tokens. Called for each answer, so it must not wait.
pub trait TokenWatch: Send + Sync {
    /// Meta refused one.
    fn refused(&self, refused: RefusedToken);
    /// Meta took one.
    fn taken(&self, token: &AccessToken);
}

/// Tells of an answer.
pub(super) fn tell(
    watch: &dyn TokenWatch,
    (project_id, path, token): (Option<Uuid>, &str, &AccessToken),
    answer: &GraphResponse,
) {
    if answer.status.is_success() {
        return watch.taken(token);
    }
    if let Some(error) = GraphError::read(answer).filter(is_about_token) {
        let node = path.trim_start_matches('/').split(['/', '?']).next();
        watch.refused(RefusedToken {
            token: token.clone(),
            project_id,
            node: node.unwrap_or_default().to_owned(),
            error,
        });
    }
}

/// Whether an error says that the token is good for nothing.
pub(super) fn is_about_token(error: &GraphError) -> bool {
    TOKEN.contains(&error.code)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use http::StatusCode;

    use super::*;

    #[derive(Default)]
    struct Heard(Mutex<Vec<String>>);

    impl TokenWatch for Heard {
        fn refused(&self, refused: RefusedToken) {
            self.0
                .lock()
                .unwrap()
                .push(format!("{} {}", refused.node, refused.error.code));
        }

        fn taken(&self, token: &AccessToken) {
            self.0.lock().unwrap().push(token.reveal().to_owned());
        }
    }

    #[test]
    fn a_refused_token_is_told_with_what_the_call_was_about() {
        let heard = Heard::default();
        let token = AccessToken::new("t");
        for (status, code) in [(401, 190), (400, 100), (200, 0), (400, 190)] {
            let answer = GraphResponse {
                status: StatusCode::from_u16(status).unwrap(),
                headers: Default::default(),
                body: format!(r#"{{"error":{{"code":{code},"message":"no"}}}}"#).into(),
            };
            tell(&heard, (None, "106/messages?x=1", &token), &answer);
        }
        assert_eq!(*heard.0.lock().unwrap(), ["106 190", "t", "106 190"]);
    }
}
