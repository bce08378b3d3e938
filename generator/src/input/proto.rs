//! A tree of .proto files, as messages by OpenAPI name.
//!
//! Every file is parsed by itself and names are resolved here, so that one run reports the faults of all files.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use miette::Diagnostic as _;
use prost_types::field_descriptor_proto::{Label, Type as WireType};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorProto};

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place, SourceFile, Span};

#[derive(Debug, Default)]
pub struct Schema {
    /// By OpenAPI name, such as `io.k8s.api.core.v1.Pod`.
    pub messages: BTreeMap<String, Message>,
}

#[derive(Debug)]
pub struct Message {
    pub fields: Vec<Field>,
    /// The comment without marker lines.
    pub description: String,
    /// Its name.
    pub place: Place,
    /// All of it.
    pub range: Place,
}

#[derive(Debug)]
pub struct Field {
    pub name: String,
    pub number: u32,
    pub ty: Type,
    /// Marked `optional`.
    pub optional: bool,
    pub description: String,
    /// Comment lines that start with `+`.
    pub markers: Vec<String>,
    pub place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    Bool,
    I32,
    I64,
    F64,
    Str,
    Bytes,
    /// OpenAPI name.
    Message(String),
    List(Box<Type>),
    /// Keys are strings.
    Map(Box<Type>),
}

/// A .proto file and the path by which others import it.
#[derive(Clone, Debug)]
pub struct ProtoFile {
    pub file: Arc<SourceFile>,
    pub import: String,
}

/// Parses the files in parallel and joins them.
pub fn read(files: &[ProtoFile], diagnostics: &mut Diagnostics) -> Schema {
    let mut index = Index::default();
    let mut parsed = Vec::with_capacity(files.len());
    for (file, result) in files.iter().zip(parse_all(files)) {
        match result {
            Ok(descriptor) => parsed.push(Parsed::new(file, descriptor)),
            Err(error) => report(&file.file, &error, diagnostics),
        }
    }
    let complete = parsed.len() == files.len();
    for file in &parsed {
        for (i, message) in file.descriptor.message_type.iter().enumerate() {
            index.add(file, message, &file.package, &file.prefix, &[4, i as i32], diagnostics);
        }
    }
    let mut schema = Schema::default();
    for (proto_name, entry) in &index.messages {
        let context = Context { index: &index, entry, proto_name, complete };
        schema.messages.insert(entry.name.clone(), context.message(diagnostics));
    }
    schema
}

fn parse_all(files: &[ProtoFile]) -> Vec<Result<FileDescriptorProto, protox_parse::ParseError>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(4);
    let mut chunks: Vec<Vec<(usize, &ProtoFile)>> = vec![Vec::new(); threads];
    let mut by_size: Vec<_> = files.iter().enumerate().collect();
    by_size.sort_by_key(|(_, file)| std::cmp::Reverse(file.file.text.len()));
    for (turn, item) in by_size.into_iter().enumerate() {
        chunks[turn % threads].push(item);
    }
    let mut results: Vec<_> = std::thread::scope(|scope| {
        let parse = |chunk: Vec<(usize, &ProtoFile)>| -> Vec<_> {
            chunk.into_iter().map(|(i, file)| (i, protox_parse::parse(&file.import, &file.file.text))).collect()
        };
        let handles: Vec<_> = chunks.into_iter().map(|chunk| scope.spawn(move || parse(chunk))).collect();
        handles.into_iter().flat_map(|handle| handle.join().unwrap_or_default()).collect()
    });
    results.sort_by_key(|(i, _)| *i);
    results.into_iter().map(|(_, result)| result).collect()
}

