//! The API server of Kubernetes v1.34.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    kubeforge_server::main(&kubeforge_v1_34::RELEASE)
}
