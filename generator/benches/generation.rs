//! Reading and generating the newest release. `cargo xtask bench generation` runs it.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use kubeforge::emit::{self, Layout};
use kubeforge::{Input, load, releases, specs_dir};

fn generation(c: &mut Criterion) {
    let newest = releases(&specs_dir()).pop().expect("a release");
    let input = Input::release(&specs_dir(), &newest).expect("its files");
    let (release, _) = load(&input);
    let release = release.expect("a sound release");
    let mut group = c.benchmark_group("generation");
    group.sample_size(10);
    group.bench_function("read", |b| b.iter(|| black_box(load(&input))));
    group.bench_function("emit", |b| {
        b.iter(|| black_box(emit::package(&release, &Layout::Standalone(None), emit::threads()).expect("files")))
    });
    group.finish();
}

criterion_group!(benches, generation);
criterion_main!(benches);