fn report(file: &Arc<SourceFile>, error: &protox_parse::ParseError, diagnostics: &mut Diagnostics) {
    let mut all: Vec<&dyn miette::Diagnostic> = vec![error];
    all.extend(error.related().into_iter().flatten());
    for one in all {
        let mut diagnostic = Diagnostic::error(Code::KF0131, one.to_string());
        for label in one.labels().into_iter().flatten() {
            let span = Span::new(label.offset(), label.offset() + label.len());
            diagnostic = diagnostic.at(Place::new(file, span), label.label().unwrap_or("here"));
        }
        if diagnostic.labels.is_empty() {
            let end = file.text.len();
            diagnostic = diagnostic.at(Place::new(file, Span::new(end, end)), "the file ends here");
        }
        if let Some(help) = one.help() {
            diagnostic = diagnostic.help(help.to_string());
        }
        diagnostics.add(diagnostic);
    }
}

/// A parsed file with its positions and comments by descriptor path.
struct Parsed<'f> {
    file: &'f Arc<SourceFile>,
    descriptor: FileDescriptorProto,
    package: String,
    /// OpenAPI prefix of its messages.
    prefix: String,
    locations: HashMap<Vec<i32>, usize>,
}

impl<'f> Parsed<'f> {
    fn new(file: &'f ProtoFile, descriptor: FileDescriptorProto) -> Parsed<'f> {
        let package = descriptor.package().to_owned();
        let prefix = openapi_prefix(&descriptor, &file.import);
        let locations = descriptor.source_code_info.iter().flat_map(|info| &info.location).enumerate();
        let locations = locations.map(|(i, location)| (location.path.clone(), i)).collect();
        Parsed { file: &file.file, descriptor, package, prefix, locations }
    }

    fn location(&self, path: &[i32]) -> Option<&prost_types::source_code_info::Location> {
        let index = self.locations.get(path)?;
        self.descriptor.source_code_info.as_ref()?.location.get(*index)
    }

    fn place(&self, path: &[i32]) -> Place {
        let span = match self.location(path).map(|location| location.span.as_slice()) {
            Some(&[line, start, end]) => self.span(line, start, line, end),
            Some(&[line, start, end_line, end]) => self.span(line, start, end_line, end),
            _ => Span::default(),
        };
        Place::new(self.file, span)
    }

    fn span(&self, line: i32, column: i32, end_line: i32, end_column: i32) -> Span {
        let offset = |line: i32, column: i32| self.file.offset(line as usize, column as usize);
        Span { start: offset(line, column), end: offset(end_line, end_column) }
    }

    /// The comment above, as text and marker lines.
    fn comment(&self, path: &[i32]) -> (String, Vec<String>) {
        let comment = self.location(path).and_then(|l| l.leading_comments.as_deref()).unwrap_or_default();
        let lines = comment.lines().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end());
        let (markers, text): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.starts_with('+'));
        (text.join("\n").trim().to_owned(), markers.into_iter().map(str::to_owned).collect())
    }
}

/// `k8s.io.api.core.v1` in Go's `k8s.io/api/core/v1` is `io.k8s.api.core.v1` in OpenAPI; a package that is nothing in Go
/// has the same name there.
fn openapi_prefix(descriptor: &FileDescriptorProto, import: &str) -> String {
    let directory = import.rsplit_once('/').map_or("", |(directory, _)| directory);
    let as_package = |path: &str| path.replace('/', ".").replace('-', "_");
    let candidates = [go_package(descriptor).unwrap_or_default(), directory];
    match candidates.into_iter().find(|path| path.contains('/') && as_package(path) == descriptor.package()) {
        Some(path) => {
            let (host, rest) = path.split_once('/').unwrap_or((path, ""));
            let parts: Vec<&str> = host.split('.').rev().chain(rest.split('/')).collect();
            parts.join(".")
        }
        None => descriptor.package().to_owned(),
    }
}

/// The option of this name, which the parser leaves uninterpreted.
fn go_package(descriptor: &FileDescriptorProto) -> Option<&str> {
    let options = &descriptor.options.as_ref()?.uninterpreted_option;
    let named = |option: &&prost_types::UninterpretedOption| matches!(option.name.as_slice(), [part] if part.name_part == "go_package");
    std::str::from_utf8(options.iter().find(named)?.string_value()).ok()
}

