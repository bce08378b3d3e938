//! Generates the crate's modules from the release's specs.

fn main() {
    kubeforge::build::release("v1.34").specs_dir("../../specs").emit();
}
