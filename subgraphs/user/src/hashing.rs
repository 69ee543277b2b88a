//! Password hashing with argon2id, off the threads that serve requests.

use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{Error, PasswordHasher, PasswordVerifier};
use souk_platform::{ApiError, ApiResult, ErrorCode};
use tokio::sync::{OnceCell, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// How long a request waits for its turn. Beyond that, more waiting clients only make it worse for all.
const WAIT_FOR_TURN: Duration = Duration::from_secs(5);

/// Hashes and verifies passwords, one per processor core at a time: each takes 19 MiB and a core for tens of
/// milliseconds, so that a flood of logins would otherwise take memory and time from everything else.
#[derive(Clone)]
pub struct Hashing {
    turns: Arc<Semaphore>,
    dummy: Arc<OnceCell<String>>,
}

impl Hashing {
    /// Hashing on as many cores as there are.
    pub fn new() -> Hashing {
        let cores = available_parallelism().map_or(1, usize::from);
        Hashing {
            turns: Arc::new(Semaphore::new(cores)),
            dummy: Arc::default(),
        }
    }

    /// The PHC string of the password, with a new salt.
    pub async fn hash(&self, password: &str) -> ApiResult<String> {
        let password = password.to_owned();
        self.in_turn(move || {
            Argon2::default()
                .hash_password(password.as_bytes())
                .map(|hash| hash.to_string())
        })
        .await?
        .map_err(ApiError::internal)
    }

    /// True if the password is the one of this hash. Without a hash (no such account) it takes as long and is false,
    /// so that the time of the answer does not tell which accounts exist.
    pub async fn verify(&self, password: &str, hash: Option<&str>) -> ApiResult<bool> {
        let password = password.to_owned();
        let expected = match hash {
            Some(hash) => hash.to_owned(),
            None => self.dummy().await?,
        };
        let known = hash.is_some();
        let verified = self
            .in_turn(move || {
                let expected = PasswordHash::new(&expected).map_err(|_| Error::EncodingInvalid)?;
                Argon2::default().verify_password(password.as_bytes(), &expected)
            })
            .await?;
        match verified {
            Ok(()) => Ok(known),
            Err(Error::PasswordInvalid) => Ok(false),
            Err(error) => Err(ApiError::internal(error)),
        }
    }

    /// Makes the hash that stands in for accounts which don't exist, so that the first such login takes no longer.
    pub async fn warm_up(&self) -> ApiResult<()> {
        self.dummy().await.map(drop)
    }

    async fn dummy(&self) -> ApiResult<String> {
        let nobody = hex::encode(rand::random::<[u8; 16]>());
        self.dummy
            .get_or_try_init(|| self.hash(&nobody))
            .await
            .cloned()
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> ApiResult<T> {
        let Ok(turn) = timeout(WAIT_FOR_TURN, self.turns.clone().acquire_owned()).await else {
            return Err(ApiError::new(
                ErrorCode::Unavailable,
                "too many people log in at once; try again in a moment",
            ));
        };
        let turn = turn.map_err(ApiError::internal)?;
        // The turn ends with the work, not with the request: a client that hangs up does not free a busy core.
        let done = spawn_blocking(move || {
            let result = work();
            drop(turn);
            result
        });
        done.await.map_err(ApiError::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_verifies() {
        let hashing = Hashing::new();
        let hash = hashing.hash("correct horse").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$"), "{hash}");
        assert_eq!(hashing.verify("correct horse", Some(&hash)).await, Ok(true));
        assert_eq!(
            hashing.verify("correct horsf", Some(&hash)).await,
            Ok(false)
        );
        assert_eq!(hashing.verify("correct horse", None).await, Ok(false));
    }
}