/// All messages of all files by protobuf name.
#[derive(Default)]
struct Index<'p> {
    messages: BTreeMap<String, Entry<'p>>,
    /// Value types of map entries by protobuf name.
    maps: HashMap<String, (&'p Parsed<'p>, &'p DescriptorProto)>,
}

struct Entry<'p> {
    /// OpenAPI name.
    name: String,
    file: &'p Parsed<'p>,
    descriptor: &'p DescriptorProto,
    path: Vec<i32>,
}

impl<'p> Index<'p> {
    fn add(
        &mut self,
        file: &'p Parsed<'p>,
        descriptor: &'p DescriptorProto,
        scope: &str,
        prefix: &str,
        path: &[i32],
        diagnostics: &mut Diagnostics,
    ) {
        let proto_name = join(scope, descriptor.name());
        let name = join(prefix, descriptor.name());
        for (i, nested) in descriptor.nested_type.iter().enumerate() {
            if nested.options.as_ref().is_some_and(|options| options.map_entry()) {
                self.maps.insert(join(&proto_name, nested.name()), (file, nested));
            } else {
                let path = [path, &[3, i as i32]].concat();
                self.add(file, nested, &proto_name, &name, &path, diagnostics);
            }
        }
        if let Some(first) = self.messages.get(&proto_name) {
            diagnostics.add(
                Diagnostic::error(Code::KF0136, format!("the message `{proto_name}` is defined twice"))
                    .at(file.place(&[path, &[1]].concat()), "again here")
                    .at(first.file.place(&[&first.path[..], &[1]].concat()), "first here")
                    .help("remove one of the two files, or rename the message"),
            );
            return;
        }
        self.messages.insert(proto_name, Entry { name, file, descriptor, path: path.to_vec() });
    }

    /// Resolves a type name as protobuf does: from the innermost scope outwards, or absolute with a leading dot.
    fn resolve(&self, scope: &str, name: &str) -> Option<String> {
        let known = |full: &str| self.messages.contains_key(full) || self.maps.contains_key(full);
        if let Some(absolute) = name.strip_prefix('.') {
            return known(absolute).then(|| absolute.to_owned());
        }
        let mut scope = scope;
        loop {
            let full = join(scope, name);
            if known(&full) {
                return Some(full);
            }
            if scope.is_empty() {
                return None;
            }
            scope = scope.rsplit_once('.').map_or("", |(outer, _)| outer);
        }
    }
}

fn join(scope: &str, name: &str) -> String {
    if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") }
}

/// Reads one message.
struct Context<'c, 'p> {
    index: &'c Index<'p>,
    entry: &'c Entry<'p>,
    proto_name: &'c str,
    /// All files could be parsed, so that a missing name is a fault.
    complete: bool,
}

impl Context<'_, '_> {
    fn message(&self, diagnostics: &mut Diagnostics) -> Message {
        let Entry { file, descriptor, path, .. } = self.entry;
        let mut fields: Vec<Field> = Vec::with_capacity(descriptor.field.len());
        for (i, field) in descriptor.field.iter().enumerate() {
            let path = [&path[..], &[2, i as i32]].concat();
            let Some(ty) = self.field_type(field, &path, diagnostics) else { continue };
            let (description, markers) = file.comment(&path);
            let field = Field {
                name: field.name().to_owned(),
                number: u32::try_from(field.number()).unwrap_or_default(),
                ty,
                optional: field.label() == Label::Optional && (field.proto3_optional() || !self.proto3()),
                description,
                markers,
                place: file.place(&path),
            };
            self.check_twice(&field, &fields, &path, diagnostics);
            fields.push(field);
        }
        let place = file.place(&[&path[..], &[1]].concat());
        Message { fields, description: file.comment(path).0, place, range: file.place(path) }
    }

    fn proto3(&self) -> bool {
        self.entry.file.descriptor.syntax() == "proto3"
    }

