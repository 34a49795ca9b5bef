//! A run of one request to a bot's own routes: its bodies are streams, both ways.
//!
//! The run has a task of its own, because it outlives its answer: a bot answers a payment
//! provider's callback and then writes to the customer. It ends with the work that the request
//! started, with its budget, or some time after whoever asked has gone.

use super::residents::NoTurn;
use super::stage::Place;
use super::{Runner, refusals, report_of};
use crate::capabilities::OutboundBody;
use crate::deploys::Serving;
use crate::grants::LastComplaint;
use crate::inbox::RunReport;
use crate::logs::Origin;
use crate::projects::{ProjectId, Redactor};
use crate::sandbox::{RunError, Share};
use crate::whatsapp::{Attempt, SendContext};
use http::HeaderName;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long a run goes on for somebody who has gone.
const GRACE: Duration = Duration::from_secs(10);

/// Marks what the runtime answers in a failed bot's place (`sdk/runtime/src/http/response.js`). A bot that sets it
/// itself gets its own request failed.
const STAND_IN: HeaderName = HeaderName::from_static("x-roost-stand-in");

/// One request to a bot.
pub struct WebRun {
    /// Whose bot.
    pub project_id: ProjectId,
    /// The version that serves.
    pub serving: Arc<Serving>,
    /// What came in, as the bot is to see it.
    pub request: http::Request<OutboundBody>,
    /// Hides what is secret in what the bot says meanwhile.
    pub redactor: Redactor,
    /// How long it may wait for the project's resident instance.
    pub patience: Duration,
    /// How long the bot may take to begin its answer.
    pub first_byte: Duration,
    /// Cancelled when whoever asked has gone before the answer's end.
    pub gone: CancellationToken,
    /// Set before the answer's stream ends, when it ends too early.
    pub cut_off: Arc<AtomicBool>,
}

/// Why a request got no answer.
#[derive(Debug, thiserror::Error)]
pub enum WebRunError {
    /// There was no instance for it.
    #[error(transparent)]
    NoTurn(#[from] NoTurn),
    /// The bot failed.
    #[error("{}", .0.chain())]
    Run(RunError),
    /// Nobody caught what the bot threw, or it ended its process.
    #[error("nobody caught what it threw, or it ended its process, before it answered")]
    Ended,
    /// The bot did not begin to answer.
    #[error("the bot did not begin its answer within {0:?}")]
    FirstByte(Duration),
    /// Whoever asked has gone.
    #[error("whoever asked has gone")]
    Gone,
}

/// How a run ended, for the log.
#[derive(Debug)]
pub struct WebRunEnd {
    /// Names the request among the sends and the log lines of its project: below zero, where no
    /// event is.
    pub request_number: i64,
    /// What it used.
    pub report: RunReport,
    /// What went wrong, also after the answer.
    pub failure: Option<String>,
}

impl Runner {
    /// Runs a request to its end. The answer goes to `answered` when it begins.
    pub async fn run_web(
        &self,
        run: WebRun,
        answered: oneshot::Sender<Result<http::Response<OutboundBody>, WebRunError>>,
    ) -> WebRunEnd {
        let request_number = request_number();
        let serving = &run.serving;
        let found = Place::find(&self.residents, run.project_id, serving, run.patience);
        let place = match tokio::time::timeout(run.patience, found).await {
            Ok(Ok(place)) => place,
            Ok(Err(error)) => return refused(request_number, error.into(), answered),
            Err(_) => {
                let error = NoTurn::Busy(run.patience);
                return refused(request_number, error.into(), answered);
            }
        };
        let (runner, bot) = (self.clone(), run.serving.bot.clone());
        let share = self.shares.of(run.project_id);
        bot.on_its_threads(share.clone(), async move {
            runner
                .run_web_at(place, share, request_number, run, answered)
                .await
        })
        .await
    }

