//! Composition root: open the store, start writer and jobs, bind, serve, drain on stop.

mod descriptors;
mod ending;

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::{App, HttpServer, middleware, web};

use self::ending::{Jobs, Stop};
use crate::config::{Config, ConfigError};
use crate::http::answers::{self, Answers};
use crate::http::flight::Flight;
use crate::http::{auth, compress, cors, request_id, socket};
use crate::ingest::privacy::{Privacy, PrivacyError};
use crate::ingest::webhooks::Webhook;
use crate::ingest::webhooks::documents::Documents;
use crate::ingest::{self, IngestState};
use crate::model::Clock;
use crate::serve::{self, ServeState};
use crate::store::{Accept, Store, StoreError, StoreOptions};

pub use crate::http::logs;
pub use crate::http::socket::path as socket_path;
pub use crate::serve::quarantine;

/// The folder of fetched certificates in the data folder.
const CERTIFICATES: &str = "certificates";

/// Why the application does not start.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store does not open.
    #[error("cannot open the data folder {}: {error}", .folder.display())]
    Store {
        /// The folder.
        folder: PathBuf,
        /// What went wrong.
        error: StoreError,
    },
    /// The store was not closed cleanly.
    #[error("the data folder {} was not closed cleanly: {error}", .folder.display())]
    Stopped {
        /// The folder.
        folder: PathBuf,
        /// What went wrong.
        error: StoreError,
    },
    /// People cannot be given pseudonyms.
    #[error(transparent)]
    Privacy(#[from] PrivacyError),
    /// The address is taken, or none of this machine's.
    #[error("cannot listen on {address}: {error}; name another address or port with --listen")]
    Listen {
        /// The configured address.
        address: SocketAddr,
        /// What went wrong.
        error: std::io::Error,
    },
    /// A thread does not start, or the server fails.
    #[error("cannot start the server: {0}")]
    Io(#[from] std::io::Error),
    /// A part that the server needs has stopped.
    #[error("the server stopped because of a fault: {0}; nothing that was acknowledged is lost: start it again")]
    Ended(String),
    /// `shutdown_seconds` ran out before everything was done.
    #[error("`shutdown_seconds` ran out before everything was done; nothing that was acknowledged is lost")]
    Unfinished,
}

impl AppError {
    /// The exit code of a program that ends with it.
    pub fn exit_code(&self) -> u8 {
        match self {
            AppError::Ended(_) | AppError::Unfinished => 3,
            AppError::Stopped {
                error: StoreError::Gone(_),
                ..
            } => 3,
            _ => 2,
        }
    }
}

/// The options of a store for this configuration.
pub fn store_options(config: &Config) -> StoreOptions {
    StoreOptions {
        data_dir: config.data_dir.clone(),
        memory_mib: config.memory_mib,
        threads: config.threads,
        queue_events: config.limits.queue_events,
        queue_bytes: config.limits.queue_bytes,
        frame_rows: config.limits.frame_rows,
        entity_rows: config.limits.entity_rows,
        query_seconds: config.limits.query_seconds,
        fold_seconds: config.limits.fold_seconds,
        free_mib: config.limits.free_mib,
        accept: Accept::default(),
    }
}

/// A bound application that is about to serve.
pub struct Application {
    server: Server,
    address: SocketAddr,
    store: Store,
    flight: Arc<Flight>,
    jobs: Jobs,
    data_dir: PathBuf,
    stop: Stop,
}

impl Application {
    /// Opens the store, starts the jobs and binds the address.
    ///
    /// # Errors
    /// When the configuration is refused, the store does not open or the address is taken.
    pub fn build(config: Config, clock: Clock) -> Result<Self, AppError> {
        Self::build_accepting(config, Accept::default(), clock)
    }

    /// As [`Application::build`], with what the start accepts of the data folder.
    ///
    /// # Errors
    /// As [`Application::build`].
    pub fn build_accepting(config: Config, accept: Accept, clock: Clock) -> Result<Self, AppError> {
        config.validate()?;
        config.may_serve()?;
        descriptors::raise_limit();
        let webhooks = Webhook::open_all(&config.sources)?;
        let mut options = store_options(&config);
        options.accept = accept;
        let store = Store::open(&options, clock.clone()).map_err(|error| AppError::Store {
            folder: std::path::absolute(&config.data_dir).unwrap_or_else(|_| config.data_dir.clone()),
            error,
        })?;
        let privacy = Privacy::open(&config, &store)?;
        serve::warm_up(&store);
        let listener = TcpListener::bind(config.listen).map_err(|error| AppError::Listen {
            address: config.listen,
            error,
        })?;
        let address = listener.local_addr()?;
        let jobs = Jobs::start(store.clone(), clock.clone())?;
        let data_dir = config.data_dir.clone();
        let flight = Flight::of(&config.limits);
        let stop = Stop::new(Duration::from_secs(config.shutdown_seconds));
        let parts = Parts {
            webhooks,
            privacy,
            store: store.clone(),
            flight: flight.clone(),
            clock,
            stop: stop.clone(),
        };
        let server = server(listener, Arc::new(config), parts)?;
        Ok(Application {
            server,
            address,
            store,
            flight,
            jobs,
            data_dir,
            stop,
        })
    }

    /// The address it is bound to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops the server from elsewhere.
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
    }

    /// The open store.
    pub fn store(&self) -> Store {
        self.store.clone()
    }

    /// The budget of what requests hold of their bodies.
    pub fn flight(&self) -> Arc<Flight> {
        self.flight.clone()
    }

    /// Serves until stopped (SIGTERM, SIGINT, SIGHUP or the handle), finishes open requests, and drains what was accepted.
    ///
    /// # Errors
    /// When the server fails, when a thread has ended that it cannot do without or the database was given up, and when
    /// `shutdown_seconds` were not enough.
    pub async fn run(self) -> Result<(), AppError> {
        let outcome = self.server.await;
        let end = self.stop.begin(&self.store);
        socket::remove(&self.data_dir);
        // Their clients have been answered or are gone; what still runs would only delay the stop.
        self.store.end_questions();
        let idle = self.jobs.stop_by(end);
        // A last checkpoint that fails raises it too; that has a sentence of its own.
        let alarm = self.store.alarm().borrow().clone();
        let finished = idle && self.store.close_by(end);
        let folder = std::path::absolute(&self.data_dir).unwrap_or(self.data_dir);
        let stopped = |error| AppError::Stopped {
            folder: folder.clone(),
            error,
        };
        self.store.still_there(finished).map_err(stopped)?;
        if let Some(reason) = alarm {
            return Err(AppError::Ended(reason));
        }
        if !finished {
            return Err(AppError::Unfinished);
        }
        self.store.finish().map_err(stopped)?;
        tracing::info!("stopped; everything accepted is stored");
        Ok(outcome?)
    }
}

