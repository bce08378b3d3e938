//! When a field is on the wire, as Go's encoders have it.

use super::FieldRef;
use crate::descriptor::{Field, Flags};

/// Whether JSON leaves the field out.
pub(crate) fn left_out(field: &Field, value: &FieldRef<'_>) -> bool {
    let zero = match value {
        FieldRef::Bool(v) => !v,
        FieldRef::I32(v) => *v == 0,
        FieldRef::I64(v) => *v == 0,
        FieldRef::Str(v) => v.is_empty(),
        FieldRef::OptBytes(v) => v.is_none_or(|b| b.0.is_empty()),
        // `omitempty` has no effect on structs by value.
        FieldRef::Message(v) => {
            return field.flags.has(Flags::OMITZERO) && v.equals(&*v.descriptor().new_message());
        }
        other => absent(other),
    };
    zero && (field.flags.has(Flags::OMITEMPTY) || field.flags.has(Flags::OMITZERO))
}

/// Whether a pointer, list or map is not there: `null` in JSON unless it is left out, nothing in protobuf.
pub(crate) fn absent(value: &FieldRef<'_>) -> bool {
    match value {
        FieldRef::OptBool(v) => v.is_none(),
        FieldRef::OptI32(v) => v.is_none(),
        FieldRef::OptI64(v) => v.is_none(),
        FieldRef::OptF64(v) => v.is_none(),
        FieldRef::OptStr(v) => v.is_none(),
        FieldRef::OptBytes(v) => v.is_none(),
        FieldRef::OptMessage(v) => v.is_none(),
        FieldRef::Bools(v) => v.is_empty(),
        FieldRef::I32s(v) => v.is_empty(),
        FieldRef::I64s(v) => v.is_empty(),
        FieldRef::Strs(v) => v.is_empty(),
        FieldRef::StrMap(v) => v.is_empty(),
        FieldRef::BytesMap(v) => v.is_empty(),
        FieldRef::List(v) => v.is_empty(),
        FieldRef::Map(v) => v.is_empty(),
        FieldRef::Bool(_) | FieldRef::I32(_) | FieldRef::I64(_) | FieldRef::Str(_) | FieldRef::Message(_) => false,
    }
}
