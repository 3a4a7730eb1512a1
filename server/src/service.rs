//! Where evaluations run: beside the threads that serve connections, few at a time, for a limited time.

use std::{sync::Arc, time::Duration};

use axum::http::{HeaderValue, header};
use tokio::{
    sync::Semaphore,
    task::spawn_blocking,
    time::{error::Elapsed, timeout},
};

use crate::{
    cors::Origin,
    problem::{Kind, Problem},
};

/// The limits of the service, and who may call it.
#[derive(Clone, Debug)]
pub struct Config {
    /// How many bytes a body may have.
    pub body_limit: usize,
    /// How long a client may take to send its body.
    pub body_timeout: Duration,
    /// How many evaluations run at the same time.
    pub concurrency: usize,
    /// How long a request waits for its turn.
    pub patience: Duration,
    /// How long an evaluation may take.
    pub time_limit: Duration,
    /// Pages of other origins that may call the service.
    pub origins: Vec<Origin>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            body_limit: 4 * 1024 * 1024,
            body_timeout: Duration::from_secs(30),
            concurrency: std::thread::available_parallelism().map_or(1, usize::from),
            patience: Duration::from_secs(1),
            time_limit: Duration::from_secs(10),
            origins: Vec::new(),
        }
    }
}

/// The state that endpoints share.
#[derive(Clone, Debug)]
pub struct Service {
    config: Arc<Config>,
    places: Arc<Semaphore>,
}

impl Service {
    /// A service without work.
    pub fn new(config: Config) -> Self {
        Self {
            places: Arc::new(Semaphore::new(config.concurrency)),
            config: Arc::new(config),
        }
    }

    /// The limits.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Runs work that keeps a processor busy. Work that is out of time cannot be stopped; it keeps its place
    /// until it ends, so that a few bad requests make the service refuse others, not pile up.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let place = timeout(self.config.patience, self.places.clone().acquire_owned())
            .await
            .map_err(|Elapsed { .. }| busy())?
            .map_err(|_| busy())?;
        let task = spawn_blocking(move || {
            let result = work();
            drop(place);
            result
        });
        match timeout(self.config.time_limit, task).await {
            Ok(Ok(result)) => result,
            // Onwards to the layer that answers panics.
            Ok(Err(error)) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(busy()),
            },
            Err(_) => {
                let seconds = self.config.time_limit.as_secs_f32();
                Err(Problem::new(Kind::EvaluationTimeout)
                    .detail(format!("the evaluation was given up after {seconds} s")))
            }
        }
    }
}

fn busy() -> Problem {
    Problem::new(Kind::Busy)
        .detail("all places for evaluations are taken")
        .header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}
