//! Every code, its title and its explanation: the source of `docs/diagnostics.md`.

macro_rules! codes {
    ($($code:ident $title:literal $explanation:literal)*) => {
        /// Identifies a kind of message for good: codes are never given a new meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $title] $code,)* }

        /// All codes, in order.
        pub const CODES: &[Code] = &[$(Code::$code),*];

        impl Code {
            /// Such as `KF0101`.
            pub fn id(self) -> &'static str {
                match self { $(Code::$code => stringify!($code),)* }
            }

            pub fn title(self) -> &'static str {
                match self { $(Code::$code => $title,)* }
            }

            /// What it means and what to do.
            pub fn explanation(self) -> &'static str {
                match self { $(Code::$code => $explanation,)* }
            }
        }
    };
}

codes! {
    KF0001 "a file cannot be read"
        "The file or directory does not exist, may not be read, or is not UTF-8 text. Check the path."
    KF0002 "no such release"
        "The specs directory has no folder of this name. `kubeforge inspect` and `kubeforge check` list the releases there are; `--specs` names another directory."
    KF0003 "no such kind, type or field"
        "The release has nothing of this name. `kubeforge inspect` without a name gives an overview; a kind lists its fields."
    KF0101 "JSON that cannot be parsed"
        "The file is not valid JSON. If the place is the end of the file, the file was probably cut off while it was copied or downloaded: fetch it again."
    KF0102 "a key is given twice"
        "JSON and YAML parsers disagree on which of the two counts, so neither is taken. Remove one."
    KF0103 "nesting too deep"
        "Documents may nest 128 levels deep. No specification needs more; the file is probably not what it is taken for."
    KF0104 "a value of the wrong type"
        "The value has another type than the format asks for, such as a text where a list is needed."
    KF0105 "a key is missing"
        "The format demands this key."
    KF0111 "YAML that cannot be parsed"
        "The file is not valid YAML, or uses anchors, aliases or more than one document, which rules have no use for."
    KF0121 "a `$ref` to nothing"
        "The reference names a definition that the document does not have. Correct the name or add the definition."
    KF0122 "not an OpenAPI v2 document"
        "The document must have `swagger: \"2.0\"`, and `definitions` and `paths` objects."
    KF0131 "protobuf that cannot be parsed"
        "The file is not a valid .proto file."
    KF0132 "a field number is used twice"
        "Two fields of a message have the same number, so neither can be told from the other on the wire. Give the newer field the next free number."
    KF0133 "a field name is used twice"
        "Two fields of a message have the same name."
    KF0134 "an unknown protobuf type"
        "The type is neither a scalar nor a message of any file of the tree. Correct the name or add the file."
    KF0135 "a protobuf feature that API types do not have"
        "API types use messages, maps with string keys, and the scalars bool, int32, int64, double, string and bytes; no enums, groups, extensions or other integer types, for Go's generator makes none."
    KF0136 "a message is defined twice"
        "Two files define the same message."
    KF0201 "an unknown key in a rules file"
        "The key is not part of the format. It may be misspelt; the help names the nearest known one."
    KF0202 "a rule for a kind or type that does not exist"
        "No release of the specs directory serves such a kind in this group, or has such a type."
    KF0203 "a rule for a field that does not exist"
        "The path names no field of the kind in any release and version that the rule is for."
    KF0204 "a value that a rule may not have"
        "The value is not one of those the key allows."
    KF0205 "an unknown cell function"
        "Table cells are made by a fixed set of functions; see the list in the help."
    KF0206 "a malformed release"
        "Releases are written `v1.28`."
    KF0207 "a fix-up that matches nothing"
        "The input no longer has what the fix-up is for, so it hides nothing any more. Remove it or narrow it with `since` and `until`."
    KF0208 "a rule that applies nowhere"
        "No release, version and kind of the specs directory fits this entry."
    KF0301 "field numbers or names contradict"
        "The Go struct tag and the .proto file disagree on a field. They were taken from different releases, or one was edited."
    KF0302 "types contradict"
        "Two inputs give a field different types. They were taken from different releases, or one was edited."
    KF0303 "fields missing on one side"
        "One input has a field that another lacks. They were taken from different releases, or one was edited."
    KF0304 "a type that no input defines"
        "A field refers to a type that none of the inputs defines."
    KF0305 "merge semantics contradict"
        "The OpenAPI document and the Go facts disagree on list type, map keys, patch strategy or merge key."
    KF0306 "a Go type that has no API form"
        "The field's Go type, such as an interface or a channel, has neither a JSON nor a protobuf form here."
    KF0401 "an operation without kind"
        "The operation has an `x-kubernetes-action` and no `x-kubernetes-group-version-kind`, so that the kind of its resource is unknown."
    KF0402 "a served kind without type"
        "A path serves a kind for which no input defines a type."
    KF0403 "an unknown action"
        "`x-kubernetes-action` is one of get, list, post, put, patch, delete, deletecollection, watch, watchlist and connect."
    KF0404 "two kinds for one resource"
        "Operations on the same path have different kinds."
    KF0501 "two things with one Rust name"
        "Two types of a module or two fields of a type get the same name in Rust. Rename one of them in the input."
    KF0601 "a type that is too large"
        "A type may have at most 254 fields, counting those of inlined structs."
    KF0602 "a field number that is too high"
        "Field numbers up to 4095 are supported, since a table is kept by number."
    KF0603 "a kind without metadata"
        "Served kinds need `metadata` to be stored, listed or watched."
    KF0701 "the output cannot be written"
        "Nothing was changed. Check the permissions and the free space, or name another directory."
    KF0702 "the output directory belongs to somebody else"
        "It holds files that kubeforge did not write. Name an empty or new directory, or use `--force`."
    KF0703 "the server cannot be built or started"
        "A program that is needed could not be run. The message names it."
}
