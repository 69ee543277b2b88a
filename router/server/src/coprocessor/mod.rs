//! Who decides about the policies of `@policy`: an external service, asked by the protocol of Apollo Router's
//! coprocessors at the stage `SupergraphRequest`.
//!
//! Nothing is granted by a mistake: whatever goes wrong refuses the request.

mod protocol;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use http::request::Parts;
use reqwest::redirect;
use url::Url;

pub(crate) use self::protocol::Operation;
use self::protocol::{AnswerError, Question, Verdict};
use crate::authorization::Claims;
use crate::config::{self, CoprocessorRequest};
use crate::error::Refusal;
use crate::outgoing::{self, BodyError};

/// Coprocessors answer with what they were told, of which the operation and its variables may be megabytes.
const LONGEST_ANSWER_BYTES: usize = 16 << 20;

/// Many servers close connections that were idle for five seconds, and a request may just be on its way then.
const IDLE: Duration = Duration::from_secs(4);

/// The client for the coprocessor cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("the coprocessor cannot be reached: {0}")]
pub struct CoprocessorSetupError(String);

/// The configured coprocessor.
pub(crate) struct Coprocessor {
    url: Url,
    client: reqwest::Client,
    timeout: Duration,
    /// What it is told.
    told: CoprocessorRequest,
}

/// Why the coprocessor has not decided. For the log: clients are not told.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    #[error("{0}")]
    Connection(String),
    #[error("the answer has the HTTP status {0}")]
    Status(StatusCode),
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
    #[error(transparent)]
    Answer(#[from] AnswerError),
}

impl Coprocessor {
    pub fn new(config: &config::Coprocessor) -> Result<Coprocessor, CoprocessorSetupError> {
        let timeout = config.timeout.0;
        // Whoever the coprocessor might name instead of itself is nobody to tell claims to, or to believe.
        let client = outgoing::client(timeout)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .pool_idle_timeout(IDLE);
        let told = config.supergraph.request.clone();
        Ok(Coprocessor {
            url: told.url.as_ref().unwrap_or(&config.url).0.clone(),
            client: client
                .build()
                .map_err(|error| CoprocessorSetupError(outgoing::root_cause(&error)))?,
            timeout,
            told,
        })
    }

    /// Which of the policies that an operation depends on are granted to the client. A refusal, when the coprocessor
    /// ends the request or has not decided.
    pub async fn decide(
        &self,
        policies: &BTreeSet<Arc<str>>,
        claims: Option<&Claims>,
        parts: &Parts,
        operation: Operation<'_>,
    ) -> Result<BTreeSet<Arc<str>>, Refusal> {
        let question = Question::new(&self.told, policies, claims, parts, operation);
        match self.ask(&question).await {
            Ok(Verdict::Granted(granted)) => Ok(policies.intersection(&granted).cloned().collect()),
            Ok(Verdict::Ended(refusal)) => Err(refusal),
            Err(failure) => {
                tracing::warn!(%failure, "the coprocessor did not decide about policies");
                Err(Refusal::http(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "it cannot be found out at the moment what this operation may see",
                    "COPROCESSOR_UNAVAILABLE",
                ))
            }
        }
    }

    async fn ask(&self, question: &Question<'_>) -> Result<Verdict, Failure> {
        let sent = self.client.post(self.url.clone()).json(question).send();
        let response = sent.await.map_err(|error| self.failed(&error))?;
        if !response.status().is_success() {
            return Err(Failure::Status(response.status()));
        }
        let answer = outgoing::body(response, LONGEST_ANSWER_BYTES).await;
        let answer = answer.map_err(|error| match error {
            BodyError::TooLong(limit) => Failure::TooLong(limit),
            BodyError::Interrupted(error) => self.failed(&error),
        })?;
        Ok(question.verdict(&answer)?)
    }

    fn failed(&self, error: &reqwest::Error) -> Failure {
        match error.is_timeout() {
            true => Failure::Timeout(self.timeout),
            false => Failure::Connection(outgoing::root_cause(error)),
        }
    }
}