    fn check_twice(&self, field: &Field, others: &[Field], path: &[i32], diagnostics: &mut Diagnostics) {
        let file = self.entry.file;
        let message = self.entry.descriptor.name();
        if let Some(first) = others.iter().find(|other| other.number == field.number) {
            let free = others.iter().map(|other| other.number).max().unwrap_or_default() + 1;
            let (number, name, other) = (field.number, &field.name, &first.name);
            diagnostics.add(
                Diagnostic::error(
                    Code::KF0132,
                    format!("the fields `{other}` and `{name}` of `{message}` have the same number {number}"),
                )
                .at(file.place(&[path, &[3]].concat()), "used again here")
                .at(first.place.clone(), "first used here")
                .help(format!("give the newer field a number of its own, such as {free}")),
            );
        }
        if let Some(first) = others.iter().find(|other| other.name == field.name) {
            diagnostics.add(
                Diagnostic::error(Code::KF0133, format!("`{message}` has two fields `{}`", field.name))
                    .at(file.place(&[path, &[1]].concat()), "used again here")
                    .at(first.place.clone(), "first used here")
                    .help("rename one of the two"),
            );
        }
    }

    fn field_type(&self, field: &FieldDescriptorProto, path: &[i32], diagnostics: &mut Diagnostics) -> Option<Type> {
        if field.oneof_index.is_some() && !field.proto3_optional() {
            self.unsupported(path, &format!("the field `{}` is part of a oneof", field.name()), diagnostics);
            return None;
        }
        let repeated = field.label() == Label::Repeated;
        let ty = match (field.r#type.map(WireType::try_from), field.type_name()) {
            (Some(Ok(WireType::Message)) | None, name) if !name.is_empty() => {
                let Some(full) = self.index.resolve(self.proto_name, name) else {
                    self.unknown_type(name, path, diagnostics);
                    return None;
                };
                if let Some((_, entry)) = self.index.maps.get(&full) {
                    return self.map_type(entry, path, diagnostics);
                }
                Type::Message(self.index.messages.get(&full)?.name.clone())
            }
            (Some(Ok(wire)), _) => self.scalar(wire, path, diagnostics)?,
            _ => return None,
        };
        Some(if repeated { Type::List(Box::new(ty)) } else { ty })
    }

    fn map_type(&self, entry: &DescriptorProto, path: &[i32], diagnostics: &mut Diagnostics) -> Option<Type> {
        let [key, value] = entry.field.as_slice() else { return None };
        if key.r#type != Some(WireType::String as i32) {
            self.unsupported(path, "the keys of the map are not strings", diagnostics);
            return None;
        }
        self.field_type(value, path, diagnostics).map(|value| Type::Map(Box::new(value)))
    }

    fn scalar(&self, wire: WireType, path: &[i32], diagnostics: &mut Diagnostics) -> Option<Type> {
        match wire {
            WireType::Bool => Some(Type::Bool),
            WireType::Int32 => Some(Type::I32),
            WireType::Int64 => Some(Type::I64),
            WireType::Double => Some(Type::F64),
            WireType::String => Some(Type::Str),
            WireType::Bytes => Some(Type::Bytes),
            other => {
                let name = other.as_str_name().trim_start_matches("TYPE_").to_lowercase();
                self.unsupported(path, &format!("the type `{name}` is not one that API types have"), diagnostics);
                None
            }
        }
    }

    fn unsupported(&self, path: &[i32], message: &str, diagnostics: &mut Diagnostics) {
        diagnostics.add(
            Diagnostic::error(Code::KF0135, message)
                .at(self.entry.file.place(path), "this field")
                .help("use messages, maps with string keys, bool, int32, int64, double, string or bytes"),
        );
    }

    fn unknown_type(&self, name: &str, path: &[i32], diagnostics: &mut Diagnostics) {
        if !self.complete {
            return;
        }
        let mut diagnostic = Diagnostic::error(Code::KF0134, format!("there is no type `{name}`"))
            .at(self.entry.file.place(&[path, &[6]].concat()), "unknown type");
        let known = self.index.messages.values().map(|entry| entry.descriptor.name());
        if let Some(near) = super::nearest(name.rsplit('.').next().unwrap_or(name), known) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`? If not, add the file that defines it"));
        }
        diagnostics.add(diagnostic);
    }
}
