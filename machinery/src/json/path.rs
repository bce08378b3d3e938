//! Where a decoder is in a document, as a list on the stack: nothing is allocated until somebody asks for the path.

/// A place and the places around it.
pub(super) struct At<'s> {
    parent: Option<&'s At<'s>>,
    step: Step<'s>,
}

pub(super) enum Step<'s> {
    Root,
    Field(&'s str),
    Key(&'s str),
    Item(usize),
}

impl At<'_> {
    pub const ROOT: At<'static> = At { parent: None, step: Step::Root };

    pub fn then<'s>(&'s self, step: Step<'s>) -> At<'s> {
        At { parent: Some(self), step }
    }

    /// With indices, as strict decoding reports it: `spec.containers[0].nmae`.
    pub fn path(&self) -> String {
        let mut path = self.parent.map(At::path).unwrap_or_default();
        match self.step {
            Step::Root => {}
            Step::Field(name) | Step::Key(name) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(name);
            }
            Step::Item(index) => path.push_str(&format!("[{index}]")),
        }
        path
    }

    /// Field names only, as Go's type errors show it: `spec.containers.name`.
    pub fn go_path(&self) -> String {
        let mut path = self.parent.map(At::go_path).unwrap_or_default();
        if let Step::Field(name) = self.step {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(name);
        }
        path
    }

    /// For a list item, which is no field itself, the path of the list.
    pub fn go_field(&self) -> String {
        format!(".{}", self.go_path())
    }
}
