//! The signal that the server ends.

use std::pin::Pin;

use tokio::sync::watch;

/// Resolves when the server begins to shut down.
pub(super) type Ended = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Tells every holder that the server begins to shut down. Clones share the signal.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Sender<bool>);

impl Shutdown {
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Begins the shutdown. Further calls do nothing.
    pub fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Whether it has begun.
    pub fn begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it begins.
    pub fn wait(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut receiver = self.0.subscribe();
        async move {
            // The sender cannot be gone before it sent: then nobody can begin a shutdown, and waiting is over too.
            let _ = receiver.wait_for(|begun| *begun).await;
        }
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}
