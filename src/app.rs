//! Composition root: open the store, start writer and jobs, bind, serve, drain on stop.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use actix_web::dev::{Server, ServerHandle};
use actix_web::{App, HttpServer, middleware, web};
use tokio::sync::watch;

use crate::config::{Config, ConfigError};
use crate::http::flight::Flight;
use crate::http::{auth, compress, cors, request_id, socket};
use crate::ingest::privacy::{Privacy, PrivacyError};
use crate::ingest::webhooks::Webhook;
use crate::ingest::webhooks::documents::Documents;
use crate::ingest::{self, IngestState};
use crate::jobs;
use crate::model::Clock;
use crate::serve::{self, ServeState};
use crate::store::{Accept, Store, StoreError, StoreOptions};

pub use crate::http::socket::path as socket_path;

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
    /// The store does not close in good order.
    #[error("the data folder {} is not closed in good order: {error}", .folder.display())]
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
        query_seconds: config.limits.query_seconds,
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
        let webhooks = Webhook::open_all(&config.sources)?;
        let mut options = store_options(&config);
        options.accept = accept;
        let store = Store::open(&options, clock.clone()).map_err(|error| AppError::Store {
            folder: std::path::absolute(&config.data_dir).unwrap_or_else(|_| config.data_dir.clone()),
            error,
        })?;
        let privacy = Privacy::open(&config, &store)?;
        let listener = TcpListener::bind(config.listen).map_err(|error| AppError::Listen {
            address: config.listen,
            error,
        })?;
        let address = listener.local_addr()?;
        let jobs = Jobs::start(store.clone(), clock.clone())?;
        let data_dir = config.data_dir.clone();
        let flight = Flight::of(&config.limits);
        let server = server(
            listener,
            Arc::new(config),
            webhooks,
            privacy,
            store.clone(),
            flight.clone(),
            clock,
        )?;
        Ok(Application {
            server,
            address,
            store,
            flight,
            jobs,
            data_dir,
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

    /// Serves until stopped (SIGTERM, SIGINT or the handle), finishes open requests, and drains what was accepted.
    ///
    /// # Errors
    /// When the server fails.
    pub async fn run(self) -> Result<(), AppError> {
        let outcome = self.server.await;
        socket::remove(&self.data_dir);
        self.jobs.stop();
        let folder = std::path::absolute(&self.data_dir).unwrap_or(self.data_dir);
        self.store
            .finish()
            .map_err(|error| AppError::Stopped { folder, error })?;
        tracing::info!("stopped; everything accepted is stored");
        Ok(outcome?)
    }
}

fn server(
    listener: TcpListener,
    config: Arc<Config>,
    webhooks: Vec<Webhook>,
    privacy: Privacy,
    store: Store,
    flight: Arc<Flight>,
    clock: Clock,
) -> Result<Server, AppError> {
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
        unverified: flight.quarter(),
        flight,
        webhooks,
        documents: Arc::new(documents),
        privacy,
        metrics: serve::metric_names(),
    });
    let serve_state = web::Data::new(ServeState::new(store, clock, config.clone()));
    let origins = config.cors.origins.clone();
    let factory = move || {
        // From the inside out.
        App::new()
            .app_data(guard.clone())
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
    let workers = std::thread::available_parallelism().map_or(2, usize::from).min(8);
    let server = HttpServer::new(factory)
        .on_connect(socket::mark)
        .workers(workers)
        // Each worker counts its own.
        .max_connections(config.limits.connections.div_ceil(workers).max(1))
        .client_request_timeout(std::time::Duration::from_secs(10))
        .shutdown_timeout(config.shutdown_seconds)
        .listen(listener)?;
    // The only thing that can go wrong here without anything else being wrong is the length of the path.
    let server = match socket::listen(&config.data_dir) {
        Ok(listener) => server.listen_uds(listener)?,
        Err(error) => {
            tracing::warn!(%error, "no socket in the data folder: commands cannot reach this server");
            server
        }
    };
    Ok(server.run())
}

/// The thread of the jobs.
struct Jobs {
    stop: watch::Sender<bool>,
    thread: JoinHandle<()>,
}

impl Jobs {
    fn start(store: Store, clock: Clock) -> Result<Self, AppError> {
        let (stop, stopped) = watch::channel(false);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let thread = std::thread::Builder::new()
            .name("jobs".into())
            .spawn(move || jobs::run(&store, &clock, &stopped, &runtime))?;
        Ok(Jobs { stop, thread })
    }

    /// Lets the running step finish.
    fn stop(self) {
        self.stop.send_replace(true);
        if self.thread.join().is_err() {
            tracing::error!("the jobs ended abnormally");
        }
    }
}
