//! JSON and protobuf of real objects, against what Rust users have today: k8s-openapi with serde_json, and k8s-pb with
//! prost. `cargo xtask bench codecs` runs it.
//!
//! Both sides take turns, a few milliseconds each, and what is printed is the median of the turns' ratios: a noisy
//! machine slows both. Decoding is the strict one, which reports unknown and duplicate fields; dropping the object is
//! part of it. Arguments choose cases by parts of their names; `--only kubeforge|peer` runs one side, for a profiler.

use std::hint::black_box;
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1 as openapi;
use k8s_pb::api::core::v1 as pb;
use kubeforge_machinery::json::Strictness;
use kubeforge_machinery::{Message, json, proto};
use kubeforge_v1_36::api::core::v1 as ours;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What each ratio should be at least.
const BARS: [(&str, f64); 4] =
    [("json-decode", 2.0), ("json-encode", 2.0), ("protobuf-decode", 1.3), ("protobuf-encode", 2.0)];

/// Turns of each side, and how long each takes.
const TURNS: usize = 61;
const TURN: Duration = Duration::from_millis(8);

fn main() {
    let mut bench = Bench::from_arguments();
    let file: ours::Pod = read_json(include_bytes!("pod.json"));
    // Without the white space of the file, which field sets would keep.
    let stored: ours::Pod = read_json(&json::encode(&file));
    let mut pod = stored.clone();
    pod.status = Default::default();
    pod.metadata.managed_fields.clear();
    let mut large = pod.clone();
    let container = pod.spec.containers[0].clone();
    large.spec.containers =
        (0..100).map(|i| ours::Container { name: format!("web-{i}").into(), ..container.clone() }).collect();
    let list = ours::PodList { items: vec![pod.clone(); 500], ..Default::default() };
    bench.object::<_, openapi::Pod, pb::Pod>("pod", &pod);
    bench.object::<_, openapi::Pod, pb::Pod>("stored-pod", &stored);
    bench.object::<_, openapi::Pod, pb::Pod>("100-containers", &large);
    bench.object::<_, k8s_openapi::List<openapi::Pod>, pb::PodList>("500-pods", &list);
    bench.object::<_, openapi::ConfigMap, pb::ConfigMap>("config-map", &config_map());
}

/// A megabyte of text in eight files.
fn config_map() -> ours::ConfigMap {
    let line = "server.example.com:8443 { log stdout; root \"/srv/www\"; header X-Frame-Options deny }\n";
    let file = line.repeat((1 << 17) / line.len());
    let data = (0..8).map(|i| (format!("site-{i}.conf").into(), file.as_str().into())).collect();
    ours::ConfigMap { data, ..Default::default() }
}

struct Bench {
    filters: Vec<String>,
    only: Option<String>,
}

impl Bench {
    fn from_arguments() -> Bench {
        let (mut filters, mut only) = (Vec::new(), None);
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--bench" => {}
                "--only" => only = arguments.next(),
                _ => filters.push(argument),
            }
        }
        let [codec, object, bytes, ours, peer, ratio] = ["codec", "object", "bytes", "kubeforge", "peer", "ratio"];
        println!("{codec:<18}{object:<16}{bytes:>10}{ours:>14}{peer:>14}{ratio:>9}{:>8}", "bar");
        Bench { filters, only }
    }

    fn object<K, J, P>(&mut self, name: &str, object: &K)
    where
        K: Message + Default,
        J: Serialize + DeserializeOwned,
        P: prost::Message + Default,
    {
        let text = json::encode(object);
        let bytes = proto::encode(object);
        let theirs: J = serde_json::from_slice(&text).expect("an object");
        self.case("json-decode", name, text.len(), || read_json::<K>(&text), || read_peer::<J>(&text));
        self.case("json-encode", name, text.len(), || json::encode(object), || serde_json::to_vec(&theirs));
        let theirs = P::decode(&*bytes).expect("an object");
        self.case("protobuf-decode", name, bytes.len(), || read_proto::<K>(&bytes), || P::decode(&*bytes));
        self.case("protobuf-encode", name, bytes.len(), || proto::encode(object), || theirs.encode_to_vec());
    }

    fn case<A, B>(&mut self, codec: &str, name: &str, size: usize, ours: impl Fn() -> A, theirs: impl Fn() -> B) {
        let full = format!("{codec}/{name}");
        if !self.filters.is_empty() && !self.filters.iter().any(|filter| full.contains(filter)) {
            return;
        }
        match self.only.as_deref() {
            Some("kubeforge") => return (0..TURNS * 8).for_each(|_| _ = turn(&ours)),
            Some(_) => return (0..TURNS * 8).for_each(|_| _ = turn(&theirs)),
            None => {}
        }
        (turn(&ours), turn(&theirs));
        let turns: Vec<(f64, f64)> = (0..TURNS).map(|_| (turn(&ours), turn(&theirs))).collect();
        let [ours, theirs, ratio] = [
            median(turns.iter().map(|(ours, _)| *ours)),
            median(turns.iter().map(|(_, theirs)| *theirs)),
            median(turns.iter().map(|(ours, theirs)| theirs / ours)),
        ];
        let bar = BARS.iter().find(|(name, _)| *name == codec).map_or(1.0, |(_, bar)| *bar);
        let missed = if ratio < bar { "  missed" } else { "" };
        println!("{codec:<18}{name:<16}{size:>10}{ours:>11.2} us{theirs:>11.2} us{ratio:>8.2}x{bar:>7.1}x{missed}");
    }
}

/// Microseconds per call.
fn turn<T>(call: impl Fn() -> T) -> f64 {
    let start = Instant::now();
    let mut calls = 0;
    while start.elapsed() < TURN {
        for _ in 0..4 {
            black_box(call());
        }
        calls += 4;
    }
    start.elapsed().as_secs_f64() * 1e6 / f64::from(calls)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn read_json<M: Message + Default>(text: &[u8]) -> M {
    let mut message = M::default();
    json::decode_with(text, &mut message, Strictness::Report).expect("our own text");
    message
}

fn read_peer<T: DeserializeOwned>(text: &[u8]) -> T {
    serde_json::from_slice(text).expect("our own text")
}

fn read_proto<M: Message + Default>(bytes: &[u8]) -> M {
    let mut message = M::default();
    proto::decode(bytes, &mut message).expect("our own bytes");
    message
}
