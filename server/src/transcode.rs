//! `transcode`: an object from one format to another, or to another version, without a server.
//!
//! Reads what manifests and etcd hold: JSON, YAML with several documents, `k8s\0` protobuf.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use kubeforge_machinery::message::{set_type_meta, type_meta};
use kubeforge_machinery::release::{Kind, Release};
use kubeforge_machinery::{Message, envelope, json, proto, yaml};

use crate::convert::convert;

/// Arguments of `transcode`.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  \
    transcode --to yaml pod.json\n  \
    transcode --to protobuf < pod.yaml > pod.pb\n  \
    etcdctl get --print-value-only /registry/pods/default/web | transcode --to json\n  \
    transcode --to json --api-version autoscaling/v1 hpa.yaml")]
pub struct Transcode {
    /// Format of the input; told apart by itself if absent.
    #[arg(long, value_name = "FORMAT")]
    from: Option<Format>,
    /// Format of the output.
    #[arg(long, value_name = "FORMAT")]
    to: Format,
    /// Convert to this version, such as `apps/v1`.
    #[arg(long, value_name = "GROUP/VERSION")]
    api_version: Option<String>,
    /// Standard input if absent.
    file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Json,
    Yaml,
    Protobuf,
}

/// What encrypted values in etcd begin with.
const ENCRYPTED: &[u8] = b"k8s:enc:";

/// Reads the input, writes the output to standard output. The error is text for people.
pub fn run(release: &'static Release, arguments: &Transcode) -> Result<(), String> {
    let input = read_input(arguments.file.as_deref())?;
    let output = transcode(release, arguments, &input)?;
    let written = std::io::stdout().write_all(&output);
    written.map_err(|error| format!("cannot write the output: {error}"))
}

fn transcode(release: &'static Release, arguments: &Transcode, input: &[u8]) -> Result<Vec<u8>, String> {
    if input.starts_with(ENCRYPTED) {
        return Err("the value is encrypted at rest; read it through a server that has the key".into());
    }
    let format = arguments.from.unwrap_or_else(|| detect(input));
    let mut objects = match format {
        Format::Json => vec![read_json(release, input)?],
        Format::Protobuf => vec![read_protobuf(release, input)?],
        Format::Yaml => read_yaml(release, input)?,
    };
    if let Some(api_version) = &arguments.api_version {
        let converted = objects.into_iter().map(|object| to_version(release, object, api_version));
        objects = converted.collect::<Result<_, _>>()?;
    }
    if objects.len() != 1 && arguments.to == Format::Protobuf {
        return Err(format!("the input holds {} documents; protobuf output takes exactly one", objects.len()));
    }
    let texts: Result<Vec<_>, _> = objects.iter().map(|object| write(object.as_ref(), arguments.to)).collect();
    Ok(texts?.join(if arguments.to == Format::Yaml { &b"---\n"[..] } else { &b""[..] }))
}

fn read_input(file: Option<&Path>) -> Result<Vec<u8>, String> {
    match file {
        Some(path) => std::fs::read(path).map_err(|error| format!("{}: {error}", path.display())),
        None => {
            let mut input = Vec::new();
            let read = std::io::stdin().read_to_end(&mut input);
            read.map(|_| input).map_err(|error| format!("standard input: {error}"))
        }
    }
}

fn detect(input: &[u8]) -> Format {
    if input.starts_with(envelope::MAGIC) {
        return Format::Protobuf;
    }
    match input.iter().find(|b| !b.is_ascii_whitespace()) {
        Some(b'{') => Format::Json,
        _ => Format::Yaml,
    }
}

fn read_json(release: &'static Release, text: &[u8]) -> Result<Box<dyn Message>, String> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct TypeMeta {
        #[serde(default)]
        api_version: String,
        #[serde(default)]
        kind: String,
    }
    let meta: TypeMeta = serde_json::from_slice(text).map_err(|error| format!("the input is not JSON: {error}"))?;
    let kind = find_kind(release, &meta.api_version, &meta.kind)?;
    let mut object = kind.message.new_message();
    json::decode(text, object.as_mut()).map_err(|error| error.to_string())?;
    Ok(object)
}

fn read_yaml(release: &'static Release, text: &[u8]) -> Result<Vec<Box<dyn Message>>, String> {
    let text = std::str::from_utf8(text).map_err(|_| "the input is not text; name its format with --from")?;
    let documents = yaml::documents(text).map_err(|error| format!("the input is not YAML: {error}"))?;
    let objects = documents.into_iter().map(|document| document.value).filter(|value| !value.is_null());
    objects.map(|value| read_json(release, value.to_string().as_bytes())).collect()
}

fn read_protobuf(release: &'static Release, bytes: &[u8]) -> Result<Box<dyn Message>, String> {
    // A shell's `etcdctl get` puts a line end behind the value.
    let trimmed = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let unknown = envelope::decode(bytes).or_else(|_| envelope::decode(trimmed)).map_err(|error| error.to_string())?;
    let kind = find_kind(release, &unknown.api_version, &unknown.kind)?;
    let mut object = kind.message.new_message();
    proto::decode(unknown.raw, object.as_mut()).map_err(|error| error.to_string())?;
    set_type_meta(object.as_mut(), &unknown.api_version, &unknown.kind);
    Ok(object)
}

fn write(object: &dyn Message, format: Format) -> Result<Vec<u8>, String> {
    let text = || json::encode(object);
    match format {
        Format::Json => Ok([text().as_slice(), b"\n"].concat()),
        Format::Yaml => {
            let value = serde_json::from_slice(&text()).map_err(|error| error.to_string())?;
            Ok(yaml::to_yaml(&value).into_bytes())
        }
        Format::Protobuf => {
            let (api_version, kind) = type_meta(object);
            Ok(envelope::encode(object, api_version, kind))
        }
    }
}

fn to_version(
    release: &'static Release,
    object: Box<dyn Message>,
    api_version: &str,
) -> Result<Box<dyn Message>, String> {
    let (from_version, kind) = type_meta(object.as_ref());
    let kind = kind.to_owned();
    let from = find_kind(release, from_version, &kind)?;
    let to = find_kind(release, api_version, &kind)?;
    let mut converted = convert(object, from, to).map_err(|status| status.message)?;
    set_type_meta(converted.as_mut(), api_version, &kind);
    Ok(converted)
}

fn find_kind(release: &'static Release, api_version: &str, kind: &str) -> Result<&'static Kind, String> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    release.kind(group, version, kind).ok_or_else(|| match kind {
        "" => "the input has no `kind`, so its type is unknown".to_owned(),
        _ => format!("{} has no kind {kind:?} in version {api_version:?}", release.name),
    })
}
