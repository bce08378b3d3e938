//! Spreads the defaults of messages over the resources in which they occur.

use std::collections::HashMap;

use super::{Missing, Unused};
use crate::input::RawInputs;
use crate::input::rules::{When, release_number};
use crate::model::{FieldType, Release};

pub fn run(release: &mut Release, inputs: &RawInputs) -> Vec<Unused> {
    let number = release_number(&inputs.release);
    let mut unused = Vec::new();
    let mut by_message: HashMap<&str, Vec<&(String, String)>> = HashMap::new();
    for rule in inputs.rules.groups.iter().flat_map(|group| &group.messages) {
        if !release.messages.contains_key(&rule.name) {
            let what = Missing::Message(rule.name.clone());
            unused.push(Unused { place: rule.place.clone(), when: When::default(), what });
            continue;
        }
        let version = rule.name.rsplit('.').nth(1).unwrap_or_default();
        for entry in &rule.defaults {
            let path = &entry.value.0;
            let missing = if !entry.when.fits_release(number) {
                Some(Missing::Release)
            } else if !entry.when.fits(number, version) {
                Some(Missing::Condition)
            } else if release.field_at(&rule.name, path).is_none() {
                Some(Missing::Path(path.clone(), rule.name.clone()))
            } else {
                None
            };
            match missing {
                Some(what) => unused.push(Unused { place: entry.place.clone(), when: entry.when.clone(), what }),
                None => by_message.entry(&rule.name).or_default().push(&entry.value),
            }
        }
    }
    let mut spread = Spread { release, by_message, found: Vec::new() };
    let defaults: Vec<Vec<(String, String)>> = release
        .resources
        .iter()
        .map(|resource| {
            let kind = release.kind(&resource.group, &resource.version, &resource.kind);
            spread.message(kind.map_or("", |kind| &kind.message), "", &mut Vec::new());
            std::mem::take(&mut spread.found)
        })
        .collect();
    for (resource, defaults) in release.resources.iter_mut().zip(defaults) {
        // What is said of the kind comes first and so wins.
        resource.defaults.extend(defaults);
    }
    unused
}

struct Spread<'r> {
    release: &'r Release,
    by_message: HashMap<&'r str, Vec<&'r (String, String)>>,
    found: Vec<(String, String)>,
}

impl<'r> Spread<'r> {
    /// Adds the defaults of a message and of all inside it; `open` are the messages it is in.
    fn message(&mut self, name: &'r str, path: &str, open: &mut Vec<&'r str>) {
        let Some(message) = self.release.messages.get(name).filter(|_| !open.contains(&name)) else { return };
        for (inner, value) in self.by_message.get(name).into_iter().flatten() {
            self.found.push((format!("{path}{inner}"), value.clone()));
        }
        open.push(name);
        for field in &message.fields {
            match &field.ty {
                FieldType::Message(inner) if field.inline => self.message(inner, path, open),
                FieldType::Message(inner) => self.message(inner, &format!("{path}{}.", field.json), open),
                FieldType::List(item) => {
                    if let FieldType::Message(inner) = &**item {
                        self.message(inner, &format!("{path}{}[].", field.json), open);
                    }
                }
                _ => {}
            }
        }
        open.pop();
    }
}