    async fn run_web_at(
        &self,
        place: Place,
        share: Share,
        request_number: i64,
        run: WebRun,
        answered: oneshot::Sender<Result<http::Response<OutboundBody>, WebRunError>>,
    ) -> WebRunEnd {
        let serving = &run.serving;
        let context = serving.number.as_ref().map(|number| {
            let attempt = Attempt {
                project_id: run.project_id.0,
                event_id: request_number,
                attempt: 1,
                deadline: Instant::now() + self.budget.wall,
                max_sends: self.budget.sends,
            };
            SendContext::new(attempt, number.sender())
        });
        let complaint = LastComplaint::default();
        let origin = Origin {
            project_id: run.project_id,
            event_id: None,
            run_id: None,
            version_id: None,
        };
        let log = self
            .services
            .log(serving, &run.redactor, origin, request_number, &complaint);
        let grants = self
            .services
            .grants(serving, &run.redactor, log.clone(), None, context.as_ref())
            .with_budget(&self.budget)
            .with_share(share);
        let mut stage = match place.begin(serving, self.budget, grants).await {
            Ok(stage) => stage,
            Err(error) => return refused(request_number, WebRunError::Run(error), answered),
        };
        let mut answer = Answering::new(answered);
        let (head, begun) = oneshot::channel();
        let ended = {
            let serve = stage.instance().serve(run.request, head);
            drive(serve, begun, &mut answer, run.first_byte, &run.gone).await
        };
        let instance = stage.instance();
        let mut report = report_of(
            instance.report(),
            answer.status,
            instance.grants().host_calls(),
        );
        report.sends = context.as_ref().map_or(0, SendContext::sends);
        let refusals = context.as_ref().map(SendContext::refusals);
        report.refusal = refusals::tell(&log, &refusals.unwrap_or_default());
        log.end();
        let failure = match ended {
            Ok(None) => {
                stage.leave();
                None
            }
            Ok(failure) => failure,
            Err(error) => {
                // Before the instance goes: its end looks like the stream's.
                run.cut_off.store(true, Ordering::Release);
                drop(stage);
                let failure = error.to_string();
                answer.give(Err(error));
                Some(failure)
            }
        };
        WebRunEnd {
            request_number,
            report,
            failure: failure.map(|failure| log.redact(&serving.positions.rewrite(&failure))),
        }
    }
}

/// The end of a run that never began.
fn refused(
    request_number: i64,
    error: WebRunError,
    answered: oneshot::Sender<Result<http::Response<OutboundBody>, WebRunError>>,
) -> WebRunEnd {
    let failure = Some(error.to_string());
    // Nobody may wait any more.
    let _ = answered.send(Err(error));
    WebRunEnd {
        request_number,
        report: RunReport::default(),
        failure,
    }
}

/// The answer, until it is given.
struct Answering {
    to: Option<oneshot::Sender<Result<http::Response<OutboundBody>, WebRunError>>>,
    status: Option<u16>,
}

impl Answering {
    fn new(to: oneshot::Sender<Result<http::Response<OutboundBody>, WebRunError>>) -> Self {
        Self {
            to: Some(to),
            status: None,
        }
    }

    fn give(&mut self, answer: Result<http::Response<OutboundBody>, WebRunError>) {
        if let Some(to) = self.to.take() {
            self.status = answer
                .as_ref()
                .ok()
                .map(|response| response.status().as_u16());
            // Whoever asked may have gone; the answer and its stream are dropped then.
            let _ = to.send(answer);
        }
    }
}

async fn drive(
    serve: impl Future<Output = Result<Option<String>, RunError>>,
    mut begun: oneshot::Receiver<http::Response<OutboundBody>>,
    answer: &mut Answering,
    first_byte: Duration,
    gone: &CancellationToken,
) -> Result<Option<String>, WebRunError> {
    tokio::pin!(serve);
    let first_byte_by = Instant::now() + first_byte;
    let mut gone_since = None;
    loop {
        let is_waiting = answer.to.is_some();
        let (deadline, late) = match gone_since {
            Some(since) => (since + GRACE, WebRunError::Gone),
            None => (first_byte_by, WebRunError::FirstByte(first_byte)),
        };
        tokio::select! {
            biased;
            // The sender is dropped without a word when the bot gave no answer: `serve` says so.
            Ok(response) = &mut begun, if is_waiting => answer.give(bots_own(response)),
            ended = &mut serve => {
                // It may have begun and ended in one step.
                if is_waiting && let Ok(response) = begun.try_recv() {
                    answer.give(bots_own(response));
                }
                return ended.map_err(WebRunError::Run);
            }
            () = gone.cancelled(), if gone_since.is_none() => gone_since = Some(Instant::now()),
            () = tokio::time::sleep_until(deadline), if is_waiting || gone_since.is_some() => {
                return Err(late);
            }
        }
    }
}

/// The response, if it is the bot's. Nobody gets what the runtime answers in place of a bot that has failed.
fn bots_own<B>(response: http::Response<B>) -> Result<http::Response<B>, WebRunError> {
    match response.headers().contains_key(STAND_IN) {
        true => Err(WebRunError::Ended),
        false => Ok(response),
    }
}

/// A number below zero that is new: the time, and chance. Events have numbers above it.
fn request_number() -> i64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let ms = i64::try_from(now.as_millis()).unwrap_or_default() & ((1 << 42) - 1);
    let chance = i64::from(rand::random::<u32>() & ((1 << 21) - 1));
    -1 - ((ms << 21) | chance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_for_a_failed_bot_is_no_answer() {
        let own = http::Response::builder().status(500).body(()).unwrap();
        assert!(bots_own(own).is_ok());
        let marked = http::Response::builder()
            .status(500)
            .header("X-Roost-Stand-In", "1")
            .body(())
            .unwrap();
        assert!(matches!(bots_own(marked), Err(WebRunError::Ended)));
    }
}
