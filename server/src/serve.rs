//! `ambient-server serve`: listens until it is told to stop.

use std::{io, net::IpAddr, time::Duration};

use tokio::{net::TcpListener, sync::oneshot};

use crate::{Config, app};

/// How long requests in flight may take to end once the service is told to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// Why the service does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Somebody else listens there.
    #[error(
        "port {port} of {address} is already in use; `--port` chooses another one, `--port 0` any free one"
    )]
    PortTaken {
        /// The address.
        address: IpAddr,
        /// The port.
        port: u16,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address} port {port}: {source}")]
    Listen {
        /// The address.
        address: IpAddr,
        /// The port.
        port: u16,
        /// What the system says.
        source: io::Error,
    },
    /// The system does not let the process serve.
    #[error("cannot serve: {0}")]
    Io(#[from] io::Error),
}

/// Serves until SIGTERM or Ctrl-C, then lets requests in flight end.
pub async fn serve(address: IpAddr, port: u16, config: Config) -> Result<(), ServeError> {
    let listener =
        TcpListener::bind((address, port))
            .await
            .map_err(|source| match source.kind() {
                io::ErrorKind::AddrInUse => ServeError::PortTaken { address, port },
                _ => ServeError::Listen {
                    address,
                    port,
                    source,
                },
            })?;
    println!("Ambient Playground: http://{}", listener.local_addr()?);
    let (stop, stopped) = oneshot::channel();
    let serving = axum::serve(listener, app(config)).with_graceful_shutdown(async {
        told_to_stop().await;
        // The receiver is gone only if serving has ended, too.
        let _ = stop.send(());
    });
    let out_of_time = async {
        let _ = stopped.await;
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        result = serving => Ok(result?),
        () = out_of_time => Ok(()),
    }
}

/// Waits for SIGTERM or Ctrl-C.
async fn told_to_stop() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut signals) => {
                signals.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
