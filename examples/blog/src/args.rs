//! The command line.

use std::path::PathBuf;

use clap::Parser;
use starpunk_metrics::HttpMetrics;

/// A small blog on actix-web and SQLite: the example application of starpunk-metrics.
#[derive(Debug, Clone, Parser)]
#[command(name = "blog", version, about)]
pub(crate) struct Args {
    /// Port on 127.0.0.1; 0 takes a free one, and the address is printed. [default: 8080; with --traffic: 0]
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,

    /// Database file. [default: blog.db; with --traffic: a temporary file]
    #[arg(long, value_name = "PATH")]
    pub(crate) db: Option<PathBuf>,

    /// Address that links in the feeds begin with. [default: the address the server listens on]
    #[arg(long, value_name = "URL", value_parser = base_url)]
    pub(crate) base_url: Option<String>,

    /// See to it that N generated notes exist before the server starts.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) seed: u32,

    /// Send exactly N requests from a built-in client, compare what was sent with what was measured, and stop.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) traffic: Option<u64>,

    /// Number of server threads. [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) workers: Option<u16>,

    /// Add five pages that are slow on purpose (/slow/repeated, /slow/scan, /slow/many, /slow/blocked and /slow/waiting), and
    /// a table of visits that the second reads.
    #[arg(long)]
    pub(crate) slow_demo: bool,

    /// Take the id of a request from its X-Request-ID if it comes from here: the address of a proxy, or a network such as
    /// 10.0.0.0/8. Several are separated by commas, or the option is repeated.
    #[arg(long, value_name = "CIDR", value_delimiter = ',', value_parser = network)]
    pub(crate) trust_proxy: Vec<String>,

    /// Say in Server-Timing what each answer took, in all and in the database: the tools of a browser show it.
    #[arg(long)]
    pub(crate) server_timing: bool,
}

fn network(raw: &str) -> Result<String, starpunk_metrics::Error> {
    HttpMetrics::new().trust_request_id_from([raw])?;
    Ok(raw.to_owned())
}

fn base_url(raw: &str) -> Result<String, String> {
    let url = raw.trim_end_matches('/');
    let host = url
        .strip_prefix("http://")
        .or_else(|| url.strip_prefix("https://"));
    match host {
        Some(host) if !host.is_empty() => Ok(url.to_owned()),
        _ => Err("write it with http:// or https://, for example https://blog.example".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn base_url_loses_its_last_slash() {
        assert_eq!(
            base_url("https://blog.example/").as_deref(),
            Ok("https://blog.example")
        );
    }

    #[test]
    fn base_url_needs_a_scheme_and_a_host() {
        assert!(base_url("blog.example").is_err());
        assert!(base_url("https://").is_err());
    }

    #[test]
    fn zero_requests_of_traffic_are_refused() {
        assert!(Args::try_parse_from(["blog", "--traffic", "0"]).is_err());
    }

    #[test]
    fn proxies_are_repeated_or_separated_by_commas() {
        let args = [
            "blog",
            "--trust-proxy",
            "::1,10.0.0.0/8",
            "--trust-proxy=192.0.2.1",
        ];
        let args = Args::try_parse_from(args).unwrap();
        assert_eq!(args.trust_proxy, ["::1", "10.0.0.0/8", "192.0.2.1"]);
    }

    #[test]
    fn proxy_that_is_no_network_is_refused() {
        for network in ["proxy.example", "10.0.0.0/33", "", "::1,"] {
            let refused = Args::try_parse_from(["blog", "--trust-proxy", network]);
            let message = refused.unwrap_err().to_string();
            assert!(message.contains("--trust-proxy"), "{message}");
        }
    }
}
