//! `ambient-server`: serves the REST API and the page, or checks files.

use std::{io::IsTerminal, net::IpAddr, path::PathBuf, process::ExitCode, time::Duration};

use ambient_server::{Config, check, cors::Origin, openapi, serve};
use clap::{Args, Parser, Subcommand};

/// Answers where a request goes in an Istio ambient mesh, and whether it is allowed.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Print the OpenAPI document of the REST API
    Openapi,
    /// Serve the REST API and the page
    Serve(Serve),
    /// Evaluate the requests of files; exit with 1 where an answer is not the expected one
    Check {
        /// YAML or JSON with `manifests`, `requests` and, if wanted, `settings`; with `--requests`: manifests
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Ask these requests of the files, which then are the manifests of one mesh. YAML: a list of requests,
        /// or a mapping with `requests` and `settings`
        #[arg(long, value_name = "FILE")]
        requests: Option<PathBuf>,
    },
}

#[derive(Args)]
struct Serve {
    /// Port to listen on; 0: any free one
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    listen: IpAddr,
    /// Bytes that a body may have
    #[arg(long, value_name = "BYTES", default_value_t = Config::default().body_limit)]
    body_limit: usize,
    /// Seconds that an evaluation may take
    #[arg(long, value_name = "SECONDS", default_value_t = Config::default().time_limit.as_secs(),
        value_parser = clap::value_parser!(u64).range(1..=3600))]
    time_limit: u64,
    /// Evaluations that run at the same time [default: one for each processor]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: Option<u16>,
    /// Origin whose pages may call the service, such as https://example.com; `*`: any page. May be repeated
    /// [default: none]
    #[arg(long, value_name = "ORIGIN")]
    cors_origin: Vec<Origin>,
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Openapi => describe(),
        Command::Serve(arguments) => start(arguments),
        Command::Check { files, requests } => {
            check::run(&files, requests.as_deref(), &mut std::io::stdout())
        }
    }
}

#[tokio::main]
async fn describe() -> ExitCode {
    print!("{}", openapi::document().await);
    ExitCode::SUCCESS
}

#[tokio::main]
async fn start(arguments: Serve) -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .init();
    let defaults = Config::default();
    let config = Config {
        body_limit: arguments.body_limit,
        time_limit: Duration::from_secs(arguments.time_limit),
        concurrency: arguments
            .concurrency
            .map_or(defaults.concurrency, usize::from),
        origins: arguments.cors_origin,
        ..defaults
    };
    match serve::serve(arguments.listen, arguments.port, config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
