use std::process::ExitCode;

fn main() -> ExitCode {
    kubeforge::cli::main()
}
