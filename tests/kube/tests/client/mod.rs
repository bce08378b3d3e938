//! A kube client of a test server.

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use kubeforge_tests::server::Server;

pub async fn client(server: &Server) -> Client {
    let kubeconfig = Kubeconfig::read_from(server.kubeconfig()).expect("a kubeconfig");
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.expect("a config");
    Client::try_from(config).expect("a client")
}
