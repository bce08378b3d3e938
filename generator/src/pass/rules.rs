//! Applies the rules to the resources and kinds of the release.
//!
//! A statement about a path that a version of the kind does not have says nothing about that version. One that applies
//! nowhere is handed back, since only the other releases can tell whether it is a mistake.

use super::{Missing, Unused};
use crate::diagnostic::Place;
use crate::input::RawInputs;
use crate::input::rules::{self, Entry, When, release_number};
use crate::model::{Column, Release, Resource, Scale, Storage};

pub fn run(release: &mut Release, inputs: &RawInputs) -> Vec<Unused> {
    let number = release_number(&inputs.release);
    let mut resources = std::mem::take(&mut release.resources);
    for resource in &mut resources {
        resource.storage = default_storage(release, resource);
    }
    let mut unused = Vec::new();
    for (group, kind) in inputs.rules.groups.iter().flat_map(|group| group.kinds.iter().map(move |kind| (group, kind)))
    {
        let mut apply = Apply { release, number, kind, statements: Vec::new() };
        let targets = resources.iter_mut().filter(|r| r.group == group.name && r.kind == kind.name);
        let mut any = false;
        for resource in targets {
            any = true;
            apply.resource(resource);
        }
        if any {
            unused.extend(apply.unused());
        } else {
            unused.push(Unused {
                place: kind.place.clone(),
                when: When::default(),
                what: Missing::Kind(kind.name.clone(), group.name.clone()),
            });
        }
    }
    release.resources = resources;
    unused
}

/// In the preferred version that serves the kind, under its plural name; nothing if it cannot be read back.
fn default_storage(release: &Release, resource: &Resource) -> Option<Storage> {
    if !resource.verbs.iter().any(|verb| verb == "get") {
        return None;
    }
    let versions = release.groups.iter().find(|g| g.name == resource.group).map(|g| g.versions.as_slice());
    let has_kind = |version: &&String| release.kind(&resource.group, version, &resource.kind).is_some();
    let version = versions.unwrap_or_default().iter().find(has_kind).unwrap_or(&resource.version);
    Some(Storage {
        prefix: resource.name.clone(),
        group: resource.group.clone(),
        version: version.clone(),
        kind: resource.kind.clone(),
    })
}

/// The rules for one kind.
struct Apply<'a> {
    release: &'a Release,
    number: Option<(u32, u32)>,
    kind: &'a rules::Kind,
    statements: Vec<Statement>,
}

/// What became of a statement.
struct Statement {
    place: Place,
    when: When,
    used: bool,
    /// An entry before it is for this release.
    hidden: bool,
    /// A path that a version lacks.
    missing: Option<String>,
}

impl Apply<'_> {
    fn resource(&mut self, resource: &mut Resource) {
        let kind = self.kind;
        let message = self.release.kind(&resource.group, &resource.version, &resource.kind).map(|k| k.message.clone());
        let message = message.unwrap_or_default();
        let version = resource.version.clone();
        if let Some(names) = self.first(&kind.short_names, &version) {
            resource.short_names = names.clone();
        }
        if let Some(names) = self.first(&kind.categories, &version) {
            resource.categories = names.clone();
        }
        if let Some(storage) = self.first(&kind.storage, &version) {
            resource.storage = storage.as_ref().and_then(|said| stored(resource.storage.take(), said));
        }
        resource.generation = self.first(&kind.generation, &version).copied().unwrap_or_default();
        resource.delete_returns_object = self.first(&kind.delete_returns_object, &version).copied().unwrap_or_default();
        resource.update_needs_version = self.first(&kind.update_needs_version, &version).copied().unwrap_or_default();
        resource.scale = self.first(&kind.scale, &version).map(|scale| Scale {
            spec_replicas: scale.spec_replicas.clone(),
            status_replicas: scale.status_replicas.clone(),
            selector: scale.selector.clone(),
        });
        let selectors = self.all(&kind.field_selectors, &version, &message, |(_, path)| vec![path]);
        resource.selectable = selectors.into_iter().cloned().collect();
        let defaults = self.all(&kind.defaults, &version, &message, |(path, _)| vec![path]);
        resource.defaults = defaults.into_iter().cloned().collect();
        let columns = self.all(&kind.columns, &version, &message, |column| column.cell.paths().collect());
        resource.columns = columns.into_iter().map(to_column).collect();
        resource.origin.add("rules", Some(&kind.place));
    }

    /// The first statement that fits.
    fn first<'e, T>(&mut self, entries: &'e [Entry<T>], version: &str) -> Option<&'e T> {
        let fitting = entries.iter().position(|entry| entry.when.fits(self.number, version));
        let bounded = fitting.is_some_and(|i| entries[i].when.since.is_some() || entries[i].when.until.is_some());
        for (i, entry) in entries.iter().enumerate() {
            // Behind an entry for some releases, this one may be for others.
            let hidden = bounded && fitting.is_some_and(|fitting| fitting < i);
            self.note(entry, fitting == Some(i), hidden, None);
        }
        fitting.map(|i| &entries[i].value)
    }

    /// All statements that fit and whose paths exist.
    fn all<'e, T>(
        &mut self,
        entries: &'e [Entry<T>],
        version: &str,
        message: &str,
        paths: impl Fn(&'e T) -> Vec<&'e String>,
    ) -> Vec<&'e T> {
        let mut fitting = Vec::new();
        for entry in entries {
            let fits = entry.when.fits(self.number, version);
            let missing = paths(&entry.value).into_iter().find(|path| self.release.field_at(message, path).is_none());
            self.note(entry, fits && missing.is_none(), false, missing.filter(|_| fits).cloned());
            if fits && missing.is_none() {
                fitting.push(&entry.value);
            }
        }
        fitting
    }

    fn note<T>(&mut self, entry: &Entry<T>, used: bool, hidden: bool, missing: Option<String>) {
        match self.statements.iter_mut().find(|statement| statement.place.span == entry.place.span) {
            Some(statement) => {
                statement.used |= used;
                statement.hidden |= hidden;
                statement.missing = statement.missing.take().or(missing);
            }
            None => {
                let (place, when) = (entry.place.clone(), entry.when.clone());
                self.statements.push(Statement { place, when, used, hidden, missing });
            }
        }
    }

    fn unused(self) -> impl Iterator<Item = Unused> {
        let (kind, number) = (self.kind.name.clone(), self.number);
        self.statements.into_iter().filter(|statement| !statement.used).map(move |statement| {
            let Statement { place, when, hidden, missing, .. } = statement;
            let what = match missing {
                Some(path) => Missing::Path(path, kind.clone()),
                None if when.fits_release(number) && !hidden => Missing::Condition,
                None => Missing::Release,
            };
            Unused { place, when, what }
        })
    }
}

/// What is said replaces what is usual.
fn stored(usual: Option<Storage>, said: &rules::Storage) -> Option<Storage> {
    let usual = usual?;
    let or = |said: &Option<String>, usual: String| said.clone().unwrap_or(usual);
    Some(Storage {
        prefix: or(&said.prefix, usual.prefix),
        group: or(&said.group, usual.group),
        version: or(&said.version, usual.version),
        kind: or(&said.kind, usual.kind),
    })
}

fn to_column(column: &rules::Column) -> Column {
    Column {
        name: column.name.clone(),
        ty: column.ty.clone(),
        format: column.format.clone(),
        priority: column.priority,
        description: column.description.clone(),
        function: column.cell.function.clone(),
        arguments: column.cell.arguments.clone(),
    }
}
