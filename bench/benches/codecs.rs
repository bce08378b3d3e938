//! JSON and protobuf of one real pod and of a list of 500, against what Rust users have today: k8s-openapi with
//! serde_json, and k8s-pb with prost. `cargo xtask bench codecs` runs it and prints the ratios.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use kubeforge_machinery::{json, proto};
use kubeforge_v1_36::api::core::v1 as ours;
use prost::Message as _;

type Openapi = k8s_openapi::api::core::v1::Pod;
type OpenapiList = k8s_openapi::List<Openapi>;
type Pb = k8s_pb::api::core::v1::Pod;
type PbList = k8s_pb::api::core::v1::PodList;

/// The pod and the list, compact.
fn texts() -> (Vec<u8>, Vec<u8>) {
    let mut pod = ours::Pod::default();
    json::decode(include_bytes!("pod.json"), &mut pod).expect("a pod");
    let list = ours::PodList { items: vec![pod.clone(); 500], ..Default::default() };
    (json::encode(&pod), json::encode(&list))
}

fn json_codecs(c: &mut Criterion) {
    let (pod, list) = texts();
    let mut group = c.benchmark_group("json-decode");
    for (size, text) in [("pod", &pod), ("500-pods", &list)] {
        group.bench_function(BenchmarkId::new("kubeforge", size), |b| {
            b.iter(|| match size {
                "pod" => black_box(read::<ours::Pod>(text)).metadata.name.len(),
                _ => black_box(read::<ours::PodList>(text)).items.len(),
            })
        });
        group.bench_function(BenchmarkId::new("k8s-openapi", size), |b| {
            b.iter(|| match size {
                "pod" => {
                    black_box(serde_json::from_slice::<Openapi>(text).expect("a pod")).metadata.name.is_some().into()
                }
                _ => black_box(serde_json::from_slice::<OpenapiList>(text).expect("a list")).items.len(),
            })
        });
    }
    group.finish();

    let mut group = c.benchmark_group("json-encode");
    let (our_pod, our_list) = (read::<ours::Pod>(&pod), read::<ours::PodList>(&list));
    let their_pod: Openapi = serde_json::from_slice(&pod).expect("a pod");
    let their_list: OpenapiList = serde_json::from_slice(&list).expect("a list");
    group.bench_function(BenchmarkId::new("kubeforge", "pod"), |b| b.iter(|| json::encode(black_box(&our_pod))));
    group.bench_function(BenchmarkId::new("k8s-openapi", "pod"), |b| {
        b.iter(|| serde_json::to_vec(black_box(&their_pod)).expect("JSON"))
    });
    group.bench_function(BenchmarkId::new("kubeforge", "500-pods"), |b| b.iter(|| json::encode(black_box(&our_list))));
    group.bench_function(BenchmarkId::new("k8s-openapi", "500-pods"), |b| {
        b.iter(|| serde_json::to_vec(black_box(&their_list)).expect("JSON"))
    });
    group.finish();
}

fn proto_codecs(c: &mut Criterion) {
    let (pod, list) = texts();
    let (our_pod, our_list) = (read::<ours::Pod>(&pod), read::<ours::PodList>(&list));
    let (pod, list) = (proto::encode(&our_pod), proto::encode(&our_list));
    let mut group = c.benchmark_group("protobuf-decode");
    for (size, bytes) in [("pod", &pod), ("500-pods", &list)] {
        group.bench_function(BenchmarkId::new("kubeforge", size), |b| {
            b.iter(|| match size {
                "pod" => black_box(read_proto::<ours::Pod>(bytes)).metadata.name.len(),
                _ => black_box(read_proto::<ours::PodList>(bytes)).items.len(),
            })
        });
        group.bench_function(BenchmarkId::new("k8s-pb", size), |b| {
            b.iter(|| match size {
                "pod" => black_box(Pb::decode(&**bytes).expect("a pod")).metadata.is_some().into(),
                _ => black_box(PbList::decode(&**bytes).expect("a list")).items.len(),
            })
        });
    }
    group.finish();

    let mut group = c.benchmark_group("protobuf-encode");
    let their_pod = Pb::decode(&*pod).expect("a pod");
    let their_list = PbList::decode(&*list).expect("a list");
    group.bench_function(BenchmarkId::new("kubeforge", "pod"), |b| b.iter(|| proto::encode(black_box(&our_pod))));
    group.bench_function(BenchmarkId::new("k8s-pb", "pod"), |b| b.iter(|| black_box(&their_pod).encode_to_vec()));
    group.bench_function(BenchmarkId::new("kubeforge", "500-pods"), |b| b.iter(|| proto::encode(black_box(&our_list))));
    group.bench_function(BenchmarkId::new("k8s-pb", "500-pods"), |b| b.iter(|| black_box(&their_list).encode_to_vec()));
    group.finish();
}

fn read<M: kubeforge_machinery::Message + Default>(text: &[u8]) -> M {
    let mut message = M::default();
    json::decode(text, &mut message).expect("our own text");
    message
}

fn read_proto<M: kubeforge_machinery::Message + Default>(bytes: &[u8]) -> M {
    let mut message = M::default();
    proto::decode(bytes, &mut message).expect("our own bytes");
    message
}

criterion_group!(benches, json_codecs, proto_codecs);
criterion_main!(benches);