/// What the routes of a server need.
struct Parts {
    webhooks: Vec<Webhook>,
    privacy: Privacy,
    store: Store,
    flight: Arc<Flight>,
    clock: Clock,
    stop: Stop,
}

fn server(listener: TcpListener, config: Arc<Config>, parts: Parts) -> Result<Server, AppError> {
    let Parts {
        webhooks,
        privacy,
        store,
        flight,
        clock,
        stop,
    } = parts;
    let guard = web::Data::new(auth::Guard::new(&config.keys).trusting(&config.cors.origins));
    let webhooks = Arc::new(webhooks);
    let judges = webhooks.clone();
    let documents = Documents::default().keeping(
        &config.data_dir.join(CERTIFICATES),
        Box::new(move |address, document, at| {
            let mut endpoints = judges.iter().map(|webhook| &webhook.endpoint);
            endpoints.any(|endpoint| endpoint.vouches(address, document, at))
        }),
        clock(),
    );
    let ingest_state = web::Data::new(IngestState {
        store: store.clone(),
        clock: clock.clone(),
        limits: config.limits.clone(),
        arriving: flight.quarter(),
        unverified: flight.quarter(),
        webhooks,
        documents: Arc::new(documents),
        privacy,
        metrics: serve::metric_names(),
    });
    let serve_state = web::Data::new(ServeState::new(store.clone(), clock, config.clone()));
    let answers = web::Data::new(Answers::new(&config.limits, flight));
    answers::close_stalled(&listener, Duration::from_secs(config.limits.answer_seconds))?;
    let origins = config.cors.origins.clone();
    let factory = move || {
        // From the inside out.
        App::new()
            .app_data(guard.clone())
            .app_data(answers.clone())
            .app_data(ingest_state.clone())
            .app_data(serve_state.clone())
            .wrap(middleware::from_fn(auth::guard))
            .wrap(middleware::from_fn(cors::options))
            .wrap(middleware::from_fn(compress::compress))
            .wrap(middleware::Condition::new(!origins.is_empty(), cors::rules(&origins)))
            .wrap(middleware::from_fn(cors::strangers))
            .wrap(middleware::from_fn(request_id::trace))
            .configure(ingest::configure)
            .configure(serve::configure)
    };
    let workers = descriptors::workers();
    let server = HttpServer::new(factory)
        .on_connect(socket::mark)
        .workers(workers)
        // Each worker counts its own.
        .max_connections(descriptors::connections_per_worker(config.limits.connections, workers))
        .client_request_timeout(Duration::from_secs(10))
        // Whoever closes a connection does not wait for the answer: the work on it ends.
        .h1_allow_half_closed(false)
        .shutdown_timeout(stop.requests().as_secs())
        .shutdown_signal(stop.told(store))
        .listen(listener)?;
    // The only thing that can go wrong here without anything else being wrong is the length of the path.
    let server = match socket::listen(&config.data_dir) {
        Ok(listener) => server.listen_uds(listener)?,
        Err(error) => {
            tracing::warn!(%error, "cannot open a socket in the data folder: commands cannot reach this server");
            server
        }
    };
    Ok(server.run())
}
