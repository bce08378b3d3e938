//! Connections: accepted, encrypted, served, and ended in good order.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;

use super::{Front, Handler};
use crate::authn::certificate_user;

/// Longest that requests in flight may still take when the server ends.
pub const GRACE: Duration = Duration::from_secs(5);

/// Longest for a TLS handshake.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// Longest without a request, and longest for a request's head, as upstream's idle connections.
const IDLE_TIME: Duration = Duration::from_secs(90);
/// Most bytes of a request's head.
const HEAD_LIMIT: u32 = 256 * 1024;
/// Requests at a time on one HTTP/2 connection.
const STREAMS: u32 = 250;
/// After this much silence an HTTP/2 client is asked whether it is still there.
const PING_INTERVAL: Duration = Duration::from_secs(30);
/// How soon it has to answer.
const PING_TIME: Duration = Duration::from_secs(15);
/// Pause after a connection could not be accepted, most likely for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves connections of one listener.
pub struct Server<H> {
    front: Arc<Front<H>>,
    tls: TlsAcceptor,
    builder: Builder<TokioExecutor>,
}

impl<H: Handler> Server<H> {
    pub fn new(front: Front<H>, tls: ServerConfig) -> Self {
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(IDLE_TIME).max_buf_size(HEAD_LIMIT as usize);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_header_list_size(HEAD_LIMIT)
            .max_concurrent_streams(STREAMS)
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIME);
        Self { front: Arc::new(front), tls: TlsAcceptor::from(Arc::new(tls)), builder }
    }

    /// Serves until [`Front::shutdown`] begins, then takes no more connections and lets requests in flight finish, for
    /// [`GRACE`] at most. Streams end at once.
    pub async fn serve(self, listener: TcpListener) {
        let server = Arc::new(self);
        let mut connections = JoinSet::new();
        let mut ended = pin!(server.front.shutdown.wait());
        loop {
            tokio::select! {
                () = &mut ended => break,
                accepted = listener.accept() => match accepted {
                    Ok((stream, _peer)) => {
                        connections.spawn(Arc::clone(&server).connection(stream));
                    }
                    Err(error) => {
                        tracing::warn!("cannot accept a connection: {error}");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
                Some(_) = connections.join_next() => {}
            }
        }
        drop(listener);
        let finished = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, finished).await.is_err() {
            tracing::warn!("{} connections did not end within {} s", connections.len(), GRACE.as_secs());
        }
    }

    async fn connection(self: Arc<Self>, stream: TcpStream) {
        // Small answers must not wait for the client's acknowledgement of earlier ones.
        let _ = stream.set_nodelay(true);
        let handshake = tokio::time::timeout(HANDSHAKE_TIME, self.tls.accept(stream));
        let result = tokio::select! {
            result = handshake => result,
            () = self.front.shutdown.wait() => return,
        };
        match result {
            Ok(Ok(stream)) => self.requests(stream).await,
            Ok(Err(error)) => tracing::debug!("TLS handshake failed: {error}"),
            Err(_elapsed) => tracing::debug!("TLS handshake took too long"),
        }
    }

    async fn requests(&self, stream: TlsStream<TcpStream>) {
        let session = stream.get_ref().1;
        let certificate = session.peer_certificates().and_then(|chain| certificate_user(chain.first()?)).map(Arc::new);
        let builder = match session.alpn_protocol() {
            Some(b"h2") => self.builder.clone().http2_only(),
            _ => self.builder.clone().http1_only(),
        };
        let activity = Arc::new(Activity::default());
        let service = service_fn(|request| {
            let (front, user, busy) = (Arc::clone(&self.front), certificate.clone(), activity.busy());
            async move { Ok::<_, Infallible>(front.respond(user, request, busy).await) }
        });
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        tokio::select! {
            result = connection.as_mut() => return log_end(result),
            () = self.front.shutdown.wait() => {}
            () = activity.idle() => {}
        }
        connection.as_mut().graceful_shutdown();
        match tokio::time::timeout(GRACE, connection).await {
            Ok(result) => log_end(result),
            Err(_elapsed) => tracing::debug!("a connection did not end in time"),
        }
    }
}

fn log_end(result: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = result {
        // Clients go away in many ways; none is worth more than a note.
        let broken = error.downcast_ref::<io::Error>().map(io::Error::kind);
        tracing::debug!("connection ended: {error} {broken:?}");
    }
}

/// What happens on a connection, to tell idle ones.
#[derive(Debug, Default)]
struct Activity {
    /// Requests that are not fully answered.
    running: AtomicUsize,
    /// Requests so far.
    total: AtomicUsize,
}

impl Activity {
    fn busy(self: &Arc<Self>) -> Busy {
        self.running.fetch_add(1, Ordering::Relaxed);
        self.total.fetch_add(1, Ordering::Relaxed);
        Busy(Arc::clone(self))
    }

    /// Waits until nothing was asked for [`IDLE_TIME`] and nothing is still being answered.
    async fn idle(&self) {
        let mut before = usize::MAX;
        loop {
            let total = self.total.load(Ordering::Relaxed);
            if total == before && self.running.load(Ordering::Relaxed) == 0 {
                return;
            }
            before = total;
            tokio::time::sleep(IDLE_TIME).await;
        }
    }
}

/// Lives as long as a request is not fully answered.
#[derive(Debug)]
pub(super) struct Busy(Arc<Activity>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}
